create table public.user_feedback (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references public.users (id) on delete cascade,
  output_type text
    check (output_type in ('foundation', 'icp_profile', 'campaign', 'move', 'muse_asset', 'blackbox_strategy', 'daily_win', 'research_finding')),
  output_id uuid,
  rating int check (rating between 1 and 5),
  comments text,
  corrections text,
  applied boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.user_feedback is
  'What users say about what was generated for them.';
comment on column public.user_feedback.user_id is
  'Who says it: for a client, itself.';
comment on column public.user_feedback.output_id is
  'The row spoken of, in the table that output_type names; no foreign key, it may be gone.';
comment on column public.user_feedback.applied is
  'Whether the service role has learned from it; no client can write it.';

create index user_feedback_page on public.user_feedback (workspace_id, created_at desc);
create index user_feedback_user on public.user_feedback (user_id);
create index user_feedback_output on public.user_feedback (workspace_id, output_type, output_id);
create index user_feedback_to_apply on public.user_feedback (created_at) where not applied;

create trigger user_feedback_updated_at before update on public.user_feedback
  for each row execute function public.update_updated_at();

alter table public.user_feedback enable row level security;

create policy user_feedback_select on public.user_feedback for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy user_feedback_insert on public.user_feedback for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[])
    and user_id = (select auth.uid()));
create policy user_feedback_update on public.user_feedback for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy user_feedback_delete on public.user_feedback for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
-- Whether it was applied is the service role's to say.
revoke all on public.user_feedback from public, anon, authenticated;
grant select, delete on public.user_feedback to authenticated;
grant insert (
  id, workspace_id, user_id, output_type, output_id, rating, comments, corrections
) on public.user_feedback to authenticated;
grant update (output_type, output_id, rating, comments, corrections) on public.user_feedback to authenticated;
grant select, insert, update, delete on public.user_feedback to service_role;
