//! `schema/json-not-jsonb`: documents are jsonb, not json.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, alter_column, is_type, of_columns};
use crate::catalog::{Column, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/json-not-jsonb",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Documents are jsonb",
        help: "`json` keeps the text as it came: it is parsed anew at each access, has no equality (`distinct`, `group by` and unique keys fail on it), and takes no GIN index. Use `jsonb`, unless the exact text matters (a signed payload): then `text` says so.",
        example: example!("schema/json-not-jsonb"),
    },
    plan,
};

const EXPECTED: &str = "every document is jsonb";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let concerns = |column: &Column| column.data_type.is_json();
    of_columns(subject, EXPECTED, "each document is jsonb", concerns, look)
}

fn look(table: &Table, column: &Column) -> Option<Defect> {
    is_type(column, "json").then(|| {
        let name = quote_identifier(&column.name);
        let fix = alter_column(table, &column.name, &format!("type jsonb using {name}::jsonb"));
        Defect::new(&column.name, format!("{} is json, which has no equality and no index", column.name), fix)
    })
}
