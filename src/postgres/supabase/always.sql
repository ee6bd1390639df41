-- Default privileges that every project has, whatever the dashboard says about public.
alter default privileges for role postgres in schema storage
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema storage
    grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema storage
    grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema extensions grant all on tables to postgres with grant option;
alter default privileges for role postgres in schema extensions grant all on functions to postgres with grant option;
alter default privileges for role postgres in schema graphql_public
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema graphql_public
    grant all on functions to postgres, anon, authenticated, service_role;
