-- The types of columns and arguments, and whatever those are made of.
with recursive user_namespaces as (
    select oid from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
), used(oid) as (
    (
        select a.atttypid
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
            and c.relnamespace in (select oid from user_namespaces)
        union
        select pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]))
        from pg_catalog.pg_proc p
        where p.pronamespace in (select oid from user_namespaces)
    )
    union
    select part.oid
    from used
    join pg_catalog.pg_type t on t.oid = used.oid
    cross join lateral (
        select t.typelem where t.typelem <> 0
        union all
        select t.typbasetype where t.typbasetype <> 0
        union all
        select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid or r.rngmultitypid = t.oid
        union all
        select a.atttypid
        from pg_catalog.pg_attribute a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    ) part(oid)
)
select pg_catalog.json_build_object(
    'oid', t.oid::bigint,
    'schema', n.nspname,
    'name', t.typname,
    'kind', t.typtype::text,
    'element', case when t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc then
        pg_catalog.json_build_object('oid', t.typelem::bigint, 'formatted', pg_catalog.format_type(t.typelem, null)) end,
    'base', case when t.typtype = 'd' then pg_catalog.json_build_object(
        'oid', t.typbasetype::bigint, 'formatted', pg_catalog.format_type(t.typbasetype, t.typtypmod)) end,
    'not_null', t.typnotnull,
    'default', t.typdefault,
    'checks', case when t.typtype = 'd' then (
        select pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(k.oid) order by k.conname collate "C")
        from pg_catalog.pg_constraint k
        where k.contypid = t.oid and k.contype = 'c') end,
    'labels', case when t.typtype = 'e' then (
        select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder)
        from pg_catalog.pg_enum e
        where e.enumtypid = t.oid) end,
    'subtype', case when t.typtype in ('r', 'm') then (
        select pg_catalog.json_build_object(
            'oid', r.rngsubtype::bigint, 'formatted', pg_catalog.format_type(r.rngsubtype, null))
        from pg_catalog.pg_range r
        where r.rngtypid = t.oid or r.rngmultitypid = t.oid) end,
    'fields', case when t.typtype = 'c' then (
        select pg_catalog.json_agg(
            pg_catalog.json_build_object(
                'name', a.attname,
                'type', pg_catalog.json_build_object(
                    'oid', a.atttypid::bigint, 'formatted', pg_catalog.format_type(a.atttypid, a.atttypmod)))
            order by a.attnum)
        from pg_catalog.pg_attribute a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) end)
from used
join pg_catalog.pg_type t on t.oid = used.oid
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
