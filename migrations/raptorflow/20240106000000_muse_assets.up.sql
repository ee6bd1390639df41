create table public.muse_assets (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  asset_type text check (asset_type in ('email', 'social_post', 'blog', 'ad_copy', 'headline', 'script', 'carousel')),
  title text,
  content text not null,
  content_html text,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  target_icp_id uuid,
  move_id uuid,
  status text not null default 'draft' check (status in ('draft', 'review', 'approved', 'published', 'archived')),
  quality_score int check (quality_score between 0 and 100),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, id),
  foreign key (workspace_id, target_icp_id) references public.icp_profiles (workspace_id, id) on delete set null (target_icp_id),
  foreign key (workspace_id, move_id) references public.moves (workspace_id, id) on delete set null (move_id)
);

comment on table public.muse_assets is
  'Content: what the muse wrote, for a profile or a move.';

create index muse_assets_page on public.muse_assets (workspace_id, created_at desc);
create index muse_assets_type on public.muse_assets (workspace_id, asset_type);
create index muse_assets_target_icp on public.muse_assets (workspace_id, target_icp_id);
create index muse_assets_move on public.muse_assets (workspace_id, move_id);
create index muse_assets_drafts on public.muse_assets (workspace_id, updated_at desc) where status = 'draft';
create index muse_assets_metadata on public.muse_assets using gin (metadata jsonb_path_ops);

create trigger muse_assets_updated_at before update on public.muse_assets
  for each row execute function public.update_updated_at();

alter table public.muse_assets enable row level security;

create policy muse_assets_select on public.muse_assets for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy muse_assets_insert on public.muse_assets for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy muse_assets_update on public.muse_assets for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy muse_assets_delete on public.muse_assets for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.muse_assets from public, anon, authenticated;
grant select, insert, delete on public.muse_assets to authenticated;
grant update (
  asset_type, title, content, content_html, metadata, target_icp_id, move_id, status, quality_score
) on public.muse_assets to authenticated;
grant select, insert, update, delete on public.muse_assets to service_role;
