-- CASCADE takes the triggers: auth.users belongs to somebody else, who alone could drop them by name.
drop function public.on_auth_user_email_changed() cascade;
drop function public.on_auth_user_created() cascade;
