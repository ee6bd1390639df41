drop table public.moves;
