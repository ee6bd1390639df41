//! `rls/null-uid-admitted`: no policy lets somebody in for having no identity: `auth.uid() is null or …`, `coalesce(owner = auth.uid(), true)`,
//! `owner is not distinct from auth.uid()`. Suspected where the condition can hold without an identity and would not hold for a
//! stranger; then tried by those who have none, with that policy alone.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::exposure::{Intruder, Suspect, conclude, doubtful, unsuspected};
use super::reading::Reading;
use super::{is_for_clients, settled, without, without_policies};
use crate::catalog::Expression;
use crate::probe::Outcome;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/null-uid-admitted",
        family: Family::Rls,
        severity: Severity::Critical,
        title: "Having no identity opens nothing",
        help: "The policy holds where the caller's id is null, so whoever comes without a token sees the rows: more than a signed-in stranger would. Take the test for null out: servers act as a role that bypasses row security and need no policy. Compare with `=`, and let null deny.",
        example: example!("rls/null-uid-admitted"),
    },
    plan,
};

const EXPECTED: &str = "no policy holds because the caller's identity is missing";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    if let Some(finding) = without_policies(table) {
        return vec![settled(table, EXPECTED, finding)];
    }
    let reading = Reading::new(scene.catalog, table);
    let admits = |condition: &Option<String>| {
        condition.as_deref().is_some_and(|sql| reading.admits_nobody(&Expression::read(sql)))
    };
    let cases: Vec<Case> = table
        .policies
        .iter()
        .filter(|policy| policy.permissive && is_for_clients(scene, policy))
        .filter_map(|policy| {
            let (using, check) = (admits(&policy.using), admits(&policy.check));
            let suspect = Suspect {
                scene,
                table,
                intent,
                policy,
                using,
                check,
                intruder: Intruder::Unidentified,
                expected: EXPECTED,
            };
            (using || check).then(|| suspect.case(judge).with_fix(without(scene, table, policy)))
        })
        .collect();
    if cases.is_empty() {
        return vec![unsuspected(table, EXPECTED, "no policy for a client role holds because an identity is missing")];
    }
    cases
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    conclude(case, outcomes, "the policy lets in whoever has no identity", doubtful)
}
