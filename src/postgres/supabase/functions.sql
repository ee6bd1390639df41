-- Database webhooks and the GraphQL endpoint: here they answer, and reach no network.
create table if not exists supabase_functions.hooks (
    id bigserial primary key,
    hook_table_id integer not null,
    hook_name text not null,
    created_at timestamptz not null default now(),
    request_id bigint
);
create table if not exists supabase_functions.migrations (
    version text not null primary key,
    inserted_at timestamptz not null default now()
);

create or replace function supabase_functions.http_request() returns trigger
language plpgsql security definer set search_path = supabase_functions as $$
begin
    if coalesce(tg_argv[0], 'null') = 'null' then
        raise exception 'url argument is missing';
    end if;
    if coalesce(tg_argv[1], 'null') not in ('GET', 'POST') then
        raise exception 'method argument % is invalid', coalesce(tg_argv[1], 'null');
    end if;
    insert into supabase_functions.hooks (hook_table_id, hook_name) values (tg_relid, tg_name);
    return new;
end
$$;

grant all on all tables in schema supabase_functions to postgres, supabase_functions_admin;
grant all on all sequences in schema supabase_functions to postgres, supabase_functions_admin;
revoke all on function supabase_functions.http_request() from public;
grant execute on function supabase_functions.http_request() to postgres, anon, authenticated, service_role;

create or replace function graphql.resolve(
    query text, variables jsonb default '{}', "operationName" text default null, extensions jsonb default null
) returns jsonb language sql as $$
    select jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('message', 'pg_graphql is not here')))
$$;
create or replace function graphql_public.graphql(
    "operationName" text default null, query text default null, variables jsonb default null,
    extensions jsonb default null
) returns jsonb language sql as $$
    select graphql.resolve(query := query, variables := coalesce(variables, '{}'),
        "operationName" := "operationName", extensions := extensions)
$$;
grant execute on function graphql.resolve(text, jsonb, text, jsonb),
    graphql_public.graphql(text, text, jsonb, jsonb) to anon, authenticated, service_role;
