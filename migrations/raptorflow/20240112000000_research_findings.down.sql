drop table public.research_findings;
