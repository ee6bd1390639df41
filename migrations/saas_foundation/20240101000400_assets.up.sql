create table public.assets (
    id uuid primary key default gen_random_uuid(),
    job_id uuid not null,
    user_id uuid not null references public.users (id) on delete cascade,
    asset_type text not null,
    url text not null,
    storage_path text not null,
    file_size integer not null,
    metadata jsonb,
    created_at timestamptz not null default now(),
    -- By user and job together: an asset belongs to the user whose job made it.
    constraint assets_user_id_job_id_fkey foreign key (user_id, job_id)
        references public.jobs (user_id, id) on delete cascade,
    constraint assets_file_size_check check (file_size >= 0)
);

comment on table public.assets is
    'Files that a job made. Read by their user, written by the worker as the service role.';

create index assets_user_id_job_id_idx on public.assets (user_id, job_id);
create index assets_job_id_idx on public.assets (job_id);

alter table public.assets enable row level security;

revoke all on public.assets from anon, authenticated;
grant select on public.assets to authenticated;
grant select, insert, update, delete on public.assets to service_role;

create policy "Users read their own assets" on public.assets
    for select to authenticated
    using (user_id = (select auth.uid()));
