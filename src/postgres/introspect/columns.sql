select pg_catalog.json_build_object(
    'table', a.attrelid::bigint,
    'name', a.attname,
    'position', a.attnum,
    'type', pg_catalog.json_build_object(
        'oid', a.atttypid::bigint, 'formatted', pg_catalog.format_type(a.atttypid, a.atttypmod)),
    'not_null', a.attnotnull,
    'expression', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
    'generated', a.attgenerated::text,
    'identity', a.attidentity::text,
    'comment', pg_catalog.col_description(a.attrelid, a.attnum),
    'grants', case when a.attacl is not null then (
        select pg_catalog.json_agg(pg_catalog.json_build_object(
            'grantee', case when acl.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee) end,
            'privilege', acl.privilege_type,
            'grantable', acl.is_grantable))
        from pg_catalog.aclexplode(a.attacl) acl)
    end)
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
