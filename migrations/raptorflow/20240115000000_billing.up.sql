create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  plan text not null default 'free' check (plan in ('free', 'starter', 'pro', 'enterprise')),
  status text not null default 'active'
    check (status in ('active', 'trialing', 'past_due', 'canceled', 'incomplete', 'unpaid')),
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (current_period_end > current_period_start)
);

comment on table public.subscriptions is
  'What a workspace has subscribed to. Written by the service role alone.';

create index subscriptions_page on public.subscriptions (workspace_id, created_at desc);
create index subscriptions_live on public.subscriptions (workspace_id, current_period_end)
  where status in ('active', 'trialing', 'past_due');

create trigger subscriptions_updated_at before update on public.subscriptions
  for each row execute function public.update_updated_at();

alter table public.subscriptions enable row level security;

create policy subscriptions_select on public.subscriptions for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- Clients read; the service role alone writes.
revoke all on public.subscriptions from public, anon, authenticated;
grant select on public.subscriptions to authenticated;
grant select, insert, update, delete on public.subscriptions to service_role;

create table public.usage_records (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  period_start timestamptz not null,
  period_end timestamptz not null,
  tokens_used bigint not null default 0 check (tokens_used >= 0),
  cost_usd numeric(12, 6) not null default 0 check (cost_usd >= 0),
  agent_breakdown jsonb not null default '{}' check (jsonb_typeof(agent_breakdown) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, period_start),
  check (period_end > period_start)
);

comment on table public.usage_records is
  'What a workspace used in a period. Written by the service role alone.';

create index usage_records_page on public.usage_records (workspace_id, created_at desc);

create trigger usage_records_updated_at before update on public.usage_records
  for each row execute function public.update_updated_at();

alter table public.usage_records enable row level security;

create policy usage_records_select on public.usage_records for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- Clients read; the service role alone writes.
revoke all on public.usage_records from public, anon, authenticated;
grant select on public.usage_records to authenticated;
grant select, insert, update, delete on public.usage_records to service_role;

create table public.invoices (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  amount numeric(12, 2) not null check (amount >= 0),
  status text not null default 'draft' check (status in ('draft', 'open', 'paid', 'void', 'uncollectible')),
  paid_at timestamptz,
  invoice_url text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on table public.invoices is
  'What a workspace was billed. Written by the service role alone.';
comment on column public.invoices.amount is
  'In US dollars.';

create index invoices_page on public.invoices (workspace_id, created_at desc);
create index invoices_open on public.invoices (created_at) where status = 'open';

create trigger invoices_updated_at before update on public.invoices
  for each row execute function public.update_updated_at();

alter table public.invoices enable row level security;

create policy invoices_select on public.invoices for select to authenticated
  using (workspace_id = any ((select public.owned_workspace_ids())::uuid[]));

-- Clients read; the service role alone writes.
revoke all on public.invoices from public, anon, authenticated;
grant select on public.invoices to authenticated;
grant select, insert, update, delete on public.invoices to service_role;


-- Adds in the row itself, under its lock: calls at the same time all count. It runs as its caller, and only the service
-- role may call it and write usage.
create function public.increment_usage(workspace_id uuid, tokens bigint) returns bigint
language plpgsql
set search_path = ''
as $$
#variable_conflict use_column
declare
  -- The month in UTC, whatever the session's time zone.
  month_start timestamp := date_trunc('month', now() at time zone 'UTC');
  total bigint;
begin
  if tokens is null or tokens < 0 then
    raise exception 'tokens must not be null or negative, but is %', coalesce(tokens::text, 'null')
      using errcode = 'invalid_parameter_value';
  end if;

  insert into public.usage_records as usage (workspace_id, period_start, period_end, tokens_used)
  values (
    increment_usage.workspace_id,
    month_start at time zone 'UTC',
    (month_start + interval '1 month') at time zone 'UTC',
    tokens
  )
  on conflict (workspace_id, period_start) do update set tokens_used = usage.tokens_used + excluded.tokens_used
  returning usage.tokens_used into total;

  return total;
end
$$;

comment on function public.increment_usage(uuid, bigint) is
  'Adds tokens to the workspace''s current month and returns the month''s total; for the service role.';

revoke all on function public.increment_usage(uuid, bigint) from public, anon, authenticated;
grant execute on function public.increment_usage(uuid, bigint) to service_role;
