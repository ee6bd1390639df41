create table public.plans (
    id uuid primary key default gen_random_uuid(),
    name text not null unique,
    description text,
    price_monthly numeric(10, 2) not null,
    price_yearly numeric(10, 2) not null,
    currency text not null default 'USD',
    api_calls integer,
    ingestions integer,
    storage_gb integer,
    seats integer,
    oracle_queries integer,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint plans_name_check check (char_length(name) between 3 and 50),
    constraint plans_price_monthly_check check (price_monthly >= 0),
    constraint plans_price_yearly_check check (price_yearly >= 0),
    constraint plans_currency_check check (currency ~ '^[A-Z]{3}$'),
    constraint plans_api_calls_check check (api_calls >= 0),
    constraint plans_ingestions_check check (ingestions >= 0),
    constraint plans_storage_gb_check check (storage_gb >= 0),
    constraint plans_seats_check check (seats >= 1),
    constraint plans_oracle_queries_check check (oracle_queries >= 0)
);

comment on table public.plans is
    'What can be bought, with its monthly limits (null: none). Reference data: read by everybody, signed in or not, written '
    'by the service role alone.';

-- Reference data, needed everywhere: not a seed's.
insert into public.plans
    (id, name, description, price_monthly, price_yearly, api_calls, ingestions, storage_gb, seats, oracle_queries)
values
    ('60000000-0000-4000-8000-000000000001', 'Free', 'To try it out', 0, 0, 1000, 5, 1, 1, 50),
    ('60000000-0000-4000-8000-000000000002', 'Pro', 'For one person', 20, 200, 50000, 100, 20, 1, 2000),
    ('60000000-0000-4000-8000-000000000003', 'Teams', 'For people who work together', 80, 800, 250000, 500, 100, 20, 10000),
    ('60000000-0000-4000-8000-000000000004', 'Enterprise', 'Without limits', 500, 5000, null, null, null, null, null);

create table public.subscriptions (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null unique references public.organizations (id) on delete cascade,
    plan_id uuid not null references public.plans (id) on delete restrict,
    status text not null default 'active',
    stripe_subscription_id text unique,
    stripe_customer_id text,
    current_period_start timestamptz not null,
    current_period_end timestamptz not null,
    cancel_at_period_end boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint subscriptions_organization_id_id_key unique (organization_id, id),
    constraint subscriptions_status_check
        check (status in ('active', 'past_due', 'canceled', 'incomplete', 'trialing', 'unpaid')),
    constraint subscriptions_period_check check (current_period_end > current_period_start)
);

comment on table public.subscriptions is
    'Which plan an organization has. Read by its admins, written by the payment webhook as the service role.';

create index subscriptions_plan_id_idx on public.subscriptions (plan_id);

create table public.payment_methods (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    stripe_payment_method_id text not null unique,
    type text not null default 'card',
    brand text,
    last4 text,
    expiry_month integer,
    expiry_year integer,
    is_default boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint payment_methods_type_check check (type in ('card', 'sepa_debit', 'bank_transfer')),
    constraint payment_methods_last4_check check (last4 ~ '^[0-9]{4}$'),
    constraint payment_methods_expiry_month_check check (expiry_month between 1 and 12),
    constraint payment_methods_expiry_year_check check (expiry_year between 2000 and 2100)
);

comment on table public.payment_methods is
    'How an organization pays: what the payment provider shows of it, never a number. Read by its admins, written by the '
    'payment webhook as the service role.';

create index payment_methods_organization_id_idx on public.payment_methods (organization_id);
create unique index payment_methods_one_default_idx on public.payment_methods (organization_id) where is_default;

create table public.invoices (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    subscription_id uuid,
    number text not null,
    status text not null default 'draft',
    amount_due numeric(12, 2) not null,
    amount_paid numeric(12, 2) not null default 0,
    currency text not null default 'USD',
    invoice_url text,
    issued_at timestamptz,
    due_at timestamptz,
    paid_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint invoices_organization_id_number_key unique (organization_id, number),
    constraint invoices_organization_id_subscription_id_fkey foreign key (organization_id, subscription_id)
        references public.subscriptions (organization_id, id) on delete set null (subscription_id),
    constraint invoices_status_check check (status in ('draft', 'open', 'paid', 'void', 'uncollectible')),
    constraint invoices_amount_due_check check (amount_due >= 0),
    constraint invoices_amount_paid_check check (amount_paid >= 0),
    constraint invoices_currency_check check (currency ~ '^[A-Z]{3}$')
);

comment on table public.invoices is
    'What an organization was charged. Read by its admins, written by the payment webhook as the service role.';

create index invoices_organization_id_subscription_id_idx on public.invoices (organization_id, subscription_id);
create index invoices_organization_id_created_at_idx on public.invoices (organization_id, created_at desc);

create table public.usage_metrics (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id) on delete cascade,
    metric text not null,
    quantity numeric(14, 4) not null default 0,
    period_start timestamptz not null,
    period_end timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint usage_metrics_organization_id_metric_period_start_key unique (organization_id, metric, period_start),
    constraint usage_metrics_metric_check
        check (metric in ('api_calls', 'ingestions', 'storage_gb', 'seats', 'oracle_queries')),
    constraint usage_metrics_quantity_check check (quantity >= 0),
    constraint usage_metrics_period_check check (period_end > period_start)
);

comment on table public.usage_metrics is
    'What an organization has used of its plan''s limits. Read by its admins, written by the service role.';

create table public.billing_details (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null unique references public.organizations (id) on delete cascade,
    company_name text not null,
    billing_email text not null,
    tax_number text,
    address_line1 text,
    address_line2 text,
    city text,
    postal_code text,
    country text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint billing_details_country_check check (country ~ '^[A-Z]{2}$')
);

comment on table public.billing_details is
    'Whom to write on an organization''s invoices. Read by its admins, written by the service role.';

create trigger plans_set_updated_at before update on public.plans
    for each row execute function private.set_updated_at();
create trigger subscriptions_set_updated_at before update on public.subscriptions
    for each row execute function private.set_updated_at();
create trigger payment_methods_set_updated_at before update on public.payment_methods
    for each row execute function private.set_updated_at();
create trigger invoices_set_updated_at before update on public.invoices
    for each row execute function private.set_updated_at();
create trigger usage_metrics_set_updated_at before update on public.usage_metrics
    for each row execute function private.set_updated_at();
create trigger billing_details_set_updated_at before update on public.billing_details
    for each row execute function private.set_updated_at();

alter table public.plans enable row level security;
alter table public.subscriptions enable row level security;
alter table public.payment_methods enable row level security;
alter table public.invoices enable row level security;
alter table public.usage_metrics enable row level security;
alter table public.billing_details enable row level security;

revoke all on public.plans, public.subscriptions, public.payment_methods, public.invoices, public.usage_metrics,
    public.billing_details from anon, authenticated;
grant select on public.plans to anon, authenticated;
grant select on public.subscriptions, public.payment_methods, public.invoices, public.usage_metrics,
    public.billing_details to authenticated;
grant select, insert, update, delete on public.plans, public.subscriptions, public.payment_methods, public.invoices,
    public.usage_metrics, public.billing_details to service_role;

create policy "Everybody reads plans" on public.plans
    for select to anon, authenticated
    using (true);

create policy "Admins read the subscription" on public.subscriptions
    for select to authenticated
    using (organization_id = any (array(select private.organizations_of_caller('admin'))));

create policy "Admins read payment methods" on public.payment_methods
    for select to authenticated
    using (organization_id = any (array(select private.organizations_of_caller('admin'))));

create policy "Admins read invoices" on public.invoices
    for select to authenticated
    using (organization_id = any (array(select private.organizations_of_caller('admin'))));

create policy "Admins read usage" on public.usage_metrics
    for select to authenticated
    using (organization_id = any (array(select private.organizations_of_caller('admin'))));

create policy "Admins read billing details" on public.billing_details
    for select to authenticated
    using (organization_id = any (array(select private.organizations_of_caller('admin'))));
