//! 4. The probing session is not superuser, owner or BYPASSRLS at the moment of the probe.

use seaworthy::verdict::Status;

use crate::system::{NOTES, SOUND, check, check_with, expect, expect_blocked};

const CHECK: &str = "privileges/harness-bypasses-rls";

#[test]
fn the_roles_that_probes_act_as_are_proven_unprivileged() {
    let record = check(&format!("{NOTES}{SOUND}"));
    expect(&record, CHECK, "authenticated", Status::Pass);
    expect(&record, CHECK, "anon", Status::Pass);
}

#[test]
fn a_client_role_that_bypasses_row_security_is_reported() {
    let record = check(&format!("{NOTES}{SOUND} alter role authenticated bypassrls;"));
    expect(&record, CHECK, "authenticated", Status::Fail);
    expect_blocked(&record);
}

#[test]
fn a_client_role_that_owns_the_tables_is_reported() {
    let schema = |force: &str| {
        format!(
            "create role shop_app nologin;
            create table public.tenants (id uuid primary key, name text not null);
            create table public.orders (id uuid primary key, tenant_id uuid not null references public.tenants, note text not null);
            create index on public.orders (tenant_id);
            alter table public.tenants enable row level security;
            alter table public.orders enable row level security;
            create policy own on public.tenants using (id::text = current_setting('app.tenant', true));
            create policy own on public.orders using (tenant_id::text = current_setting('app.tenant', true));
            alter table public.tenants owner to shop_app;
            alter table public.orders owner to shop_app;
            {force}"
        )
    };
    let settings = "[identity]\nmember_roles = [\"shop_app\"]\n";
    let record = check_with(&schema(""), settings, 42);
    expect(&record, CHECK, "shop_app", Status::Fail);
    expect_blocked(&record);
    let forced =
        "alter table public.tenants force row level security; alter table public.orders force row level security;";
    expect(&check_with(&schema(forced), settings, 42), CHECK, "shop_app", Status::Pass);
}
