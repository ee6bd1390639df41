drop function public.set_rls_context(uuid, uuid);
drop function public.create_organization(text);
drop table public.organization_members, public.organizations cascade;
drop function private.organizations_of_caller(public.organization_member_role);
drop function private.claimed_organization();
drop type public.organization_member_role;
