-- Two users to develop with. Running it again changes nothing.
begin;

do $$
begin
    if current_setting('app.environment', true) = 'production' then
        raise exception 'this seed is for development: app.environment is production';
    end if;
end;
$$;

insert into auth.users (id, instance_id, aud, role, email, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
values
    ('10000000-0000-4000-8000-000000000001', '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated',
     'ada@example.com', '{"provider": "email", "providers": ["email"]}', '{"name": "Ada"}',
     '2024-01-01 00:00:00+00', '2024-01-01 00:00:00+00'),
    ('10000000-0000-4000-8000-000000000002', '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated',
     'grace@example.com', '{"provider": "email", "providers": ["email"]}', '{"full_name": "Grace"}',
     '2024-01-01 00:00:00+00', '2024-01-01 00:00:00+00')
on conflict (id) do nothing;

-- The sign-up trigger has made the profiles.
update public.users
set subscription_tier = 'pro', subscription_status = 'active', monthly_usage = 12
where id = '10000000-0000-4000-8000-000000000001' and subscription_status is null;

insert into public.subscriptions
    (id, user_id, stripe_subscription_id, stripe_customer_id, tier, status, current_period_start, current_period_end)
values
    ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'sub_seed_ada', 'cus_seed_ada',
     'pro', 'active', '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00'),
    ('20000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000002', 'sub_seed_grace', 'cus_seed_grace',
     'free', 'active', '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00')
on conflict (id) do nothing;

insert into public.jobs (id, user_id, job_type, status, progress, parameters, result, completed_at)
values
    ('30000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'image', 'completed', 100,
     '{"prompt": "a lighthouse"}', '{"images": 1}', '2024-01-02 00:00:00+00'),
    ('30000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', 'image', 'queued', 0,
     '{"prompt": "a harbour"}', null, null),
    ('30000000-0000-4000-8000-000000000003', '10000000-0000-4000-8000-000000000002', 'video', 'processing', 40,
     '{"prompt": "a regatta"}', null, null)
on conflict (id) do nothing;

insert into public.assets (id, job_id, user_id, asset_type, url, storage_path, file_size, metadata)
values
    ('40000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001',
     '10000000-0000-4000-8000-000000000001', 'image', 'https://assets.example.com/lighthouse.png',
     '10000000-0000-4000-8000-000000000001/lighthouse.png', 20480, '{"width": 1024, "height": 768}'),
    ('40000000-0000-4000-8000-000000000002', '30000000-0000-4000-8000-000000000003',
     '10000000-0000-4000-8000-000000000002', 'preview', 'https://assets.example.com/regatta.jpg',
     '10000000-0000-4000-8000-000000000002/regatta.jpg', 4096, null)
on conflict (id) do nothing;

insert into public.subscription_audit (id, subscription_id, user_id, action, stripe_event_id, details)
values
    ('50000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001',
     '10000000-0000-4000-8000-000000000001', 'created', 'evt_seed_1', '{"tier": "pro"}'),
    ('50000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002',
     '10000000-0000-4000-8000-000000000002', 'created', 'evt_seed_2', '{"tier": "free"}')
on conflict (id) do nothing;

commit;
