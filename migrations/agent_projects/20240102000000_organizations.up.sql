-- Most powerful first: policies compare by this order.
create type public.organization_member_role as enum ('owner', 'admin', 'member');

comment on type public.organization_member_role is 'What a person is in an organization, most powerful first.';

create table public.organizations (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint organizations_name_check check (char_length(name) between 3 and 50)
);

comment on table public.organizations is
    'The tenants. Read by their members, renamed by their admins, founded through create_organization().';

create table public.organization_members (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role public.organization_member_role not null default 'member',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- What every other reference to a user goes through: a row of an organization names nobody else's people.
    constraint organization_members_organization_id_user_id_key unique (organization_id, user_id)
);

comment on table public.organization_members is
    'Who belongs to which organization. People join through the server, as the service role, once they accepted an '
    'invitation: a client that could insert rows would enlist strangers and learn which users exist.';

create index organization_members_user_id_idx on public.organization_members (user_id);
create index organization_members_organization_id_role_idx on public.organization_members (organization_id, role);

create trigger organizations_set_updated_at before update on public.organizations
    for each row execute function private.set_updated_at();
create trigger organization_members_set_updated_at before update on public.organization_members
    for each row execute function private.set_updated_at();

-- Who is calling. These look at the caller alone: there is no argument to ask about somebody else with. They are
-- SECURITY DEFINER so that policies on the membership tables, which call them, do not recurse.

create function private.claimed_organization() returns text
language sql stable
set search_path = ''
as $$
    select nullif(auth.jwt() -> 'app_metadata' ->> 'org_id', '')
$$;

comment on function private.claimed_organization() is
    'The current organization by the token, null where it names none. It narrows what membership gives and never widens it.';

create function private.organizations_of_caller(at_least public.organization_member_role) returns setof uuid
language sql stable security definer
set search_path = ''
as $$
    select member.organization_id
    from public.organization_members as member
    where member.user_id = (select auth.uid())
        and member.role <= at_least
        and member.organization_id::text
            = coalesce((select private.claimed_organization()), member.organization_id::text)
$$;

comment on function private.organizations_of_caller(public.organization_member_role) is
    'The organizations in which the caller is at least this.';

revoke all on function private.claimed_organization() from public;
revoke all on function private.organizations_of_caller(public.organization_member_role) from public;
grant execute on function private.claimed_organization() to authenticated, service_role;
grant execute on function private.organizations_of_caller(public.organization_member_role) to authenticated, service_role;

alter table public.organizations enable row level security;
alter table public.organization_members enable row level security;

revoke all on public.organizations, public.organization_members from anon, authenticated;
grant select on public.organizations to authenticated;
grant update (name) on public.organizations to authenticated;
grant select, delete on public.organization_members to authenticated;
grant update (role) on public.organization_members to authenticated;
grant select, insert, update, delete on public.organizations, public.organization_members to service_role;

create policy "Members read their organizations" on public.organizations
    for select to authenticated
    using (id = any (array(select private.organizations_of_caller('member'))));

create policy "Admins rename their organizations" on public.organizations
    for update to authenticated
    using (id = any (array(select private.organizations_of_caller('admin'))))
    with check (id = any (array(select private.organizations_of_caller('admin'))));

create policy "Members read the members of their organizations" on public.organization_members
    for select to authenticated
    using (organization_id = any (array(select private.organizations_of_caller('member'))));

-- Nobody touches their own role, nobody an owner's. Admins have nobody below them to promote but to their own rank:
-- that is for owners.
create policy "Owners change the roles of others" on public.organization_members
    for update to authenticated
    using (
        user_id <> (select auth.uid())
        and role <> 'owner'
        and organization_id = any (array(select private.organizations_of_caller('owner')))
    )
    with check (
        user_id <> (select auth.uid())
        and organization_id = any (array(select private.organizations_of_caller('owner')))
    );

create policy "Owners and admins remove those below them, others leave" on public.organization_members
    for delete to authenticated
    using (
        role <> 'owner'
        and (
            user_id = (select auth.uid())
            or organization_id = any (array(select private.organizations_of_caller('owner')))
            or (role = 'member' and organization_id = any (array(select private.organizations_of_caller('admin'))))
        )
    );

create function public.create_organization(name text) returns public.organizations
language plpgsql
security definer
set search_path = ''
as $$
declare
    founder uuid := (select auth.uid());
    founded public.organizations;
begin
    if not exists (select 1 from auth.users where id = founder) then
        raise insufficient_privilege using message = 'only a signed-in user founds an organization';
    end if;
    insert into public.organizations (name) values (create_organization.name) returning * into founded;
    insert into public.organization_members (organization_id, user_id, role) values (founded.id, founder, 'owner');
    return founded;
end;
$$;

comment on function public.create_organization(text) is 'Founds an organization with the caller as its owner.';

revoke all on function public.create_organization(text) from public, anon, authenticated;
grant execute on function public.create_organization(text) to authenticated;

-- Whoever can say this is somebody: it is for servers that have authenticated the user themselves, never for a client.
create function public.set_rls_context(user_id uuid, org_id uuid default null) returns void
language plpgsql
set search_path = ''
as $$
begin
    if user_id is null then
        raise invalid_parameter_value using message = 'set_rls_context needs a user';
    end if;
    -- Local to the transaction, so that the next user of a pooled connection finds nothing. The settings of one claim
    -- each are older, and auth.uid() prefers them: they must not speak of somebody else.
    perform set_config('request.jwt.claim.sub', user_id::text, true);
    perform set_config('request.jwt.claim.role', 'authenticated', true);
    perform set_config(
        'request.jwt.claims',
        jsonb_build_object(
            'sub', user_id,
            'role', 'authenticated',
            'app_metadata', jsonb_strip_nulls(jsonb_build_object('org_id', org_id))
        )::text,
        true
    );
end;
$$;

comment on function public.set_rls_context(uuid, uuid) is
    'Sets, until the transaction ends, which user is acting and in which organization. For servers alone; the organization '
    'narrows what the user''s memberships give.';

revoke all on function public.set_rls_context(uuid, uuid) from public, anon, authenticated;
grant execute on function public.set_rls_context(uuid, uuid) to service_role, authenticator;
