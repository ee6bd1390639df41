-- pgjwt: HS256, HS384 and HS512, signed truly.
create or replace function @extschema@.url_encode(data bytea) returns text language sql immutable strict as $$
    select translate(encode(data, 'base64'), E'+/=\n', '-_')
$$;
create or replace function @extschema@.url_decode(data text) returns bytea language sql immutable strict as $$
    select decode(translate(data, '-_', '+/') || repeat('=', (4 - length(data) % 4) % 4), 'base64')
$$;
create or replace function @extschema@.algorithm_sign(signables text, secret text, algorithm text) returns text
language plpgsql immutable strict as $$
declare
    block integer := case algorithm when 'HS256' then 64 else 128 end;
    key bytea := convert_to(secret, 'UTF8');
    inner_pad bytea;
    outer_pad bytea;
begin
    if algorithm not in ('HS256', 'HS384', 'HS512') then
        return null;
    end if;
    if length(key) > block then
        key := case algorithm when 'HS256' then sha256(key) when 'HS384' then sha384(key) else sha512(key) end;
    end if;
    key := key || decode(repeat('00', block - length(key)), 'hex');
    inner_pad := key;
    outer_pad := key;
    for position in 0 .. block - 1 loop
        inner_pad := set_byte(inner_pad, position, get_byte(key, position) # 54);
        outer_pad := set_byte(outer_pad, position, get_byte(key, position) # 92);
    end loop;
    inner_pad := inner_pad || convert_to(signables, 'UTF8');
    return @extschema@.url_encode(case algorithm
        when 'HS256' then sha256(outer_pad || sha256(inner_pad))
        when 'HS384' then sha384(outer_pad || sha384(inner_pad))
        else sha512(outer_pad || sha512(inner_pad))
    end);
end
$$;
create or replace function @extschema@.sign(payload json, secret text, algorithm text default 'HS256') returns text
language sql immutable strict as $$
    select signables || '.' || @extschema@.algorithm_sign(signables, secret, algorithm)
    from (
        select @extschema@.url_encode(convert_to('{"alg":"' || algorithm || '","typ":"JWT"}', 'UTF8')) || '.'
            || @extschema@.url_encode(convert_to(payload::text, 'UTF8')) as signables
    ) as parts
$$;
create or replace function @extschema@.verify(token text, secret text, algorithm text default 'HS256')
returns table (header json, payload json, valid boolean) language sql immutable as $$
    select convert_from(@extschema@.url_decode(part[1]), 'UTF8')::json,
        convert_from(@extschema@.url_decode(part[2]), 'UTF8')::json,
        part[3] = @extschema@.algorithm_sign(part[1] || '.' || part[2], secret, algorithm)
    from regexp_split_to_array(token, '\.') as part
$$;
