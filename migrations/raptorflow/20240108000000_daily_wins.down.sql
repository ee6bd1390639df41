drop table public.daily_wins;
