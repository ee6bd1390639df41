drop table public.foundations;
drop function public.on_foundation_update();
