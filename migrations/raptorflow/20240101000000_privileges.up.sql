-- Semantic memory needs pgvector. It comes first: what an extension creates obeys the default privileges below, and its
-- functions must stay callable. Where the server has none, memory_vectors falls back to an array.
do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'vector') then
    create extension if not exists vector with schema extensions;
  end if;
end
$$;

-- Supabase grants every new table, sequence and function of public to the API's roles, and Postgres every new function to
-- everybody. Here nothing is open until a migration grants it.
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;
alter default privileges revoke execute on functions from public;
