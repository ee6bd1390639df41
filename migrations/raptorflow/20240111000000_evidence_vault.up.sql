create table public.evidence_vault (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  session_id uuid,
  source_type text check (source_type in ('file', 'url')),
  source_name text not null,
  file_path text,
  url text,
  content text,
  content_type text,
  word_count int check (word_count >= 0),
  key_topics jsonb not null default '[]' check (jsonb_typeof(key_topics) = 'array'),
  processing_status text not null default 'pending'
    check (processing_status in ('pending', 'processing', 'processed', 'failed')),
  processed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (workspace_id, session_id) references public.onboarding_sessions (workspace_id, id) on delete set null (session_id)
);

comment on table public.evidence_vault is
  'Files and pages that a workspace gave as evidence, with what was read from them.';
comment on column public.evidence_vault.session_id is
  'The onboarding session that it was given in; it outlives the session.';

create index evidence_vault_page on public.evidence_vault (workspace_id, created_at desc);
create index evidence_vault_session on public.evidence_vault (workspace_id, session_id);
create index evidence_vault_source_type on public.evidence_vault (workspace_id, source_type);
create index evidence_vault_pending on public.evidence_vault (created_at) where processing_status = 'pending';
create index evidence_vault_key_topics on public.evidence_vault using gin (key_topics jsonb_path_ops);

create trigger evidence_vault_updated_at before update on public.evidence_vault
  for each row execute function public.update_updated_at();

alter table public.evidence_vault enable row level security;

create policy evidence_vault_select on public.evidence_vault for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy evidence_vault_insert on public.evidence_vault for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy evidence_vault_update on public.evidence_vault for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy evidence_vault_delete on public.evidence_vault for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.evidence_vault from public, anon, authenticated;
grant select, insert, delete on public.evidence_vault to authenticated;
grant update (
  session_id, source_type, source_name, file_path, url, content, content_type, word_count, key_topics,
  processing_status, processed_at
) on public.evidence_vault to authenticated;
grant select, insert, update, delete on public.evidence_vault to service_role;
