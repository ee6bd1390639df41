select pg_catalog.json_build_object(
    'table', i.indrelid::bigint,
    'name', c.relname,
    'columns', (
        select pg_catalog.json_agg(a.attname order by key.ordinality)
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality key(attnum, ordinality)
        left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.attnum and key.attnum > 0
        where key.ordinality <= i.indnkeyatts),
    'elements', (
        select pg_catalog.json_agg(
            pg_catalog.pg_get_indexdef(i.indexrelid, key.ordinality::int, false)
                || ' ' || operators.opcname
                || coalesce(' ' || (select l.collname from pg_catalog.pg_collation l where l.oid = i.indcollation[key.ordinality - 1]), '')
                || case when i.indoption[key.ordinality - 1] & 1 <> 0 then ' desc' else '' end
                || case when i.indoption[key.ordinality - 1] & 2 <> 0 then ' nulls first' else '' end
            order by key.ordinality)
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality key(attnum, ordinality)
        join pg_catalog.pg_opclass operators on operators.oid = i.indclass[key.ordinality - 1]
        where key.ordinality <= i.indnkeyatts),
    'included', (
        select pg_catalog.json_agg(a.attname order by key.ordinality)
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality key(attnum, ordinality)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.attnum
        where key.ordinality > i.indnkeyatts),
    'method', method.amname,
    'unique', i.indisunique,
    'primary', i.indisprimary,
    'constraint', exists (
        select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')),
    'valid', i.indisvalid,
    'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
    'nulls_not_distinct', i.indnullsnotdistinct,
    'definition', pg_catalog.pg_get_indexdef(i.indexrelid))
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_am method on method.oid = c.relam
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by i.indrelid, c.relname collate "C"
