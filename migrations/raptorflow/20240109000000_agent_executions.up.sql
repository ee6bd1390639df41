create table public.agent_executions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  session_id uuid not null,
  agent_name text not null,
  input jsonb not null default '{}' check (jsonb_typeof(input) = 'object'),
  output jsonb check (jsonb_typeof(output) = 'object'),
  status text not null default 'running' check (status in ('running', 'completed', 'failed', 'cancelled')),
  tokens_used int not null default 0 check (tokens_used >= 0),
  cost_usd numeric(10, 6) not null default 0 check (cost_usd >= 0),
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.agent_executions is
  'Runs of agents, with what they cost.';
comment on column public.agent_executions.user_id is
  'Who had it run: for a client, itself.';
comment on column public.agent_executions.session_id is
  'Groups the runs of one conversation.';
comment on column public.agent_executions.tokens_used is
  'Measured by the service role; no client can write it.';
comment on column public.agent_executions.cost_usd is
  'Measured by the service role; no client can write it.';

create index agent_executions_page on public.agent_executions (workspace_id, created_at desc);
create index agent_executions_session on public.agent_executions (workspace_id, session_id);
create index agent_executions_user on public.agent_executions (user_id);
create index agent_executions_running on public.agent_executions (workspace_id, started_at) where status = 'running';

create trigger agent_executions_updated_at before update on public.agent_executions
  for each row execute function public.update_updated_at();

alter table public.agent_executions enable row level security;

create policy agent_executions_select on public.agent_executions for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy agent_executions_insert on public.agent_executions for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[])
    and user_id = (select auth.uid()));
create policy agent_executions_update on public.agent_executions for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy agent_executions_delete on public.agent_executions for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
-- What a run used and cost is the service role's to say, from its insert on.
revoke all on public.agent_executions from public, anon, authenticated;
grant select, delete on public.agent_executions to authenticated;
grant insert (
  id, workspace_id, user_id, session_id, agent_name, input, output, status, started_at, completed_at, error
) on public.agent_executions to authenticated;
grant update (agent_name, input, output, status, completed_at, error) on public.agent_executions to authenticated;
grant select, insert, update, delete on public.agent_executions to service_role;
