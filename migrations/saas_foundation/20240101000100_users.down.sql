-- Cascading to the triggers on auth.users, which only that table's owner could drop.
drop function public.handle_user_email_change() cascade;
drop function public.handle_new_user() cascade;
drop table public.users;
