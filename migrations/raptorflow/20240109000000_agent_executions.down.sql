drop table public.agent_executions;
