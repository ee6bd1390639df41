-- What the owner itself gets is left out: it comes with being the owner.
select pg_catalog.json_build_object(
    'owner', pg_catalog.pg_get_userbyid(d.defaclrole),
    'schema', n.nspname,
    'objects', d.defaclobjtype::text,
    'grants', (
        select pg_catalog.json_agg(pg_catalog.json_build_object(
            'grantee', case when acl.grantee = 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee) end,
            'privilege', acl.privilege_type,
            'grantable', acl.is_grantable))
        from pg_catalog.aclexplode(d.defaclacl) acl
        where acl.grantee <> d.defaclrole))
from pg_catalog.pg_default_acl d
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
order by pg_catalog.pg_get_userbyid(d.defaclrole) collate "C", n.nspname collate "C" nulls first, d.defaclobjtype::text collate "C"
