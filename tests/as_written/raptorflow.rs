use std::sync::OnceLock;

use seaworthy::verdict::Status;

use crate::{Fault, Twins, assert_repaired, assert_reported, claims, twins};

static TWINS: OnceLock<Twins> = OnceLock::new();

const FAULTS: &[Fault] = &[
    (
        "1. files share a version, and policies come before their table",
        &[
            ("migrations/duplicate-version", "20240101_users_rls.sql"),
            ("migrations/duplicate-version", "20240101_users_workspaces.sql"),
            ("migrations/out-of-order", "20240101_users_rls.sql"),
        ],
    ),
    ("2. moves refer to campaigns, which come later", &[("migrations/out-of-order", "20240104_moves.sql")]),
    ("3. a user's id comes from whoever inserts it", &[("schema/default-from-caller", "public.users (id)")]),
    (
        "4. users set their own tier and budget",
        &[
            ("isolation/privilege-column-writable", "public.users (subscription_tier)"),
            ("isolation/privilege-column-writable", "public.users (budget_limit_monthly)"),
        ],
    ),
    (
        "5. references may name another workspace's row",
        &[
            ("isolation/foreign-key-crosses-tenants", "public.moves (campaign_id)"),
            ("isolation/foreign-key-crosses-tenants", "public.moves (target_icp_id)"),
            ("isolation/foreign-key-crosses-tenants", "public.muse_assets (move_id)"),
            ("isolation/foreign-key-crosses-tenants", "public.evidence_vault (session_id)"),
            ("isolation/foreign-key-crosses-tenants", "public.daily_wins (expanded_content_id)"),
            ("schema/reference-not-tenant-tied", "public.blackbox_strategies (converted_move_id)"),
        ],
    ),
    ("6. a workspace can be handed to a stranger", &[("isolation/tenant-key-reassigned", "public.workspaces")]),
    (
        "7. slug and email are unique across tenants",
        &[
            ("isolation/uniqueness-oracle", "public.workspaces (slug)"),
            ("isolation/uniqueness-oracle", "public.users (email)"),
        ],
    ),
    (
        "8. row security without a policy, or none at all",
        &[
            ("rls/no-policy", "public.campaigns"),
            ("rls/no-policy", "public.blackbox_strategies"),
            ("rls/no-policy", "public.onboarding_sessions"),
            ("rls/no-policy", "public.subscriptions"),
            ("rls/no-policy", "public.usage_records"),
            ("rls/no-policy", "public.invoices"),
            ("rls/not-enabled", "public.muse_assets"),
            ("rls/not-enabled", "public.daily_wins"),
            ("rls/not-enabled", "public.agent_executions"),
            ("rls/not-enabled", "public.evidence_vault"),
            ("rls/not-enabled", "public.research_findings"),
            ("rls/not-enabled", "public.competitor_profiles"),
            ("rls/not-enabled", "public.user_feedback"),
            ("rls/not-enabled", "public.api_keys"),
            ("rls/not-enabled", "public.audit_logs"),
        ],
    ),
    (
        "9. views run as their owner",
        &[
            ("isolation/definer-view-leaks", "public.workspace_summary"),
            ("isolation/definer-view-leaks", "public.usage_summary"),
            ("isolation/definer-view-leaks", "public.agent_performance"),
        ],
    ),
    ("10. auth.uid() for every row", &[("indexes/auth-call-per-row", "public.foundations")]),
    (
        "11. clients hold TRUNCATE, REFERENCES and TRIGGER",
        &[
            ("privileges/truncate-granted", "public.moves"),
            ("privileges/references-or-trigger-granted", "public.moves"),
        ],
    ),
    (
        "12. foreign keys without an index, documents without a shape, lists without a CHECK",
        &[
            ("indexes/unindexed-foreign-key", "public.moves (campaign_id)"),
            ("schema/json-shape-unchecked", "public.moves (execution_plan)"),
            ("schema/enumeration-unchecked", "public.campaigns (status)"),
            ("schema/enumeration-unchecked", "public.muse_assets (status)"),
            ("schema/enumeration-unchecked", "public.blackbox_strategies (status)"),
            ("schema/enumeration-unchecked", "public.daily_wins (status)"),
        ],
    ),
    (
        "13. keys without a default, rows without a workspace, no cascade, no created_at, an index twice",
        &[
            ("schema/key-without-default", "public.moves (id)"),
            ("schema/nullable-tenant-key", "public.moves (workspace_id)"),
            ("schema/cascade-differs-from-declared", "public.moves (workspace_id)"),
            ("schema/missing-created-at", "public.subscriptions (created_at)"),
            ("schema/missing-created-at", "public.usage_records (created_at)"),
            ("schema/missing-created-at", "public.invoices (created_at)"),
            ("schema/missing-created-at", "public.agent_executions (created_at)"),
            ("schema/missing-created-at", "public.onboarding_sessions (created_at)"),
        ],
    ),
    (
        "14. the triggers of all tables and the seed come before two of the tables",
        &[("migrations/out-of-order", "20240118_triggers.sql"), ("migrations/out-of-order", "20240120_seed.sql")],
    ),
];

#[test]
fn every_known_fault_is_reported_by_a_check_that_names_it() {
    assert_reported(twins("raptorflow", &TWINS), FAULTS);
}

#[test]
fn the_repaired_system_has_none_of_them() {
    assert_repaired(twins("raptorflow", &TWINS), FAULTS);
}

#[test]
fn each_claim_of_the_completion_report_is_confirmed_or_refuted() {
    let claims = claims(&twins("raptorflow", &TWINS).written);
    let expected = [
        ("27 migrations", Status::Fail),
        ("11 core tables", Status::Fail),
        ("RLS policies on all tables", Status::Fail),
        ("5 policy files (users, workspaces, foundations, icp_profiles, moves)", Status::Pass),
        ("JWT validation", Status::Unproven),
        ("Workspace isolation", Status::Fail),
        ("Permissions", Status::Fail),
        ("Budget enforcement", Status::Fail),
        ("All tests passing", Status::Fail),
    ];
    assert_eq!(claims, expected);
}
