-- The extension stays: others may use it.
alter default privileges grant execute on functions to public;

-- The classic grants come back only where the project had them: the up step left service_role's, which tell.
do $$
declare
  object_kind record;
begin
  for object_kind in
    select kinds.name
    from (values ('tables', 'r'), ('sequences', 'S'), ('functions', 'f')) as kinds (name, code)
    where exists (
      select
      from pg_catalog.pg_default_acl as defaults, pg_catalog.aclexplode(defaults.defaclacl) as entry
      where defaults.defaclrole = current_user::regrole
        and defaults.defaclnamespace = 'public'::regnamespace
        and defaults.defaclobjtype::text = kinds.code
        and entry.grantee = 'service_role'::regrole
    )
  loop
    execute format('alter default privileges in schema public grant all on %s to anon, authenticated', object_kind.name);
  end loop;
end
$$;
