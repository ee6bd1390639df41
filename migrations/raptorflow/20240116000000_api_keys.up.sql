create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  key_prefix text not null,
  key_hash text not null check (key_hash ~ '^[0-9a-f]{64}$'),
  name text,
  permissions jsonb not null default '["READ"]'
    check (jsonb_typeof(permissions) = 'array' and permissions <@ '["READ", "WRITE", "DELETE", "ADMIN"]'),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (key_hash, workspace_id)
);

comment on table public.api_keys is
  'Keys to the API. The raw key is shown once and never stored.';
comment on column public.api_keys.key_prefix is
  'The key''s first characters, by which its owner knows it.';
comment on column public.api_keys.key_hash is
  'SHA-256 of the raw key, in hexadecimal. No client can read it. With the workspace in its unique key, a second use tells nothing.';
comment on column public.api_keys.last_used_at is
  'Written by the service role.';
comment on column public.api_keys.revoked_at is
  'When it was revoked; a revoked key stays revoked.';

create index api_keys_page on public.api_keys (workspace_id, created_at desc);
create index api_keys_live on public.api_keys (workspace_id, expires_at) where revoked_at is null;

create trigger api_keys_updated_at before update on public.api_keys
  for each row execute function public.update_updated_at();

create function public.keep_api_key_revoked() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.revoked_at := coalesce(old.revoked_at, new.revoked_at);
  return new;
end
$$;

comment on function public.keep_api_key_revoked() is
  'A revoked key stays revoked, since when it was first.';

revoke all on function public.keep_api_key_revoked() from public, anon, authenticated;

create trigger api_keys_stay_revoked before update on public.api_keys
  for each row execute function public.keep_api_key_revoked();

alter table public.api_keys enable row level security;

create policy api_keys_select on public.api_keys for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy api_keys_insert on public.api_keys for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy api_keys_update on public.api_keys for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy api_keys_delete on public.api_keys for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- The hash can be given but neither read nor changed; the last use is the service role's to say.
revoke all on public.api_keys from public, anon, authenticated;
grant delete on public.api_keys to authenticated;
grant select (
  id, workspace_id, key_prefix, name, permissions, last_used_at, expires_at, revoked_at, created_at, updated_at
) on public.api_keys to authenticated;
grant insert (
  id, workspace_id, key_prefix, key_hash, name, permissions, expires_at
) on public.api_keys to authenticated;
grant update (name, permissions, expires_at, revoked_at) on public.api_keys to authenticated;
grant select, insert, update, delete on public.api_keys to service_role;
