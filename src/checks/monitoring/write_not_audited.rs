//! `monitoring/write-not-audited`: where the model says that writes are audited, each insert, update and delete leaves a row in the log.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VACANT, VICTIM, object_of};
use super::super::statement::{Attempt, Shape, deletes, insert_columns, inserts, updates};
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::Table;
use crate::probe::{Outcome, Part, Signal};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "monitoring/write-not-audited",
        family: Family::Monitoring,
        severity: Severity::Error,
        title: "Every write that should be audited leaves its row",
        help: "`audited` of `[tables.NAME]` says that writes leave a row in the log, and one went through without: afterwards nobody can say who did it. Write the row by an AFTER INSERT OR UPDATE OR DELETE trigger on the table, SECURITY DEFINER with a fixed search_path, so that no client has to be able to write the log.",
        example: example!("monitoring/write-not-audited", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "after each write the log has one more row";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    let Some(log) = &intent.audited else { return Vec::new() };
    let Some(server) = scene.server(table) else { return Vec::new() };
    let owners = scene.owners(&table.name, VICTIM);
    let mut probes = Vec::new();
    for (topic, shape) in writes(scene, table) {
        let observe = vec![format!("select count(*) from {}", log.quoted())];
        let attempt = Attempt { table, topic, attackers: &[], owners: &[], observe };
        let make = |part: Part, principal: &Principal| {
            let mut probe = attempt.probe(part, principal, &shape);
            probe.signal = Signal::Affected;
            probe
        };
        probes.extend(owners.iter().take(2).map(|owner| make(Part::Control, owner)));
        probes.push(make(Part::Service, &server));
    }
    vec![Case {
        object: object_of(table),
        tables: vec![table.name.to_string()],
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(format!(
            "-- write_audit_row() inserts what happened into {} and is SECURITY DEFINER with a fixed search_path\n\
             create trigger audit after insert or update or delete on {}\n  for each row execute function write_audit_row();",
            log.quoted(),
            table.name.quoted()
        )),
    }]
}

fn writes(scene: &Scene<'_>, table: &Table) -> Vec<(&'static str, Shape)> {
    let role = scene.member_role().unwrap_or_default();
    let rows = scene.world.rows.get(&table.name);
    let stored = scene.stored(&table.name, VICTIM).or_else(|| rows.and_then(|rows| rows.stored.first()));
    let mut writes = Vec::new();
    let fresh = [VICTIM, VACANT].into_iter().find_map(|tenant| scene.fresh(&table.name, tenant));
    if let Some(fresh) = fresh.or_else(|| rows.and_then(|rows| rows.fresh.first())) {
        let columns = insert_columns(scene, table, &fresh.values, role);
        let shapes = inserts(table, &columns, &fresh.values, &fresh.prepare);
        writes.extend(shapes.into_iter().next().map(|shape| ("insert", shape)));
    }
    if let Some(row) = stored {
        let by_id = |shapes: Vec<Shape>| shapes.into_iter().find(|shape| shape.name == "by id");
        writes.extend(by_id(updates(scene, table, row, role)).map(|shape| ("update", shape)));
        writes.extend(by_id(deletes(scene, table, row)).map(|shape| ("delete", shape)));
    }
    writes
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let done =
        || case.probes.iter().zip(outcomes).enumerate().filter(|(_, (probe, outcome))| probe.signal.shows(outcome));
    if let Some((place, (probe, outcome))) = done().find(|(_, (_, outcome))| !grew(outcome)) {
        let who = if probe.part == Part::Service { "trusted servers" } else { "the rightful owner" };
        return Finding::new(Status::Fail, format!("{} by {who} leaves no row in the log", article(&probe.topic)))
            .observed(describe(Some(outcome)))
            .shown_by([place]);
    }
    let places: Vec<usize> = done().map(|(place, _)| place).collect();
    if places.is_empty() {
        return Finding::new(
            Status::Unproven,
            "the control failed: no write to the table goes through; `values` of [tables.NAME] may help to make rows",
        )
        .observed(describe(outcomes.first()))
        .shown_by((!case.probes.is_empty()).then_some(0));
    }
    let mut topics: Vec<&str> =
        places.iter().filter_map(|place| case.probes.get(*place)).map(|probe| probe.topic.as_str()).collect();
    topics.dedup();
    Finding::new(Status::Pass, format!("a row is left by {}", topics.join(", "))).shown_by(places)
}

/// Whether the log has more rows than before.
fn grew(outcome: &Outcome) -> bool {
    let Outcome::Completed { before, after, .. } = outcome else { return false };
    let count =
        |tables: &[crate::probe::Rows]| -> Option<u64> { tables.first()?.first()?.first()?.as_deref()?.parse().ok() };
    count(before) < count(after)
}

fn article(topic: &str) -> String {
    if topic.starts_with(['i', 'u']) { format!("an {topic}") } else { format!("a {topic}") }
}
