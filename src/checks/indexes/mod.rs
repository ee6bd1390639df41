//! Whether reads and deletes find what they look for by an index.

pub mod auth_call_per_row;
pub mod declared_missing;
pub mod duplicate;
mod expression;
pub mod invalid;
pub mod jsonb_without_gin;
pub mod redundant;
pub mod unindexed_foreign_key;
pub mod unindexed_policy_column;

use super::scene::{Scene, Subject, object_of, part_of};
use super::{Case, Finding};
use crate::catalog::{Index, RelationKind, Table, quote_identifier};
use crate::verdict::Status;

/// The table of `subject` whose indexes are judged.
fn table_of<'a>(subject: &Subject<'a>) -> Option<&'a Table> {
    match *subject {
        Subject::Table(table, _) | Subject::Partition(table, _) => Some(table),
        _ => None,
    }
}

/// The case of a partition whose indexes come from the partitioned table: they are judged there, once.
fn kept_by_parent(scene: &Scene<'_>, table: &Table, expected: &str) -> Option<Vec<Case>> {
    let parent = scene.catalog.table(table.parent.as_ref()?)?;
    let finding = Finding::new(
        Status::Pass,
        format!("a partition: its indexes come with those of {}, which are judged there", parent.name),
    );
    (parent.kind == RelationKind::Partitioned).then(|| vec![settled(table, expected, finding)])
}

fn settled(table: &Table, expected: &str, finding: Finding) -> Case {
    Case::settled(object_of(table), vec![table.name.to_string()], expected, finding)
}

/// What is wrong with a part of a table.
struct Fault {
    /// The column, columns or index.
    part: String,
    summary: String,
    fix: String,
}

/// A failing case for each fault; where there is none, one that passes.
fn cases(table: &Table, expected: &str, faults: Vec<Fault>, sound: &str) -> Vec<Case> {
    if faults.is_empty() {
        return vec![settled(table, expected, Finding::new(Status::Pass, sound))];
    }
    let case = |fault: Fault| {
        let finding = Finding::new(Status::Fail, fault.summary);
        Case::settled(part_of(table, fault.part), vec![table.name.to_string()], expected, finding).with_fix(fault.fix)
    };
    faults.into_iter().map(case).collect()
}

/// Whether rows are found by `index` where a value is given for each of `columns`: they are its first keys, in any order.
fn leads(index: &Index, columns: &[String]) -> bool {
    let first: Vec<&String> = index.columns.iter().take(columns.len()).flatten().collect();
    let ordered = index.method == "btree" || columns.len() == index.columns.len();
    index.valid
        && ordered
        && first.len() == columns.len()
        && columns.iter().all(|column| first.contains(&column))
        && index.predicate.as_deref().is_none_or(|predicate| leaves_out_nulls_alone(predicate, columns))
}

/// A comparison with a value finds no null, so an index without nulls serves it.
fn leaves_out_nulls_alone(predicate: &str, columns: &[String]) -> bool {
    columns.iter().any(|column| {
        let plain = format!("({column} IS NOT NULL)");
        let quoted = format!("({} IS NOT NULL)", quote_identifier(column));
        predicate == plain || predicate == quoted
    })
}

fn create_index(table: &Table, columns: &[String]) -> String {
    let names: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    format!("create index on {} ({});", table.name.quoted(), names.join(", "))
}

/// The statement that takes an index away; with the constraint that it backs, where there is one.
fn drop_index(table: &Table, index: &Index) -> String {
    let name = quote_identifier(&index.name);
    if index.constraint {
        format!("alter table {} drop constraint {name};", table.name.quoted())
    } else {
        format!("drop index {}.{name};", quote_identifier(&table.name.schema))
    }
}
