create table public.research_findings (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  research_type text check (research_type in ('market', 'competitor', 'customer', 'trend')),
  query text,
  sources jsonb not null default '[]' check (jsonb_typeof(sources) = 'array'),
  findings jsonb not null default '[]' check (jsonb_typeof(findings) = 'array'),
  summary text,
  confidence_score int check (confidence_score between 0 and 100),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.research_findings is
  'What research found about market, competitors, customers and trends.';

create index research_findings_page on public.research_findings (workspace_id, created_at desc);
create index research_findings_type on public.research_findings (workspace_id, research_type);
create index research_findings_findings on public.research_findings using gin (findings jsonb_path_ops);

create trigger research_findings_updated_at before update on public.research_findings
  for each row execute function public.update_updated_at();

alter table public.research_findings enable row level security;

create policy research_findings_select on public.research_findings for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy research_findings_insert on public.research_findings for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy research_findings_update on public.research_findings for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy research_findings_delete on public.research_findings for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.research_findings from public, anon, authenticated;
grant select, insert, delete on public.research_findings to authenticated;
grant update (
  research_type, query, sources, findings, summary, confidence_score
) on public.research_findings to authenticated;
grant select, insert, update, delete on public.research_findings to service_role;
