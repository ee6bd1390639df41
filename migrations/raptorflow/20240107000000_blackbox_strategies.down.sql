drop table public.blackbox_strategies;
