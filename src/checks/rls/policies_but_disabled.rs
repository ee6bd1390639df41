//! `rls/policies-but-disabled`: a table with policies has row security on: without it they do nothing.

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/policies-but-disabled",
        family: Family::Rls,
        severity: Severity::Critical,
        title: "Policies are in force",
        help: "Policies were written for the table, but row security was never enabled on it, or was disabled again: they do nothing.",
        example: example!("rls/policies-but-disabled"),
    },
    plan,
};

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _)) = *subject else { return Vec::new() };
    if table.policies.is_empty() {
        return Vec::new();
    }
    let finding = if table.row_security {
        Finding::new(Status::Pass, "row security is on, so its policies are in force")
    } else if !scene.reachable(table) {
        Finding::new(Status::Pass, "row security is off, and no client role holds a privilege on it")
    } else {
        let names: Vec<&str> = table.policies.iter().map(|policy| policy.name.as_str()).collect();
        Finding::new(Status::Fail, format!("row security is off, so its policies do nothing: {}", names.join(", ")))
    };
    vec![
        Case::settled(object_of(table), vec![table.name.to_string()], "row security is on where policies are", finding)
            .with_fix(format!("alter table {} enable row level security;", table.name.quoted())),
    ]
}
