-- unaccent: by decomposition, without a dictionary.
create or replace function @extschema@.unaccent(value text) returns text language sql stable strict parallel safe as $$
    select regexp_replace(normalize(value, nfd), E'[\u0300-\u036f]', '', 'g')
$$;
create or replace function @extschema@.unaccent(dictionary regdictionary, value text) returns text
language sql stable strict parallel safe as $$ select @extschema@.unaccent(value) $$;
