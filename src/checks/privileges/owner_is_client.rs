//! `privileges/owner-is-client`: no role that a client acts as, or logs in as, owns a table or may act as its owner. Where the catalog
//! says that one does, it alters the table, which only an owner can.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, actors, harness};
use crate::catalog::{Table, quote_identifier};
use crate::probe::{Outcome, Part, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/owner-is-client",
        family: Family::Privileges,
        severity: Severity::Error,
        title: "No client owns a table",
        help: "The owner of a table can switch its row security off, drop it, and grant it to anybody; unless FORCE ROW LEVEL SECURITY is on, no policy holds for it either. One injected statement is then enough. Let migrations run as an owner that the application does not know, and the application as a role with grants. A warning where row security is forced.",
        example: example!("privileges/owner-is-client"),
    },
    plan,
};

const EXPECTED: &str = "its owner is nobody that a client acts as";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _)) = *subject else { return Vec::new() };
    let tables = vec![table.name.to_string()];
    let owners = owning(scene, table);
    let settle = |status: Status, why: &str| {
        vec![Case::settled(object_of(table), tables.clone(), EXPECTED, Finding::new(status, why))]
    };
    if scene.member_role().is_none() {
        return settle(Status::NotApplicable, "no role is known that a client acts as");
    }
    let Some(harness) = harness(scene).filter(|_| !owners.is_empty()) else {
        return settle(Status::Pass, "no client role owns it or is a member of its owner");
    };
    let name = table.name.quoted();
    let statement = format!("alter table {name} disable row level security");
    let attempt = Attempt::completing("alter the table", "disable row level security", statement);
    let mut probes: Vec<SqlProbe> = owners.iter().map(|owner| attempt.by(Part::Attack, owner)).collect();
    probes.push(attempt.by(Part::Service, &harness));
    let forced = table.row_security && table.force_row_security;
    vec![Case {
        object: object_of(table),
        tables,
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(if forced { judge_forced } else { judge }),
        // The same for all tables of an owner: they are one fault.
        fix: Some(format!("reassign owned by {} to current_user;", quote_identifier(&table.owner))),
    }]
}

/// The client roles, and the role that clients log in as, which own the table or may act as its owner.
fn owning(scene: &Scene<'_>, table: &Table) -> Vec<Principal> {
    let actors = actors(scene);
    let login = scene.intent.identity.login_role.as_ref().zip(actors.first());
    let logged_in = login.map(|(login, actor)| Principal {
        name: format!("whoever logs in as {login}"),
        role: login.clone(),
        login_role: None,
        ..actor.clone()
    });
    let superuser = |role: &str| scene.catalog.role(role).is_some_and(|role| role.superuser);
    let owns =
        |actor: &Principal| superuser(&actor.role) || scene.catalog.effective_roles(&actor.role).contains(&table.owner);
    actors.into_iter().chain(logged_in).filter(owns).collect()
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let completes = |outcome: &Outcome| matches!(outcome, Outcome::Completed { .. });
    let control = outcomes.len().saturating_sub(1);
    let breach = outcomes.iter().take(control).position(completes);
    let Some((breach, probe)) = breach.and_then(|index| Some((index, case.probes.get(index)?))) else {
        // It is a member of the owner and cannot make use of it.
        return Finding::new(Status::Pass, "the role that is a member of its owner cannot act as it")
            .observed(describe(outcomes.first()))
            .shown_by([0, control]);
    };
    let summary = format!("{} can switch its row security off, drop it and grant it", probe.principal.role);
    Finding::new(Status::Fail, summary).observed(describe(outcomes.get(breach))).shown_by([breach, control])
}

/// Policies hold for an owner too where row security is forced: what is left is what it can do to the table itself.
fn judge_forced(case: &Case, outcomes: &[Outcome]) -> Finding {
    let finding = judge(case, outcomes);
    if finding.status != Status::Fail {
        return finding;
    }
    let summary = format!("{}; policies hold for it until it does", finding.summary);
    Finding { summary, ..finding }.at(Severity::Warning)
}
