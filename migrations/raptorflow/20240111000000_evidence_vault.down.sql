drop table public.evidence_vault;
