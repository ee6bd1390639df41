drop table public.muse_assets;
