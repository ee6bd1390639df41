//! `schema/updated-at-not-maintained`: an UPDATE moves the column that says when the row last changed, whatever it says of it itself. An error
//! where the schema promises it: this table's trigger does not do it, or other tables have one and this lacks it.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of, part_of};
use super::super::statement::{Assignment, assignable, assignment, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use super::harness::{harness, one_row, probe};
use crate::catalog::{Column, Function, Table, Trigger, quote_identifier, quote_literal};
use crate::probe::{Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/updated-at-not-maintained",
        family: Family::Schema,
        severity: Severity::Error,
        title: "A change of a row moves its updated_at",
        help: "Synchronisation, caches and audits trust the column; where no trigger keeps it, it says when the row was made, or what the client wrote. Keep it by a trigger BEFORE UPDATE FOR EACH ROW that sets it to now().",
        example: example!("schema/updated-at-not-maintained"),
    },
    plan,
};

const EXPECTED: &str = "an update of another column moves it to the present";
const UNTOUCHED: &str = "update another column";
const IN_THE_PAST: &str = "update another column, and set it in the past";
/// No made row is as old, and the two differ.
const BEFORE: &str = "2001-02-03 04:05:06";
const GIVEN: &str = "2002-03-04 05:06:07";

/// Names of a column that says when its row last changed, in lower case and without underscores.
const NAMES: [&str; 14] = [
    "updatedat",
    "updatedon",
    "updated",
    "updatetime",
    "updatedtime",
    "modifiedat",
    "modifiedon",
    "modified",
    "lastmodified",
    "lastmodifiedat",
    "lastupdated",
    "lastupdatedat",
    "dateupdated",
    "datemodified",
];

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, _) = *subject else { return Vec::new() };
    if !scene.intent.is_own_schema(&table.name.schema) {
        return Vec::new();
    }
    let Some(column) = table.columns.iter().find(|column| is_kept(column)) else {
        let finding = Finding::new(Status::NotApplicable, "no column says when a row last changed");
        return vec![Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding)];
    };
    let promise = promise(scene, table, column);
    let probes = match &promise {
        Promise::Application => Vec::new(),
        _ => probes(scene, table, column),
    };
    vec![Case {
        object: part_of(table, &column.name),
        tables: vec![table.name.to_string()],
        expected: EXPECTED.to_owned(),
        fix: Some(fix(table, column, &promise)),
        judge: Judge::Own(match promise {
            Promise::Trigger(_) => judge_trigger,
            Promise::Elsewhere(_) => judge_elsewhere,
            Promise::Default => judge_default,
            Promise::Application => judge_application,
        }),
        probes,
    }]
}

fn is_kept(column: &Column) -> bool {
    let name = column.name.to_lowercase().replace('_', "");
    let moment = matches!(column.data_type.unwrapped().name.as_str(), "timestamptz" | "timestamp");
    moment && NAMES.contains(&name.as_str()) && column.is_writable()
}

/// Who says that the database keeps the column.
enum Promise<'a> {
    /// A trigger of the table that speaks of it.
    Trigger(&'a Trigger),
    /// A trigger of another table that speaks of its column of this name.
    Elsewhere(&'a Trigger),
    /// Its default alone: it is set when the row is made.
    Default,
    /// Nobody: it comes with each statement, as object-relational mappers do.
    Application,
}

fn promise<'a>(scene: &Scene<'a>, table: &'a Table, column: &Column) -> Promise<'a> {
    if let Some(trigger) = keeper(scene, table, &column.name) {
        return Promise::Trigger(trigger);
    }
    let elsewhere = scene
        .catalog
        .tables
        .iter()
        .filter(|other| other.name != table.name && other.name.schema == table.name.schema)
        .filter(|other| other.holds_rows() && other.column(&column.name).is_some())
        .find_map(|other| keeper(scene, other, &column.name));
    match (elsewhere, &column.default) {
        (Some(trigger), _) => Promise::Elsewhere(trigger),
        (None, Some(_)) => Promise::Default,
        (None, None) => Promise::Application,
    }
}

/// The trigger that is there to keep the column: it takes its name as an argument, as `moddatetime` does, or its function assigns it.
fn keeper<'a>(scene: &Scene<'a>, table: &'a Table, column: &str) -> Option<&'a Trigger> {
    let assigned = |trigger: &Trigger| {
        let of = |function: &&Function| function.is_trigger && function.name == trigger.function;
        scene.catalog.functions.iter().find(of).is_some_and(|function| assigns(&function.source, column))
    };
    let argument = format!("({})", quote_literal(column));
    let speaks =
        |trigger: &&Trigger| trigger.on_update && (trigger.definition.contains(&argument) || assigned(trigger));
    table.triggers.iter().find(speaks)
}

/// Whether a body assigns `column` of NEW, and does not only read it.
fn assigns(source: &str, column: &str) -> bool {
    let source = source.to_lowercase().replace('"', "");
    let field = format!("new.{}", column.to_lowercase());
    source.match_indices(&field).any(|(index, _)| {
        let after = source.get(index + field.len()..).unwrap_or_default().trim_start();
        let before = source.get(..index).unwrap_or_default().trim_end();
        let word = before.rsplit(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
        let compared = ["if", "elsif", "when", "and", "or", "not", "where"].contains(&word) || before.ends_with('(');
        after.starts_with(":=") || (after.starts_with('=') && !compared) || word == "into"
    })
}

fn probes(scene: &Scene<'_>, table: &Table, column: &Column) -> Vec<SqlProbe> {
    let row = one_row(scene, table);
    let made = scene.world.rows.get(&table.name).and_then(|rows| rows.stored.first());
    let others = others(scene, table, column, made);
    let quoted = quote_identifier(&column.name);
    let prepare = without_triggers(vec![format!(
        "update {} as t set {} where {row}",
        table.name.quoted(),
        assignment(&column.name, BEFORE)
    )]);
    // The row that was put into the past is the one to watch: no other is as old.
    let observe = format!(
        "select count(*) filter (where t.{quoted} = '{BEFORE}'), count(*) filter (where t.{quoted} = '{GIVEN}') from {} as t",
        table.name.quoted()
    );
    let target = format!("t.{quoted} = '{BEFORE}'");
    let update = |who: &Principal, topic: &str, other: &str, set: String| SqlProbe {
        prepare: prepare.clone(),
        observe: vec![observe.clone()],
        signal: Signal::Affected,
        ..probe(
            Part::Attack,
            topic,
            other,
            who,
            format!("update {} as t set {set} where {target}", table.name.quoted()),
        )
    };
    let mut probes = Vec::new();
    for (place, who) in updaters(scene, table).iter().enumerate() {
        // The harness tries everything; the others are asked whether they get through at all.
        for other in others.iter().take(if place == 0 { 2 } else { 1 }) {
            probes.push(update(who, UNTOUCHED, other, other.clone()));
            if place == 0 {
                let given = format!("{other}, {}", assignment(&column.name, GIVEN));
                probes.push(update(who, IN_THE_PAST, other, given));
            }
        }
    }
    probes
}

/// Who might get an update through: triggers may ask who it is.
fn updaters(scene: &Scene<'_>, table: &Table) -> Vec<Principal> {
    let mut updaters = vec![harness(scene)];
    updaters.extend(scene.service().filter(|service| !service.role.is_empty()).cloned());
    updaters.extend(scene.owners(&table.name, super::super::scene::VICTIM).first().map(|owner| (*owner).clone()));
    updaters
}

/// Assignments of other columns; where there is none but keys, one that changes nothing.
fn others(scene: &Scene<'_>, table: &Table, column: &Column, row: Option<&StoredRow>) -> Vec<String> {
    let is_other = |candidate: &Assignment| candidate.column != column.name;
    let candidates: Vec<Assignment> = row.map(|row| assignable(scene, table, row, "")).unwrap_or_default();
    let mut others: Vec<String> = candidates
        .iter()
        .filter(|candidate| is_other(candidate) && !table.column(&candidate.column).is_some_and(is_kept))
        .take(2)
        .map(|candidate| assignment(&candidate.column, &candidate.value))
        .collect();
    if others.is_empty() {
        let any = table.columns.iter().find(|other| other.name != column.name && other.is_writable());
        others.extend(any.map(|other| format!("{0} = t.{0}", quote_identifier(&other.name))));
    }
    others
}

fn fix(table: &Table, column: &Column, promise: &Promise<'_>) -> String {
    match promise {
        Promise::Trigger(trigger) if !trigger.enabled => {
            format!("alter table {} enable trigger {};", table.name.quoted(), quote_identifier(&trigger.name))
        }
        Promise::Elsewhere(trigger) => {
            let arguments =
                trigger.definition.rsplit_once('(').map_or("", |(_, arguments)| arguments.trim_end_matches(')'));
            format!(
                "create trigger {} before update on {} for each row execute function {}({arguments});",
                quote_identifier(&format!("{}_{}", table.name.name, column.name)),
                table.name.quoted(),
                trigger.function.quoted()
            )
        }
        Promise::Trigger(_) | Promise::Default | Promise::Application => {
            let function =
                crate::catalog::QualifiedName::new(&table.name.schema, format!("set_{}", column.name)).quoted();
            format!(
                "create or replace function {function}() returns trigger language plpgsql set search_path = '' as \
                 $$ begin new.{quoted} := now(); return new; end $$;\n\
                 create trigger {} before update on {} for each row execute function {function}();",
                quote_identifier(&format!("{}_{}", table.name.name, column.name)),
                table.name.quoted(),
                quoted = quote_identifier(&column.name),
            )
        }
    }
}

fn judge_application(_: &Case, _: &[Outcome]) -> Finding {
    Finding::new(
        Status::NotApplicable,
        "no default and no trigger claims to keep it: whoever writes sets it, as object-relational mappers do",
    )
}

fn judge_trigger(case: &Case, outcomes: &[Outcome]) -> Finding {
    judge(case, outcomes, "its trigger does not move it", None)
}

fn judge_elsewhere(case: &Case, outcomes: &[Outcome]) -> Finding {
    judge(case, outcomes, "nothing moves it, though other tables have a trigger that does", None)
}

fn judge_default(case: &Case, outcomes: &[Outcome]) -> Finding {
    judge(
        case,
        outcomes,
        "nothing moves it: its default says when the row was made, and no table of the schema has a trigger for it",
        Some(Severity::Warning),
    )
}

fn judge(case: &Case, outcomes: &[Outcome], failure: &str, severity: Option<Severity>) -> Finding {
    let graded = |finding: Finding| match severity {
        Some(severity) => finding.at(severity),
        None => finding,
    };
    let went_through = |topic: &'static str| {
        case.probes
            .iter()
            .zip(outcomes)
            .enumerate()
            .filter(move |(_, (probe, outcome))| probe.topic == topic && probe.signal.shows(outcome))
    };
    let untouched: Vec<usize> = went_through(UNTOUCHED).map(|(index, _)| index).collect();
    let given: Vec<usize> = went_through(IN_THE_PAST).map(|(index, _)| index).collect();
    let moved = |index: &usize| outcomes.get(*index).is_some_and(is_moved);
    if let Some(index) = untouched.iter().find(|index| moved(index)) {
        let forged = given.iter().find(|index| !moved(index));
        return Finding::new(
            Status::Pass,
            if forged.is_some() {
                "an update of another column moves it; a value that comes with the update is kept"
            } else {
                "an update of another column moves it, whatever value comes with the update"
            },
        )
        .shown_by([*index].into_iter().chain(forged.copied()));
    }
    if let Some(index) = given.iter().find(|index| moved(index)) {
        return Finding::new(Status::Pass, "a value in the past comes back changed").shown_by([*index]);
    }
    if let Some(index) = untouched.first().or(given.first()) {
        return graded(Finding::new(Status::Fail, failure))
            .observed(describe(outcomes.get(*index)))
            .shown_by([*index].into_iter().chain(given.first().copied()));
    }
    let refused =
        outcomes.iter().position(|outcome| matches!(outcome, Outcome::Refused(refusal) if refusal.sqlstate == "P0001"));
    if let Some(index) = refused {
        return Finding::new(Status::NotApplicable, "a trigger refuses every update of a row")
            .observed(describe(outcomes.get(index)))
            .shown_by([index]);
    }
    let empty = outcomes.iter().all(|outcome| outcome.rows().is_some());
    let why = if empty { "the table holds no row" } else { "no update of a row went through" };
    Finding::new(Status::Unproven, format!("{why}, so what an update moves is not known"))
        .at(Severity::Warning)
        .observed(describe(outcomes.first()))
        .shown_by((!outcomes.is_empty()).then_some(0))
}

/// Whether the row that was in the past is there no more, nor where the update wanted it.
fn is_moved(outcome: &Outcome) -> bool {
    let Outcome::Completed { before, after, .. } = outcome else { return false };
    let first = |tables: &[crate::probe::Rows]| tables.first().and_then(|rows| rows.first()).cloned();
    let (Some(before), Some(after)) = (first(before), first(after)) else { return false };
    let [Some(in_the_past), Some(given)] = after.as_slice() else { return false };
    before != after && in_the_past == "0" && given == "0"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_read_is_not_kept() {
        assert!(assigns("begin NEW.\"updatedAt\" = now(); return new; end", "updatedAt"));
        assert!(assigns("begin new.updated_at := now(); end", "updated_at"));
        assert!(assigns("begin select now() into new.updated_at; end", "updated_at"));
        assert!(!assigns("begin if new.updated_at = old.updated_at then raise 'stale'; end if; end", "updated_at"));
        assert!(!assigns("begin new.updated_at_by = 1; end", "updated_at"));
    }
}
