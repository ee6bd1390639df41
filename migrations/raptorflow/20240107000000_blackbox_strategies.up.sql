create table public.blackbox_strategies (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null,
  focus_area text check (focus_area in ('acquisition', 'retention', 'revenue', 'brand_equity', 'virality')),
  risk_level int check (risk_level between 1 and 10),
  risk_reasons jsonb not null default '[]' check (jsonb_typeof(risk_reasons) = 'array'),
  phases jsonb not null default '[]' check (jsonb_typeof(phases) = 'array'),
  expected_upside text,
  potential_downside text,
  status text not null default 'proposed'
    check (status in ('proposed', 'accepted', 'rejected', 'converted', 'archived')),
  accepted_at timestamptz,
  converted_move_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (workspace_id, converted_move_id) references public.moves (workspace_id, id) on delete set null (converted_move_id)
);

comment on table public.blackbox_strategies is
  'Bold strategies that are proposed, and become moves when accepted.';
comment on column public.blackbox_strategies.converted_move_id is
  'The move that it became.';

create index blackbox_strategies_page on public.blackbox_strategies (workspace_id, created_at desc);
create index blackbox_strategies_converted_move on public.blackbox_strategies (workspace_id, converted_move_id);
create index blackbox_strategies_proposed on public.blackbox_strategies (workspace_id, risk_level)
  where status = 'proposed';

create trigger blackbox_strategies_updated_at before update on public.blackbox_strategies
  for each row execute function public.update_updated_at();

alter table public.blackbox_strategies enable row level security;

create policy blackbox_strategies_select on public.blackbox_strategies for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy blackbox_strategies_insert on public.blackbox_strategies for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy blackbox_strategies_update on public.blackbox_strategies for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy blackbox_strategies_delete on public.blackbox_strategies for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.blackbox_strategies from public, anon, authenticated;
grant select, insert, delete on public.blackbox_strategies to authenticated;
grant update (
  name, focus_area, risk_level, risk_reasons, phases, expected_upside, potential_downside, status, accepted_at,
  converted_move_id
) on public.blackbox_strategies to authenticated;
grant select, insert, update, delete on public.blackbox_strategies to service_role;
