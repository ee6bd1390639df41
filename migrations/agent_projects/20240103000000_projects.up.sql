create type public.project_type as enum ('repository', 'documentation', 'website', 'custom');
create type public.project_status as enum ('active', 'paused', 'archived');
create type public.project_privacy as enum ('private', 'organization', 'public');
create type public.chunking_strategy as enum ('semantic', 'fixed', 'recursive', 'syntax');
create type public.git_provider as enum ('github', 'gitlab', 'bitbucket', 'other');
create type public.repository_status as enum ('pending', 'syncing', 'ready', 'failed');
-- Most powerful first: policies compare by this order.
create type public.project_member_role as enum ('owner', 'admin', 'editor', 'viewer');
create type public.ingestion_phase as enum (
    'queued', 'cloning', 'parsing', 'chunking', 'embedding', 'indexing', 'completed', 'failed'
);

comment on type public.project_member_role is 'What a person is in a project, most powerful first.';

-- Every table below a project carries organization_id and project_id, tied together, so that no row can hang in another
-- organization or project than what it refers to.

create table public.projects (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    organization_id uuid not null references public.organizations (id) on delete cascade,
    name text not null,
    description text,
    type public.project_type not null default 'repository',
    chunking_strategy public.chunking_strategy not null default 'semantic',
    status public.project_status not null default 'active',
    privacy public.project_privacy not null default 'private',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint projects_organization_id_id_key unique (organization_id, id),
    -- Not to auth.users: the founder is a member of the organization, and is forgotten on leaving it.
    constraint projects_organization_id_user_id_fkey foreign key (organization_id, user_id)
        references public.organization_members (organization_id, user_id) on delete set null (user_id),
    constraint projects_name_check check (char_length(name) between 3 and 50)
);

comment on table public.projects is
    'Projects of an organization. Private ones are for their members, those with organization privacy for the members of '
    'the organization too, public ones can be read by every signed-in user. Editors write, owners delete.';
comment on column public.projects.user_id is 'Who founded the project: an owner of it for as long as this says so.';

create index projects_organization_id_user_id_idx on public.projects (organization_id, user_id);
create index projects_user_id_idx on public.projects (user_id);
create index projects_privacy_idx on public.projects (privacy, created_at desc);

create table public.project_members (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    user_id uuid not null,
    role public.project_member_role not null default 'viewer',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint project_members_project_id_user_id_key unique (project_id, user_id),
    constraint project_members_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade,
    -- Members of a project are members of its organization, and stop to be with that. There is no key to auth.users
    -- beside it: by which of the two refuses, one could tell which users exist elsewhere.
    constraint project_members_organization_id_user_id_fkey foreign key (organization_id, user_id)
        references public.organization_members (organization_id, user_id) on delete cascade
);

comment on table public.project_members is
    'Who belongs to which project. Its admins manage editors and viewers, its owners everybody but owners; nobody their own '
    'row, but to leave.';

create index project_members_organization_id_project_id_idx on public.project_members (organization_id, project_id);
create index project_members_organization_id_user_id_idx on public.project_members (organization_id, user_id);
create index project_members_project_id_role_idx on public.project_members (project_id, role);
create index project_members_user_id_idx on public.project_members (user_id);

create table public.project_repositories (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    provider public.git_provider not null default 'github',
    url text not null,
    branch text not null default 'main',
    status public.repository_status not null default 'pending',
    last_commit text,
    last_synced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint project_repositories_project_id_id_key unique (project_id, id),
    constraint project_repositories_project_id_url_branch_key unique (project_id, url, branch),
    constraint project_repositories_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade
);

comment on table public.project_repositories is
    'Git repositories that a project reads. Seen by whoever may read the project; status and commit are the worker''s.';

create index project_repositories_organization_id_project_id_idx
    on public.project_repositories (organization_id, project_id);

create table public.ingestion_progress (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    repository_id uuid,
    phase public.ingestion_phase not null default 'queued',
    progress integer not null default 0,
    files_total integer not null default 0,
    files_processed integer not null default 0,
    error_message text,
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint ingestion_progress_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade,
    constraint ingestion_progress_project_id_repository_id_fkey foreign key (project_id, repository_id)
        references public.project_repositories (project_id, id) on delete cascade,
    constraint ingestion_progress_progress_check check (progress between 0 and 100),
    constraint ingestion_progress_files_total_check check (files_total >= 0),
    constraint ingestion_progress_files_processed_check check (files_processed >= 0)
);

comment on table public.ingestion_progress is
    'How far reading a project''s sources has got. Read by its members, written by the worker as the service role.';

create index ingestion_progress_organization_id_project_id_idx
    on public.ingestion_progress (organization_id, project_id);
create index ingestion_progress_project_id_repository_id_idx on public.ingestion_progress (project_id, repository_id);

create table public.project_files (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    project_id uuid not null,
    repository_id uuid,
    path text not null,
    language text,
    content_hash text,
    size_bytes bigint not null default 0,
    chunk_count integer not null default 0,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint project_files_project_id_repository_id_path_key
        unique nulls not distinct (project_id, repository_id, path),
    constraint project_files_organization_id_project_id_fkey foreign key (organization_id, project_id)
        references public.projects (organization_id, id) on delete cascade,
    constraint project_files_project_id_repository_id_fkey foreign key (project_id, repository_id)
        references public.project_repositories (project_id, id) on delete cascade,
    constraint project_files_size_bytes_check check (size_bytes >= 0),
    constraint project_files_chunk_count_check check (chunk_count >= 0),
    constraint project_files_metadata_check check (jsonb_typeof(metadata) = 'object')
);

comment on table public.project_files is
    'Files of a project, from a repository or uploaded. Seen by whoever may read the project.';

create index project_files_organization_id_project_id_idx on public.project_files (organization_id, project_id);

create trigger projects_set_updated_at before update on public.projects
    for each row execute function private.set_updated_at();
create trigger project_members_set_updated_at before update on public.project_members
    for each row execute function private.set_updated_at();
create trigger project_repositories_set_updated_at before update on public.project_repositories
    for each row execute function private.set_updated_at();
create trigger ingestion_progress_set_updated_at before update on public.ingestion_progress
    for each row execute function private.set_updated_at();
create trigger project_files_set_updated_at before update on public.project_files
    for each row execute function private.set_updated_at();

create function private.projects_of_caller(at_least public.project_member_role) returns setof uuid
language sql stable security definer
set search_path = ''
as $$
    select member.project_id
    from public.project_members as member
    where member.user_id = (select auth.uid())
        and member.role <= at_least
        and member.organization_id::text
            = coalesce((select private.claimed_organization()), member.organization_id::text)
$$;

comment on function private.projects_of_caller(public.project_member_role) is
    'The projects in which the caller is at least this.';

revoke all on function private.projects_of_caller(public.project_member_role) from public;
grant execute on function private.projects_of_caller(public.project_member_role) to authenticated, service_role;

create function private.add_project_owner() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into public.project_members (organization_id, project_id, user_id, role)
    values (new.organization_id, new.id, new.user_id, 'owner')
    on conflict (project_id, user_id) do nothing;
    return null;
end;
$$;

comment on function private.add_project_owner() is 'Makes the founder of a new project its owner.';

revoke all on function private.add_project_owner() from public;

create trigger projects_add_owner after insert on public.projects
    for each row when (new.user_id is not null)
    execute function private.add_project_owner();

create function private.guard_project_privacy() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if current_user = 'authenticated'
        and not new.id = any (array(select private.projects_of_caller('admin')))
    then
        raise insufficient_privilege using message = 'only an admin of the project changes who may read it';
    end if;
    return new;
end;
$$;

comment on function private.guard_project_privacy() is
    'Editors write, but do not publish: a policy sees the new row alone and cannot tell what changed.';

revoke all on function private.guard_project_privacy() from public;

create trigger projects_guard_privacy before update on public.projects
    for each row when (old.privacy is distinct from new.privacy)
    execute function private.guard_project_privacy();

alter table public.projects enable row level security;
alter table public.project_members enable row level security;
alter table public.project_repositories enable row level security;
alter table public.ingestion_progress enable row level security;
alter table public.project_files enable row level security;

revoke all on public.projects, public.project_members, public.project_repositories, public.ingestion_progress,
    public.project_files from anon, authenticated;
grant select, insert, update, delete on public.projects, public.project_members, public.project_repositories,
    public.ingestion_progress, public.project_files to service_role;

grant select, delete on public.projects to authenticated;
grant insert (organization_id, user_id, name, description, type, chunking_strategy, status, privacy)
    on public.projects to authenticated;
grant update (name, description, type, chunking_strategy, status, privacy) on public.projects to authenticated;

-- The founder is named apart: in an INSERT with RETURNING, the membership is not there yet.
create policy "Projects are read as their privacy says" on public.projects
    for select to authenticated
    using (
        id = any (array(select private.projects_of_caller('viewer')))
        or (
            (user_id = (select auth.uid()) or privacy = 'organization')
            and organization_id = any (array(select private.organizations_of_caller('member')))
        )
        or (privacy = 'public' and (select auth.uid()) is not null)
    );

create policy "Members of an organization found projects in it" on public.projects
    for insert to authenticated
    with check (
        user_id = (select auth.uid())
        and organization_id = any (array(select private.organizations_of_caller('member')))
    );

create policy "Editors update their projects" on public.projects
    for update to authenticated
    using (id = any (array(select private.projects_of_caller('editor'))))
    with check (id = any (array(select private.projects_of_caller('editor'))));

create policy "Owners delete their projects" on public.projects
    for delete to authenticated
    using (id = any (array(select private.projects_of_caller('owner'))));

grant select, delete on public.project_members to authenticated;
grant insert (organization_id, project_id, user_id, role) on public.project_members to authenticated;
grant update (role) on public.project_members to authenticated;

create policy "Members read the members of their projects" on public.project_members
    for select to authenticated
    using (project_id = any (array(select private.projects_of_caller('viewer'))));

create policy "Admins add editors and viewers, owners anybody else" on public.project_members
    for insert to authenticated
    with check (
        user_id <> (select auth.uid())
        and organization_id = any (array(select private.organizations_of_caller('member')))
        and (
            project_id = any (array(select private.projects_of_caller('owner')))
            or (role in ('editor', 'viewer') and project_id = any (array(select private.projects_of_caller('admin'))))
        )
    );

create policy "Admins change editors and viewers, owners all but owners" on public.project_members
    for update to authenticated
    using (
        user_id <> (select auth.uid())
        and role <> 'owner'
        and (
            project_id = any (array(select private.projects_of_caller('owner')))
            or (role in ('editor', 'viewer') and project_id = any (array(select private.projects_of_caller('admin'))))
        )
    )
    with check (
        user_id <> (select auth.uid())
        and (
            project_id = any (array(select private.projects_of_caller('owner')))
            or (role in ('editor', 'viewer') and project_id = any (array(select private.projects_of_caller('admin'))))
        )
    );

create policy "Admins and owners remove those below them, others leave" on public.project_members
    for delete to authenticated
    using (
        role <> 'owner'
        and (
            user_id = (select auth.uid())
            or project_id = any (array(select private.projects_of_caller('owner')))
            or (role in ('editor', 'viewer') and project_id = any (array(select private.projects_of_caller('admin'))))
        )
    );

grant select, delete on public.project_repositories to authenticated;
grant insert (organization_id, project_id, provider, url, branch) on public.project_repositories to authenticated;
grant update (provider, url, branch) on public.project_repositories to authenticated;

-- The inner query is under the policy on projects: of the projects that are not private, those that the caller may
-- read.
create policy "Repositories are read with their project" on public.project_repositories
    for select to authenticated
    using (
        project_id = any (array(select private.projects_of_caller('viewer')))
        or project_id = any (array(select project.id from public.projects as project where project.privacy <> 'private'))
    );

create policy "Editors add repositories" on public.project_repositories
    for insert to authenticated
    with check (
        organization_id = any (array(select private.organizations_of_caller('member')))
        and project_id = any (array(select private.projects_of_caller('editor')))
    );

create policy "Editors update repositories" on public.project_repositories
    for update to authenticated
    using (project_id = any (array(select private.projects_of_caller('editor'))))
    with check (project_id = any (array(select private.projects_of_caller('editor'))));

create policy "Owners delete repositories" on public.project_repositories
    for delete to authenticated
    using (project_id = any (array(select private.projects_of_caller('owner'))));

grant select on public.ingestion_progress to authenticated;

create policy "Members read the progress of their projects" on public.ingestion_progress
    for select to authenticated
    using (project_id = any (array(select private.projects_of_caller('viewer'))));

grant select, delete on public.project_files to authenticated;
grant insert (organization_id, project_id, repository_id, path, language, content_hash, size_bytes, metadata)
    on public.project_files to authenticated;
grant update (path, language, content_hash, size_bytes, metadata) on public.project_files to authenticated;

create policy "Files are read with their project" on public.project_files
    for select to authenticated
    using (
        project_id = any (array(select private.projects_of_caller('viewer')))
        or project_id = any (array(select project.id from public.projects as project where project.privacy <> 'private'))
    );

create policy "Editors add files" on public.project_files
    for insert to authenticated
    with check (
        organization_id = any (array(select private.organizations_of_caller('member')))
        and project_id = any (array(select private.projects_of_caller('editor')))
    );

create policy "Editors update files" on public.project_files
    for update to authenticated
    using (project_id = any (array(select private.projects_of_caller('editor'))))
    with check (project_id = any (array(select private.projects_of_caller('editor'))));

create policy "Owners delete files" on public.project_files
    for delete to authenticated
    using (project_id = any (array(select private.projects_of_caller('owner'))));
