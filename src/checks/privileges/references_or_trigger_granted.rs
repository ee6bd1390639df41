//! `privileges/references-or-trigger-granted`: no client role holds REFERENCES or TRIGGER. Needs no probe: what they allow is said in
//! the Postgres documentation, 5.8.

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use super::clients::{grantees, revocation, word};
use crate::catalog::Privilege;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/references-or-trigger-granted",
        family: Family::Privileges,
        severity: Severity::Warning,
        title: "No client holds REFERENCES or TRIGGER",
        help: "With REFERENCES a client that may create a table finds out which keys exist in yours, past row security, and keeps you from deleting them; with TRIGGER it has its own code run by whoever writes the table next. No application needs either. `grant all`, and Supabase's default privileges, give them away: revoke them on all tables and for those to come.",
        example: example!("privileges/references-or-trigger-granted"),
    },
    plan,
};

const EXPECTED: &str = "no client role holds REFERENCES or TRIGGER";
const PRIVILEGES: [Privilege; 2] = [Privilege::References, Privilege::Trigger];

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _)) = *subject else { return Vec::new() };
    let settle = |finding: Finding| Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding);
    let grantees = grantees(scene, table, &PRIVILEGES);
    if grantees.is_empty() {
        return vec![settle(Finding::new(Status::Pass, "no client role is granted either"))];
    }
    let held: Vec<&str> = PRIVILEGES
        .into_iter()
        .filter(|privilege| !super::clients::grantees(scene, table, &[*privilege]).is_empty())
        .map(word)
        .collect();
    let revocation = revocation(scene, table, &PRIVILEGES, &grantees);
    let whence = if revocation.by_default { ", by default as on every table of the schema" } else { "" };
    let summary = format!("{} hold {}{whence}", grantees.join(" and "), held.join(" and "));
    vec![settle(Finding::new(Status::Fail, summary)).with_fix(revocation.statements)]
}
