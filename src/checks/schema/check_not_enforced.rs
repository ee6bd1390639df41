//! `schema/check-not-enforced`: what a CHECK forbids is refused and what it allows is not: a value on each side of each bound, each listed
//! value and one other, tried on a stored row; and no stored row breaks it.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of, part_of};
use super::super::{Case, Check, Finding, Judge};
use super::harness::{harness, one_row, probe};
use super::rule::{Term, Value, read};
use super::sample::samples;
use crate::catalog::{Check as Constraint, Table, quote_identifier};
use crate::probe::{Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/check-not-enforced",
        family: Family::Schema,
        severity: Severity::Error,
        title: "What a CHECK forbids is refused",
        help: "A CHECK lets through what it seems to forbid. A null in its list, or as an alternative, makes it null for every other value, and null counts as met; NOT VALID leaves the rows that were there. Leave null out of the list (a nullable column takes null anyway), mend the rows, then VALIDATE CONSTRAINT.",
        example: example!("schema/check-not-enforced"),
    },
    plan,
};

const EXPECTED: &str = "what the rule forbids is refused by it, and what it allows is not";
const STORED: &str = "count the stored rows that break the rule";
const ALLOWED: &str = "store an allowed value";
const FORBIDDEN: &str = "store a forbidden value";
/// Columns of one rule that are tried.
const MOST_COLUMNS: usize = 4;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, _) = *subject else { return Vec::new() };
    if !scene.intent.is_own_schema(&table.name.schema) {
        return Vec::new();
    }
    if table.checks.is_empty() {
        let finding = Finding::new(Status::NotApplicable, "it has no CHECK");
        return vec![Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding)];
    }
    table.checks.iter().map(|constraint| case(scene, table, constraint)).collect()
}

fn case(scene: &Scene<'_>, table: &Table, constraint: &Constraint) -> Case {
    let harness = harness(scene);
    let mut probes = vec![SqlProbe {
        signal: Signal::Nonzero,
        ..probe(
            Part::Attack,
            STORED,
            "as the rows are",
            &harness,
            format!("select count(*) from {} where not ({})", table.name.quoted(), constraint.expression),
        )
    }];
    let rule = read(&constraint.expression);
    if let Some(rule) = &rule {
        probes.extend(tries(scene, table, constraint, rule, &harness));
    }
    let name = quote_identifier(&constraint.name);
    let fix = if constraint.validated {
        format!(
            "alter table {0} drop constraint {name}, add constraint {name} check (<the rule, without null in it>);",
            table.name.quoted()
        )
    } else {
        format!(
            "-- once the rows that break it are mended:\nalter table {} validate constraint {name};",
            table.name.quoted()
        )
    };
    Case {
        object: part_of(table, &constraint.name),
        tables: vec![table.name.to_string()],
        expected: if rule.is_some() { EXPECTED.to_owned() } else { "no stored row breaks it".to_owned() },
        probes,
        judge: Judge::Own(judge),
        fix: Some(fix),
    }
}

/// A probe for each value, with triggers off and without the other rules about the same columns, so that this rule answers.
fn tries(scene: &Scene<'_>, table: &Table, constraint: &Constraint, rule: &Term, harness: &Principal) -> Vec<SqlProbe> {
    let mut prepare = vec!["set local session_replication_role = replica".to_owned()];
    let others = table.checks.iter().filter(|other| {
        other.name != constraint.name && other.columns.iter().any(|column| constraint.columns.contains(column))
    });
    prepare.extend(others.map(|other| {
        format!("alter table {} drop constraint if exists {}", table.name.quoted(), quote_identifier(&other.name))
    }));
    let row = one_row(scene, table);
    let update = |part: Part, topic: &str, shape: String, column: &str, sql: &str| SqlProbe {
        prepare: prepare.clone(),
        signal: Signal::Affected,
        ..probe(
            part,
            topic,
            shape,
            harness,
            format!("update {} as t set {} = {sql} where {row}", table.name.quoted(), quote_identifier(column)),
        )
    };
    let mut probes = Vec::new();
    let columns = constraint.columns.iter().filter_map(|name| table.column(name)).filter(|column| column.is_writable());
    for column in columns.take(MOST_COLUMNS) {
        for sample in samples(rule, column) {
            let (part, topic) = match rule.allows(&column.name, &sample.value) {
                Some(true) => (Part::Control, ALLOWED),
                Some(false) => (Part::Attack, FORBIDDEN),
                None => continue,
            };
            // That null is let in, where it is, says nothing of the rule.
            if sample.value == Value::Null && part == Part::Control {
                continue;
            }
            let shape = format!("{} = {}", column.name, sample.label);
            probes.push(update(part, topic, shape, &column.name, &sample.sql));
        }
        if probes.iter().all(|probe| probe.part != Part::Control) {
            let itself = format!("t.{}", quote_identifier(&column.name));
            probes.push(update(Part::Control, ALLOWED, format!("{} as it is", column.name), &column.name, &itself));
        }
    }
    probes
}

/// What became of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It was stored.
    Stored,
    /// This rule refused it.
    Refused,
    /// Something else did: the column's type, NOT NULL, a unique key. The rule, which is looked at before keys, may have let it pass.
    RefusedElsewhere,
    /// The probe says nothing.
    Unknown,
}

fn fate(case: &Case, outcome: Option<&Outcome>) -> Fate {
    match outcome {
        Some(Outcome::Completed { affected, .. }) if *affected > 0 => Fate::Stored,
        Some(Outcome::Refused(refusal)) if refusal.sqlstate == "23514" && refusal.constraint == case.object.sub => {
            Fate::Refused
        }
        Some(Outcome::Refused(_)) => Fate::RefusedElsewhere,
        _ => Fate::Unknown,
    }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let of_topic = |topic: &'static str| {
        case.probes
            .iter()
            .enumerate()
            .filter(move |(_, probe)| probe.topic == topic)
            .map(|(index, probe)| (index, probe.shape.as_str(), fate(case, outcomes.get(index))))
    };
    if outcomes.first().is_some_and(|outcome| Signal::Nonzero.shows(outcome)) {
        return Finding::new(Status::Fail, "stored rows break it").observed(describe(outcomes.first())).shown_by([0]);
    }
    let control = of_topic(ALLOWED).find(|(_, _, fate)| matches!(fate, Fate::Stored | Fate::RefusedElsewhere));
    if let Some((index, shape, _)) = of_topic(FORBIDDEN).find(|(_, _, fate)| *fate == Fate::Stored) {
        return Finding::new(Status::Fail, format!("a value that it forbids is stored: {shape}"))
            .observed(describe(outcomes.get(index)))
            .shown_by(std::iter::once(index).chain(control.map(|(index, _, _)| index)));
    }
    if let Some((index, shape, _)) = of_topic(ALLOWED).find(|(_, _, fate)| *fate == Fate::Refused) {
        return Finding::new(Status::Fail, format!("a value that it allows is refused by it: {shape}"))
            .observed(describe(outcomes.get(index)))
            .shown_by([index]);
    }
    let refused: Vec<usize> =
        of_topic(FORBIDDEN).filter(|(_, _, fate)| *fate != Fate::Unknown).map(|(index, _, _)| index).collect();
    match (of_topic(FORBIDDEN).count(), control) {
        (0, _) => Finding::new(
            Status::NotApplicable,
            "no stored row breaks it; which values it forbids cannot be read off its expression (no list, bound or length of one column)",
        )
        .shown_by([0]),
        (_, Some((control, _, _))) if !refused.is_empty() => {
            let allowed = of_topic(ALLOWED).count();
            Finding::new(Status::Pass, "what it forbids is refused, and what it allows is not")
                .observed(format!("{} forbidden values refused, {allowed} allowed ones tried", refused.len()))
                .shown_by(refused.first().copied().into_iter().chain([control]))
        }
        _ => {
            let tried = of_topic(ALLOWED).chain(of_topic(FORBIDDEN)).next().map(|(index, _, _)| index);
            Finding::new(Status::Unproven, "no value could be tried on a stored row")
                .at(Severity::Info)
                .observed(describe(tried.and_then(|index| outcomes.get(index))))
                .shown_by(tried)
        }
    }
}
