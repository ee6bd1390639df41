-- pg_trgm: similarity is true; indexes are left out.
create or replace function @extschema@.show_trgm(value text) returns text[] language sql immutable strict parallel safe as $$
    select coalesce(array_agg(distinct substring(word from at for 3)), '{}')
    from (select '  ' || match[1] || ' ' as word from regexp_matches(lower(value), '([[:alnum:]]+)', 'g') as match) as words,
        generate_series(1, length(word) - 2) as at
$$;
create or replace function @extschema@.similarity(one text, other text) returns real
language sql immutable strict parallel safe as $$
    select coalesce(
        (select count(*) from (select unnest(a) intersect select unnest(b)) as both_have)::real
            / nullif((select count(*) from (select unnest(a) union select unnest(b)) as either_has), 0), 0)::real
    from (select @extschema@.show_trgm(one) as a, @extschema@.show_trgm(other) as b) as sets
$$;
create or replace function @extschema@.word_similarity(one text, other text) returns real
language sql immutable strict parallel safe as $$
    select coalesce(max(@extschema@.similarity(one, word)), 0)::real from regexp_split_to_table(other, '\s+') as word
$$;
create or replace function @extschema@.strict_word_similarity(one text, other text) returns real
language sql immutable strict parallel safe as $$ select @extschema@.word_similarity(one, other) $$;
create or replace function @extschema@.similarity_op(one text, other text) returns boolean
language sql stable strict parallel safe as $$ select @extschema@.similarity(one, other) >= 0.3 $$;
create or replace function @extschema@.similarity_dist(one text, other text) returns real
language sql immutable strict parallel safe as $$ select (1 - @extschema@.similarity(one, other))::real $$;
create or replace function @extschema@.show_limit() returns real language sql stable as $$ select 0.3::real $$;
create or replace function @extschema@.set_limit(value real) returns real language sql volatile as $$ select value $$;
do $$
begin
    if to_regoperator('@extschema@.%(text,text)') is null then
        create operator @extschema@.% (leftarg = text, rightarg = text, function = @extschema@.similarity_op, commutator = operator(@extschema@.%));
        create operator @extschema@.<-> (leftarg = text, rightarg = text, function = @extschema@.similarity_dist,
            commutator = operator(@extschema@.<->));
    end if;
end
$$;
