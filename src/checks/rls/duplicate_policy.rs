//! `rls/duplicate-policy`: no two policies of a table say the same: command, roles, sort and conditions. Read off the catalog.

use std::collections::BTreeSet;

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding};
use super::{settled, table_of};
use crate::catalog::{Policy, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/duplicate-policy",
        family: Family::Rls,
        severity: Severity::Warning,
        title: "No policy is there twice",
        help: "Two policies say the same under two names. Whoever tightens one is surprised by the other, which still opens what it did; and both are evaluated. Drop one.",
        example: example!("rls/duplicate-policy"),
    },
    plan,
};

const EXPECTED: &str = "each policy says something that no other says";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = table_of(subject) else { return Vec::new() };
    if table.policies.is_empty() {
        return vec![settled(table, EXPECTED, Finding::new(Status::NotApplicable, "it has no policy"))];
    }
    let mut earlier: Vec<&Policy> = Vec::new();
    let mut cases = Vec::new();
    for policy in &table.policies {
        match earlier.iter().find(|other| is_same(other, policy)) {
            Some(other) => {
                let finding = Finding::new(Status::Fail, format!("it says what policy \"{}\" says", other.name));
                let fix = format!("drop policy {} on {};", quote_identifier(&policy.name), table.name.quoted());
                let object = part_of(table, policy.name.clone());
                cases.push(Case::settled(object, vec![table.name.to_string()], EXPECTED, finding).with_fix(fix));
            }
            None => earlier.push(policy),
        }
    }
    if cases.is_empty() {
        cases.push(settled(table, EXPECTED, Finding::new(Status::Pass, "no two policies say the same")));
    }
    cases
}

/// Whether two policies do the same. Without WITH CHECK, the condition of USING serves for it.
pub(super) fn is_same(left: &Policy, right: &Policy) -> bool {
    let roles = |policy: &Policy| policy.roles.iter().cloned().collect::<BTreeSet<_>>();
    let check = |policy: &Policy| policy.check.clone().or_else(|| policy.using.clone());
    left.command == right.command
        && left.permissive == right.permissive
        && left.using == right.using
        && check(left) == check(right)
        && roles(left) == roles(right)
}
