//! `migrations/locks-table`: no statement makes readers or writers of a table that holds rows wait for as long as the table is large. Read off the
//! text by the squawk linter's rules; a table that the same file makes holds no rows yet, and does not count.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::risk_cases;
use crate::trial::RiskKind;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/locks-table",
        family: Family::Migrations,
        severity: Severity::Warning,
        title: "No migration locks a table that holds rows for long",
        help: "While the statement scans or rewrites the table, whoever wants to write to it, or even to read it, waits, and behind them everybody else: an outage as long as the table is large. Build indexes CONCURRENTLY, add constraints NOT VALID and validate them in a transaction of their own. Where the table is known to be small, say so: `-- squawk-ignore RULE` above the statement.",
        example: example!(
            "migrations/locks-table",
            ["migrations/20240301090000_workspaces.sql", "migrations/20240302090000_notes_by_workspace.sql"]
        ),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let expected = "nobody waits for a scan or rewrite of a table that an earlier file made";
    risk_cases(migration, RiskKind::Locks, expected, "it makes nobody wait at a table that an earlier file made")
}
