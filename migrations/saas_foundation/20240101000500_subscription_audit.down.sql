drop table public.subscription_audit;
