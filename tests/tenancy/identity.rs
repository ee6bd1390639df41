//! How a client says who it is.

use seaworthy::tenancy::{IdentityValue, Profile};

use crate::describe::{WORKSPACES, claim, infer_on, memberships, roots, setting, ties, without_reasons};

#[tokio::test]
async fn the_tenant_may_come_in_a_claim_at_any_path() {
    let intent = infer_on(
        Profile::Supabase,
        "create table tenants (id uuid primary key, name text);
         create table rows_of_it (id uuid primary key, tenant_id uuid not null references tenants);
         alter table rows_of_it enable row level security;
         create function public.current_tenant() returns uuid language sql stable as $$ select (auth.jwt() -> 'app_metadata' ->> 'org') :: uuid $$;
         create policy one on rows_of_it using (tenant_id = current_tenant());
         create policy two on rows_of_it using (tenant_id::text = any (array(select jsonb_array_elements_text(auth.jwt() -> 'app_metadata' -> 'tenants'))));
         create policy three on rows_of_it using ((auth.jwt() -> 'app_metadata' ->> 'user_role') = 'admin' and (auth.jwt() ->> 'aal') = 'aal2');",
    )
    .await;
    assert_eq!(roots(&intent), ["public.tenants.id by claim"]);
    assert_eq!(claim(&intent, &["app_metadata", "org"]), Some(IdentityValue::TenantId(0)));
    assert_eq!(claim(&intent, &["app_metadata", "tenants"]), Some(IdentityValue::TenantIds(0)));
    assert_eq!(claim(&intent, &["app_metadata", "user_role"]), Some(IdentityValue::MemberRole));
    assert_eq!(claim(&intent, &["sub"]), Some(IdentityValue::UserId));
    assert_eq!(claim(&intent, &["aal"]), None);
    assert_eq!(intent.identity.login_role.as_deref(), Some("authenticator"));
}

#[tokio::test]
async fn tenants_may_be_known_by_an_id_alone() {
    let intent = infer_on(
        Profile::Supabase,
        "create table invoices (id uuid primary key, org_id text not null, amount numeric);
         create table lines (id uuid primary key, invoice_id uuid not null references invoices);
         create table letters (id uuid primary key, org_id text not null);
         alter table invoices enable row level security;
         create policy p on invoices using (org_id = auth.jwt() ->> 'org_id');",
    )
    .await;
    assert_eq!(roots(&intent), ["public.org.org_id by id alone"]);
    assert_eq!(
        ties(&intent, &["invoices", "lines", "letters"]),
        ["org_id of 0", "invoice_id to invoices.id", "org_id of 0"]
    );
    assert_eq!(claim(&intent, &["org_id"]), Some(IdentityValue::TenantId(0)));
}

#[tokio::test]
async fn plain_postgres_passes_identity_in_settings() {
    let intent = infer_on(
        Profile::Plain,
        "create role quay_app login; create role quay_guest; create role quay_migrator; create role quay_jobs bypassrls;
         create table tenants (id uuid primary key, name text);
         create table app_users (id uuid primary key, tenant_id uuid not null references tenants, email text, role text check (role in ('user', 'admin')));
         create table projects (id uuid primary key, tenant_id uuid not null references tenants);
         create table tasks (id uuid primary key, project_id uuid not null references projects, assignee uuid references app_users);
         create table sessions (id uuid primary key, user_id uuid not null references app_users, token text);
         create table currencies (code char(3) primary key);
         grant usage on schema public to quay_app, quay_guest, quay_jobs;
         grant select, insert, update, delete on all tables in schema public to quay_app, quay_jobs;
         grant select on currencies to quay_guest; grant select on projects, tasks to quay_migrator;
         alter table projects enable row level security;
         create policy p on projects to quay_app using (tenant_id = current_setting('app.current_tenant', true)::uuid);
         alter table app_users enable row level security;
         create policy p on app_users to quay_app using (id = nullif(current_setting('app.who', true), '')::uuid);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.tenants.id by membership"]);
    assert_eq!(memberships(&intent), ["public.app_users id in tenant_id as role [admin, user]"]);
    assert_eq!(
        ties(&intent, &["app_users", "projects", "tasks", "sessions", "currencies"]),
        ["tenant_id of 0", "tenant_id of 0", "project_id to projects.id", "user_id to app_users.id", "global"]
    );
    let identity = &intent.identity;
    assert_eq!(identity.member_roles, ["quay_app"]);
    assert_eq!(identity.login_role, None);
    assert_eq!(identity.anonymous_role.as_deref(), Some("quay_guest"));
    assert_eq!(identity.service_role.as_deref(), Some("quay_jobs"));
    assert_eq!(setting(&intent, "app.current_tenant"), Some(IdentityValue::TenantId(0)));
    assert_eq!(setting(&intent, "app.who"), Some(IdentityValue::UserId));
    assert!(identity.claims.is_empty());
}

#[tokio::test]
async fn plain_postgres_behind_postgrest_logs_in_as_another_role() {
    let intent = infer_on(
        Profile::Plain,
        "create role pier_authenticator login noinherit; create role web_anon; create role pier_member;
         grant web_anon, pier_member to pier_authenticator;
         create table users (id int primary key, email text); create table todos (id int primary key, owner_id int not null references users, task text);
         grant all on todos, users to pier_member; grant select on todos to web_anon;
         alter table todos enable row level security;
         create policy p on todos using (owner_id = (current_setting('request.jwt.claims', true)::json ->> 'user_id')::int);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.users.id user"]);
    assert_eq!(ties(&intent, &["users", "todos"]), ["root 0", "owner_id of 0"]);
    assert_eq!(intent.identity.login_role.as_deref(), Some("pier_authenticator"));
    assert_eq!(intent.identity.member_roles, ["pier_member"]);
    assert_eq!(intent.identity.anonymous_role.as_deref(), Some("web_anon"));
    assert_eq!(claim(&intent, &["user_id"]), Some(IdentityValue::UserId));
}

#[tokio::test]
async fn where_nobody_may_reach_a_table_there_is_no_client_role() {
    let intent = infer_on(Profile::Plain, "create table users (id int primary key, email text)").await;
    assert!(intent.identity.member_roles.is_empty());
}

#[tokio::test]
async fn a_setting_whose_name_says_nothing_is_known_by_what_it_is_compared_with() {
    let intent = infer_on(
        Profile::Plain,
        "create table depots (id uuid primary key, name text); create table stock (id uuid primary key, depot_id uuid not null references depots, kind text);
         create table kinds (name text primary key); alter table stock add foreign key (kind) references kinds;
         create view stock_levels as select depot_id, count(*) from stock group by 1;
         alter table depots enable row level security; alter table stock enable row level security; alter table kinds enable row level security;
         create policy p on depots using (id::text = current_setting('depot.id', true));
         create policy p on stock using (depot_id::text = current_setting('depot.id', true));
         create policy p on kinds using (name = current_setting('wms.mode', true));",
    )
    .await;
    assert_eq!(roots(&intent), ["public.depots.id by claim"]);
    assert_eq!(ties(&intent, &["stock", "stock_levels", "kinds"]), ["depot_id of 0", "depot_id of 0", "global"]);
    assert_eq!(setting(&intent, "depot.id"), Some(IdentityValue::TenantId(0)));
    assert_eq!(setting(&intent, "wms.mode"), None);
}

#[tokio::test]
async fn users_that_no_table_lists_are_known_by_id_alone() {
    let intent = infer_on(
        Profile::Plain,
        "create table notes (id int primary key, user_id uuid not null, body text);
         create table pages (id int primary key, note_id int not null references notes);
         alter table notes enable row level security;
         create policy p on notes using (user_id = current_setting('app.user_id')::uuid);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.user.user_id by id alone"]);
    assert_eq!(ties(&intent, &["notes", "pages"]), ["user_id of 0", "note_id to notes.id"]);
    assert_eq!(setting(&intent, "app.user_id"), Some(IdentityValue::TenantId(0)));
}

#[tokio::test]
async fn what_policies_allow_changes_nothing() {
    let open = format!(
        "{WORKSPACES} create policy all_open on campaigns for all using (true); create policy wrong on moves using (id = auth.uid());
         create policy wrong on workspaces using (true or id = auth.uid());"
    );
    let without = infer_on(Profile::Supabase, WORKSPACES).await;
    let with = infer_on(Profile::Supabase, &open).await;
    assert_eq!(without_reasons(&without), without_reasons(&with));
}
