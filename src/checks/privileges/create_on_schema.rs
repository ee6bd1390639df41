//! `privileges/create-on-schema`: no client can create objects in a schema of the system, or a schema. Each role tries it; the
//! harness manages.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, actors, harness, is_clients, roles_in_sql};
use crate::catalog::{Privilege, Schema, quote_identifier};
use crate::probe::{Outcome, Part};
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/create-on-schema",
        family: Family::Privileges,
        severity: Severity::Error,
        title: "No client can create objects in a schema",
        help: "Whoever may create in a schema can put a table, function or operator of its own in front of yours: functions and applications that find names by the search path then run its code with their rights (Postgres documentation, 5.10.6). Revoke CREATE; databases made before Postgres 15 grant it to everybody on public.",
        example: example!("privileges/create-on-schema"),
    },
    plan,
};

const EXPECTED: &str = "CREATE is refused to every client";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Database = subject else { return Vec::new() };
    scene
        .catalog
        .schemas
        .iter()
        .filter(|schema| scene.intent.is_own_schema(&schema.name))
        .map(|schema| case(scene, schema))
        .collect()
}

fn case(scene: &Scene<'_>, schema: &Schema) -> Case {
    let object = ObjectRef {
        kind: ObjectKind::Database,
        schema: String::new(),
        name: format!("schema {}", schema.name),
        sub: None,
    };
    let actors = actors(scene);
    let Some(harness) = harness(scene).filter(|_| !actors.is_empty()) else {
        let finding = Finding::new(Status::NotApplicable, "no role is known that a client acts as");
        return Case::settled(object, Vec::new(), EXPECTED, finding);
    };
    let name = quote_identifier(&schema.name);
    let statement = format!("create table {name}.\"seaworthy probe\" (id integer)");
    let attempt = Attempt::completing("create a table in the schema", "create table", statement);
    let mut probes: Vec<_> = actors.iter().map(|actor| attempt.by(Part::Attack, actor)).collect();
    probes.push(attempt.by(Part::Service, &harness));
    Case {
        object,
        tables: Vec::new(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(fix(scene, schema)),
    }
}

fn fix(scene: &Scene<'_>, schema: &Schema) -> String {
    let name = quote_identifier(&schema.name);
    let granted = schema.grants.iter().filter(|grant| grant.privilege == Privilege::Create);
    let mut grantees: Vec<String> = granted
        .map(|grant| grant.grantee.clone())
        .filter(|grantee| *grantee != schema.owner && is_clients(scene, grantee))
        .collect();
    grantees.dedup();
    if grantees.is_empty() {
        return format!("alter schema {name} owner to current_user;");
    }
    format!("revoke create on schema {name} from {};", roles_in_sql(&grantees))
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let control = outcomes.len().saturating_sub(1);
    let attacks = || outcomes.iter().take(control).enumerate();
    let completes = |outcome: &Outcome| matches!(outcome, Outcome::Completed { .. });
    if let Some((breach, _)) = attacks().find(|(_, outcome)| completes(outcome)) {
        let role = case.probes.get(breach).map(|probe| probe.principal.role.as_str()).unwrap_or_default();
        return Finding::new(Status::Fail, format!("{role} can create tables in the schema"))
            .observed(describe(outcomes.get(breach)))
            .shown_by([breach, control]);
    }
    let observed = describe(outcomes.first());
    if attacks().all(|(_, outcome)| matches!(outcome, Outcome::Refused(_)))
        && outcomes.get(control).is_some_and(completes)
    {
        return Finding::new(Status::Pass, "no client can create a table in it; the harness can")
            .observed(observed)
            .shown_by([0, control]);
    }
    Finding::new(
        Status::Unproven,
        "the control failed: not even the harness can create a table in it; see whether an event trigger refuses",
    )
    .observed(describe(outcomes.get(control)))
    .shown_by([0, control])
}
