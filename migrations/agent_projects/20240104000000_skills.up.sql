create type public.skill_category as enum (
    'analysis', 'generation', 'review', 'documentation', 'testing', 'automation', 'other'
);
create type public.skill_output_format as enum ('markdown', 'text', 'json', 'html', 'code');
create type public.execution_status as enum ('pending', 'running', 'completed', 'failed', 'cancelled');
create type public.execution_type as enum ('manual', 'habit', 'reflex', 'api');
create type public.reflex_trigger_type as enum (
    'push', 'pull_request', 'issue', 'file_changed', 'ingestion_completed', 'webhook'
);

create table public.skills (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    name text not null,
    description text,
    category public.skill_category not null default 'other',
    prompt text not null,
    output_format public.skill_output_format not null default 'markdown',
    configuration jsonb not null default '{}',
    is_enabled boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint skills_project_id_id_key unique (project_id, id),
    constraint skills_project_id_name_key unique (project_id, name),
    constraint skills_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade,
    constraint skills_name_check check (char_length(name) between 3 and 50),
    constraint skills_configuration_check check (jsonb_typeof(configuration) = 'object')
);

comment on table public.skills is
    'What an agent can do in a project. Seen by whoever may read the project, written by its editors.';

create index skills_organization_id_project_id_idx on public.skills (organization_id, project_id);

create table public.habits (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    skill_id uuid not null,
    name text not null,
    description text,
    cron_expression text not null,
    timezone text not null default 'UTC',
    input jsonb not null default '{}',
    is_enabled boolean not null default true,
    last_run_at timestamptz,
    next_run_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint habits_project_id_id_key unique (project_id, id),
    constraint habits_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade,
    constraint habits_project_id_skill_id_fkey foreign key (project_id, skill_id)
        references public.skills (project_id, id) on delete cascade,
    constraint habits_name_check check (char_length(name) between 3 and 50),
    constraint habits_input_check check (jsonb_typeof(input) = 'object')
);

comment on table public.habits is
    'Skills that run by the clock. Read by the project''s members, written by its editors; the scheduler keeps last_run_at '
    'and next_run_at.';

create index habits_organization_id_project_id_idx on public.habits (organization_id, project_id);
create index habits_project_id_skill_id_idx on public.habits (project_id, skill_id);

create table public.reflexes (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    skill_id uuid not null,
    name text not null,
    description text,
    trigger_type public.reflex_trigger_type not null,
    conditions jsonb not null default '{}',
    is_enabled boolean not null default true,
    last_triggered_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint reflexes_project_id_id_key unique (project_id, id),
    constraint reflexes_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade,
    constraint reflexes_project_id_skill_id_fkey foreign key (project_id, skill_id)
        references public.skills (project_id, id) on delete cascade,
    constraint reflexes_name_check check (char_length(name) between 3 and 50),
    constraint reflexes_conditions_check check (jsonb_typeof(conditions) = 'object')
);

comment on table public.reflexes is
    'Skills that run when something happens. Read by the project''s members, written by its editors.';

create index reflexes_organization_id_project_id_idx on public.reflexes (organization_id, project_id);
create index reflexes_project_id_skill_id_idx on public.reflexes (project_id, skill_id);

create table public.skill_executions (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    skill_id uuid,
    habit_id uuid,
    reflex_id uuid,
    user_id uuid,
    execution_type public.execution_type not null default 'manual',
    status public.execution_status not null default 'pending',
    input jsonb not null default '{}',
    output text,
    error_message text,
    tokens_used integer not null default 0,
    cost_usd numeric(12, 6) not null default 0,
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint skill_executions_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade,
    -- What ran is history: it outlives the skill, the habit, the reflex and the user, and forgets which they were.
    constraint skill_executions_project_id_skill_id_fkey foreign key (project_id, skill_id)
        references public.skills (project_id, id) on delete set null (skill_id),
    constraint skill_executions_project_id_habit_id_fkey foreign key (project_id, habit_id)
        references public.habits (project_id, id) on delete set null (habit_id),
    constraint skill_executions_project_id_reflex_id_fkey foreign key (project_id, reflex_id)
        references public.reflexes (project_id, id) on delete set null (reflex_id),
    constraint skill_executions_organization_id_user_id_fkey foreign key (organization_id, user_id)
        references public.organization_members (organization_id, user_id) on delete set null (user_id),
    constraint skill_executions_input_check check (jsonb_typeof(input) = 'object'),
    constraint skill_executions_tokens_used_check check (tokens_used >= 0),
    constraint skill_executions_cost_usd_check check (cost_usd >= 0)
);

comment on table public.skill_executions is
    'Runs of skills. Read by the project''s members; editors ask for a run in their own name, the worker, as the service '
    'role, does it and writes how it went.';

create index skill_executions_organization_id_project_id_idx on public.skill_executions (organization_id, project_id);
create index skill_executions_organization_id_user_id_idx on public.skill_executions (organization_id, user_id);
create index skill_executions_project_id_created_at_idx on public.skill_executions (project_id, created_at desc);
create index skill_executions_project_id_skill_id_idx on public.skill_executions (project_id, skill_id);
create index skill_executions_project_id_habit_id_idx on public.skill_executions (project_id, habit_id);
create index skill_executions_project_id_reflex_id_idx on public.skill_executions (project_id, reflex_id);
create index skill_executions_user_id_idx on public.skill_executions (user_id);

create trigger skills_set_updated_at before update on public.skills
    for each row execute function private.set_updated_at();
create trigger habits_set_updated_at before update on public.habits
    for each row execute function private.set_updated_at();
create trigger reflexes_set_updated_at before update on public.reflexes
    for each row execute function private.set_updated_at();
create trigger skill_executions_set_updated_at before update on public.skill_executions
    for each row execute function private.set_updated_at();

alter table public.skills enable row level security;
alter table public.habits enable row level security;
alter table public.reflexes enable row level security;
alter table public.skill_executions enable row level security;

revoke all on public.skills, public.habits, public.reflexes, public.skill_executions from anon, authenticated;
grant select, insert, update, delete on public.skills, public.habits, public.reflexes, public.skill_executions
    to service_role;

grant select, delete on public.skills to authenticated;
grant insert (organization_id, project_id, name, description, category, prompt, output_format, configuration, is_enabled)
    on public.skills to authenticated;
grant update (name, description, category, prompt, output_format, configuration, is_enabled) on public.skills to authenticated;

create policy "Skills are read with their project" on public.skills
    for select to authenticated
    using (
        project_id = any (array(select private.projects_of_caller('viewer')))
        or project_id = any (array(select project.id from public.projects as project where project.privacy <> 'private'))
    );

create policy "Editors add skills" on public.skills
    for insert to authenticated
    with check (
        organization_id = any (array(select private.organizations_of_caller('member')))
        and project_id = any (array(select private.projects_of_caller('editor')))
    );

create policy "Editors update skills" on public.skills
    for update to authenticated
    using (project_id = any (array(select private.projects_of_caller('editor'))))
    with check (project_id = any (array(select private.projects_of_caller('editor'))));

create policy "Owners delete skills" on public.skills
    for delete to authenticated
    using (project_id = any (array(select private.projects_of_caller('owner'))));

grant select, delete on public.habits to authenticated;
grant insert (organization_id, project_id, skill_id, name, description, cron_expression, timezone, input, is_enabled)
    on public.habits to authenticated;
grant update (skill_id, name, description, cron_expression, timezone, input, is_enabled) on public.habits to authenticated;

create policy "Members read habits" on public.habits
    for select to authenticated
    using (project_id = any (array(select private.projects_of_caller('viewer'))));

create policy "Editors add habits" on public.habits
    for insert to authenticated
    with check (
        organization_id = any (array(select private.organizations_of_caller('member')))
        and project_id = any (array(select private.projects_of_caller('editor')))
    );

create policy "Editors update habits" on public.habits
    for update to authenticated
    using (project_id = any (array(select private.projects_of_caller('editor'))))
    with check (project_id = any (array(select private.projects_of_caller('editor'))));

create policy "Owners delete habits" on public.habits
    for delete to authenticated
    using (project_id = any (array(select private.projects_of_caller('owner'))));

grant select, delete on public.reflexes to authenticated;
grant insert (organization_id, project_id, skill_id, name, description, trigger_type, conditions, is_enabled)
    on public.reflexes to authenticated;
grant update (skill_id, name, description, trigger_type, conditions, is_enabled) on public.reflexes to authenticated;

create policy "Members read reflexes" on public.reflexes
    for select to authenticated
    using (project_id = any (array(select private.projects_of_caller('viewer'))));

create policy "Editors add reflexes" on public.reflexes
    for insert to authenticated
    with check (
        organization_id = any (array(select private.organizations_of_caller('member')))
        and project_id = any (array(select private.projects_of_caller('editor')))
    );

create policy "Editors update reflexes" on public.reflexes
    for update to authenticated
    using (project_id = any (array(select private.projects_of_caller('editor'))))
    with check (project_id = any (array(select private.projects_of_caller('editor'))));

create policy "Owners delete reflexes" on public.reflexes
    for delete to authenticated
    using (project_id = any (array(select private.projects_of_caller('owner'))));

grant select on public.skill_executions to authenticated;
grant insert (organization_id, project_id, skill_id, user_id, input) on public.skill_executions to authenticated;

create policy "Members read executions" on public.skill_executions
    for select to authenticated
    using (project_id = any (array(select private.projects_of_caller('viewer'))));

create policy "Editors ask for executions in their own name" on public.skill_executions
    for insert to authenticated
    with check (
        user_id = (select auth.uid())
        and organization_id = any (array(select private.organizations_of_caller('member')))
        and project_id = any (array(select private.projects_of_caller('editor')))
    );
