-- supabase-dbdev: packages are taken for installed.
create schema if not exists dbdev;
create or replace function dbdev.install(package_name text) returns boolean language sql as $$ select true $$;
