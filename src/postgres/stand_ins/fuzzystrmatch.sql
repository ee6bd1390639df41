-- fuzzystrmatch: levenshtein is true, the phonetic codes are not.
create or replace function @extschema@.levenshtein(source text, target text) returns integer
language plpgsql immutable strict as $$
declare
    before integer[] := array(select generate_series(0, length(target)));
    current integer[];
begin
    for row in 1 .. length(source) loop
        current := array[row];
        for col in 1 .. length(target) loop
            current[col + 1] := least(before[col + 1] + 1, current[col] + 1,
                before[col] + (substring(source from row for 1) <> substring(target from col for 1))::integer);
        end loop;
        before := current;
    end loop;
    return before[length(target) + 1];
end
$$;
create or replace function @extschema@.levenshtein_less_equal(source text, target text, max_d integer)
returns integer language sql immutable strict as $$ select @extschema@.levenshtein(source, target) $$;
create or replace function @extschema@.soundex(value text) returns text language sql immutable strict as $$
    select upper(substring(value from 1 for 4))
$$;
create or replace function @extschema@.difference(one text, other text) returns integer
language sql immutable strict as $$
    select case when @extschema@.soundex(one) = @extschema@.soundex(other) then 4 else 0 end
$$;
create or replace function @extschema@.metaphone(value text, max_length integer) returns text
language sql immutable strict as $$ select upper(substring(value from 1 for max_length)) $$;
create or replace function @extschema@.dmetaphone(value text) returns text language sql immutable strict as $$
    select upper(substring(value from 1 for 4))
$$;
create or replace function @extschema@.dmetaphone_alt(value text) returns text language sql immutable strict as $$
    select upper(substring(value from 1 for 4))
$$;
