//! `isolation/unreachable-tenant-data`: no table is left out of the model. A table that nothing ties to a tenant, and that nothing says is
//! reference data, is judged by what clients can do to it: nothing is a pass, anything is unproven until somebody says whose rows they are.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of};
use super::super::statement::{Attempt, Shape, deletes, insert_columns, inserts, updates};
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::Table;
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::{Command, TableIntent, Tie};
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/unreachable-tenant-data",
        family: Family::Isolation,
        severity: Severity::Error,
        title: "Every table that clients reach is covered by the tenancy model",
        help: "Nothing says whose rows these are, so nobody can say who may see them. Under `[tables.NAME]` set `tenant_key = \"column\"`, `through = \"foreign key column\"`, or `global = true` for reference data; with `public` or `shared` for what everybody may do.",
        example: example!("isolation/unreachable-tenant-data"),
    },
    plan,
};

const EXPECTED: &str = "clients reach no row that belongs to nobody known";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (table, intent) = match *subject {
        Subject::Table(table, intent) => (table, intent),
        Subject::Database => return without_clients(scene),
        _ => return Vec::new(),
    };
    if let Tie::Through { .. } = intent.tie.value {
        return vec![without_rule(scene, table, intent)];
    }
    if intent.tie.value != Tie::Untied {
        return Vec::new();
    }
    let tables = vec![table.name.to_string()];
    let Some(role) = scene.member_role() else {
        return vec![Case::settled(object_of(table), tables, EXPECTED, Finding::no_clients())];
    };
    let clients: Vec<&Principal> = scene
        .world
        .principals
        .iter()
        .filter(|principal| {
            matches!(principal.kind, PrincipalKind::Member | PrincipalKind::Stranger | PrincipalKind::Anonymous)
        })
        .filter({
            let mut members = 0;
            move |principal| {
                members += usize::from(principal.kind == PrincipalKind::Member);
                principal.kind != PrincipalKind::Member || members == 1
            }
        })
        .collect();
    vec![Case {
        object: object_of(table),
        tables,
        expected: EXPECTED.to_owned(),
        probes: tries(scene, table, intent, role, &clients),
        judge: Judge::Own(judge),
        fix: Some(fix::revoked(scene, table)),
    }]
}

/// Where only owners reach the tables, the database keeps no tenants apart: nothing below it can be proved.
fn without_clients(scene: &Scene<'_>) -> Vec<Case> {
    // What nothing ties may be a tenant's as well as what something does.
    let may_be_tenants = scene.intent.tables.values().any(|table| table.tie.value != Tie::Global);
    if scene.member_role().is_some() || !may_be_tenants {
        return Vec::new();
    }
    let object = ObjectRef { kind: ObjectKind::Database, schema: String::new(), name: "tenants".to_owned(), sub: None };
    let finding = Finding::new(
        Status::Unproven,
        "the database keeps no tenants apart: no role but owners and superusers reaches the tables. Set [identity] member_roles to the role that the application connects as; or waive this if the application alone keeps them apart",
    );
    vec![Case::settled(object, Vec::new(), EXPECTED, finding)]
}

/// A table whose rows belong to tenants through another: easily forgotten when policies are written. Row security without any policy leaks
/// nothing, so that is a warning, unless the model says that no client is meant to use it.
fn without_rule(scene: &Scene<'_>, table: &Table, intent: &TableIntent) -> Case {
    let ruled = table.policies.iter().any(|policy| policy.permissive);
    let service_alone = intent.client_commands.as_ref().is_some_and(Vec::is_empty);
    let finding = if ruled || service_alone || !scene.reachable(table) {
        Finding::new(Status::Pass, "a policy covers it, or no client is meant to reach it")
    } else if table.row_security {
        Finding::new(Status::Fail, "it holds tenants' rows through a foreign key, is granted to clients, and no policy covers it: nobody can use it")
            .at(Severity::Warning)
    } else {
        Finding::new(
            Status::Fail,
            "it holds tenants' rows through a foreign key, and nothing protects them from other tenants",
        )
    };
    let commands = [Command::Select, Command::Insert, Command::Update, Command::Delete];
    let fix = fix::policies(scene, table, &commands).unwrap_or_else(|| fix::revoked(scene, table));
    Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding).with_fix(fix)
}

fn tries(scene: &Scene<'_>, table: &Table, intent: &TableIntent, role: &str, clients: &[&Principal]) -> Vec<SqlProbe> {
    let row = scene.world.rows.get(&table.name).and_then(|rows| rows.stored.first());
    let fresh = scene.world.rows.get(&table.name).and_then(|rows| rows.fresh.first());
    let mut probes = Vec::new();
    let mut ask = |command: Command, shapes: Vec<Shape>, observe: Vec<String>| {
        if !intent.public.contains(&command) && !intent.shared.contains(&command) {
            let attempt = Attempt { table, topic: command.as_str(), attackers: clients, owners: &[], observe };
            probes.extend(attempt.probes(scene, &shapes));
        }
    };
    let read = Shape {
        name: "whole table",
        main: true,
        prepare: Vec::new(),
        act: Act::statement(format!("select count(*) from {}", table.name.quoted())),
        signal: Signal::Nonzero,
    };
    ask(Command::Select, vec![read], Vec::new());
    let state = vec![scene.whole_state(table)];
    let main = |shapes: Vec<Shape>| shapes.into_iter().filter(|shape| shape.main).collect::<Vec<_>>();
    if let Some(fresh) = fresh {
        let columns = insert_columns(scene, table, &fresh.values, role);
        ask(Command::Insert, main(inserts(table, &columns, &fresh.values, &fresh.prepare)), state.clone());
    }
    if let Some(row) = row {
        ask(Command::Update, main(updates(scene, table, row, role)), state.clone());
        ask(Command::Delete, main(deletes(scene, table, row)), state);
    }
    probes
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let shown = |part: Part| {
        case.probes
            .iter()
            .zip(outcomes)
            .enumerate()
            .filter(move |(_, (probe, outcome))| probe.part == part && probe.signal.shows(outcome))
            .map(|(index, _)| index)
    };
    let reached: Vec<usize> = shown(Part::Attack).collect();
    if let Some(first) = reached.first() {
        let mut commands: Vec<&str> =
            reached.iter().filter_map(|index| case.probes.get(*index)).map(|probe| probe.topic.as_str()).collect();
        commands.dedup();
        let who = case.probes.get(*first).map(|probe| probe.principal.name.clone()).unwrap_or_default();
        let name = &case.object.name;
        return Finding::new(
            Status::Unproven,
            format!("nothing ties this table to a tenant, and {who} can {}: say whose rows they are with `tenant_key`, `through` or `global = true` under `[tables.{name}]`", commands.join(", ")),
        )
        .observed(describe(outcomes.get(*first)))
        .shown_by([*first]);
    }
    match shown(Part::Service).next() {
        Some(service) => {
            Finding::new(Status::Pass, "nothing ties it to a tenant, and no client reaches it; the service role does")
                .shown_by([service])
        }
        None => Finding::new(Status::Unproven, "the control failed: no row of it could be made or read")
            .observed(describe(outcomes.first()))
            .shown_by((!case.probes.is_empty()).then_some(0)),
    }
}
