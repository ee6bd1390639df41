create table public.memory_vectors (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  content text not null,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.memory_vectors is
  'Semantic memory: texts with their embeddings.';

create index memory_vectors_page on public.memory_vectors (workspace_id, created_at desc);
create index memory_vectors_metadata on public.memory_vectors using gin (metadata jsonb_path_ops);

create trigger memory_vectors_updated_at before update on public.memory_vectors
  for each row execute function public.update_updated_at();

-- pgvector's type where it is installed, in whichever schema; an array without an index where it is not.
do $$
declare
  vector_schema text := (
    select extnamespace::regnamespace::text from pg_catalog.pg_extension where extname = 'vector'
  );
begin
  if vector_schema is null then
    alter table public.memory_vectors add column embedding real[];
  else
    execute format('alter table public.memory_vectors add column embedding %s.vector(1536)', vector_schema);
    execute format(
      'create index memory_vectors_embedding on public.memory_vectors using hnsw (embedding %s.vector_cosine_ops)',
      vector_schema
    );
  end if;
end
$$;

comment on column public.memory_vectors.embedding is
  'The embedding of the content: vector(1536) where the server has pgvector, else real[].';

alter table public.memory_vectors enable row level security;

create policy memory_vectors_select on public.memory_vectors for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy memory_vectors_insert on public.memory_vectors for insert to authenticated
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy memory_vectors_update on public.memory_vectors for update to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]))
  with check (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));
create policy memory_vectors_delete on public.memory_vectors for delete to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- A row keeps its id, its workspace and its birth: clients may update the other columns alone.
revoke all on public.memory_vectors from public, anon, authenticated;
grant select, insert, delete on public.memory_vectors to authenticated;
grant update (content, embedding, metadata) on public.memory_vectors to authenticated;
grant select, insert, update, delete on public.memory_vectors to service_role;
