drop table public.subscriptions;
