create table public.users (
    id uuid primary key references auth.users (id) on delete cascade,
    email text not null unique,
    name text,
    avatar_url text,
    subscription_tier text not null default 'free',
    subscription_status text,
    monthly_usage integer not null default 0,
    usage_reset_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint users_subscription_tier_check
        check (subscription_tier in ('free', 'pro', 'studio', 'enterprise')),
    constraint users_subscription_status_check
        check (subscription_status in ('active', 'past_due', 'canceled', 'incomplete', 'trialing', 'unpaid')),
    constraint users_monthly_usage_check check (monthly_usage >= 0)
);

comment on table public.users is
    'Profiles, one a user, made by the sign-up. A user edits name and avatar_url alone; the rest is the service role''s.';
comment on column public.users.email is
    'Follows auth.users. Unique over all users, and no client writes it, so that a clash tells nobody who has an account.';

create index users_subscription_tier_status_idx on public.users (subscription_tier, subscription_status);

create trigger users_set_updated_at before update on public.users
    for each row execute function public.set_updated_at();

alter table public.users enable row level security;

revoke all on public.users from anon, authenticated;
grant select on public.users to authenticated;
grant update (name, avatar_url) on public.users to authenticated;
grant select, insert, update, delete on public.users to service_role;

create policy "Users read their own profile" on public.users
    for select to authenticated
    using (id = (select auth.uid()));

create policy "Users update their own profile" on public.users
    for update to authenticated
    using (id = (select auth.uid()))
    with check (id = (select auth.uid()));

create function public.handle_new_user() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into public.users (id, email, name)
    values (
        new.id,
        -- Somebody who signs up by telephone has no address; .invalid is reserved and reaches nobody.
        coalesce(nullif(new.email, ''), new.id::text || '@users.invalid'),
        coalesce(
            nullif(trim(new.raw_user_meta_data ->> 'name'), ''),
            nullif(trim(new.raw_user_meta_data ->> 'full_name'), '')
        )
    )
    on conflict (id) do nothing;
    return new;
end;
$$;

comment on function public.handle_new_user() is 'Gives a new auth user a profile.';

revoke all on function public.handle_new_user() from public, anon, authenticated;

create trigger on_auth_user_created after insert on auth.users
    for each row execute function public.handle_new_user();

create function public.handle_user_email_change() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    update public.users
    set email = coalesce(nullif(new.email, ''), new.id::text || '@users.invalid')
    where id = new.id;
    return new;
end;
$$;

comment on function public.handle_user_email_change() is
    'Lets the profile follow a changed address, so that the old one is free for a new sign-up.';

revoke all on function public.handle_user_email_change() from public, anon, authenticated;

create trigger on_auth_user_email_changed after update of email on auth.users
    for each row when (old.email is distinct from new.email)
    execute function public.handle_user_email_change();

-- Whoever signed up before this migration.
insert into public.users (id, email, name)
select
    id,
    coalesce(nullif(email, ''), id::text || '@users.invalid'),
    coalesce(nullif(trim(raw_user_meta_data ->> 'name'), ''), nullif(trim(raw_user_meta_data ->> 'full_name'), ''))
from auth.users
on conflict do nothing;
