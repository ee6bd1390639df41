//! `schema/json-shape-unchecked`: a document that begins as a list or an object stays one.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, cases, designed, guards};
use crate::catalog::{Column, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/json-shape-unchecked",
        family: Family::Schema,
        severity: Severity::Info,
        title: "A list stays a list and an object an object",
        help: "A jsonb column that defaults to `[]` or `{}` says what it holds, and takes a number or a text all the same. Code that loops over it breaks at the row of whoever wrote one. Add `check (jsonb_typeof(tags) = 'array')`.",
        example: example!("schema/json-shape-unchecked"),
    },
    plan,
};

const EXPECTED: &str = "a CHECK keeps the document to the shape that its default has";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    let shaped: Vec<(&Column, &str)> =
        table.columns.iter().filter_map(|column| Some((column, shape(column)?))).collect();
    if shaped.is_empty() {
        return Vec::new();
    }
    let defects = shaped.into_iter().filter(|(column, _)| !is_kept(scene, table, column)).map(|(column, shape)| {
        let name = quote_identifier(&column.name);
        Defect::new(
            &column.name,
            format!("{} is an {shape} by default, and nothing keeps it one", column.name),
            format!("alter table {} add check (jsonb_typeof({name}) = '{shape}');", table.name.quoted()),
        )
    });
    cases(table, EXPECTED, defects.collect(), "each such document is kept to its shape")
}

/// What a jsonb column's default is.
fn shape(column: &Column) -> Option<&'static str> {
    if column.data_type.unwrapped().name != "jsonb" {
        return None;
    }
    let default = column.default.as_deref()?.trim_start_matches('\'');
    match default.trim_start().chars().next()? {
        '[' => Some("array"),
        '{' => Some("object"),
        _ => None,
    }
}

fn is_kept(scene: &Scene<'_>, table: &Table, column: &Column) -> bool {
    table.checks.iter().any(|check| check.columns.contains(&column.name))
        || guards(scene, table, &column.name).next().is_some()
}
