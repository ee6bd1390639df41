-- A foreign key to a partitioned table has a constraint of its own for each partition; only the one that was written counts.
select pg_catalog.json_build_object(
    'table', k.conrelid::bigint,
    'name', k.conname,
    'kind', k.contype::text,
    'columns', (
        select pg_catalog.json_agg(a.attname order by key.ordinality)
        from pg_catalog.unnest(k.conkey) with ordinality key(attnum, ordinality)
        join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.attnum),
    'nulls_not_distinct', coalesce(i.indnullsnotdistinct, false),
    'referenced_table', case when k.contype = 'f' then
        pg_catalog.json_build_object('schema', referenced_namespace.nspname, 'name', referenced.relname) end,
    'referenced_columns', (
        select pg_catalog.json_agg(a.attname order by key.ordinality)
        from pg_catalog.unnest(k.confkey) with ordinality key(attnum, ordinality)
        join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = key.attnum),
    'on_delete', k.confdeltype::text,
    'on_update', k.confupdtype::text,
    'deferrable', k.condeferrable,
    'initially_deferred', k.condeferred,
    'validated', k.convalidated,
    'enforced', not exists (
        select from pg_catalog.pg_trigger t where t.tgconstraint = k.oid and t.tgenabled not in ('O', 'A')),
    'expression', case when k.contype = 'c' then pg_catalog.pg_get_expr(k.conbin, k.conrelid) end,
    'definition', case when k.contype = 'x' then pg_catalog.pg_get_constraintdef(k.oid) end)
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = k.conindid and k.contype in ('p', 'u')
left join pg_catalog.pg_class referenced on referenced.oid = k.confrelid
left join pg_catalog.pg_namespace referenced_namespace on referenced_namespace.oid = referenced.relnamespace
left join pg_catalog.pg_constraint parent on parent.oid = k.conparentid
where k.contype in ('p', 'u', 'f', 'c', 'x')
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and parent.conrelid is distinct from k.conrelid
order by k.conrelid, k.conname collate "C"
