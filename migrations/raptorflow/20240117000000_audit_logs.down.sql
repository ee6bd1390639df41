drop table public.audit_logs;
