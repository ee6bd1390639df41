select pg_catalog.json_build_object(
    'name', r.rolname,
    'superuser', r.rolsuper,
    'bypass_row_security', r.rolbypassrls,
    'login', r.rolcanlogin,
    'member_of', (
        select pg_catalog.json_agg(distinct parent.rolname)
        from pg_catalog.pg_auth_members membership
        join pg_catalog.pg_roles parent on parent.oid = membership.roleid
        where membership.member = r.oid))
from pg_catalog.pg_roles r
where r.rolname !~ '^pg_'
order by r.rolname collate "C"
