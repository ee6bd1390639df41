create table public.icp_profiles (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null,
  tagline text,
  market_sophistication int check (market_sophistication between 1 and 5),
  demographics jsonb not null default '{}' check (jsonb_typeof(demographics) = 'object'),
  psychographics jsonb not null default '{}' check (jsonb_typeof(psychographics) = 'object'),
  behaviors jsonb not null default '{}' check (jsonb_typeof(behaviors) = 'object'),
  pain_points jsonb not null default '[]' check (jsonb_typeof(pain_points) = 'array'),
  goals jsonb not null default '[]' check (jsonb_typeof(goals) = 'array'),
  fit_score int check (fit_score between 0 and 100),
  summary text,
  is_primary boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, id)
);

comment on table public.icp_profiles is
  'Ideal customer profiles: whom the workspace sells to.';
comment on column public.icp_profiles.is_primary is
  'The profile meant where none is named; at most one per workspace.';

create index icp_profiles_page on public.icp_profiles (workspace_id, created_at desc);
create index icp_profiles_primary on public.icp_profiles (workspace_id, is_primary);
create unique index icp_profiles_one_primary on public.icp_profiles (workspace_id) where is_primary;
create index icp_profiles_pain_points on public.icp_profiles using gin (pain_points jsonb_path_ops);

create trigger icp_profiles_updated_at before update on public.icp_profiles
  for each row execute function public.update_updated_at();

alter table public.icp_profiles enable row level security;

create policy icp_profiles_select on public.icp_profiles for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy icp_profiles_insert on public.icp_profiles for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy icp_profiles_update on public.icp_profiles for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy icp_profiles_delete on public.icp_profiles for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.icp_profiles from public, anon, authenticated;
grant select, insert, delete on public.icp_profiles to authenticated;
grant update (
  name, tagline, market_sophistication, demographics, psychographics, behaviors, pain_points, goals, fit_score,
  summary, is_primary
) on public.icp_profiles to authenticated;
grant select, insert, update, delete on public.icp_profiles to service_role;
