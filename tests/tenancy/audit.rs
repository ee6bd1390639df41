//! Which tables are taken for audit logs.

use seaworthy::catalog::QualifiedName;
use seaworthy::tenancy::{Intent, Origin, Profile};

use crate::describe::{catalog_of, infer_with};

const TABLES: &str = "
    create table workspaces (id uuid primary key, user_id uuid not null references auth.users, name text);
    create table audit_logs (id uuid primary key, workspace_id uuid references workspaces, action text, created_at timestamptz);
    create table subscription_audit (id uuid primary key, workspace_id uuid references workspaces, event_type text, at timestamptz);
    create table audits (id uuid primary key, workspace_id uuid references workspaces, kind text, planned_at timestamptz);
    create table audit_records (id uuid primary key, workspace_id uuid references workspaces, action text, created_at timestamptz, updated_at timestamptz);
    create table audit_settings (id uuid primary key, workspace_id uuid references workspaces, event text, created_at timestamptz);
    create table happenings (id uuid primary key, workspace_id uuid references workspaces, what text);
    create table notes (id uuid primary key, workspace_id uuid references workspaces, body text);";

fn origin(intent: &Intent, table: &str) -> Option<Origin> {
    let intent = intent.table(&QualifiedName::new("public", table)).unwrap();
    intent.append_only.as_ref().map(|reason| reason.origin)
}

#[tokio::test]
async fn a_log_is_told_by_its_name_and_its_shape_together() {
    let catalog = catalog_of(Profile::Supabase, TABLES).await;
    let intent = infer_with(Profile::Supabase, &catalog, "").unwrap();
    for table in ["audit_logs", "subscription_audit"] {
        assert_eq!(origin(&intent, table), Some(Origin::Inferred), "{table}");
    }
    for table in ["audits", "audit_records", "audit_settings", "happenings", "notes"] {
        assert_eq!(origin(&intent, table), None, "{table}");
    }
}

#[tokio::test]
async fn what_is_written_about_logs_wins() {
    let catalog = catalog_of(Profile::Supabase, TABLES).await;
    let settings = "
        [tables.notes]
        audited = \"happenings\"
        indexes = [[\"workspace_id\", \"id\"]]
        [tables.audits]
        append_only = true
        [tables.audit_logs]
        append_only = false";
    let intent = infer_with(Profile::Supabase, &catalog, settings).unwrap();
    assert_eq!(origin(&intent, "happenings"), Some(Origin::Declared), "writes of notes are audited there");
    assert_eq!(origin(&intent, "audits"), Some(Origin::Declared));
    assert_eq!(origin(&intent, "audit_logs"), None);
    let notes = intent.table(&QualifiedName::new("public", "notes")).unwrap();
    assert_eq!(notes.audited, Some(QualifiedName::new("public", "happenings")));
    assert_eq!(notes.indexes, [["workspace_id", "id"]]);
}
