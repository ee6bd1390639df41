drop function public.is_workspace_owner(uuid);
drop function public.get_workspace_id();
drop function public.owned_workspace_ids();
drop table public.workspaces;
drop table public.users;
