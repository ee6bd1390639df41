drop function private.set_updated_at();
drop schema private;

-- The default privileges of service_role were left alone. Where it has them, the client roles had the same.
do $$
begin
    if exists (
        select 1
        from pg_catalog.pg_default_acl as defaults
        join pg_catalog.pg_roles as owner on owner.oid = defaults.defaclrole and owner.rolname = current_user
        cross join lateral pg_catalog.aclexplode(defaults.defaclacl) as entry
        join pg_catalog.pg_roles as grantee on grantee.oid = entry.grantee and grantee.rolname = 'service_role'
        where defaults.defaclnamespace = 'public'::regnamespace and defaults.defaclobjtype = 'r'
    ) then
        alter default privileges in schema public grant all on tables to anon, authenticated;
        alter default privileges in schema public grant all on functions to anon, authenticated;
        alter default privileges in schema public grant all on sequences to anon, authenticated;
    end if;
end;
$$;
