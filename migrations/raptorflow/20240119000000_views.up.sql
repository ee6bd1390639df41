-- Every view runs as its reader: row security holds in it.
create view public.workspace_summary with (security_invoker = true) as
select
  workspaces.id as workspace_id,
  workspaces.name,
  workspaces.slug,
  foundations.company_name,
  foundations.summary as foundation_summary,
  (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', icp_profiles.id, 'name', icp_profiles.name, 'is_primary', icp_profiles.is_primary, 'fit_score', icp_profiles.fit_score
    ) order by icp_profiles.is_primary desc, icp_profiles.created_at, icp_profiles.id), '[]')
    from public.icp_profiles
    where icp_profiles.workspace_id = workspaces.id
  ) as icps,
  (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', recent.id, 'name', recent.name, 'status', recent.status, 'created_at', recent.created_at
    ) order by recent.created_at desc, recent.id), '[]')
    from (
      select moves.id, moves.name, moves.status, moves.created_at
      from public.moves
      where moves.workspace_id = workspaces.id
      order by moves.created_at desc, moves.id
      limit 5
    ) as recent
  ) as recent_moves
from public.workspaces
left join public.foundations on foundations.workspace_id = workspaces.id;

comment on view public.workspace_summary is
  'A workspace at a glance: foundation, ideal customer profiles, the five latest moves.';

create view public.usage_summary with (security_invoker = true) as
select
  workspaces.id as workspace_id,
  users.subscription_tier,
  min(usage_records.period_start) as period_start,
  max(usage_records.period_end) as period_end,
  coalesce(sum(usage_records.tokens_used), 0)::bigint as tokens_used,
  users.token_limit_monthly,
  coalesce(sum(usage_records.cost_usd), 0) as cost_usd,
  users.budget_limit_monthly
from public.workspaces
join public.users on users.id = workspaces.user_id
left join public.usage_records
  on usage_records.workspace_id = workspaces.id
  and usage_records.period_start <= now()
  and usage_records.period_end > now()
group by workspaces.id, users.id;

comment on view public.usage_summary is
  'What each workspace has used in the current period, beside its owner''s limits.';

create view public.agent_performance with (security_invoker = true) as
select
  agent_executions.workspace_id,
  agent_executions.agent_name,
  count(*) as executions,
  round(avg(agent_executions.tokens_used), 2) as average_tokens,
  round(avg(agent_executions.cost_usd), 6) as average_cost_usd,
  round(
    count(*) filter (where agent_executions.status = 'completed')::numeric
      / nullif(count(*) filter (where agent_executions.status <> 'running'), 0),
    4
  ) as success_rate
from public.agent_executions
group by agent_executions.workspace_id, agent_executions.agent_name;

comment on view public.agent_performance is
  'Average tokens and cost and the share of finished runs that succeeded, by workspace and agent.';

revoke all on public.workspace_summary, public.usage_summary, public.agent_performance from public, anon, authenticated;
grant select on public.workspace_summary, public.usage_summary, public.agent_performance to authenticated, service_role;
