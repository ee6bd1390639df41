-- Schemas, who may use them, and the search path.
create schema if not exists extensions authorization postgres;
create schema if not exists auth authorization supabase_auth_admin;
create schema if not exists storage authorization supabase_storage_admin;
create schema if not exists realtime authorization supabase_realtime_admin;
create schema if not exists vault authorization postgres;
create schema if not exists graphql authorization postgres;
create schema if not exists graphql_public authorization postgres;
create schema if not exists supabase_functions authorization supabase_functions_admin;
create schema if not exists supabase_migrations authorization postgres;

grant all on schema public, extensions to postgres;
grant usage on schema public, extensions to anon, authenticated, service_role;
grant usage on schema extensions to public;
grant usage on schema auth, storage, realtime, supabase_functions to postgres, anon, authenticated, service_role;
grant create on schema storage to postgres;
grant usage on schema auth, public, extensions to supabase_storage_admin, supabase_realtime_admin;
grant usage on schema public, extensions, storage to supabase_auth_admin;
grant usage on schema graphql, graphql_public to anon, authenticated, service_role;
grant usage on schema vault to service_role;
grant all on schema auth, storage, extensions to dashboard_user;

do $$
begin
    execute format('alter database %I set search_path to "$user", public, extensions', current_database());
    execute format('grant connect, create, temporary on database %I to postgres, dashboard_user', current_database());
    if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
        create publication supabase_realtime;
        alter publication supabase_realtime owner to postgres;
    end if;
end
$$;

create table if not exists supabase_migrations.schema_migrations (
    version text not null primary key,
    statements text[],
    name text,
    created_by text,
    idempotency_key text unique,
    rollback text[]
);
create table if not exists supabase_migrations.seed_files (path text not null primary key, hash text not null);
alter table supabase_migrations.schema_migrations owner to postgres;
alter table supabase_migrations.seed_files owner to postgres;
