-- For development alone: two users, of whom the first has something in every table. Run twice, it changes nothing.
begin;

do $$
begin
  if current_setting('app.environment', true) = 'production' then
    raise exception 'this seed is for development: app.environment is production'
      using hint = 'Seed a development database, or unset app.environment there.';
  end if;
end
$$;

-- Sign-up gives each a profile and a default workspace.
insert into auth.users (id, aud, role, email, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at) values
  ('10000000-0000-4000-8000-000000000001', 'authenticated', 'authenticated', 'ada@example.com', '2024-01-01',
   '{"provider": "email", "providers": ["email"]}', '{"full_name": "Ada Example"}', '2024-01-01', '2024-01-01'),
  ('10000000-0000-4000-8000-000000000002', 'authenticated', 'authenticated', 'ben@example.com', '2024-01-01',
   '{"provider": "email", "providers": ["email"]}', '{"full_name": "Ben Example"}', '2024-01-01', '2024-01-01')
on conflict do nothing;

-- The default workspaces get ids that the rows below can name; the second time there is none left to find.
update public.workspaces
set id = '20000000-0000-4000-8000-000000000001', name = 'Acme Robotics', slug = 'acme-robotics'
where user_id = '10000000-0000-4000-8000-000000000001' and slug = 'default'
  and not exists (select from public.workspaces where id = '20000000-0000-4000-8000-000000000001');

update public.workspaces
set id = '20000000-0000-4000-8000-000000000002', name = 'Globex Bakery', slug = 'globex-bakery'
where user_id = '10000000-0000-4000-8000-000000000002' and slug = 'default'
  and not exists (select from public.workspaces where id = '20000000-0000-4000-8000-000000000002');

update public.users
set subscription_tier = 'starter', budget_limit_monthly = 25.00, token_limit_monthly = 1000000
where id = '10000000-0000-4000-8000-000000000001' and subscription_tier = 'free';

insert into public.foundations
  (id, workspace_id, company_name, mission, vision, "values", industry, target_market, positioning, brand_voice, messaging_guardrails)
values
  ('30000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Acme Robotics',
   'Free small workshops from dull work.', 'A helping arm on every bench.', '["Honesty", "Craft"]', 'Robotics', 'Small workshops',
   'The arm that is set up before lunch.', 'Plain, warm, exact', '["Promise no savings without a source"]'),
  ('30000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000002', 'Globex Bakery',
   'Bread worth the walk.', null, '[]', 'Food', 'The neighbourhood', null, null, '[]')
on conflict do nothing;

insert into public.icp_profiles
  (id, workspace_id, name, tagline, market_sophistication, demographics, psychographics, behaviors, pain_points, goals, fit_score, summary, is_primary)
values
  ('40000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Workshop owner', 'Does everything alone', 2,
   '{"employees": "1-5"}', '{"values": ["independence"]}', '{"buys": "after a demonstration"}', '["No time to train people"]',
   '["Take larger orders"]', 85, 'Owner of a small workshop who wants to grow without hiring.', true),
  ('40000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000001', 'Production lead', 'Answers for output', 4,
   '{"employees": "20-50"}', '{"values": ["predictability"]}', '{"buys": "by tender"}', '["Unplanned downtime"]',
   '["Fewer rejects"]', 60, 'Lead of a production line who compares suppliers.', false)
on conflict do nothing;

insert into public.campaigns
  (id, workspace_id, name, description, target_icps, phases, budget_usd, status, started_at, success_metrics)
values
  ('50000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Spring demonstrations',
   'Show the arm in workshops.', '["40000000-0000-4000-8000-000000000001"]', '["invite", "show", "follow up"]', 2500.00, 'active',
   '2024-03-01', '[{"name": "demonstrations", "target": 20}]')
on conflict do nothing;

insert into public.moves
  (id, workspace_id, campaign_id, name, category, goal, target_icp_id, strategy, execution_plan, status, duration_days, started_at, success_metrics)
values
  ('60000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001',
   'Invite twenty workshops', 'ignite', 'Fill the first month', '40000000-0000-4000-8000-000000000001', '{"channel": "email"}',
   '[{"task": "Choose workshops", "done": true}, {"task": "Write the invitation", "done": false}]', 'active', 14, '2024-03-01',
   '[{"name": "replies", "target": 8}]'),
  ('60000000-0000-4000-8000-000000000002', '20000000-0000-4000-8000-000000000001', null,
   'Publish the downtime study', 'authority', 'Be quoted', '40000000-0000-4000-8000-000000000002', '{"channel": "blog"}', '[]', 'draft', 30,
   null, '[]')
on conflict do nothing;

insert into public.muse_assets (id, workspace_id, asset_type, title, content, target_icp_id, move_id, quality_score) values
  ('70000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'email', 'Invitation',
   'Come and see the arm at work, in your own workshop.', '40000000-0000-4000-8000-000000000001',
   '60000000-0000-4000-8000-000000000001', 78)
on conflict do nothing;

insert into public.blackbox_strategies
  (id, workspace_id, name, focus_area, risk_level, risk_reasons, phases, expected_upside, potential_downside, status, accepted_at, converted_move_id)
values
  ('71000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Open the factory', 'brand_equity', 4,
   '["Competitors may come"]', '["announce", "host"]', 'Talked about for a year', 'A day without production', 'converted', '2024-02-20',
   '60000000-0000-4000-8000-000000000002')
on conflict do nothing;

insert into public.daily_wins
  (id, workspace_id, win_date, topic, angle, hook, platform, estimated_minutes, relevance_score, status, expanded_content_id)
values
  ('72000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '2024-03-04', 'Setting up before lunch',
   'A stopwatch', 'It took 3 hours and 40 minutes.', 'linkedin', 10, 90, 'expanded', '70000000-0000-4000-8000-000000000001')
on conflict do nothing;

insert into public.agent_executions
  (id, workspace_id, user_id, session_id, agent_name, input, output, status, tokens_used, cost_usd, started_at, completed_at)
values
  ('73000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001',
   '73100000-0000-4000-8000-000000000001', 'muse', '{"asset_type": "email"}', '{"asset": "70000000-0000-4000-8000-000000000001"}',
   'completed', 1200, 0.018000, '2024-03-02 09:00+00', '2024-03-02 09:00:04+00')
on conflict do nothing;

insert into public.onboarding_sessions (id, workspace_id, current_step, completed_steps, step_data, status, started_at, completed_at) values
  ('74000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 5, '[1, 2, 3, 4, 5]',
   '{"company": "Acme Robotics"}', 'completed', '2024-01-02 10:00+00', '2024-01-02 10:25+00')
on conflict do nothing;

insert into public.evidence_vault
  (id, workspace_id, session_id, source_type, source_name, url, content, content_type, word_count, key_topics, processing_status, processed_at)
values
  ('75000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '74000000-0000-4000-8000-000000000001', 'url',
   'Home page', 'https://acme.example.com/', 'An arm for every bench.', 'text/html', 5, '["robotics", "workshops"]', 'processed',
   '2024-01-02 10:12+00')
on conflict do nothing;

insert into public.research_findings (id, workspace_id, research_type, query, sources, findings, summary, confidence_score) values
  ('76000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'market', 'workshops with fewer than five people',
   '["https://statistics.example.com/workshops"]', '[{"fact": "Half of them turn orders down"}]', 'Demand exceeds hands.', 70)
on conflict do nothing;

insert into public.competitor_profiles (id, workspace_id, name, website, positioning, strengths, weaknesses, content_strategy, last_analyzed_at) values
  ('77000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Initech Arms', 'https://initech.example.com/',
   'The cheapest arm', '["Price"]', '["Support"]', '{"blog": "weekly"}', '2024-02-01')
on conflict do nothing;

insert into public.user_feedback (id, workspace_id, user_id, output_type, output_id, rating, comments) values
  ('78000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'muse_asset',
   '70000000-0000-4000-8000-000000000001', 4, 'Good; a little long.')
on conflict do nothing;

insert into public.subscriptions (id, workspace_id, plan, status, current_period_start, current_period_end) values
  ('79000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'starter', 'active', '2024-03-01', '2024-04-01')
on conflict do nothing;

insert into public.usage_records (id, workspace_id, period_start, period_end, tokens_used, cost_usd, agent_breakdown) values
  ('7a000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '2024-03-01', '2024-04-01', 1200, 0.018000,
   '{"muse": 1200}')
on conflict do nothing;

insert into public.invoices (id, workspace_id, amount, status, paid_at, invoice_url) values
  ('7b000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 29.00, 'paid', '2024-03-01',
   'https://billing.example.com/invoices/1')
on conflict do nothing;

-- No key has this hash: it is of nothing that could be presented.
insert into public.api_keys (id, workspace_id, key_prefix, key_hash, name, permissions) values
  ('7c000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'rf_dev', repeat('0', 64), 'Development', '["READ"]')
on conflict do nothing;

insert into public.audit_logs (id, workspace_id, user_id, action, resource_type, resource_id, ip_address, user_agent) values
  ('7d000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'create',
   'moves', '60000000-0000-4000-8000-000000000001', '192.0.2.1', 'seed')
on conflict do nothing;

insert into public.memory_vectors (id, workspace_id, content, metadata) values
  ('7e000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 'Owners buy after a demonstration.',
   '{"source": "onboarding"}')
on conflict do nothing;

commit;
