-- Two organizations to develop with. Running it again changes nothing.
begin;

do $$
begin
    if current_setting('app.environment', true) = 'production' then
        raise exception 'this seed is for development: app.environment is production';
    end if;
end;
$$;

insert into auth.users (id, instance_id, aud, role, email, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
select
    id::uuid, '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated', email,
    '{"provider": "email", "providers": ["email"]}', jsonb_build_object('name', name),
    '2024-01-01 00:00:00+00', '2024-01-01 00:00:00+00'
from (values
    ('10000000-0000-4000-8000-000000000001', 'ada@example.com', 'Ada'),
    ('10000000-0000-4000-8000-000000000002', 'alan@example.com', 'Alan'),
    ('10000000-0000-4000-8000-000000000003', 'grace@example.com', 'Grace'),
    ('10000000-0000-4000-8000-000000000004', 'guido@example.com', 'Guido')
) as person (id, email, name)
on conflict (id) do nothing;

insert into public.organizations (id, name)
values
    ('20000000-0000-4000-8000-000000000001', 'Analytical Engines'),
    ('20000000-0000-4000-8000-000000000002', 'Harbour Compilers')
on conflict (id) do nothing;

insert into public.organization_members (organization_id, user_id, role)
values
    ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'owner'),
    ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000002', 'member'),
    ('20000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000003', 'owner'),
    ('20000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000004', 'admin')
on conflict (organization_id, user_id) do nothing;

-- Their founders become owners by the trigger.
insert into public.projects (id, user_id, organization_id, name, description, privacy)
values
    ('30000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001',
     '20000000-0000-4000-8000-000000000001', 'Difference engine', 'Tables, without errors', 'private'),
    ('30000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000003',
     '20000000-0000-4000-8000-000000000002', 'Flow-Matic', 'Programs in words', 'organization')
on conflict (id) do nothing;

insert into public.project_members (organization_id, project_id, user_id, role)
values
    ('20000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001',
     '10000000-0000-4000-8000-000000000002', 'editor'),
    ('20000000-0000-4000-8000-000000000002', '30000000-0000-4000-8000-000000000002',
     '10000000-0000-4000-8000-000000000004', 'viewer')
on conflict (project_id, user_id) do nothing;

insert into public.project_repositories (id, organization_id, project_id, provider, url, status)
values
    ('40000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '30000000-0000-4000-8000-000000000001', 'github', 'https://git.example.com/engine.git', 'ready'),
    ('40000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '30000000-0000-4000-8000-000000000002', 'gitlab', 'https://git.example.com/flow.git', 'syncing')
on conflict (id) do nothing;

insert into public.ingestion_progress
    (id, organization_id, project_id, repository_id, phase, progress, files_total, files_processed)
values
    ('41000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '30000000-0000-4000-8000-000000000001', '40000000-0000-4000-8000-000000000001', 'completed', 100, 1, 1),
    ('41000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '30000000-0000-4000-8000-000000000002', '40000000-0000-4000-8000-000000000002', 'embedding', 60, 10, 6)
on conflict (id) do nothing;

insert into public.project_files (id, organization_id, project_id, repository_id, path, language, size_bytes)
values
    ('42000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '30000000-0000-4000-8000-000000000001', '40000000-0000-4000-8000-000000000001', 'src/mill.rs', 'rust', 2048),
    ('42000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '30000000-0000-4000-8000-000000000002', null, 'notes.md', 'markdown', 512)
on conflict (id) do nothing;

insert into public.skills (id, organization_id, project_id, name, category, prompt)
values
    ('50000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '30000000-0000-4000-8000-000000000001', 'Review changes', 'review', 'Say what could go wrong.'),
    ('50000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '30000000-0000-4000-8000-000000000002', 'Write the manual', 'documentation', 'Explain it to a newcomer.')
on conflict (id) do nothing;

insert into public.habits (id, organization_id, project_id, skill_id, name, cron_expression, timezone)
values
    ('51000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '30000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001', 'Morning review', '0 9 * * 1-5',
     'Europe/London'),
    ('51000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '30000000-0000-4000-8000-000000000002', '50000000-0000-4000-8000-000000000002', 'Monthly manual', '30 6 1 * *', 'UTC')
on conflict (id) do nothing;

insert into public.reflexes (id, organization_id, project_id, skill_id, name, trigger_type, conditions)
values
    ('52000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '30000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001', 'Review on push', 'push',
     '{"branch": "main"}'),
    ('52000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '30000000-0000-4000-8000-000000000002', '50000000-0000-4000-8000-000000000002', 'Manual after ingestion',
     'ingestion_completed', '{}')
on conflict (id) do nothing;

insert into public.skill_executions
    (id, organization_id, project_id, skill_id, habit_id, reflex_id, user_id, execution_type, status, output, tokens_used,
     cost_usd)
values
    ('53000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '30000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001',
     '51000000-0000-4000-8000-000000000001', null, null, 'habit', 'completed', 'Nothing found.', 1200, 0.0036),
    ('53000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '30000000-0000-4000-8000-000000000002', '50000000-0000-4000-8000-000000000002', null, null,
     '10000000-0000-4000-8000-000000000003', 'manual', 'pending', null, 0, 0)
on conflict (id) do nothing;

insert into public.subscriptions
    (id, organization_id, plan_id, stripe_subscription_id, stripe_customer_id, current_period_start, current_period_end)
values
    ('70000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '60000000-0000-4000-8000-000000000003', 'sub_seed_engines', 'cus_seed_engines',
     '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00'),
    ('70000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '60000000-0000-4000-8000-000000000001', null, null, '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00')
on conflict (id) do nothing;

insert into public.payment_methods
    (id, organization_id, stripe_payment_method_id, brand, last4, expiry_month, expiry_year, is_default)
values
    ('71000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'pm_seed_engines', 'visa', '4242', 12,
     2030, true),
    ('71000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002', 'pm_seed_harbour', 'visa', '4242', 6,
     2031, true)
on conflict (id) do nothing;

insert into public.invoices
    (id, organization_id, subscription_id, number, status, amount_due, amount_paid, issued_at, paid_at)
values
    ('72000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '70000000-0000-4000-8000-000000000001', 'SEED-0001', 'paid', 80, 80, '2024-01-01 00:00:00+00',
     '2024-01-02 00:00:00+00'),
    ('72000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '70000000-0000-4000-8000-000000000002', 'SEED-0001', 'open', 0, 0, '2024-01-01 00:00:00+00', null)
on conflict (id) do nothing;

insert into public.usage_metrics (id, organization_id, metric, quantity, period_start, period_end)
values
    ('73000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'api_calls', 4200,
     '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00'),
    ('73000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002', 'storage_gb', 0.5,
     '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00')
on conflict (id) do nothing;

insert into public.billing_details (id, organization_id, company_name, billing_email, city, country)
values
    ('74000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Analytical Engines',
     'billing@engines.example.com', 'London', 'GB'),
    ('74000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002', 'Harbour Compilers',
     'billing@harbour.example.com', 'Arlington', 'US')
on conflict (id) do nothing;

commit;
