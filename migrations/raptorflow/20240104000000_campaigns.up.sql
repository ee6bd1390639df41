create table public.campaigns (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null,
  description text,
  target_icps jsonb not null default '[]' check (jsonb_typeof(target_icps) = 'array'),
  phases jsonb not null default '[]' check (jsonb_typeof(phases) = 'array'),
  budget_usd numeric(10, 2) check (budget_usd >= 0),
  status text not null default 'planning' check (status in ('planning', 'active', 'paused', 'completed', 'archived')),
  started_at timestamptz,
  ended_at timestamptz,
  success_metrics jsonb not null default '[]' check (jsonb_typeof(success_metrics) = 'array'),
  results jsonb not null default '{}' check (jsonb_typeof(results) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, id),
  check (ended_at >= started_at)
);

comment on table public.campaigns is
  'Campaigns: moves towards one goal, with a budget and results.';

create index campaigns_page on public.campaigns (workspace_id, created_at desc);
create index campaigns_active on public.campaigns (workspace_id, started_at) where status = 'active';
create index campaigns_target_icps on public.campaigns using gin (target_icps jsonb_path_ops);

create trigger campaigns_updated_at before update on public.campaigns
  for each row execute function public.update_updated_at();

alter table public.campaigns enable row level security;

create policy campaigns_select on public.campaigns for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy campaigns_insert on public.campaigns for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy campaigns_update on public.campaigns for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy campaigns_delete on public.campaigns for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.campaigns from public, anon, authenticated;
grant select, insert, delete on public.campaigns to authenticated;
grant update (
  name, description, target_icps, phases, budget_usd, status, started_at, ended_at, success_metrics, results
) on public.campaigns to authenticated;
grant select, insert, update, delete on public.campaigns to service_role;
