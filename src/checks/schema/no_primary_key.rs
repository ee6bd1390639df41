//! `schema/no-primary-key`: every table has a primary key, so that each row can be told from every other.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::defect::{is_partitioned, keeps_history, not_applicable, settled};
use crate::catalog::{Index, Table, quote_identifier};
use crate::tenancy::names_migrations;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/no-primary-key",
        family: Family::Schema,
        severity: Severity::Error,
        title: "Every table has a primary key",
        help: "Without a key no statement can name one row: the same row is stored twice unnoticed, one of the two cannot be deleted, nothing can refer to it, and logical replication (Supabase Realtime too) refuses its updates and deletes. A log needs one as well: `id bigint generated always as identity primary key` costs eight bytes. A unique key over columns that are not null tells rows apart too, and is a warning only: declare it as the primary key.",
        example: example!("schema/no-primary-key"),
    },
    plan,
};

const EXPECTED: &str = "a primary key tells each row from every other";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let table = match *subject {
        Subject::Table(table, _) => table,
        // A partition has its parent's key, an inheritance child does not.
        Subject::Partition(table, _) if !is_partition(scene, table) => table,
        _ => return Vec::new(),
    };
    if table.primary_key.is_some() {
        return vec![settled(table, EXPECTED, Finding::new(Status::Pass, "it has a primary key"))];
    }
    if names_migrations(&table.name.name) {
        return not_applicable(table, EXPECTED, "it keeps the books of a migration tool, which makes it");
    }
    vec![settled(table, EXPECTED, finding(scene, table)).with_fix(fix(table))]
}

fn is_partition(scene: &Scene<'_>, table: &Table) -> bool {
    table.parent.as_ref().and_then(|parent| scene.catalog.table(parent)).is_some_and(is_partitioned)
}

fn finding(scene: &Scene<'_>, table: &Table) -> Finding {
    if let Some(columns) = candidate(table) {
        let summary = format!("no primary key, though ({}) is unique and not null", columns.join(", "));
        return Finding::new(Status::Fail, summary).at(Severity::Warning);
    }
    let mut partitions =
        scene.catalog.tables.iter().filter(|other| other.parent.as_ref() == Some(&table.name)).peekable();
    if is_partitioned(table) && partitions.peek().is_some() && partitions.all(|part| part.primary_key.is_some()) {
        let summary = "no primary key, though each of its partitions has one: the same key can stand in two";
        return Finding::new(Status::Fail, summary).at(Severity::Warning);
    }
    let nullable = table.indexes.iter().any(|index| index.unique && index.valid && index.predicate.is_none());
    let summary = match (nullable, keeps_history(table)) {
        (true, _) => "no primary key, and no unique key that is free of nulls: rows can be stored twice",
        (false, true) => {
            "no primary key: of two entries that read the same nobody can name one, and replication refuses it"
        }
        (false, false) => "no primary key: rows can be stored twice, and nothing names one of them",
    };
    Finding::new(Status::Fail, summary)
}

/// The columns of a whole unique index that are all not null.
fn candidate(table: &Table) -> Option<Vec<&str>> {
    let whole = |index: &&Index| index.unique && index.valid && index.predicate.is_none();
    table.indexes.iter().filter(whole).find_map(|index| {
        let columns: Option<Vec<&str>> = index.columns.iter().map(Option::as_deref).collect();
        columns.filter(|columns| {
            !columns.is_empty() && columns.iter().all(|name| table.column(name).is_some_and(|column| column.not_null))
        })
    })
}

fn fix(table: &Table) -> String {
    let name = table.name.quoted();
    if let Some(columns) = candidate(table) {
        let columns: Vec<String> = columns.into_iter().map(quote_identifier).collect();
        return format!("alter table {name} add primary key ({});", columns.join(", "));
    }
    match table.column("id") {
        Some(_) => format!("alter table {name} add primary key (id);"),
        None => format!("alter table {name} add column id bigint generated always as identity primary key;"),
    }
}
