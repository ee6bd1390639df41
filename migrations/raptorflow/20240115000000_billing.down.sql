drop function public.increment_usage(uuid, bigint);
drop table public.invoices;
drop table public.usage_records;
drop table public.subscriptions;
