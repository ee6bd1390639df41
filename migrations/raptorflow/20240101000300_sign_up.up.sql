-- Runs as whoever signs somebody up, who has no right on the profile: hence SECURITY DEFINER. Nothing that the user can
-- choose (raw_user_meta_data) decides more than the name and picture shown.
create function public.on_auth_user_created() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  shown_name text := coalesce(new.raw_user_meta_data ->> 'full_name', new.raw_user_meta_data ->> 'name');
  picture text := new.raw_user_meta_data ->> 'avatar_url';
  -- For those who sign up by phone: an address that no mail reaches.
  placeholder text := new.id::text || '@no-email.invalid';
begin
  insert into public.users (id, email, full_name, avatar_url)
  values (new.id, coalesce(nullif(new.email, ''), placeholder), shown_name, picture)
  on conflict do nothing;

  if not found then
    -- Single sign-on may repeat an address: the sign-up neither fails nor tells.
    insert into public.users (id, email, full_name, avatar_url)
    values (new.id, placeholder, shown_name, picture)
    on conflict (id) do nothing;
  end if;

  insert into public.workspaces (user_id, name, slug)
  values (new.id, 'My workspace', 'default')
  on conflict (user_id, slug) do nothing;

  return null;
end
$$;

comment on function public.on_auth_user_created() is
  'Gives a new auth user a profile and a default workspace.';

create function public.on_auth_user_email_changed() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  update public.users
  set email = new.email
  where users.id = new.id
    and not exists (select from public.users as other where other.email = new.email);
  return null;
end
$$;

comment on function public.on_auth_user_email_changed() is
  'Keeps the profile''s address in step with auth.users, unless another profile holds it.';

revoke all on function public.on_auth_user_created() from public, anon, authenticated;
revoke all on function public.on_auth_user_email_changed() from public, anon, authenticated;

create trigger on_auth_user_created after insert on auth.users
  for each row execute function public.on_auth_user_created();

create trigger on_auth_user_email_changed after update of email on auth.users
  for each row when (new.email <> '' and new.email is distinct from old.email)
  execute function public.on_auth_user_email_changed();
