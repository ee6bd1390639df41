drop table public.api_keys;
drop function public.keep_api_key_revoked();
