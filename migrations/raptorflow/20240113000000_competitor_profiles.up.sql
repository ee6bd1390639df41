create table public.competitor_profiles (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null,
  website text,
  positioning text,
  strengths jsonb not null default '[]' check (jsonb_typeof(strengths) = 'array'),
  weaknesses jsonb not null default '[]' check (jsonb_typeof(weaknesses) = 'array'),
  content_strategy jsonb not null default '{}' check (jsonb_typeof(content_strategy) = 'object'),
  last_analyzed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.competitor_profiles is
  'Competitors, as the workspace sees them.';

create index competitor_profiles_page on public.competitor_profiles (workspace_id, created_at desc);

create trigger competitor_profiles_updated_at before update on public.competitor_profiles
  for each row execute function public.update_updated_at();

alter table public.competitor_profiles enable row level security;

create policy competitor_profiles_select on public.competitor_profiles for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy competitor_profiles_insert on public.competitor_profiles for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy competitor_profiles_update on public.competitor_profiles for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy competitor_profiles_delete on public.competitor_profiles for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.competitor_profiles from public, anon, authenticated;
grant select, insert, delete on public.competitor_profiles to authenticated;
grant update (
  name, website, positioning, strengths, weaknesses, content_strategy, last_analyzed_at
) on public.competitor_profiles to authenticated;
grant select, insert, update, delete on public.competitor_profiles to service_role;
