create table public.audit_logs (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid,
  action text not null,
  resource_type text,
  resource_id uuid,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  ip_address inet,
  user_agent text,
  created_at timestamptz not null default now()
);

comment on table public.audit_logs is
  'Who did what in a workspace. Its owner reads it; the service role appends; no client changes it.';
comment on column public.audit_logs.user_id is
  'Who did it. No foreign key: the entry outlives the user.';
comment on column public.audit_logs.resource_id is
  'The row concerned, in the table that resource_type names; no foreign key, it may be gone.';

create index audit_logs_page on public.audit_logs (workspace_id, created_at desc);
create index audit_logs_user on public.audit_logs (user_id, created_at desc);
create index audit_logs_resource on public.audit_logs (workspace_id, resource_type, resource_id);

alter table public.audit_logs enable row level security;

create policy audit_logs_select on public.audit_logs for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A log that those it speaks of can write is no evidence: clients read alone.
revoke all on public.audit_logs from public, anon, authenticated;
grant select on public.audit_logs to authenticated;
grant select, insert, update, delete on public.audit_logs to service_role;
