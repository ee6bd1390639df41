drop table public.assets;
