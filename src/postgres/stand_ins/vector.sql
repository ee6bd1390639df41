-- pgvector: the types hold their text, distances are computed from it, and the index methods hash instead of search.
do $$
declare
    name text;
    method text;
    metric text;
begin
    foreach name in array array['vector', 'halfvec', 'sparsevec'] loop
        continue when to_regtype(format('%s.%I', '@extschema@', name)) is not null;
        execute format('create type @extschema@.%I', name);
        execute format('create function @extschema@.%I(cstring, oid, integer) returns @extschema@.%I '
            'language internal immutable strict parallel safe as ''textin''', name || '_in', name);
        execute format('create function @extschema@.%I(@extschema@.%I) returns cstring '
            'language internal immutable strict parallel safe as ''textout''', name || '_out', name);
        execute format('create function @extschema@.%I(internal, oid, integer) returns @extschema@.%I '
            'language internal immutable strict parallel safe as ''textrecv''', name || '_recv', name);
        execute format('create function @extschema@.%I(@extschema@.%I) returns bytea '
            'language internal immutable strict parallel safe as ''textsend''', name || '_send', name);
        execute format('create function @extschema@.%I(cstring[]) returns integer '
            'language internal immutable strict parallel safe as ''varchartypmodin''', name || '_typmod_in');
        execute format('create function @extschema@.%I(integer) returns cstring '
            'language internal immutable strict parallel safe as ''varchartypmodout''', name || '_typmod_out');
        execute format('create type @extschema@.%1$I (input = @extschema@.%2$I, output = @extschema@.%3$I, '
            'receive = @extschema@.%4$I, send = @extschema@.%5$I, typmod_in = @extschema@.%6$I, '
            'typmod_out = @extschema@.%7$I, storage = external)',
            name, name || '_in', name || '_out', name || '_recv', name || '_send', name || '_typmod_in',
            name || '_typmod_out');
        execute format('create cast (@extschema@.%I as text) with inout as assignment', name);
        execute format('create cast (text as @extschema@.%I) with inout as assignment', name);

        -- [1,2,3] for vector and halfvec; of a sparsevec only the values that it lists.
        execute format('create function @extschema@.seaworthy_numbers(v @extschema@.%I) returns double precision[] '
            'language sql immutable strict parallel safe as $f$ '
            'select coalesce(array_agg(split_part(item, '':'', case when position('':'' in item) > 0 then 2 else 1 end)'
            '::double precision order by place), ''{}'') '
            'from unnest(string_to_array(btrim(split_part(textin(@extschema@.%I(v))::text, ''/'', 1), ''[]{} ''), '','')) '
            'with ordinality as list (item, place) $f$', name, name || '_out');
        foreach metric in array array['real', 'double precision', 'integer', 'numeric'] loop
            execute format('create function @extschema@.%1$I(numbers %2$s[], dimensions integer, by_hand boolean) '
                'returns @extschema@.%3$I language sql immutable strict parallel safe as $f$ '
                'select (''['' || array_to_string(numbers, '','') || '']'')::@extschema@.%3$I $f$',
                'array_to_' || name, metric, name);
            execute format('create cast (%2$s[] as @extschema@.%3$I) '
                'with function @extschema@.%1$I(%2$s[], integer, boolean) as assignment',
                'array_to_' || name, metric, name);
        end loop;
        for metric in select unnest(array['l2_distance', 'l1_distance', 'inner_product', 'cosine_distance']) loop
            execute format('create function @extschema@.%1$I(a @extschema@.%2$I, b @extschema@.%2$I) '
                'returns double precision language sql immutable strict parallel safe as $f$ '
                'select %3$s from unnest(@extschema@.seaworthy_numbers(a), @extschema@.seaworthy_numbers(b)) '
                'as pair (x, y) $f$', metric, name,
                case metric
                    when 'l2_distance' then 'sqrt(sum((x - y) * (x - y)))'
                    when 'l1_distance' then 'sum(abs(x - y))'
                    when 'inner_product' then 'sum(x * y)'
                    else '1 - sum(x * y) / nullif(sqrt(sum(x * x)) * sqrt(sum(y * y)), 0)'
                end);
        end loop;
        execute format('create function @extschema@.negative_inner_product(a @extschema@.%1$I, b @extschema@.%1$I) '
            'returns double precision language sql immutable strict parallel safe as $f$ '
            'select -@extschema@.inner_product(a, b) $f$', name);
        execute format('create function @extschema@.vector_dims(v @extschema@.%I) returns integer '
            'language sql immutable strict parallel safe as $f$ '
            'select cardinality(@extschema@.seaworthy_numbers(v)) $f$', name);
        execute format('create function @extschema@.l2_norm(v @extschema@.%I) returns double precision '
            'language sql immutable strict parallel safe as $f$ '
            'select sqrt(sum(x * x)) from unnest(@extschema@.seaworthy_numbers(v)) as x $f$', name);
        for metric, method in values ('<->', 'l2_distance'), ('<=>', 'cosine_distance'),
            ('<#>', 'negative_inner_product'), ('<+>', 'l1_distance') loop
            execute format('create operator @extschema@.%1$s (leftarg = @extschema@.%2$I, '
                'rightarg = @extschema@.%2$I, function = @extschema@.%3$I, commutator = operator(@extschema@.%1$s))', metric, name, method);
        end loop;
        execute format('create function @extschema@.%1$I(a @extschema@.%2$I, b @extschema@.%2$I) returns boolean '
            'language internal immutable strict parallel safe as ''byteaeq''', name || '_eq', name);
        execute format('create function @extschema@.%1$I(a @extschema@.%2$I, b @extschema@.%2$I) returns boolean '
            'language internal immutable strict parallel safe as ''byteane''', name || '_ne', name);
        execute format('create function @extschema@.%1$I(v @extschema@.%2$I) returns integer '
            'language internal immutable strict parallel safe as ''hashvarlena''', name || '_hash', name);
        execute format('create operator @extschema@.= (leftarg = @extschema@.%1$I, rightarg = @extschema@.%1$I, '
            'function = @extschema@.%2$I, commutator = operator(@extschema@.=), hashes)', name, name || '_eq');
        execute format('create operator @extschema@.<> (leftarg = @extschema@.%1$I, rightarg = @extschema@.%1$I, '
            'function = @extschema@.%2$I, commutator = operator(@extschema@.<>))', name, name || '_ne');
        execute format('create operator class @extschema@.%1$I default for type @extschema@.%2$I using hash as '
            'operator 1 @extschema@.=, function 1 @extschema@.%3$I(@extschema@.%2$I)',
            name || '_hash_ops', name, name || '_hash');
    end loop;

    foreach method in array array['hnsw', 'ivfflat'] loop
        continue when exists (select from pg_catalog.pg_am where amname = method);
        execute format('create function @extschema@.%I(internal) returns index_am_handler language internal '
            'as ''hashhandler''', method || 'handler');
        execute format('create access method %I type index handler @extschema@.%I', method, method || 'handler');
        foreach name in array array['vector', 'halfvec', 'sparsevec'] loop
            foreach metric in array array['l2', 'ip', 'cosine', 'l1'] loop
                execute format('create operator class @extschema@.%1$I %4$s for type @extschema@.%2$I using %3$I as '
                    'operator 1 @extschema@.=, function 1 @extschema@.%5$I(@extschema@.%2$I)',
                    name || '_' || metric || '_ops', name, method,
                    case when metric = 'l2' and method = 'ivfflat' then 'default' else '' end, name || '_hash');
            end loop;
        end loop;
        foreach name in array array['bit_hamming_ops', 'bit_jaccard_ops'] loop
            execute format('create operator class @extschema@.%1$I for type bit using %2$I as '
                'operator 1 pg_catalog.=, function 1 pg_catalog.hashvarlena(internal)', name, method);
        end loop;
    end loop;
end
$$;
