create table public.foundations (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null unique references public.workspaces (id) on delete cascade,
  company_name text,
  mission text,
  vision text,
  "values" jsonb not null default '[]' check (jsonb_typeof("values") = 'array'),
  industry text,
  target_market text,
  positioning text,
  brand_voice text,
  messaging_guardrails jsonb not null default '[]' check (jsonb_typeof(messaging_guardrails) = 'array'),
  summary text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.foundations is
  'What the company is and says: one foundation per workspace, which everything generated rests on.';
comment on column public.foundations.summary is
  'Made from the other columns by a trigger.';

create trigger foundations_updated_at before update on public.foundations
  for each row execute function public.update_updated_at();

create function public.on_foundation_update() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.summary := nullif(concat_ws(E'\n',
    nullif(concat_ws(' · ', new.company_name, new.industry, new.target_market), ''),
    'Mission: ' || new.mission,
    'Vision: ' || new.vision,
    'Positioning: ' || new.positioning,
    'Voice: ' || new.brand_voice), '');
  return new;
end
$$;

comment on function public.on_foundation_update() is
  'Refreshes the summary of a foundation.';

revoke all on function public.on_foundation_update() from public, anon, authenticated;

create trigger on_foundation_update before insert or update on public.foundations
  for each row execute function public.on_foundation_update();

alter table public.foundations enable row level security;

create policy foundations_select on public.foundations for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy foundations_insert on public.foundations for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy foundations_update on public.foundations for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy foundations_delete on public.foundations for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
-- The summary is the trigger's.
revoke all on public.foundations from public, anon, authenticated;
grant select, insert, delete on public.foundations to authenticated;
grant update (
  company_name, mission, vision, "values", industry, target_market, positioning, brand_voice, messaging_guardrails
) on public.foundations to authenticated;
grant select, insert, update, delete on public.foundations to service_role;
