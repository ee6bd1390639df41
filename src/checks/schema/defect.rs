//! What the checks of this family share: a case for each defect of a table, or one that says that there is none.

use super::super::scene::{Scene, Subject, object_of, part_of};
use super::super::{Case, Finding};
use crate::catalog::{Column, RelationKind, Table, Trigger, quote_identifier};
use crate::tenancy::{TableIntent, Tie, names_migrations, table_words};
use crate::verdict::Status;

/// One thing wrong with a part of a table.
pub(super) struct Defect {
    /// The part: a column, a constraint, a trigger.
    pub(super) part: String,
    /// What is wrong.
    pub(super) finding: Finding,
    /// What mends it, in SQL.
    pub(super) fix: String,
}

impl Defect {
    /// A failure of a part.
    pub(super) fn new(part: &str, summary: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { part: part.to_owned(), finding: Finding::new(Status::Fail, summary), fix: fix.into() }
    }
}

/// A case for each defect; where there is none, one for the table that says so.
pub(super) fn cases(table: &Table, expected: &str, defects: Vec<Defect>, clean: &str) -> Vec<Case> {
    if defects.is_empty() {
        return vec![settled(table, expected, Finding::new(Status::Pass, clean))];
    }
    defects
        .into_iter()
        .map(|defect| {
            let object = part_of(table, defect.part);
            Case::settled(object, vec![table.name.to_string()], expected, defect.finding).with_fix(defect.fix)
        })
        .collect()
}

/// A case about the whole table that needs no probe.
pub(super) fn settled(table: &Table, expected: &str, finding: Finding) -> Case {
    Case::settled(object_of(table), vec![table.name.to_string()], expected, finding)
}

/// The case where the question does not arise.
pub(super) fn not_applicable(table: &Table, expected: &str, why: impl Into<String>) -> Vec<Case> {
    vec![settled(table, expected, Finding::new(Status::NotApplicable, why))]
}

/// A table that the project designed: not a partition, whose columns are its parent's, and not the books of a migration tool.
pub(super) fn designed<'a>(subject: &Subject<'a>) -> Option<(&'a Table, &'a TableIntent)> {
    match *subject {
        Subject::Table(table, intent) if !names_migrations(&table.name.name) => Some((table, intent)),
        _ => None,
    }
}

/// A defect for each column of a table that the project designed, as `look` finds it. No case where `concerns` holds for no column.
pub(super) fn of_columns(
    subject: &Subject<'_>,
    expected: &str,
    clean: &str,
    concerns: impl Fn(&Column) -> bool,
    look: impl Fn(&Table, &Column) -> Option<Defect>,
) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    if !table.columns.iter().any(concerns) {
        return Vec::new();
    }
    let defects = table.columns.iter().filter_map(|column| look(table, column)).collect();
    cases(table, expected, defects, clean)
}

/// Whether a column's values are of this type of Postgres, by its short name, domains seen through.
pub(super) fn is_type(column: &Column, name: &str) -> bool {
    column.data_type.unwrapped().name == name
}

/// `alter table … alter column … change;`.
pub(super) fn alter_column(table: &Table, column: &str, change: &str) -> String {
    format!("alter table {} alter column {} {change};", table.name.quoted(), quote_identifier(column))
}

/// Whether a table joins others and says nothing itself: every column refers to something, but for a key of its own and the times.
pub(super) fn is_pure_join(table: &Table) -> bool {
    let referring = |name: &String| table.foreign_keys.iter().any(|key| key.columns.contains(name));
    let own_key = |name: &String| table.key_columns() == [name.clone()];
    let is_time = |column: &Column| matches!(column.data_type.unwrapped().name.as_str(), "timestamp" | "timestamptz");
    table.foreign_keys.len() > 1
        && table.columns.iter().all(|column| referring(&column.name) || own_key(&column.name) || is_time(column))
}

/// Whether a table's name says that it keeps what happened, which outlives what it happened to.
pub(super) fn keeps_history(table: &Table) -> bool {
    const HISTORY: [&str; 13] = [
        "audit",
        "log",
        "history",
        "event",
        "archive",
        "trail",
        "activity",
        "snapshot",
        "outbox",
        "journal",
        "deleted",
        "tombstone",
        "analytics",
    ];
    table_words(&table.name.name).iter().any(|word| HISTORY.contains(&word.as_str()))
}

/// Whether the rows are the same for every tenant.
pub(super) fn is_reference_data(intent: &TableIntent) -> bool {
    intent.tie.value == Tie::Global
}

/// What the triggers that fire before rows of a table are written, and speak of this column, do: their source in lower case.
pub(super) fn guards<'a>(
    scene: &Scene<'a>,
    table: &'a Table,
    column: &str,
) -> impl Iterator<Item = (&'a Trigger, String)> + use<'a> {
    let (functions, column) = (&scene.catalog.functions, column.to_lowercase());
    table
        .triggers
        .iter()
        .filter(|trigger| trigger.enabled && trigger.before)
        .filter_map(move |trigger| {
            let function = functions.iter().find(|function| function.name == trigger.function)?;
            Some((trigger, function.source.to_lowercase()))
        })
        .filter(move |(_, source)| source.contains(&column))
}

/// Whether a table is cut into partitions (an inheritance parent is not).
pub(super) fn is_partitioned(table: &Table) -> bool {
    table.kind == RelationKind::Partitioned
}
