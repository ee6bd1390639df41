create extension if not exists "uuid-ossp" with schema extensions;

-- Supabase grants every new table, function and sequence in public to the client roles, TRUNCATE, REFERENCES and
-- TRIGGER included. From here on a client role holds only what a migration grants it by name.
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke all on functions from anon, authenticated;
alter default privileges in schema public revoke all on sequences from anon, authenticated;

create function public.set_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;

comment on function public.set_updated_at() is 'Keeps updated_at, whatever the statement says.';

revoke all on function public.set_updated_at() from public, anon, authenticated;
