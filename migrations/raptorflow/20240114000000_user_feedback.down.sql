drop table public.user_feedback;
