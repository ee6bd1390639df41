create table public.moves (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  campaign_id uuid,
  name text not null,
  category text check (category in ('ignite', 'capture', 'authority', 'repair', 'rally')),
  goal text,
  target_icp_id uuid,
  strategy jsonb not null default '{}' check (jsonb_typeof(strategy) = 'object'),
  execution_plan jsonb not null default '[]' check (jsonb_typeof(execution_plan) = 'array'),
  status text not null default 'draft' check (status in ('draft', 'active', 'paused', 'completed', 'archived')),
  duration_days int check (duration_days >= 0),
  started_at timestamptz,
  completed_at timestamptz,
  success_metrics jsonb not null default '[]' check (jsonb_typeof(success_metrics) = 'array'),
  results jsonb not null default '{}' check (jsonb_typeof(results) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, id),
  foreign key (workspace_id, campaign_id) references public.campaigns (workspace_id, id) on delete set null (campaign_id),
  foreign key (workspace_id, target_icp_id) references public.icp_profiles (workspace_id, id) on delete set null (target_icp_id)
);

comment on table public.moves is
  'Moves: single marketing actions, on their own or in a campaign.';
comment on column public.moves.execution_plan is
  'The tasks of the move, in order.';

create index moves_page on public.moves (workspace_id, created_at desc);
create index moves_campaign on public.moves (workspace_id, campaign_id);
create index moves_target_icp on public.moves (workspace_id, target_icp_id);
create index moves_active on public.moves (workspace_id, started_at) where status = 'active';

create trigger moves_updated_at before update on public.moves
  for each row execute function public.update_updated_at();

alter table public.moves enable row level security;

create policy moves_select on public.moves for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy moves_insert on public.moves for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy moves_update on public.moves for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy moves_delete on public.moves for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.moves from public, anon, authenticated;
grant select, insert, delete on public.moves to authenticated;
grant update (
  campaign_id, name, category, goal, target_icp_id, strategy, execution_plan, status, duration_days, started_at,
  completed_at, success_metrics, results
) on public.moves to authenticated;
grant select, insert, update, delete on public.moves to service_role;
