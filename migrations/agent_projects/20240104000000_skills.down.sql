drop table public.skill_executions, public.reflexes, public.habits, public.skills cascade;
drop type public.reflex_trigger_type;
drop type public.execution_type;
drop type public.execution_status;
drop type public.skill_output_format;
drop type public.skill_category;
