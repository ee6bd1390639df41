//! `migrations/destructive`: no statement destroys rows, or takes away a name, that an earlier file made. Read off the text by the squawk linter's
//! rules.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::risk_cases;
use crate::trial::RiskKind;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/destructive",
        family: Family::Migrations,
        severity: Severity::Warning,
        title: "No migration destroys what an earlier one made",
        help: "A dropped table or column takes its rows along, and no way back brings them again; a name that is dropped or changed breaks the clients that still run while the migration does. Stop using it first, release, and drop it then; say that this is so: `-- squawk-ignore RULE` above the statement.",
        example: example!(
            "migrations/destructive",
            ["migrations/20240301090000_workspaces.sql", "migrations/20240302090000_without_colour.sql"]
        ),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let expected = "what an earlier file made keeps its rows and its names";
    risk_cases(migration, RiskKind::Destroys, expected, "it destroys nothing that an earlier file made")
}
