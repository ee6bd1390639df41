-- uuid-ossp: versions 3 and 4 are true; 1 and 5 answer in form alone.
create or replace function @extschema@.uuid_nil() returns uuid language sql immutable parallel safe as $$
    select '00000000-0000-0000-0000-000000000000'::uuid
$$;
create or replace function @extschema@.uuid_ns_dns() returns uuid language sql immutable parallel safe as $$
    select '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid
$$;
create or replace function @extschema@.uuid_ns_url() returns uuid language sql immutable parallel safe as $$
    select '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid
$$;
create or replace function @extschema@.uuid_ns_oid() returns uuid language sql immutable parallel safe as $$
    select '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid
$$;
create or replace function @extschema@.uuid_ns_x500() returns uuid language sql immutable parallel safe as $$
    select '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid
$$;
create or replace function @extschema@.uuid_generate_v4() returns uuid language sql volatile parallel safe as $$
    select pg_catalog.gen_random_uuid()
$$;
create or replace function @extschema@.uuid_generate_v1() returns uuid language sql volatile parallel safe as $$
    select overlay(pg_catalog.gen_random_uuid()::text placing '1' from 15 for 1)::uuid
$$;
create or replace function @extschema@.uuid_generate_v1mc() returns uuid language sql volatile parallel safe as $$
    select overlay(pg_catalog.gen_random_uuid()::text placing '1' from 15 for 1)::uuid
$$;
create or replace function @extschema@.uuid_generate_v3(namespace uuid, name text) returns uuid
language sql immutable strict parallel safe as $$
    select overlay(overlay(hash placing '3' from 13 for 1)
        placing to_hex((('x' || substring(hash from 17 for 1))::bit(4)::integer & 3) | 8) from 17 for 1)::uuid
    from md5(uuid_send(namespace) || convert_to(name, 'UTF8')) as hash
$$;
create or replace function @extschema@.uuid_generate_v5(namespace uuid, name text) returns uuid
language sql immutable strict parallel safe as $$
    select overlay(overlay(hash placing '5' from 13 for 1)
        placing to_hex((('x' || substring(hash from 17 for 1))::bit(4)::integer & 3) | 8) from 17 for 1)::uuid
    from substring(encode(sha256(uuid_send(namespace) || convert_to(name, 'UTF8')), 'hex') from 1 for 32) as hash
$$;
