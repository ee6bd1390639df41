create table public.jobs (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references public.users (id) on delete cascade,
    job_type text not null,
    status text not null default 'queued',
    progress integer not null default 0,
    error_message text,
    parameters jsonb,
    result jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    completed_at timestamptz,
    -- What assets refer to, so that an asset cannot hang on another user's job.
    constraint jobs_user_id_id_key unique (user_id, id),
    constraint jobs_status_check check (status in ('queued', 'processing', 'completed', 'failed', 'partial')),
    constraint jobs_progress_check check (progress between 0 and 100)
);

comment on table public.jobs is
    'Work that a user asked for. Its user reads and inserts; how it goes is written by the worker as the service role.';

create index jobs_user_id_status_idx on public.jobs (user_id, status);
create index jobs_created_at_idx on public.jobs (created_at desc);
create index jobs_job_type_status_idx on public.jobs (job_type, status);

create trigger jobs_set_updated_at before update on public.jobs
    for each row execute function public.set_updated_at();

alter table public.jobs enable row level security;

revoke all on public.jobs from anon, authenticated;
grant select on public.jobs to authenticated;
-- Not status, progress or result: nobody hands in finished work.
grant insert (user_id, job_type, parameters) on public.jobs to authenticated;
grant select, insert, update, delete on public.jobs to service_role;

create policy "Users read their own jobs" on public.jobs
    for select to authenticated
    using (user_id = (select auth.uid()));

create policy "Users insert their own jobs" on public.jobs
    for insert to authenticated
    with check (user_id = (select auth.uid()));
