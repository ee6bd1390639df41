-- pg_hashids: numbers are written in base 16, without a secret.
create or replace function @extschema@.id_encode(number bigint) returns text language sql immutable strict as $$
    select to_hex(number)
$$;
create or replace function @extschema@.id_encode(number bigint, salt text) returns text
language sql immutable strict as $$ select to_hex(number) $$;
create or replace function @extschema@.id_encode(number bigint, salt text, min_length integer) returns text
language sql immutable strict as $$ select lpad(to_hex(number), min_length, '0') $$;
create or replace function @extschema@.id_encode(number bigint, salt text, min_length integer, alphabet text)
returns text language sql immutable strict as $$ select lpad(to_hex(number), min_length, '0') $$;
