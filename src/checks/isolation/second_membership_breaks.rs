//! `isolation/second-membership-breaks`: a user of two tenants sees both, or the one that its claims choose; without an error, and
//! without an arbitrary pick.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of};
use super::super::statement::{reads, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{quote_identifier, quote_literal};
use crate::probe::{Needles, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::{Command, IdentityValue, Ownership};
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
        example: example!("isolation/second-membership-breaks"),
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
    for (tenant, other, topic) in [(first, second, FIRST), (second, first, SECOND)] {
        let needles = scene.needles(target.table, tenant);
        if needles.is_empty() {
            continue;
        }
        let make = |part: Part, principal: &Principal| probe(scene, &target, (part, principal), topic, role, &needles);
        probes.extend(make(Part::Attack, both));
        probes.extend(
            make(Part::Control, both).map(|probe| SqlProbe { prepare: without(scene, both, root, other), ..probe }),
        );
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
        fix: fix::policies(scene, target.table, &[Command::Select]),
    }]
}

/// Statements that take the user out of a tenant: the control is the same user with one membership alone.
fn without(scene: &Scene<'_>, both: &Principal, root: usize, tenant: usize) -> Vec<String> {
    let ids = scene.ids(tenant);
    let (Some(id), Some(user), Some(of)) = (ids.get(&root), &both.user_id, scene.intent.roots.get(root)) else {
        return Vec::new();
    };
    let mut statements = Vec::new();
    for membership in scene.intent.memberships.iter().filter(|membership| membership.root == root) {
        let Some(table) = scene.catalog.table(&membership.table) else { continue };
        let reference = scene.reference_to_user(table, &membership.user_column, both).unwrap_or_else(|| user.clone());
        statements.push(format!(
            "delete from {} as t where t.{}::text = {} and t.{}::text = {}",
            membership.table.quoted(),
            quote_identifier(&membership.user_column),
            quote_literal(&reference),
            quote_identifier(&membership.tenant_column),
            quote_literal(id)
        ));
    }
    if let Ownership::OwnerColumn(_) = &of.ownership {
        statements.push(format!(
            "delete from {} as t where t.{}::text = {}",
            of.table.quoted(),
            quote_identifier(&of.key),
            quote_literal(id)
        ));
    }
    without_triggers(statements)
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
        (None, None) => {
            Finding::new(Status::NotApplicable, "with one membership alone the user cannot read the table either")
        }
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
