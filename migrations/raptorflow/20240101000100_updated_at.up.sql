create function public.update_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

comment on function public.update_updated_at() is
  'Keeps updated_at true, whatever the statement says.';

revoke all on function public.update_updated_at() from public, anon, authenticated;
