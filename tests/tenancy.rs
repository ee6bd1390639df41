//! What a person would say about a schema is what is inferred.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod support;

use seaworthy::catalog::{Catalog, QualifiedName};
use seaworthy::postgres::introspect::introspect;
use seaworthy::settings::parse;
use seaworthy::tenancy::{
    Command, IdentityValue, Intent, Origin, Ownership, Profile, Surroundings, TableRole, TenancyError, Tie, infer,
    render_settings,
};
use support::Cluster;

async fn catalog_of(profile: Profile, sql: &str) -> Catalog {
    let cluster = Cluster::shared();
    let mut session = match profile {
        Profile::Supabase => cluster.supabase(sql).await,
        Profile::Plain => cluster.database(sql).await,
    };
    let catalog = introspect(&mut session).await.unwrap();
    session.close().await;
    catalog
}

fn surroundings(profile: Profile) -> Surroundings {
    Surroundings { profile, exposed_schemas: vec!["public".to_owned()] }
}

fn infer_with(profile: Profile, catalog: &Catalog, settings: &str) -> Result<Intent, TenancyError> {
    let settings =
        parse("seaworthy.toml", settings).unwrap_or_else(|error| panic!("{:?}", miette::Report::from(error)));
    infer(catalog, &settings.system, &surroundings(profile))
}

/// Infers, and holds every schema that a test brings against the promise that what is rendered reads back the same.
async fn infer_on(profile: Profile, sql: &str) -> Intent {
    let catalog = catalog_of(profile, sql).await;
    let intent = infer_with(profile, &catalog, "").unwrap();
    let text = render_settings(&intent, &catalog);
    let again = infer_with(profile, &catalog, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(without_reasons(&intent), without_reasons(&again), "\n{text}");
    intent
}

fn without_reasons(intent: &Intent) -> Intent {
    let mut bare = intent.clone();
    let origin = Origin::Inferred;
    for root in &mut bare.roots {
        (root.reason, root.origin) = (String::new(), origin);
    }
    for membership in &mut bare.memberships {
        (membership.reason, membership.origin) = (String::new(), origin);
    }
    for table in bare.tables.values_mut() {
        (table.tie.reason, table.tie.origin) = (String::new(), origin);
        for column in &mut table.privilege_columns {
            (column.reason, column.origin) = (String::new(), origin);
        }
    }
    bare.identity.claims.iter_mut().for_each(|claim| claim.reason = String::new());
    bare.identity.settings.iter_mut().for_each(|setting| setting.reason = String::new());
    bare.identity.claims.sort_by(|left, right| left.path.cmp(&right.path));
    bare.identity.settings.sort_by(|left, right| left.name.cmp(&right.name));
    bare
}

/// `public.workspaces by user_id`, a line a root.
fn roots(intent: &Intent) -> Vec<String> {
    let ownership = |ownership: &Ownership| match ownership {
        Ownership::User => "user".to_owned(),
        Ownership::OwnerColumn(column) => format!("by {column}"),
        Ownership::Membership => "by membership".to_owned(),
        Ownership::Claim => "by claim".to_owned(),
        Ownership::IdOnly => "by id alone".to_owned(),
    };
    intent.roots.iter().map(|root| format!("{}.{} {}", root.table, root.key, ownership(&root.ownership))).collect()
}

fn memberships(intent: &Intent) -> Vec<String> {
    let line = |membership: &seaworthy::tenancy::Membership| {
        format!(
            "{} {} in {} as {} [{}]",
            membership.table,
            membership.user_column,
            membership.tenant_column,
            membership.role_column.as_deref().unwrap_or("-"),
            membership.roles.join(", ")
        )
    };
    intent.memberships.iter().map(line).collect()
}

/// The tie of a table in `public`.
fn tie(intent: &Intent, table: &str) -> String {
    let name = QualifiedName::new("public", table);
    match &intent.table(&name).unwrap_or_else(|| panic!("no intent for {table}")).tie.value {
        Tie::Root(root) => format!("root {root}"),
        Tie::Key { column, root } => format!("{column} of {root}"),
        Tie::Through { columns, parent, parent_columns } => {
            format!("{} to {}.{}", columns.join("+"), parent.name, parent_columns.join("+"))
        }
        Tie::Global => "global".to_owned(),
        Tie::Untied => "untied".to_owned(),
    }
}

fn ties(intent: &Intent, tables: &[&str]) -> Vec<String> {
    tables.iter().map(|table| tie(intent, table)).collect()
}

fn privileges(intent: &Intent, table: &str) -> Vec<String> {
    let table = intent.table(&QualifiedName::new("public", table)).unwrap();
    table.privilege_columns.iter().map(|column| column.value.clone()).collect()
}

fn role(intent: &Intent, table: &str) -> TableRole {
    intent.table(&QualifiedName::new("public", table)).unwrap().role
}

fn claim(intent: &Intent, path: &[&str]) -> Option<IdentityValue> {
    intent.identity.claims.iter().find(|claim| claim.path == path).map(|claim| claim.value.clone())
}

fn setting(intent: &Intent, name: &str) -> Option<IdentityValue> {
    intent.identity.settings.iter().find(|setting| setting.name == name).map(|setting| setting.value.clone())
}

const WORKSPACES: &str = "
    create table users (id uuid primary key references auth.users on delete cascade, email text unique not null,
        subscription_tier text not null default 'free', full_name text, monthly_budget_limit numeric);
    create table workspaces (id uuid primary key default gen_random_uuid(), user_id uuid not null references users on delete cascade,
        name text not null, plan text);
    create table campaigns (id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, budget_usd numeric);
    create table moves (id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, campaign_id uuid references campaigns);
    create table move_notes (id uuid primary key, move_id uuid not null references moves, body text);
    create table note_marks (id uuid primary key, note_id uuid not null references move_notes);
    create table user_feedback (id uuid primary key, workspace_id uuid references workspaces, user_id uuid references users, rating int);
    create table audit_logs (id uuid primary key, workspace_id uuid not null, user_id uuid);
    create table notifications (id uuid primary key, user_id uuid not null references users, title text);
    create table subscriptions (id uuid primary key, workspace_id uuid not null references workspaces, plan text, status text, cancel_at timestamptz, current_period_end timestamptz);
    create table api_keys (id uuid primary key, workspace_id uuid not null references workspaces, permissions jsonb);
    create table feature_requests (id uuid primary key, email text);
    create view workspace_summary with (security_invoker = on) as select w.id as workspace_id, count(m.id) as moves from workspaces w left join moves m on m.workspace_id = w.id group by w.id;
    create view totals as select count(*) as number from moves;
    create view note_list as select move_id, body from move_notes;";

#[tokio::test]
async fn a_workspace_with_an_owner_column_is_a_root_and_users_another() {
    let intent = infer_on(Profile::Supabase, WORKSPACES).await;
    assert_eq!(roots(&intent), ["public.workspaces.id by user_id", "public.users.id user"]);
    assert!(intent.memberships.is_empty());
    assert_eq!(intent.users, Some((QualifiedName::new("auth", "users"), "id".to_owned())));
    assert_eq!(
        ties(
            &intent,
            &[
                "workspaces",
                "users",
                "campaigns",
                "moves",
                "move_notes",
                "note_marks",
                "user_feedback",
                "audit_logs",
                "notifications"
            ]
        ),
        [
            "root 0",
            "root 1",
            "workspace_id of 0",
            "workspace_id of 0",
            "move_id to moves.id",
            "note_id to move_notes.id",
            "workspace_id of 0",
            "workspace_id of 0",
            "user_id of 1"
        ]
    );
    assert_eq!(
        ties(&intent, &["feature_requests", "workspace_summary", "totals", "note_list"]),
        ["untied", "workspace_id of 0", "untied", "move_id to moves.id"]
    );
    assert_eq!(privileges(&intent, "users"), ["subscription_tier", "monthly_budget_limit"]);
    assert_eq!(privileges(&intent, "workspaces"), ["plan"]);
    assert_eq!(privileges(&intent, "subscriptions"), ["plan", "status", "current_period_end"]);
    assert!(privileges(&intent, "campaigns").is_empty() && privileges(&intent, "api_keys").is_empty());
    assert!(!intent.tables.contains_key(&QualifiedName::new("auth", "users")));
}

#[tokio::test]
async fn a_membership_table_makes_its_table_a_root_with_roles() {
    let intent = infer_on(
        Profile::Supabase,
        "create type member_role as enum ('viewer', 'admin', 'owner');
         create table organizations (id uuid primary key, name text, created_by uuid references auth.users, stripe_customer_id text);
         create table profiles (id uuid primary key references auth.users, full_name text, is_admin boolean);
         create table organization_members (organization_id uuid references organizations on delete cascade,
             user_id uuid references profiles on delete cascade, role member_role not null, invited_by uuid references auth.users, primary key (organization_id, user_id));
         create table documents (id uuid primary key, organization_id uuid not null references organizations, owner_id uuid references auth.users);
         create table invitations (id uuid primary key, organization_id uuid not null references organizations, email text, role member_role);
         create table plans (id text primary key, price numeric);
         create table prices (id uuid primary key, plan_id text references plans);
         create table countries (code text primary key, name text);
         create table settings_history (id uuid primary key, note text);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.organizations.id by membership", "public.profiles.id user"]);
    assert_eq!(
        memberships(&intent),
        ["public.organization_members user_id in organization_id as role [owner, admin, viewer]"]
    );
    assert_eq!(
        ties(
            &intent,
            &["organization_members", "documents", "invitations", "plans", "prices", "countries", "settings_history"]
        ),
        [
            "organization_id of 0",
            "organization_id of 0",
            "organization_id of 0",
            "global",
            "global",
            "global",
            "untied"
        ]
    );
    assert_eq!(role(&intent, "organization_members"), TableRole::Membership(0));
    assert_eq!(privileges(&intent, "organization_members"), ["role"]);
    assert_eq!(privileges(&intent, "profiles"), ["is_admin"]);
    assert_eq!(privileges(&intent, "organizations"), ["stripe_customer_id"]);
}

#[tokio::test]
async fn without_another_tenant_users_are_tenants() {
    let intent = infer_on(
        Profile::Supabase,
        "create table users (id uuid primary key references auth.users, monthly_usage int, usage_reset_at timestamptz, subscription_status text);
         create table jobs (id uuid primary key, user_id uuid not null references users, status text, progress int);
         create table assets (id uuid primary key, job_id uuid not null references jobs, user_id uuid not null references users);
         create table frames (id uuid primary key, asset_id uuid not null references assets);
         create table subscriptions (id uuid primary key, user_id uuid unique not null references users, tier text, stripe_subscription_id text);
         create table subscription_audit (id uuid primary key, subscription_id uuid references subscriptions, user_id uuid not null references users, action text);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.users.id user"]);
    assert_eq!(
        ties(&intent, &["users", "jobs", "assets", "frames", "subscriptions", "subscription_audit"]),
        ["root 0", "user_id of 0", "user_id of 0", "asset_id to assets.id", "user_id of 0", "user_id of 0"]
    );
    assert_eq!(privileges(&intent, "users"), ["monthly_usage", "usage_reset_at", "subscription_status"]);
    assert_eq!(privileges(&intent, "subscriptions"), ["tier", "stripe_subscription_id"]);
    assert!(privileges(&intent, "subscription_audit").is_empty());
}

#[tokio::test]
async fn without_a_table_of_their_own_users_are_those_of_auth() {
    let intent = infer_on(
        Profile::Supabase,
        "create table todos (id bigint generated always as identity primary key, user_id uuid references auth.users not null, task text);
         create table habits (id uuid primary key, user_id uuid not null default auth.uid());",
    )
    .await;
    assert_eq!(roots(&intent), ["auth.users.id user"]);
    assert_eq!(ties(&intent, &["todos", "habits"]), ["user_id of 0", "user_id of 0"]);
}

#[tokio::test]
async fn projects_of_an_organization_are_tied_to_the_organization() {
    let intent = infer_on(
        Profile::Supabase,
        "create table organizations (id uuid primary key, name text);
         create table organization_members (id uuid primary key, organization_id uuid not null references organizations, user_id uuid not null references auth.users,
             role text not null check (role in ('member', 'owner', 'admin')), unique (organization_id, user_id));
         create table projects (id uuid primary key, organization_id uuid references organizations, user_id uuid references auth.users, name text, privacy text);
         create table project_members (id uuid primary key, project_id uuid not null references projects, user_id uuid not null references auth.users, role text, unique (project_id, user_id));
         create table project_files (id uuid primary key, project_id uuid not null references projects, path text);
         create table subscriptions (id uuid primary key, organization_id uuid not null references organizations, plan_id uuid);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.organizations.id by membership"]);
    assert_eq!(
        memberships(&intent),
        ["public.organization_members user_id in organization_id as role [owner, admin, member]"]
    );
    assert_eq!(
        ties(&intent, &["projects", "project_members", "project_files"]),
        ["organization_id of 0", "project_id to projects.id", "project_id to projects.id"]
    );
    assert_eq!(privileges(&intent, "project_members"), ["role"]);
}

#[tokio::test]
async fn projects_alone_are_a_root_by_their_members() {
    let intent = infer_on(
        Profile::Supabase,
        "create table projects (id uuid primary key, owner_id uuid references auth.users not null, name text);
         create table project_members (project_id uuid references projects, user_id uuid references auth.users, role text, primary key (project_id, user_id));
         create table tasks (id uuid primary key, project_id uuid not null references projects, assigned_to uuid references auth.users);
         create table comments (id uuid primary key, task_id uuid not null references tasks, author_id uuid not null references auth.users);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.projects.id by owner_id"]);
    assert_eq!(ties(&intent, &["tasks", "comments"]), ["project_id of 0", "task_id to tasks.id"]);
}

#[tokio::test]
async fn a_profile_that_names_the_tenant_is_the_membership() {
    let intent = infer_on(
        Profile::Supabase,
        "create table companies (id uuid primary key, name text);
         create table profiles (id uuid primary key references auth.users, company_id uuid references companies, role text default 'staff' check (role in ('staff', 'admin')), email text);
         create table orders (id uuid primary key, company_id uuid not null references companies);
         create table notifications (id uuid primary key, user_id uuid not null references auth.users);
         create table devices (id uuid primary key, profile_id uuid not null references profiles);",
    )
    .await;
    assert_eq!(roots(&intent), ["public.companies.id by membership"]);
    assert_eq!(memberships(&intent), ["public.profiles id in company_id as role [admin, staff]"]);
    assert_eq!(
        ties(&intent, &["profiles", "orders", "notifications", "devices"]),
        ["company_id of 0", "company_id of 0", "user_id to profiles.id", "profile_id to profiles.id"]
    );
    assert_eq!(privileges(&intent, "profiles"), ["role"]);
}

#[tokio::test]
async fn a_profile_with_a_key_of_its_own_is_a_step_on_the_way() {
    let intent = infer_on(
        Profile::Supabase,
        "create table users (id bigint generated always as identity primary key, auth_id uuid unique not null references auth.users, name text);
         create table posts (id bigint primary key, user_id bigint not null references users);
         create table likes (id bigint primary key, post_id bigint not null references posts);",
    )
    .await;
    assert_eq!(roots(&intent), ["auth.users.id user"]);
    assert_eq!(
        ties(&intent, &["users", "posts", "likes"]),
        ["auth_id of 0", "user_id to users.id", "post_id to posts.id"]
    );
    assert_eq!(role(&intent, "users"), TableRole::Profile);
}

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
async fn a_thing_in_which_users_have_roles_is_a_root_whatever_its_name() {
    let intent = infer_on(
        Profile::Supabase,
        "create table ships (id uuid primary key, name text);
         create table crew (ship_id uuid references ships, user_id uuid references auth.users, role text check (role in ('hand', 'captain')), primary key (ship_id, user_id));
         create table likes (ship_id uuid references ships, user_id uuid references auth.users, primary key (ship_id, user_id));",
    )
    .await;
    assert_eq!(roots(&intent), ["public.ships.id by membership"]);
    assert_eq!(memberships(&intent), ["public.crew user_id in ship_id as role [hand, captain]"]);
    assert_eq!(tie(&intent, "likes"), "ship_id of 0");
}

#[tokio::test]
async fn a_copy_of_a_table_without_its_foreign_keys_is_tied_by_its_names() {
    let intent = infer_on(
        Profile::Supabase,
        "create table clubs (id uuid primary key, user_id uuid not null references auth.users);
         create table contacts (id uuid primary key, club_id uuid not null references clubs, name text);
         create table contacts_backup as select * from contacts;
         create table other (club_id text);",
    )
    .await;
    assert_eq!(
        ties(&intent, &["contacts", "contacts_backup", "other"]),
        ["club_id to clubs.id", "club_id to clubs.id", "untied"]
    );
}

#[tokio::test]
async fn any_table_whose_key_is_the_users_is_about_the_user() {
    let intent = infer_on(
        Profile::Supabase,
        "create table patients (id uuid primary key references auth.users, name text, is_admin boolean);
         create table doctors (id uuid primary key references auth.users);
         create table user_settings (id uuid primary key references auth.users, dark boolean);
         create table prescriptions (id uuid primary key, doctor_id uuid references doctors, patient_id uuid not null references patients);",
    )
    .await;
    assert_eq!(role(&intent, "doctors"), TableRole::Profile);
    assert_eq!(role(&intent, "user_settings"), TableRole::Plain);
    assert_eq!(tie(&intent, "user_settings"), "id of 0");
    assert_eq!(tie(&intent, "prescriptions"), "patient_id of 0");
    assert_eq!(privileges(&intent, "patients"), ["is_admin"]);
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

#[tokio::test]
async fn composite_keys_tie_a_child_by_the_column_that_they_share() {
    let intent = infer_on(
        Profile::Supabase,
        "create table teams (id uuid primary key, name text);
         create table team_members (team_id uuid references teams, user_id uuid references auth.users, primary key (team_id, user_id));
         create table boards (team_id uuid not null references teams, id uuid, primary key (team_id, id));
         create table cards (id uuid primary key, team uuid not null, board uuid not null, foreign key (team, board) references boards (team_id, id));
         create table loose (id uuid primary key, team uuid, board uuid, foreign key (team, board) references boards (team_id, id));",
    )
    .await;
    assert_eq!(ties(&intent, &["boards", "cards", "loose"]), ["team_id of 0", "team of 0", "team of 0"]);
    assert_eq!(memberships(&intent), ["public.team_members user_id in team_id as - []"]);
}

#[tokio::test]
async fn reference_data_is_told_from_what_merely_has_no_tie() {
    let intent = infer_on(
        Profile::Supabase,
        "create table industries_of_ours (id int primary key, name text); create table blobs (id int primary key, bytes bytea, data text);
         create table domains (id int primary key, name text); create table kinds (id int primary key, label text);
         create table documents (id int primary key, user_id uuid not null references auth.users, industry int references industries_of_ours,
             blob_id int not null unique references blobs, kind int references kinds);
         create table user_domains (id int primary key, user_id uuid not null references auth.users, domain_id int references domains);
         create table prices (id int primary key, monthly_message_limit int); create table waitlist (id int primary key, email text unique);
         create table airports (iata_code text primary key, city text); create table stored (code text primary key, value jsonb);
         create table kind_translations (id int primary key, kind int references kinds, language text);
         create table _prisma_migrations (id text primary key);",
    )
    .await;
    assert_eq!(
        ties(
            &intent,
            &["industries_of_ours", "kinds", "prices", "airports", "kind_translations", "_prisma_migrations"]
        ),
        ["global"; 6]
    );
    assert_eq!(ties(&intent, &["blobs", "domains", "waitlist", "stored"]), ["untied"; 4]);
}

#[tokio::test]
async fn partitions_and_children_take_their_parents_tie() {
    let intent = infer_on(
        Profile::Supabase,
        "create table events (id uuid, user_id uuid not null references auth.users, day date, primary key (id, day)) partition by range (day);
         create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01') partition by range (day);
         create table events_2024_01 partition of events_2024 for values from ('2024-01-01') to ('2024-02-01');",
    )
    .await;
    assert_eq!(ties(&intent, &["events", "events_2024", "events_2024_01"]), ["user_id of 0"; 3]);
}

#[tokio::test]
async fn schemas_that_clients_cannot_name_count_as_far_as_ties_need_them() {
    let intent = infer_on(
        Profile::Supabase,
        "create schema hidden;
         create table hidden.accounts (id uuid primary key, primary_owner_user_id uuid references auth.users not null, name text, personal_account boolean);
         create table hidden.account_user (user_id uuid references auth.users, account_id uuid references hidden.accounts, account_role text, primary key (user_id, account_id));
         create table hidden.config (id int primary key, secret text);
         create table threads (id uuid primary key, account_id uuid not null references hidden.accounts);",
    )
    .await;
    assert_eq!(roots(&intent), ["hidden.accounts.id by primary_owner_user_id"]);
    assert_eq!(memberships(&intent), ["hidden.account_user user_id in account_id as account_role []"]);
    assert_eq!(tie(&intent, "threads"), "account_id of 0");
    assert!(intent.tables.contains_key(&QualifiedName::new("hidden", "accounts")));
    assert!(!intent.tables.contains_key(&QualifiedName::new("hidden", "config")));
}

#[tokio::test]
async fn hostile_names_survive_the_round_trip() {
    let intent = infer_on(
        Profile::Supabase,
        r#"create table "Work.spaces" ("the ""id""" uuid primary key, owner_id uuid references auth.users not null);
           create table "work spaces 🦀 members" ("work, space" uuid references "Work.spaces", user_id uuid references auth.users, role text, primary key ("work, space", user_id));
           create table "it's" ("a,b" uuid not null, "c" uuid, "say ""x""" int primary key, foreign key ("a,b", "c") references "work spaces 🦀 members");
           create table "deep" ("x ""y"", z" int not null references "it's", id int primary key);"#,
    )
    .await;
    assert_eq!(roots(&intent), [r#"public.Work.spaces.the "id" by owner_id"#]);
    assert_eq!(tie(&intent, "deep"), r#"x "y", z to it's.say "x""#);
}

#[tokio::test]
async fn declarations_have_the_last_word() {
    let catalog = catalog_of(
        Profile::Supabase,
        "create table things (id uuid primary key, label text); create table things_of (id uuid primary key, thing uuid references things, kind text unique);
         create table people_in (thing uuid references things, who uuid, part text);
         create table catalogue (id uuid primary key, note text);
         create table parts (id uuid primary key, of_it uuid references things_of);",
    )
    .await;
    let intent = infer_with(
        Profile::Supabase,
        &catalog,
        r#"
        [identity]
        anonymous_role = ""
        member_roles = ["authenticated", "editor"]
        [identity.claims]
        "app_metadata.thing" = "tenant"
        [identity.settings]
        "app.locale" = "literal:en"
        [tenancy]
        roots = [{ table = "things", ownership = "membership" }]
        memberships = [{ table = "people_in", user = "who", tenant = "thing", role = "part", roles = ["boss", "worker"] }]
        [tables.things_of]
        tenant_key = "thing"
        privilege_columns = ["kind"]
        global_uniques = ["kind"]
        client_commands = []
        [tables."public.parts"]
        through = "of_it"
        [tables.catalogue]
        global = true
        public = ["select"]
        "#,
    )
    .unwrap();
    assert_eq!(roots(&intent), ["public.things.id by membership"]);
    assert_eq!(memberships(&intent), ["public.people_in who in thing as part [boss, worker]"]);
    assert_eq!(ties(&intent, &["things_of", "parts", "catalogue"]), ["thing of 0", "of_it to things_of.id", "global"]);
    let things_of = intent.table(&QualifiedName::new("public", "things_of")).unwrap();
    assert_eq!(things_of.tie.origin, Origin::Declared);
    assert_eq!(things_of.client_commands, Some(Vec::new()));
    assert_eq!(things_of.privilege_columns[0].value, "kind");
    assert_eq!(intent.table(&QualifiedName::new("public", "catalogue")).unwrap().public, [Command::Select]);
    assert_eq!(intent.identity.anonymous_role, None);
    assert_eq!(intent.identity.member_roles, ["authenticated", "editor"]);
    assert_eq!(claim(&intent, &["app_metadata", "thing"]), Some(IdentityValue::TenantId(0)));
    assert_eq!(setting(&intent, "app.locale"), Some(IdentityValue::Literal("en".to_owned())));
}

#[tokio::test]
async fn a_declaration_that_fits_nothing_is_an_error_with_the_nearest_name() {
    let catalog = catalog_of(Profile::Supabase, WORKSPACES).await;
    for (settings, expected) in [
        (
            "[tables.campaing]\nglobal = true",
            "`tables.campaing` names the table `campaing`, which does not exist; did you mean `campaigns`?",
        ),
        (
            "[tables.moves]\ntenant_key = \"workspace\"",
            "names the column `workspace`, which `public.moves` does not have; did you mean `workspace_id`?",
        ),
        ("[tables.moves.values]\nworkspaceid = 1", "did you mean `workspace_id`?"),
        ("[tables.moves]\nthrough = \"id\"", "no foreign key of `public.moves` has exactly those columns"),
        (
            "[tables.moves]\ntenant_key = \"id\"\nroot = \"moves\"",
            "none of the tenant roots (public.workspaces, public.users)",
        ),
        ("[tenancy]\nusers = \"auth.user\"", "`tenancy.users` names the table `auth.user`, which does not exist"),
    ] {
        let error = infer_with(Profile::Supabase, &catalog, settings).unwrap_err().to_string();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}

#[tokio::test]
async fn a_through_that_leads_in_a_circle_is_an_error() {
    let catalog = catalog_of(
        Profile::Supabase,
        "create table a (id int primary key); create table b (id int primary key, a int references a);
         alter table a add b int references b;",
    )
    .await;
    let error = infer_with(Profile::Supabase, &catalog, "[tables.a]\nthrough = \"b\"\n[tables.b]\nthrough = \"a\"")
        .unwrap_err();
    assert!(matches!(error, TenancyError::LeadsNowhere { .. }), "{error}");
}

#[tokio::test]
async fn a_schema_without_tables_has_no_tenants() {
    for profile in [Profile::Supabase, Profile::Plain] {
        let intent = infer_on(profile, "").await;
        assert!(intent.tables.is_empty() && intent.roots.is_empty());
    }
}

#[tokio::test]
async fn the_settings_that_are_written_give_their_reasons() {
    let catalog = catalog_of(Profile::Supabase, WORKSPACES).await;
    let intent = infer_with(Profile::Supabase, &catalog, "").unwrap();
    let text = render_settings(&intent, &catalog);
    for line in [
        "profile = \"supabase\"",
        "owner = \"user_id\" # it holds the id of the user who owns the tenant",
        "through = \"move_id\" # move_id refers to public.moves",
        "    \"subscription_tier\", # it says what has been paid for",
        "# no column and no foreign key leads to a tenant; give it a tenant_key or a through, or say global = true",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n\n{text}");
    }
}

#[tokio::test]
async fn eight_hundred_tables_are_inferred_quickly() {
    let mut sql = String::from(
        "create table organizations (id uuid primary key);\ncreate table organization_members (organization_id uuid references organizations, user_id uuid references auth.users, role text, primary key (organization_id, user_id));\n",
    );
    for number in 0..800 {
        let parent = if number % 10 == 0 {
            "organization_id uuid not null references organizations".to_owned()
        } else {
            format!("parent_row uuid not null references table_{}", number - 1)
        };
        sql.push_str(&format!("create table table_{number} (id uuid primary key, {parent}, title text);\n"));
    }
    let catalog = catalog_of(Profile::Supabase, &sql).await;
    let start = std::time::Instant::now();
    let intent = infer_with(Profile::Supabase, &catalog, "").unwrap();
    println!("inferred in {:?}", start.elapsed());
    assert_eq!(intent.tables.len(), 802);
    assert_eq!(ties(&intent, &["table_0", "table_799"]), ["organization_id of 0", "parent_row to table_798.id"]);
    // Quadratic work would take much longer.
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}
