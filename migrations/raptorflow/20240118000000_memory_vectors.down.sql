drop table public.memory_vectors;
