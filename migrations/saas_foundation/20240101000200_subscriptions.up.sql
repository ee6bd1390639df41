create table public.subscriptions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null unique references public.users (id) on delete cascade,
    stripe_subscription_id text not null unique,
    stripe_customer_id text not null,
    tier text not null,
    status text not null,
    current_period_start timestamptz not null,
    current_period_end timestamptz not null,
    cancel_at_period_end boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- What the audit's rows refer to, so that a row cannot speak of another user's subscription.
    constraint subscriptions_user_id_id_key unique (user_id, id),
    constraint subscriptions_tier_check check (tier in ('free', 'pro', 'studio', 'enterprise')),
    constraint subscriptions_status_check
        check (status in ('active', 'past_due', 'canceled', 'incomplete', 'trialing', 'unpaid')),
    constraint subscriptions_period_check check (current_period_end > current_period_start)
);

comment on table public.subscriptions is
    'Paid plans, at most one a user. Read by its user, written by the payment webhook as the service role.';

create index subscriptions_stripe_customer_id_idx on public.subscriptions (stripe_customer_id);

create trigger subscriptions_set_updated_at before update on public.subscriptions
    for each row execute function public.set_updated_at();

alter table public.subscriptions enable row level security;

revoke all on public.subscriptions from anon, authenticated;
grant select on public.subscriptions to authenticated;
grant select, insert, update, delete on public.subscriptions to service_role;

create policy "Users read their own subscription" on public.subscriptions
    for select to authenticated
    using (user_id = (select auth.uid()));
