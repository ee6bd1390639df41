create table public.onboarding_sessions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null unique references public.workspaces (id) on delete cascade,
  current_step int not null default 1 check (current_step >= 1),
  completed_steps jsonb not null default '[]' check (jsonb_typeof(completed_steps) = 'array'),
  step_data jsonb not null default '{}' check (jsonb_typeof(step_data) = 'object'),
  evidence_items jsonb not null default '[]' check (jsonb_typeof(evidence_items) = 'array'),
  extracted_facts jsonb not null default '[]' check (jsonb_typeof(extracted_facts) = 'array'),
  status text not null default 'in_progress' check (status in ('in_progress', 'completed', 'abandoned')),
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, id)
);

comment on table public.onboarding_sessions is
  'How far a workspace has come in setting itself up.';

create trigger onboarding_sessions_updated_at before update on public.onboarding_sessions
  for each row execute function public.update_updated_at();

alter table public.onboarding_sessions enable row level security;

create policy onboarding_sessions_select on public.onboarding_sessions for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy onboarding_sessions_insert on public.onboarding_sessions for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy onboarding_sessions_update on public.onboarding_sessions for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy onboarding_sessions_delete on public.onboarding_sessions for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.onboarding_sessions from public, anon, authenticated;
grant select, insert, delete on public.onboarding_sessions to authenticated;
grant update (
  current_step, completed_steps, step_data, evidence_items, extracted_facts, status, started_at, completed_at
) on public.onboarding_sessions to authenticated;
grant select, insert, update, delete on public.onboarding_sessions to service_role;
