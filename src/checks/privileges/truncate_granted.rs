//! `privileges/truncate-granted`: no role that a client acts as can empty a table. TRUNCATE asks no policy, and takes everybody's rows
//! (Postgres documentation, 5.9). Each role tries it; the harness, in the same words, manages.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, actors, grantees, harness, revocation};
use crate::catalog::{Privilege, Table};
use crate::probe::{Outcome, Part, SqlProbe};
use crate::tenancy::Profile;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/truncate-granted",
        family: Family::Privileges,
        severity: Severity::Critical,
        title: "No client can empty a table",
        help: "TRUNCATE is not subject to row security: whoever holds it removes every tenant's rows at once, and no policy is asked. Supabase grants it to anon and authenticated on each new table, so that it is there unless it was revoked; `grant all` gives it too. PostgREST offers no way to use it, so that this default is a warning; any statement that reaches the database as such a role does, and what was granted by name is critical. Revoke it on all tables, and in the default privileges for those to come.",
        example: example!("privileges/truncate-granted"),
    },
    plan,
};

const EXPECTED: &str = "TRUNCATE is refused to every client";
const TOPIC: &str = "empty the table";
const CASCADE: &str = "truncate cascade";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _)) = *subject else { return Vec::new() };
    let tables = vec![table.name.to_string()];
    let grantees = grantees(scene, table, &[Privilege::Truncate]);
    let fix = |case: Case| {
        if grantees.is_empty() {
            return case;
        }
        case.with_fix(revocation(scene, table, &[Privilege::Truncate], &grantees).statements)
    };
    let actors = actors(scene);
    let Some(harness) = harness(scene).filter(|_| !actors.is_empty()) else {
        let finding = if grantees.is_empty() {
            Finding::new(
                Status::Pass,
                "no role is known that a client acts as, and TRUNCATE is not granted to everybody",
            )
        } else {
            Finding::new(Status::Fail, "TRUNCATE is granted to everybody")
        };
        return vec![fix(Case::settled(object_of(table), tables, EXPECTED, finding))];
    };
    let held = |role: &str| scene.catalog.may(role, Privilege::Truncate, table);
    let owns = |role: &str| scene.catalog.effective_roles(role).contains(&table.owner);
    let name = table.name.quoted();
    let attempt = |shape, statement: String| Attempt {
        observe: vec![format!("select count(*) from {name}")],
        ..Attempt::completing(TOPIC, shape, statement)
    };
    let plain = attempt("truncate", format!("truncate table {name}"));
    let cascade = attempt(CASCADE, format!("truncate table {name} cascade"));
    let mut probes: Vec<SqlProbe> = Vec::new();
    for actor in actors.iter().filter(|actor| !owns(&actor.role)) {
        probes.push(plain.by(Part::Attack, actor));
        probes.extend(held(&actor.role).then(|| cascade.by(Part::Attack, actor)));
    }
    if probes.is_empty() {
        let finding = Finding::new(Status::NotApplicable, "clients act as its owner: see privileges/owner-is-client");
        return vec![Case::settled(object_of(table), tables, EXPECTED, finding)];
    }
    probes.push(cascade.by(Part::Service, &harness));
    let judge = match (comes_by_default(scene, table, &grantees), scene.intent.profile) {
        (true, Profile::Supabase) => judge_platform,
        (true, Profile::Plain) => judge_default,
        (false, _) => judge,
    };
    vec![fix(Case {
        object: object_of(table),
        tables,
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: None,
    })]
}

fn comes_by_default(scene: &Scene<'_>, table: &Table, grantees: &[String]) -> bool {
    !grantees.is_empty() && revocation(scene, table, &[Privilege::Truncate], grantees).by_default
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    conclude(case, outcomes, "")
}

fn judge_default(case: &Case, outcomes: &[Outcome]) -> Finding {
    conclude(case, outcomes, ": the privilege comes by default with every table of the schema")
}

/// No statement of a client reaches a Supabase database but through its API, which cannot say TRUNCATE: what every project is given is
/// a warning. What the project grants itself is not.
fn judge_platform(case: &Case, outcomes: &[Outcome]) -> Finding {
    let finding =
        conclude(case, outcomes, ": the platform grants it with every table, though its API offers no way to use it");
    if finding.status == Status::Fail { finding.at(Severity::Warning) } else { finding }
}

fn conclude(case: &Case, outcomes: &[Outcome], whence: &str) -> Finding {
    let of =
        |part: Part| case.probes.iter().zip(outcomes).enumerate().filter(move |(_, (probe, _))| probe.part == part);
    let Some((control, (_, done))) = of(Part::Service).next() else {
        return Finding::new(Status::Error, "there is no control");
    };
    if let Some((breach, (probe, outcome))) =
        of(Part::Attack).find(|(_, (_, outcome))| matches!(outcome, Outcome::Completed { .. }))
    {
        let by = if probe.shape == CASCADE { " and all that refer to it" } else { "" };
        let summary = format!("{} can empty the table{by}, whatever the policies say{whence}", probe.principal.role);
        return Finding::new(Status::Fail, summary).observed(describe(Some(outcome))).shown_by([breach, control]);
    }
    // 0A000: the privilege is there, and a foreign key of a table that is not to be emptied with it stands in the way.
    let held_back = |outcome: &Outcome| matches!(outcome, Outcome::Refused(refusal) if refusal.sqlstate == "0A000");
    if let Some((breach, (probe, outcome))) = of(Part::Attack).find(|(_, (_, outcome))| held_back(outcome)) {
        let summary = format!(
            "{} holds TRUNCATE, and only the foreign keys of other tables stand in its way{whence}",
            probe.principal.role
        );
        return Finding::new(Status::Fail, summary)
            .at(Severity::Warning)
            .observed(describe(Some(outcome)))
            .shown_by([breach, control]);
    }
    let first = of(Part::Attack).next().map(|(index, _)| index);
    let example = describe(first.and_then(|index| outcomes.get(index)));
    let denied = |outcome: &Outcome| matches!(outcome, Outcome::Refused(refusal) if refusal.sqlstate == "42501");
    if of(Part::Attack).all(|(_, (_, outcome))| denied(outcome)) && matches!(done, Outcome::Completed { .. }) {
        return Finding::new(Status::Pass, "no client can empty it; the harness can")
            .observed(example)
            .shown_by(first.into_iter().chain([control]));
    }
    if let Some((index, (_, outcome))) = of(Part::Attack).find(|(_, (_, outcome))| undecided(outcome)) {
        return Finding::new(Status::Unproven, "the statement could not be tried: run it again, or on another server")
            .observed(describe(Some(outcome)))
            .shown_by([index, control]);
    }
    // What clients are refused for another reason than the privilege, a trigger refuses everybody.
    Finding::new(Status::Pass, "the database refuses it").observed(example).shown_by(first.into_iter().chain([control]))
}

fn undecided(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Invalid(_) | Outcome::Lost(_) | Outcome::Skipped)
}
