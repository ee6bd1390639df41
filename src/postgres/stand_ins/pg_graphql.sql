-- pg_graphql: answers that it is not here.
create schema if not exists graphql;
create or replace function graphql.resolve(
    query text, variables jsonb default '{}', "operationName" text default null, extensions jsonb default null
) returns jsonb language sql as $$
    select jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('message', 'pg_graphql is not here')))
$$;
