//! Inference on a database of its own, and intent in short lines that a test can compare.

use seaworthy::catalog::{Catalog, QualifiedName};
use seaworthy::postgres::introspect::introspect;
use seaworthy::settings::parse;
use seaworthy::tenancy::{
    IdentityValue, Intent, Origin, Ownership, Profile, Surroundings, TableRole, TenancyError, Tie, infer,
    render_settings,
};

use crate::support::Cluster;

pub(crate) async fn catalog_of(profile: Profile, sql: &str) -> Catalog {
    let cluster = Cluster::shared();
    let mut session = match profile {
        Profile::Supabase => cluster.supabase(sql).await,
        Profile::Plain => cluster.database(sql).await,
    };
    let catalog = introspect(&mut session).await.unwrap();
    session.close().await;
    catalog
}

pub(crate) fn surroundings(profile: Profile) -> Surroundings {
    Surroundings { profile, exposed_schemas: vec!["public".to_owned()] }
}

pub(crate) fn infer_with(profile: Profile, catalog: &Catalog, settings: &str) -> Result<Intent, TenancyError> {
    let settings =
        parse("seaworthy.toml", settings).unwrap_or_else(|error| panic!("{:?}", miette::Report::from(error)));
    infer(catalog, &settings.system, &surroundings(profile))
}

/// Infers, and holds every schema that a test brings against the promise that what is rendered reads back the same.
pub(crate) async fn infer_on(profile: Profile, sql: &str) -> Intent {
    let catalog = catalog_of(profile, sql).await;
    let intent = infer_with(profile, &catalog, "").unwrap();
    let text = render_settings(&intent, &catalog);
    let again = infer_with(profile, &catalog, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(without_reasons(&intent), without_reasons(&again), "\n{text}");
    intent
}

pub(crate) fn without_reasons(intent: &Intent) -> Intent {
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
pub(crate) fn roots(intent: &Intent) -> Vec<String> {
    let ownership = |ownership: &Ownership| match ownership {
        Ownership::User => "user".to_owned(),
        Ownership::OwnerColumn(column) => format!("by {column}"),
        Ownership::Membership => "by membership".to_owned(),
        Ownership::Claim => "by claim".to_owned(),
        Ownership::IdOnly => "by id alone".to_owned(),
    };
    intent.roots.iter().map(|root| format!("{}.{} {}", root.table, root.key, ownership(&root.ownership))).collect()
}

pub(crate) fn memberships(intent: &Intent) -> Vec<String> {
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
pub(crate) fn tie(intent: &Intent, table: &str) -> String {
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

pub(crate) fn ties(intent: &Intent, tables: &[&str]) -> Vec<String> {
    tables.iter().map(|table| tie(intent, table)).collect()
}

pub(crate) fn privileges(intent: &Intent, table: &str) -> Vec<String> {
    let table = intent.table(&QualifiedName::new("public", table)).unwrap();
    table.privilege_columns.iter().map(|column| column.value.clone()).collect()
}

pub(crate) fn role(intent: &Intent, table: &str) -> TableRole {
    intent.table(&QualifiedName::new("public", table)).unwrap().role
}

pub(crate) fn claim(intent: &Intent, path: &[&str]) -> Option<IdentityValue> {
    intent.identity.claims.iter().find(|claim| claim.path == path).map(|claim| claim.value.clone())
}

pub(crate) fn setting(intent: &Intent, name: &str) -> Option<IdentityValue> {
    intent.identity.settings.iter().find(|setting| setting.name == name).map(|setting| setting.value.clone())
}

/// A workspace with an owner column, and all sorts of tables below it.
pub(crate) const WORKSPACES: &str = "
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
