drop table public.project_files, public.ingestion_progress, public.project_repositories, public.project_members,
    public.projects cascade;
drop function private.guard_project_privacy();
drop function private.add_project_owner();
drop function private.projects_of_caller(public.project_member_role);
drop type public.ingestion_phase;
drop type public.project_member_role;
drop type public.repository_status;
drop type public.git_provider;
drop type public.chunking_strategy;
drop type public.project_privacy;
drop type public.project_status;
drop type public.project_type;
