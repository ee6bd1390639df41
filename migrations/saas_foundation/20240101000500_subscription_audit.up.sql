create table public.subscription_audit (
    id uuid primary key default gen_random_uuid(),
    subscription_id uuid,
    user_id uuid not null references public.users (id) on delete cascade,
    action text not null,
    stripe_event_id text,
    details jsonb,
    created_at timestamptz not null default now(),
    -- By user and subscription together; only the subscription is forgotten when it goes, never whose row it is.
    constraint subscription_audit_user_id_subscription_id_fkey foreign key (user_id, subscription_id)
        references public.subscriptions (user_id, id) on delete set null (subscription_id)
);

comment on table public.subscription_audit is
    'What happened to subscriptions. Read by their user, appended to by the payment webhook as the service role.';

create index subscription_audit_user_id_idx on public.subscription_audit (user_id, subscription_id);
create index subscription_audit_subscription_id_idx on public.subscription_audit (subscription_id);
create index subscription_audit_stripe_event_id_idx on public.subscription_audit (stripe_event_id);

alter table public.subscription_audit enable row level security;

revoke all on public.subscription_audit from anon, authenticated;
grant select on public.subscription_audit to authenticated;
grant select, insert, update, delete on public.subscription_audit to service_role;

create policy "Users read their own audit rows" on public.subscription_audit
    for select to authenticated
    using (user_id = (select auth.uid()));
