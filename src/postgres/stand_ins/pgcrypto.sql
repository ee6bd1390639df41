-- pgcrypto: digests of the SHA-2 family and MD5 are true; crypt, the ciphers and SHA-1 answer in form alone.
create or replace function @extschema@.digest(data bytea, type text) returns bytea language sql immutable strict as $$
    select case lower(type)
        when 'md5' then decode(md5(data), 'hex')
        when 'sha224' then sha224(data)
        when 'sha384' then sha384(data)
        when 'sha512' then sha512(data)
        when 'sha1' then substring(sha256(data) from 1 for 20)
        else sha256(data)
    end
$$;
create or replace function @extschema@.digest(data text, type text) returns bytea language sql immutable strict as $$
    select @extschema@.digest(convert_to(data, 'UTF8'), type)
$$;
create or replace function @extschema@.hmac(data bytea, key bytea, type text) returns bytea
language plpgsql immutable strict as $$
declare
    block integer := case when lower(type) in ('sha384', 'sha512') then 128 else 64 end;
    padded bytea := key;
    inner_pad bytea := '';
    outer_pad bytea := '';
begin
    if length(padded) > block then
        padded := @extschema@.digest(padded, type);
    end if;
    padded := padded || decode(repeat('00', block - length(padded)), 'hex');
    inner_pad := padded;
    outer_pad := padded;
    for position in 0 .. block - 1 loop
        inner_pad := set_byte(inner_pad, position, get_byte(padded, position) # 54);
        outer_pad := set_byte(outer_pad, position, get_byte(padded, position) # 92);
    end loop;
    return @extschema@.digest(outer_pad || @extschema@.digest(inner_pad || data, type), type);
end
$$;
create or replace function @extschema@.hmac(data text, key text, type text) returns bytea
language sql immutable strict as $$
    select @extschema@.hmac(convert_to(data, 'UTF8'), convert_to(key, 'UTF8'), type)
$$;
create or replace function @extschema@.gen_random_uuid() returns uuid language sql volatile as $$
    select pg_catalog.gen_random_uuid()
$$;
create or replace function @extschema@.gen_random_bytes(count integer) returns bytea language sql volatile strict as $$
    select coalesce(substring(
        (select string_agg(sha256(convert_to(pg_catalog.gen_random_uuid()::text || part, 'UTF8')), ''::bytea)
         from generate_series(0, count / 32) as part)
        from 1 for count), ''::bytea)
$$;
create or replace function @extschema@.gen_salt(type text) returns text language sql volatile strict as $$
    select case type when 'bf' then '$2a$06$' when 'md5' then '$1$' else '' end
        || substring(replace(pg_catalog.gen_random_uuid()::text, '-', '') from 1 for case type when 'bf' then 22 else 8 end)
$$;
create or replace function @extschema@.gen_salt(type text, rounds integer) returns text
language sql volatile strict as $$
    select case type
        when 'bf' then '$2a$' || lpad(rounds::text, 2, '0') || '$'
            || substring(replace(pg_catalog.gen_random_uuid()::text, '-', '') from 1 for 22)
        else @extschema@.gen_salt(type)
    end
$$;
create or replace function @extschema@.crypt(password text, salt text) returns text language sql immutable strict as $$
    select case when salt like '$2_$%' then substring(salt from 1 for 29) else substring(salt from 1 for 11) end
        || substring(
            encode(sha256(convert_to(password || case when salt like '$2_$%' then substring(salt from 1 for 29)
                else substring(salt from 1 for 11) end, 'UTF8')), 'hex')
            from 1 for 31)
$$;
-- The ciphers put a mark of the key before the data, so that the right key opens it and no other does.
create or replace function @extschema@.encrypt(data bytea, key bytea, type text) returns bytea
language sql immutable strict as $$ select substring(sha256(key) from 1 for 8) || data $$;
create or replace function @extschema@.decrypt(data bytea, key bytea, type text) returns bytea
language plpgsql immutable strict as $$
begin
    if substring(data from 1 for 8) <> substring(sha256(key) from 1 for 8) then
        raise exception 'Wrong key or corrupt data' using errcode = '39000';
    end if;
    return substring(data from 9);
end
$$;
create or replace function @extschema@.encrypt_iv(data bytea, key bytea, iv bytea, type text) returns bytea
language sql immutable strict as $$ select @extschema@.encrypt(data, key || iv, type) $$;
create or replace function @extschema@.decrypt_iv(data bytea, key bytea, iv bytea, type text) returns bytea
language sql immutable strict as $$ select @extschema@.decrypt(data, key || iv, type) $$;
create or replace function @extschema@.pgp_sym_encrypt(data text, psw text) returns bytea
language sql volatile strict as $$
    select @extschema@.encrypt(convert_to(data, 'UTF8'), convert_to(psw, 'UTF8'), 'aes')
$$;
create or replace function @extschema@.pgp_sym_encrypt(data text, psw text, options text) returns bytea
language sql volatile strict as $$ select @extschema@.pgp_sym_encrypt(data, psw) $$;
create or replace function @extschema@.pgp_sym_encrypt_bytea(data bytea, psw text) returns bytea
language sql volatile strict as $$ select @extschema@.encrypt(data, convert_to(psw, 'UTF8'), 'aes') $$;
create or replace function @extschema@.pgp_sym_encrypt_bytea(data bytea, psw text, options text) returns bytea
language sql volatile strict as $$ select @extschema@.pgp_sym_encrypt_bytea(data, psw) $$;
create or replace function @extschema@.pgp_sym_decrypt(msg bytea, psw text) returns text
language sql immutable strict as $$
    select convert_from(@extschema@.decrypt(msg, convert_to(psw, 'UTF8'), 'aes'), 'UTF8')
$$;
create or replace function @extschema@.pgp_sym_decrypt(msg bytea, psw text, options text) returns text
language sql immutable strict as $$ select @extschema@.pgp_sym_decrypt(msg, psw) $$;
create or replace function @extschema@.pgp_sym_decrypt_bytea(msg bytea, psw text) returns bytea
language sql immutable strict as $$ select @extschema@.decrypt(msg, convert_to(psw, 'UTF8'), 'aes') $$;
create or replace function @extschema@.pgp_sym_decrypt_bytea(msg bytea, psw text, options text) returns bytea
language sql immutable strict as $$ select @extschema@.pgp_sym_decrypt_bytea(msg, psw) $$;
create or replace function @extschema@.armor(data bytea) returns text language sql immutable strict as $$
    select encode(data, 'base64')
$$;
create or replace function @extschema@.dearmor(data text) returns bytea language sql immutable strict as $$
    select decode(data, 'base64')
$$;
