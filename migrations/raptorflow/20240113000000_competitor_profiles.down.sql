drop table public.competitor_profiles;
