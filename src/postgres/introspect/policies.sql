select pg_catalog.json_build_object(
    'table', p.polrelid::bigint,
    'name', p.polname,
    'command', p.polcmd::text,
    'permissive', p.polpermissive,
    'roles', (
        select pg_catalog.json_agg(
            case when role.oid = 0 then 'public' else pg_catalog.pg_get_userbyid(role.oid) end order by role.ordinality)
        from pg_catalog.unnest(p.polroles) with ordinality role(oid, ordinality)),
    'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
    'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
from pg_catalog.pg_policy p
order by p.polrelid, p.polname collate "C"
