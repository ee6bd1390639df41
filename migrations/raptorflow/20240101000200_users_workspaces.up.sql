create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null unique,
  full_name text,
  avatar_url text,
  subscription_tier text not null default 'free' check (subscription_tier in ('free', 'starter', 'pro', 'enterprise')),
  budget_limit_monthly numeric(10, 2) not null default 1.00 check (budget_limit_monthly >= 0),
  token_limit_monthly bigint not null default 100000 check (token_limit_monthly >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.users is
  'The profile of a signed-up user. Sign-up writes it; the user edits name and picture; tier and budget are the service role''s.';
comment on column public.users.email is
  'Follows auth.users. No client can write it, so that its uniqueness tells nobody who has an account.';
comment on column public.users.budget_limit_monthly is
  'US dollars that the user''s agents may spend in a month; set with the tier by the service role.';
comment on column public.users.token_limit_monthly is
  'Tokens that the user''s agents may use in a month; set with the tier by the service role.';

create trigger users_updated_at before update on public.users
  for each row execute function public.update_updated_at();

alter table public.users enable row level security;

create policy users_select on public.users for select to authenticated
  using (id = (select auth.uid()));
create policy users_update on public.users for update to authenticated
  using (id = (select auth.uid()))
  with check (id = (select auth.uid()));

-- Profiles come and go with auth.users: clients neither insert nor delete them.
revoke all on public.users from public, anon, authenticated;
grant select on public.users to authenticated;
grant update (full_name, avatar_url) on public.users to authenticated;
grant select, insert, update, delete on public.users to service_role;

create table public.workspaces (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  name text not null,
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, slug)
);

comment on table public.workspaces is
  'The tenant: all business data belongs to one workspace, and a workspace to one user.';
comment on column public.workspaces.user_id is
  'The owner. No client can hand a workspace over.';
comment on column public.workspaces.slug is
  'The workspace''s name in addresses; unique among its owner''s, so that it tells nothing about anybody else''s.';

create trigger workspaces_updated_at before update on public.workspaces
  for each row execute function public.update_updated_at();

alter table public.workspaces enable row level security;

create policy workspaces_select on public.workspaces for select to authenticated
  using (user_id = (select auth.uid()));
create policy workspaces_insert on public.workspaces for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy workspaces_update on public.workspaces for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
create policy workspaces_delete on public.workspaces for delete to authenticated
  using (user_id = (select auth.uid()));

-- The owner column is not among what clients may update.
revoke all on public.workspaces from public, anon, authenticated;
grant select, insert, delete on public.workspaces to authenticated;
grant update (name, slug, settings) on public.workspaces to authenticated;
grant select, insert, update, delete on public.workspaces to service_role;

-- What every policy below asks. One call per statement, and an array that an index on workspace_id can be searched with.
create function public.owned_workspace_ids() returns uuid[]
language sql stable
set search_path = ''
as $$
  select array(select workspaces.id from public.workspaces where workspaces.user_id = (select auth.uid()))
$$;

comment on function public.owned_workspace_ids() is
  'The ids of the caller''s workspaces; none for a caller who is nobody.';

create function public.get_workspace_id() returns uuid
language sql stable
set search_path = ''
as $$
  select workspaces.id
  from public.workspaces
  where workspaces.user_id = (select auth.uid())
  order by workspaces.created_at, workspaces.id
  limit 1
$$;

comment on function public.get_workspace_id() is
  'The caller''s first workspace: the one meant where a request names none.';

create function public.is_workspace_owner(workspace_id uuid) returns boolean
language sql stable
set search_path = ''
as $$
  select exists (
    select
    from public.workspaces
    where workspaces.id = is_workspace_owner.workspace_id and workspaces.user_id = (select auth.uid())
  )
$$;

comment on function public.is_workspace_owner(uuid) is
  'Whether the caller owns the workspace. Somebody else''s and one that does not exist are answered alike.';

revoke all on function public.owned_workspace_ids() from public, anon, authenticated;
revoke all on function public.get_workspace_id() from public, anon, authenticated;
revoke all on function public.is_workspace_owner(uuid) from public, anon, authenticated;
grant execute on function public.owned_workspace_ids() to authenticated, service_role;
grant execute on function public.get_workspace_id() to authenticated, service_role;
grant execute on function public.is_workspace_owner(uuid) to authenticated, service_role;
