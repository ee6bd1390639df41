drop table public.billing_details, public.usage_metrics, public.invoices, public.payment_methods, public.subscriptions,
    public.plans;
