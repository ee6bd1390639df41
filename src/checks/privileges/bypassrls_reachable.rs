//! `privileges/bypassrls-reachable`: no chain of memberships leads from a role that a client acts as, or logs in as, to one that row
//! security does not hold for. Where the catalog knows a chain, SET ROLE walks it.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, actors, behind_gateway, harness, role_in_sql};
use crate::catalog::{PUBLIC, Role, quote_identifier};
use crate::probe::{Outcome, Part, SqlProbe};
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/bypassrls-reachable",
        family: Family::Privileges,
        severity: Severity::Critical,
        title: "No client can become a role that passes by row security",
        help: "A member of a role can SET ROLE to it, through any number of memberships, and BYPASSRLS and SUPERUSER come with it, though they are not inherited. One statement then reads every tenant's rows. Revoke the membership, and let what needs to pass by row security log in by itself. The role of trusted servers that a gateway such as PostgREST takes on by token is no finding.",
        example: example!("privileges/bypassrls-reachable"),
    },
    plan,
};

const EXPECTED: &str = "it can become no superuser and no role with BYPASSRLS";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Database = subject else { return Vec::new() };
    let actors = actors(scene);
    let mut cases: Vec<Case> = actors.iter().map(|actor| case(scene, actor, false)).collect();
    let login =
        scene.intent.identity.login_role.as_ref().filter(|login| !actors.iter().any(|actor| actor.role == **login));
    if let (Some(login), Some(actor)) = (login, actors.first()) {
        let name = format!("whoever logs in as {login}");
        let logged_in = Principal { name, role: login.clone(), login_role: None, ..actor.clone() };
        cases.push(case(scene, &logged_in, true));
    }
    cases
}

fn case(scene: &Scene<'_>, principal: &Principal, is_login: bool) -> Case {
    let object = ObjectRef {
        kind: ObjectKind::Database,
        schema: String::new(),
        name: principal.role.clone(),
        sub: Some("roles it can become".to_owned()),
    };
    let gateway = is_login && behind_gateway(scene);
    let targets = targets(scene, &principal.role, gateway);
    let Some(harness) = harness(scene).filter(|_| !targets.is_empty()) else {
        let why = if gateway {
            "it becomes the role that a token names, and none that passes by row security but that of trusted servers"
        } else {
            "no membership leads to a role that passes by row security"
        };
        return Case::settled(object, Vec::new(), EXPECTED, Finding::new(Status::Pass, why));
    };
    let mut probes: Vec<SqlProbe> = Vec::new();
    for target in &targets {
        let attempt = attempt(&target.name);
        probes.push(attempt.by(Part::Attack, principal));
        probes.push(attempt.by(Part::Service, &harness));
    }
    let fix: Vec<String> =
        targets.iter().flat_map(|target| revocations(scene, &principal.role, &target.name)).collect();
    Case {
        object,
        tables: Vec::new(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(if gateway { judge_gateway } else { judge }),
        fix: Some(fix.join("\n")),
    }
}

/// The roles that row security does not hold for, and that `role` is a member of.
fn targets<'a>(scene: &Scene<'a>, role: &str, gateway: bool) -> Vec<&'a Role> {
    let service = scene.intent.identity.service_role.as_deref().filter(|_| gateway);
    let mut targets: Vec<&Role> = Vec::new();
    let mut seen = vec![role.to_owned(), PUBLIC.to_owned()];
    let mut next = 0;
    // What is reached through the role of trusted servers is that role's.
    while let Some(member) = seen.get(next).cloned() {
        next += 1;
        for parent in scene.catalog.role(&member).map(|role| role.member_of.as_slice()).unwrap_or_default() {
            if seen.contains(parent) || Some(parent.as_str()) == service {
                continue;
            }
            seen.push(parent.clone());
            let found = scene.catalog.role(parent);
            targets.extend(found.filter(|role| role.superuser || role.bypass_row_security));
        }
    }
    targets
}

/// The memberships of `role`, or of what it is a member of, that lead to `target` in one step.
fn revocations(scene: &Scene<'_>, role: &str, target: &str) -> Vec<String> {
    let effective = scene.catalog.effective_roles(role);
    let leads = |member: &&String| {
        scene.catalog.role(member).is_some_and(|role| role.member_of.iter().any(|parent| parent == target))
    };
    let revoke = |member: &String| format!("revoke {} from {};", role_in_sql(target), role_in_sql(member));
    effective.iter().filter(leads).map(revoke).collect()
}

fn attempt(target: &str) -> Attempt<'static> {
    let become_it = format!("set local role {}", quote_identifier(target));
    let ask = "select (r.rolsuper or r.rolbypassrls)::text, current_user::text from pg_catalog.pg_roles r where r.rolname = current_user";
    let mut attempt = Attempt::completing("become a role that passes by row security", "set role", become_it);
    attempt.statements.push(ask.to_owned());
    attempt
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let passes = |outcome: &Outcome| {
        outcome.rows().and_then(|rows| rows.first()?.first()?.as_deref()).is_some_and(|answer| answer == "true")
    };
    let attacks = || case.probes.iter().zip(outcomes).enumerate().filter(|(_, (probe, _))| probe.part == Part::Attack);
    if let Some((breach, (probe, outcome))) = attacks().find(|(_, (_, outcome))| passes(outcome)) {
        let became = outcome.rows().and_then(|rows| rows.first()?.get(1)?.clone()).unwrap_or_default();
        let summary = format!("{} can become {became}, which row security does not hold for", probe.principal.role);
        return Finding::new(Status::Fail, summary).observed(describe(Some(outcome))).shown_by([breach, breach + 1]);
    }
    let refused = attacks().all(|(_, (_, outcome))| matches!(outcome, Outcome::Refused(_)));
    let status = if refused { Status::Pass } else { Status::Unproven };
    let why =
        if refused { "the server refuses to let it become one" } else { "SET ROLE could not be tried: run it again" };
    Finding::new(status, why).observed(describe(outcomes.first())).shown_by([0, 1])
}

/// A gateway takes on what a signed token says: nobody becomes the role by a statement.
fn judge_gateway(case: &Case, outcomes: &[Outcome]) -> Finding {
    let finding = judge(case, outcomes);
    if finding.status != Status::Fail {
        return finding;
    }
    let summary = format!(
        "{}; a token that names it is all it takes: set [identity] service_role if it is that of trusted servers",
        finding.summary
    );
    Finding { summary, ..finding }.at(Severity::Warning)
}
