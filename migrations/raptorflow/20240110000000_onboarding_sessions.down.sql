drop table public.onboarding_sessions;
