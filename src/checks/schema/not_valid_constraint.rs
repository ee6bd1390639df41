//! `schema/not-valid-constraint`: every constraint has been validated against the rows that were there before it.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, cases};
use crate::catalog::quote_identifier;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/not-valid-constraint",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Every constraint holds for every row",
        help: "A constraint that was added NOT VALID is asked of new rows alone: old ones may break it, and the planner does not rely on it. That is the way to add one without a long lock, and half of it: `alter table … validate constraint …` is the other half, and takes no lock that stops writers.",
        example: example!("schema/not-valid-constraint"),
    },
    plan,
};

const EXPECTED: &str = "every constraint has been validated";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _)) = *subject else { return Vec::new() };
    let keys = table.foreign_keys.iter().map(|key| (&key.name, key.validated, "foreign key"));
    let checks = table.checks.iter().map(|check| (&check.name, check.validated, "check"));
    let all: Vec<_> = keys.chain(checks).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let defects = all.into_iter().filter(|(_, validated, _)| !validated).map(|(name, _, kind)| {
        let fix = format!("alter table {} validate constraint {};", table.name.quoted(), quote_identifier(name));
        Defect::new(name, format!("the {kind} {name} is NOT VALID: rows from before it may break it"), fix)
    });
    cases(table, EXPECTED, defects.collect(), "every foreign key and check has been validated")
}
