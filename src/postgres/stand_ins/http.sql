-- http: every request is answered with an empty success, and none is sent.
do $$
begin
    if to_regtype('@extschema@.http_header') is null then
        create domain @extschema@.http_method as text;
        create type @extschema@.http_header as (field varchar, value varchar);
        create type @extschema@.http_request as (
            method @extschema@.http_method, uri varchar, headers @extschema@.http_header[], content_type varchar,
            content varchar
        );
        create type @extschema@.http_response as (
            status integer, content_type varchar, headers @extschema@.http_header[], content varchar
        );
    end if;
end
$$;
create or replace function @extschema@.http(request @extschema@.http_request) returns @extschema@.http_response
language sql as $$
    select (200, 'application/json', array[]::@extschema@.http_header[], '{}')::@extschema@.http_response
$$;
create or replace function @extschema@.http_header(field varchar, value varchar) returns @extschema@.http_header
language sql as $$ select (field, value)::@extschema@.http_header $$;
create or replace function @extschema@.http_headers(variadic pairs text[]) returns @extschema@.http_header[]
language sql as $$
    select array_agg((pairs[at], pairs[at + 1])::@extschema@.http_header)
    from generate_series(1, cardinality(pairs), 2) as at
$$;
create or replace function @extschema@.http_get(uri varchar) returns @extschema@.http_response language sql as $$
    select @extschema@.http(null)
$$;
create or replace function @extschema@.http_get(uri varchar, data jsonb) returns @extschema@.http_response
language sql as $$ select @extschema@.http(null) $$;
create or replace function @extschema@.http_head(uri varchar) returns @extschema@.http_response language sql as $$
    select @extschema@.http(null)
$$;
create or replace function @extschema@.http_post(uri varchar, content varchar, content_type varchar)
returns @extschema@.http_response language sql as $$ select @extschema@.http(null) $$;
create or replace function @extschema@.http_post(uri varchar, data jsonb) returns @extschema@.http_response
language sql as $$ select @extschema@.http(null) $$;
create or replace function @extschema@.http_put(uri varchar, content varchar, content_type varchar)
returns @extschema@.http_response language sql as $$ select @extschema@.http(null) $$;
create or replace function @extschema@.http_patch(uri varchar, content varchar, content_type varchar)
returns @extschema@.http_response language sql as $$ select @extschema@.http(null) $$;
create or replace function @extschema@.http_delete(uri varchar) returns @extschema@.http_response
language sql as $$ select @extschema@.http(null) $$;
create or replace function @extschema@.http_delete(uri varchar, content varchar, content_type varchar)
returns @extschema@.http_response language sql as $$ select @extschema@.http(null) $$;
create or replace function @extschema@.http_set_curlopt(curlopt varchar, value varchar) returns boolean
language sql as $$ select true $$;
create or replace function @extschema@.http_reset_curlopt() returns boolean language sql as $$ select true $$;
create or replace function @extschema@.urlencode(string varchar) returns text language sql immutable strict as $$
    select coalesce(string_agg(
        case when sign ~ '[A-Za-z0-9_.~-]' then sign
        else regexp_replace(upper(encode(convert_to(sign, 'UTF8'), 'hex')), '(..)', '%\1', 'g') end,
        '' order by place), '')
    from regexp_split_to_table(string, '') with ordinality as list (sign, place)
$$;
