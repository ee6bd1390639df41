select pg_catalog.json_build_object(
    'oid', p.oid::bigint,
    'schema', n.nspname,
    'name', p.proname,
    'owner', pg_catalog.pg_get_userbyid(p.proowner),
    'argument_types', (
        select pg_catalog.json_agg(
            pg_catalog.json_build_object('oid', type.oid::bigint, 'formatted', pg_catalog.format_type(type.oid, null))
            order by type.ordinality)
        from pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) with ordinality type(oid, ordinality)),
    'argument_modes', pg_catalog.to_json(p.proargmodes::text[]),
    'argument_names', pg_catalog.to_json(p.proargnames),
    'defaults', p.pronargdefaults,
    'returns', pg_catalog.pg_get_function_result(p.oid),
    'returns_set', p.proretset,
    'is_trigger', p.prorettype in ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype),
    'kind', p.prokind::text,
    'security_definer', p.prosecdef,
    'volatility', p.provolatile::text,
    'leakproof', p.proleakproof,
    'language', language.lanname,
    'configuration', pg_catalog.to_json(p.proconfig),
    'source', coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc),
    'definition', case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end,
    'comment', pg_catalog.obj_description(p.oid, 'pg_proc'),
    'grants', (
        select pg_catalog.json_agg(pg_catalog.json_build_object(
            'grantee', case when acl.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee) end,
            'privilege', acl.privilege_type,
            'grantable', acl.is_grantable))
        from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) acl))
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language language on language.oid = p.prolang
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
        select from pg_catalog.pg_depend extension
        where extension.classid = 'pg_catalog.pg_proc'::regclass and extension.objid = p.oid and extension.deptype = 'e')
order by n.nspname collate "C", p.proname collate "C", pg_catalog.pg_get_function_identity_arguments(p.oid) collate "C"
