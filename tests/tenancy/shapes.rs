//! Who the tenants are, and who belongs to them.

use seaworthy::catalog::QualifiedName;
use seaworthy::tenancy::{Profile, TableRole};

use crate::describe::{WORKSPACES, infer_on, memberships, privileges, role, roots, tie, ties};

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
