drop view public.agent_performance;
drop view public.usage_summary;
drop view public.workspace_summary;
