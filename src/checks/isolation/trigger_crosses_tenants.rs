//! `isolation/trigger-crosses-tenants`: a write by another tenant's user, on its own rows, changes no row of the victim's anywhere through
//! a trigger, and copies nothing where the victim reads it.

use super::super::judge::describe;
use super::super::scene::{ATTACKER, Scene, Subject, VACANT, VICTIM, part_of};
use super::super::statement::{Attempt, Shape, deletes, insert_columns, inserts, updates};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{Table, Trigger, quote_identifier};
use crate::probe::{Act, Needles, Outcome, Part, Signal, SqlProbe, Step};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/trigger-crosses-tenants",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No trigger carries one tenant's write to another",
        help: "A trigger, often SECURITY DEFINER, changes or copies rows without regard to whose they are: counters of every tenant, an audit or outbox table that all can read. Filter by the tenant of NEW or OLD, and give the table that is written row security of its own.",
        example: example!("isolation/trigger-crosses-tenants"),
    },
    plan,
};

const EXPECTED: &str = "the write changes nothing of another tenant's, and is not copied to where another tenant reads";
/// Above this many tables, the harness watches those that the triggers name.
const WATCH_ALL: usize = 48;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || scene.member_role().is_none() {
        return Vec::new();
    }
    let source = source(scene, target.table);
    if source.is_empty() {
        return Vec::new();
    }
    let touched: Vec<&Table> =
        scene.other_tied(&target.table.name).filter(|table| source.contains(&table.name.name.to_lowercase())).collect();
    let all: Vec<&Table> = scene.other_tied(&target.table.name).collect();
    let watched = if all.len() <= WATCH_ALL { all } else { touched };
    let mut states: Vec<String> = watched.iter().filter_map(|table| scene.state(table, VICTIM)).collect();
    states.extend(scene.state(target.table, VICTIM));
    let observe = vec![states.join(" union all ")];
    let owners = scene.owners(&target.table.name, ATTACKER);
    let writes = writes(scene, &target);
    let mut cases = vec![changes(scene, &target, &writes, &owners, &observe)];
    cases.extend(copies(scene, &target, &writes, &owners, &source));
    cases
}

/// What the enabled triggers of the table run, in lower case; empty where there are none.
fn source(scene: &Scene<'_>, table: &Table) -> String {
    let runs = |trigger: &&Trigger| trigger.enabled;
    let functions = table.triggers.iter().filter(runs).filter_map(|trigger| {
        scene.catalog.functions.iter().find(|function| function.is_trigger && function.name == trigger.function)
    });
    functions.map(|function| scene.reachable_source(function)).collect::<Vec<_>>().join("\n")
}

/// The attacker's writes of its own rows.
fn writes(scene: &Scene<'_>, target: &TenantTable<'_>) -> Vec<(&'static str, Shape)> {
    let role = scene.member_role().unwrap_or_default();
    let mut writes = Vec::new();
    if let Some(row) = target.own_row {
        let by_id = |shapes: Vec<Shape>| shapes.into_iter().find(|shape| shape.name == "by id");
        writes.extend(by_id(updates(scene, target.table, row, role)).map(|shape| ("update", shape)));
        writes.extend(by_id(deletes(scene, target.table, row)).map(|shape| ("delete", shape)));
    }
    let fresh = [ATTACKER, VACANT].into_iter().find_map(|tenant| scene.fresh(&target.table.name, tenant));
    if let Some(fresh) = fresh {
        let columns = insert_columns(scene, target.table, &fresh.values, role);
        writes.extend(
            inserts(target.table, &columns, &fresh.values, &fresh.prepare)
                .into_iter()
                .next()
                .map(|shape| ("insert", shape)),
        );
    }
    writes
}

fn changes(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    writes: &[(&'static str, Shape)],
    owners: &[&Principal],
    observe: &[String],
) -> Case {
    let mut probes = Vec::new();
    for (topic, shape) in writes {
        let attempt = Attempt { table: target.table, topic, attackers: &[], owners: &[], observe: observe.to_vec() };
        let make = |part: Part, principal: &Principal, signal: Signal| {
            let mut probe = attempt.probe(part, principal, shape);
            probe.signal = signal;
            probe
        };
        for owner in owners.iter().take(2) {
            probes.push(make(Part::Attack, owner, Signal::Change));
            probes.push(make(Part::Control, owner, Signal::Affected));
        }
        if let Some(service) = scene.service() {
            probes.push(make(Part::Attack, service, Signal::Change));
            probes.push(make(Part::Service, service, Signal::Affected));
        }
    }
    Case {
        object: part_of(target.table, "changes"),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge_changes),
        fix: disabled(target.table),
    }
}

fn judge_changes(case: &Case, outcomes: &[Outcome]) -> Finding {
    let find = |part: Part| {
        case.probes.iter().zip(outcomes).position(|(probe, outcome)| probe.part == part && probe.signal.shows(outcome))
    };
    if let Some(breach) = find(Part::Attack) {
        let topic = case.probes.get(breach).map(|probe| probe.topic.clone()).unwrap_or_default();
        return Finding::new(Status::Fail, format!("an {topic} of one tenant's own row changes rows of another's"))
            .observed(describe(outcomes.get(breach)))
            .shown_by([breach]);
    }
    match (find(Part::Control), find(Part::Service)) {
        (Some(control), _) => {
            Finding::new(Status::Pass, "a tenant's own writes go through and change nothing of another's")
                .shown_by([control])
        }
        (None, Some(service)) => Finding::new(
            Status::Pass,
            "no client can write the table; the service role's writes change nothing of another tenant's",
        )
        .shown_by([service]),
        (None, None) => {
            Finding::new(Status::Unproven, "the control failed: no write that fires the triggers goes through")
                .observed(describe(outcomes.first()))
                .shown_by((!case.probes.is_empty()).then_some(0))
        }
    }
}

/// The attacker writes, then the victim reads each table that the triggers write: it must not find the attacker's canaries.
fn copies(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    writes: &[(&'static str, Shape)],
    owners: &[&Principal],
    source: &str,
) -> Option<Case> {
    let attacker = owners.first()?;
    let own = target.own_row?;
    let needles = Needles {
        contained: own
            .canaries
            .iter()
            .cloned()
            .chain(own.values.get(target.table.key_columns().first()?)?.clone().filter(|key| key.len() >= 16))
            .collect(),
        whole: Vec::new(),
    };
    if needles.is_empty() {
        return None;
    }
    let written = |table: &&Table| {
        table.holds_rows() && table.name != target.table.name && writes_into(source, &table.name.name.to_lowercase())
    };
    let sinks: Vec<&Table> =
        scene.catalog.tables.iter().filter(written).filter(|table| scene.intent.table(&table.name).is_some()).collect();
    let reader = *target.owners.first()?;
    let mut probes = Vec::new();
    for sink in sinks {
        for (topic, shape) in writes.iter().filter(|(topic, _)| *topic != "insert") {
            let Act::Statements(statements) = &shape.act else { continue };
            let Some(statement) = statements.first() else { continue };
            for (part, reader) in [(Part::Attack, Some(reader)), (Part::Service, scene.service())] {
                let Some(reader) = reader else { continue };
                probes.push(SqlProbe {
                    part,
                    topic: format!("{topic}, then read {}", sink.name),
                    shape: "whole table".to_owned(),
                    principal: reader.clone(),
                    prepare: Vec::new(),
                    earlier: vec![Step { principal: (*attacker).clone(), statement: statement.clone() }],
                    act: Act::statement(format!("select * from {} limit 4000", sink.name.quoted())),
                    observe: Vec::new(),
                    signal: Signal::Rows(needles.clone()),
                });
            }
        }
    }
    (!probes.is_empty()).then(|| Case {
        object: part_of(target.table, "copies"),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge_copies),
        fix: disabled(target.table),
    })
}

fn writes_into(source: &str, table: &str) -> bool {
    source.match_indices(table).any(|(index, _)| {
        let before = source.get(..index).unwrap_or_default().trim_end_matches(['"', '.']);
        let before = before.trim_end_matches("public").trim_end_matches(['"', '.']).trim_end();
        before.ends_with("into") || before.ends_with("update")
    })
}

fn judge_copies(case: &Case, outcomes: &[Outcome]) -> Finding {
    let find = |part: Part| {
        case.probes.iter().zip(outcomes).position(|(probe, outcome)| probe.part == part && probe.signal.shows(outcome))
    };
    match (find(Part::Attack), find(Part::Service)) {
        (Some(breach), service) => {
            let topic = case.probes.get(breach).map(|probe| probe.topic.clone()).unwrap_or_default();
            Finding::new(Status::Fail, format!("a copy of one tenant's row is read by another: {topic}"))
                .observed(describe(outcomes.get(breach)))
                .shown_by(std::iter::once(breach).chain(service))
        }
        (None, Some(service)) => {
            Finding::new(Status::Pass, "what the triggers copy, the other tenant does not see").shown_by([service])
        }
        (None, None) => Finding::new(Status::NotApplicable, "the triggers copy nothing that identifies a row"),
    }
}

/// Until its function keeps to the tenant of the row that fired it.
fn disabled(table: &Table) -> Option<String> {
    let name = table.name.quoted();
    let triggers: Vec<String> = table
        .triggers
        .iter()
        .filter(|trigger| trigger.enabled)
        .map(|trigger| format!("alter table {name} disable trigger {};", quote_identifier(&trigger.name)))
        .collect();
    (!triggers.is_empty())
        .then(|| format!("-- until its function keeps to the row's own tenant\n{}", triggers.join("\n")))
}
