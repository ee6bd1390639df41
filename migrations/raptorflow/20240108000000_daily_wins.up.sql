create table public.daily_wins (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  win_date date not null,
  topic text not null,
  angle text,
  hook text,
  outline text,
  platform text,
  estimated_minutes int check (estimated_minutes >= 0),
  trend_source text,
  relevance_score int check (relevance_score between 0 and 100),
  status text not null default 'idea' check (status in ('idea', 'expanded', 'posted', 'skipped')),
  posted_at timestamptz,
  expanded_content_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (workspace_id, expanded_content_id) references public.muse_assets (workspace_id, id) on delete set null (expanded_content_id)
);

comment on table public.daily_wins is
  'Small ideas for a day, to post at once or to expand into content.';
comment on column public.daily_wins.expanded_content_id is
  'The content that it became.';

create index daily_wins_page on public.daily_wins (workspace_id, created_at desc);
create index daily_wins_date on public.daily_wins (workspace_id, win_date);
create index daily_wins_expanded_content on public.daily_wins (workspace_id, expanded_content_id);
create index daily_wins_ideas on public.daily_wins (workspace_id, relevance_score desc) where status = 'idea';

create trigger daily_wins_updated_at before update on public.daily_wins
  for each row execute function public.update_updated_at();

alter table public.daily_wins enable row level security;

create policy daily_wins_select on public.daily_wins for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy daily_wins_insert on public.daily_wins for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy daily_wins_update on public.daily_wins for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy daily_wins_delete on public.daily_wins for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.daily_wins from public, anon, authenticated;
grant select, insert, delete on public.daily_wins to authenticated;
grant update (
  win_date, topic, angle, hook, outline, platform, estimated_minutes, trend_source, relevance_score, status,
  posted_at, expanded_content_id
) on public.daily_wins to authenticated;
grant select, insert, update, delete on public.daily_wins to service_role;
