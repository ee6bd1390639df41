select pg_catalog.json_build_object(
    'oid', c.oid::bigint,
    'schema', n.nspname,
    'name', c.relname,
    'kind', c.relkind::text,
    'owner', pg_catalog.pg_get_userbyid(c.relowner),
    'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
    'row_security', c.relrowsecurity,
    'force_row_security', c.relforcerowsecurity,
    'security_invoker', coalesce(
        (select option.option_value::boolean
         from pg_catalog.pg_options_to_table(c.reloptions) option
         where option.option_name = 'security_invoker'),
        false),
    'writes', case when c.relkind = 'v' then pg_catalog.pg_relation_is_updatable(c.oid, true) else 0 end,
    'definition', case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end,
    'parent', (
        select pg_catalog.json_build_object('schema', parent_namespace.nspname, 'name', parent.relname)
        from pg_catalog.pg_inherits inheritance
        join pg_catalog.pg_class parent on parent.oid = inheritance.inhparent
        join pg_catalog.pg_namespace parent_namespace on parent_namespace.oid = parent.relnamespace
        where inheritance.inhrelid = c.oid
        order by inheritance.inhseqno
        limit 1),
    'depends_on', case when c.relkind in ('v', 'm') then (
        select pg_catalog.json_agg(
            distinct pg_catalog.jsonb_build_object('schema', read_namespace.nspname, 'name', read.relname))
        from pg_catalog.pg_rewrite rule
        join pg_catalog.pg_depend dependency
            on dependency.classid = 'pg_catalog.pg_rewrite'::regclass and dependency.objid = rule.oid
            and dependency.refclassid = 'pg_catalog.pg_class'::regclass and dependency.refobjid <> c.oid
        join pg_catalog.pg_class read on read.oid = dependency.refobjid and read.relkind in ('r', 'p', 'v', 'm', 'f')
        join pg_catalog.pg_namespace read_namespace on read_namespace.oid = read.relnamespace
        where rule.ev_class = c.oid and read_namespace.nspname !~ '^pg_' and read_namespace.nspname <> 'information_schema')
    end,
    'grants', (
        select pg_catalog.json_agg(pg_catalog.json_build_object(
            'grantee', case when acl.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee) end,
            'privilege', acl.privilege_type,
            'grantable', acl.is_grantable))
        from pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) acl))
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
        select from pg_catalog.pg_depend extension
        where extension.classid = 'pg_catalog.pg_class'::regclass and extension.objid = c.oid and extension.deptype = 'e')
order by n.nspname collate "C", c.relname collate "C"
