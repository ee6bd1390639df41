-- The roles of a Supabase database. Roles belong to the whole server, so that another database's run may have made
-- them already, or be making them now: the lock lets one at a time.
do $$
declare
    wanted record;
    missing boolean;
begin
    create temporary table seaworthy_roles on commit drop as
    select * from (values
        ('anon', 'nologin', 'inherit', 'nobypassrls', 'nocreaterole'),
        ('authenticated', 'nologin', 'inherit', 'nobypassrls', 'nocreaterole'),
        ('service_role', 'nologin', 'inherit', 'bypassrls', 'nocreaterole'),
        ('authenticator', 'login', 'noinherit', 'nobypassrls', 'nocreaterole'),
        ('supabase_admin', 'nologin', 'inherit', 'bypassrls', 'createrole'),
        ('supabase_auth_admin', 'nologin', 'noinherit', 'nobypassrls', 'createrole'),
        ('supabase_storage_admin', 'nologin', 'noinherit', 'nobypassrls', 'createrole'),
        ('supabase_realtime_admin', 'nologin', 'noinherit', 'nobypassrls', 'nocreaterole'),
        ('supabase_functions_admin', 'nologin', 'noinherit', 'nobypassrls', 'createrole'),
        ('supabase_replication_admin', 'nologin', 'inherit', 'nobypassrls', 'nocreaterole'),
        ('supabase_read_only_user', 'nologin', 'inherit', 'bypassrls', 'nocreaterole'),
        ('supabase_etl_admin', 'nologin', 'inherit', 'nobypassrls', 'nocreaterole'),
        ('dashboard_user', 'nologin', 'inherit', 'nobypassrls', 'createrole'),
        ('pgbouncer', 'nologin', 'inherit', 'nobypassrls', 'nocreaterole')
    ) as role (name, login, inherit, bypass, create_roles);

    select exists (select from seaworthy_roles where name not in (select rolname from pg_catalog.pg_roles))
        or to_regrole('postgres') is null
    into missing;
    if missing then
        lock table pg_catalog.pg_authid in share row exclusive mode;
    end if;

    for wanted in select * from seaworthy_roles loop
        if to_regrole(wanted.name) is null then
            execute format('create role %I %s %s %s %s', wanted.name, wanted.login, wanted.inherit, wanted.bypass,
                wanted.create_roles);
        elsif exists (
            select from pg_catalog.pg_roles
            where rolname = wanted.name and rolname in ('anon', 'authenticated', 'service_role', 'authenticator')
                and (rolsuper
                    or rolinherit <> (wanted.inherit = 'inherit')
                    or rolbypassrls <> (wanted.bypass = 'bypassrls')
                    or (wanted.login = 'login' and not rolcanlogin))
        ) then
            -- Probes act as these four: what they may do has to be what Supabase lets them.
            execute format('alter role %I nosuperuser %s %s %s', wanted.name, wanted.inherit, wanted.bypass,
                case wanted.login when 'login' then 'login' else '' end);
        end if;
    end loop;

    -- The owner of what migrations make. It is a superuser here, so that one session can do all that the `postgres` of
    -- Supabase does through its extension supautils: create extensions, publications, policies on storage.objects.
    if to_regrole('postgres') is null then
        create role postgres nologin superuser;
    end if;
end
$$;

do $$
declare
    membership record;
begin
    for membership in
        select * from (values
            ('anon', 'authenticator'),
            ('authenticated', 'authenticator'),
            ('service_role', 'authenticator'),
            ('authenticator', 'supabase_storage_admin'),
            ('anon', 'supabase_storage_admin'),
            ('authenticated', 'supabase_storage_admin'),
            ('service_role', 'supabase_storage_admin'),
            ('anon', 'supabase_realtime_admin'),
            ('authenticated', 'supabase_realtime_admin'),
            ('service_role', 'supabase_realtime_admin'),
            ('pg_read_all_data', 'supabase_read_only_user')
        ) as pair (granted, member)
        where not exists (
            select from pg_catalog.pg_auth_members
            where roleid = to_regrole(pair.granted) and member = to_regrole(pair.member)
        )
    loop
        execute format('grant %I to %I', membership.granted, membership.member);
    end loop;
end
$$;
