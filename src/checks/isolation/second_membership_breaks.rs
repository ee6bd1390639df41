//! `isolation/second-membership-breaks`: a user of two tenants sees both, or the one that its claims choose; without an error, and
//! without an arbitrary pick.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of};
use super::super::statement::reads;
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::probe::{Needles, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::{Command, IdentityValue};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/second-membership-breaks",
        family: Family::Isolation,
        severity: Severity::Error,
        title: "A user of two tenants can work in both",
        help: "A helper that returns one tenant of the caller breaks for a user of two: a scalar subquery fails with 21000 (more than one row), or `limit 1` picks one at random. Compare with `in (select …)` or `= any (…)`.",
    },
    plan,
};

const EXPECTED: &str = "a user of two tenants sees the rows of both, or of the one that its claims choose";
const FIRST: &str = "the first tenant";
const SECOND: &str = "the second tenant";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    let Some(root) = scene.intent.root_of(&target.table.name) else { return Vec::new() };
    let Some(role) = scene.member_role() else { return Vec::new() };
    let Some(both) = scene.world.principal(PrincipalKind::TwoTenants) else { return Vec::new() };
    let mut tenants = both.standings.iter().filter(|standing| standing.root == root).map(|standing| standing.tenant);
    let (Some(first), Some(second), false) = (tenants.next(), tenants.next(), target.is_open(Command::Select)) else {
        return Vec::new();
    };
    let mut probes = Vec::new();
    for (tenant, topic) in [(first, FIRST), (second, SECOND)] {
        let needles = scene.needles(target.table, tenant);
        if needles.is_empty() {
            continue;
        }
        let make = |part: Part, principal: &Principal| probe(scene, &target, (part, principal), topic, role, &needles);
        probes.extend(make(Part::Attack, both));
        probes.extend(peer(scene, both, root, tenant).and_then(|peer| make(Part::Control, peer)));
    }
    if probes.is_empty() {
        return vec![target.without_row(scene, EXPECTED)];
    }
    let judge = if chooses(scene) { judge_chosen } else { judge_both };
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: None,
    }]
}

/// A user of this tenant alone, with the role that the user of two tenants has in it.
fn peer<'a>(scene: &Scene<'a>, both: &Principal, root: usize, tenant: usize) -> Option<&'a Principal> {
    let role = |principal: &Principal| {
        let mut standings = principal.standings.iter();
        standings
            .find(|standing| standing.root == root && standing.tenant == tenant)
            .map(|standing| standing.role.clone())
    };
    scene.world.members(root, tenant).into_iter().find(|member| role(member) == role(both))
}

/// Whether a claim or setting says which tenant is meant.
fn chooses(scene: &Scene<'_>) -> bool {
    let identity = &scene.intent.identity;
    let tenant = |value: &IdentityValue| matches!(value, IdentityValue::TenantId(_));
    identity.claims.iter().any(|claim| tenant(&claim.value))
        || identity.settings.iter().any(|setting| tenant(&setting.value))
}

fn probe(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    (part, principal): (Part, &Principal),
    topic: &str,
    role: &str,
    needles: &Needles,
) -> Option<SqlProbe> {
    let shape = reads(scene, target.table, None, role, needles).into_iter().next()?;
    Some(SqlProbe {
        part,
        topic: topic.to_owned(),
        shape: shape.name.to_owned(),
        principal: principal.clone(),
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: shape.act,
        observe: Vec::new(),
        signal: Signal::Rows(needles.clone()),
    })
}

fn judge_chosen(case: &Case, outcomes: &[Outcome]) -> Finding {
    judge(case, outcomes, true)
}

fn judge_both(case: &Case, outcomes: &[Outcome]) -> Finding {
    judge(case, outcomes, false)
}

fn judge(case: &Case, outcomes: &[Outcome], chosen: bool) -> Finding {
    let shows = |index: usize| {
        case.probes.get(index).zip(outcomes.get(index)).is_some_and(|(probe, outcome)| probe.signal.shows(outcome))
    };
    let at = |part: Part, topic: &str| case.probes.iter().position(|probe| probe.part == part && probe.topic == topic);
    let (mut sees, mut misses) = (Vec::new(), Vec::new());
    for topic in [FIRST, SECOND] {
        let (Some(attack), Some(control)) = (at(Part::Attack, topic), at(Part::Control, topic)) else { continue };
        if let Some(Outcome::Refused(refusal)) = outcomes.get(attack)
            && shows(control)
        {
            return Finding::new(Status::Fail, format!("a user of two tenants gets error {}", refusal.sqlstate))
                .observed(describe(outcomes.get(attack)))
                .shown_by([attack, control]);
        }
        if shows(control) {
            if shows(attack) { sees.push(attack) } else { misses.push((attack, control)) }
        }
    }
    match (sees.first(), misses.first()) {
        (None, None) => Finding::new(Status::NotApplicable, "a user of one tenant cannot read the table either"),
        (Some(first), None) => {
            Finding::new(Status::Pass, "a user of two tenants sees the rows of both").shown_by([*first])
        }
        (Some(first), Some(_)) if chosen => {
            Finding::new(Status::Pass, "a user of two tenants sees the rows of the one that its claims choose")
                .shown_by([*first])
        }
        (_, Some((attack, control))) => Finding::new(
            Status::Fail,
            if sees.is_empty() {
                "a user of two tenants sees the rows of neither"
            } else {
                "a user of two tenants sees the rows of one of them alone"
            },
        )
        .observed(describe(outcomes.get(*attack)))
        .shown_by([*attack, *control]),
    }
}
