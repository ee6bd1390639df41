//! `schema/cascade-differs-from-declared`: a foreign key does on delete what `on_delete` in seaworthy.toml says that it should.

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding};
use super::defect::{designed, not_applicable};
use crate::catalog::{ForeignKey, ReferentialAction, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/cascade-differs-from-declared",
        family: Family::Schema,
        severity: Severity::Error,
        title: "Deleting does what was declared",
        help: "What goes when a tenant, a user or a parent row goes is a decision about other people's data, and one word of the foreign key: CASCADE where rows were to stay loses them, its absence where they were to go makes erasure fail. Declare it under `[tables.NAME]` as `on_delete = { column = \"cascade\" }` (or \"restrict\", \"no action\", \"set null\", \"set default\"), and this fails where a migration says something else.",
        example: example!("schema/cascade-differs-from-declared", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "the foreign key does on delete what is declared";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = designed(subject) else { return Vec::new() };
    if table.foreign_keys.is_empty() && intent.on_delete.is_empty() {
        return Vec::new();
    }
    if intent.on_delete.is_empty() {
        return not_applicable(table, EXPECTED, "nothing is declared: `on_delete` under its `[tables.NAME]` would");
    }
    intent.on_delete.iter().map(|(columns, declared)| case(table, columns, *declared)).collect()
}

fn case(table: &Table, columns: &[String], declared: ReferentialAction) -> Case {
    let name = columns.join(", ");
    let expected = format!("a foreign key of {name} with on delete {}", declared.as_str());
    let found = key_of(table, columns);
    let finding = match found {
        None => Finding::new(Status::Fail, format!("no foreign key has the columns {name}: deleting does nothing")),
        Some(key) if same(key.on_delete, declared) => {
            Finding::new(Status::Pass, format!("on delete {}, as declared", key.on_delete.as_str()))
        }
        Some(key) => Finding::new(
            Status::Fail,
            format!("on delete {}, but {} is declared", key.on_delete.as_str(), declared.as_str()),
        ),
    };
    Case::settled(part_of(table, name), vec![table.name.to_string()], expected, finding)
        .with_fix(fix(table, found, columns, declared))
}

/// The foreign key of exactly these columns; else the only one that has them among others.
fn key_of<'a>(table: &'a Table, columns: &[String]) -> Option<&'a ForeignKey> {
    let holds = |key: &&ForeignKey| columns.iter().all(|column| key.columns.contains(column));
    let exact = table.foreign_keys.iter().find(|key| holds(key) && key.columns.len() == columns.len());
    let mut wider = table.foreign_keys.iter().filter(holds);
    exact.or_else(|| wider.next().filter(|_| wider.next().is_none()))
}

/// RESTRICT and NO ACTION both refuse; they differ in when.
fn same(found: ReferentialAction, declared: ReferentialAction) -> bool {
    let refuses = |action| matches!(action, ReferentialAction::NoAction | ReferentialAction::Restrict);
    found == declared || (refuses(found) && refuses(declared))
}

fn fix(table: &Table, found: Option<&ForeignKey>, columns: &[String], declared: ReferentialAction) -> String {
    let quoted = |names: &[String]| names.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ");
    let name = table.name.quoted();
    match found {
        None => format!(
            "alter table {name} add foreign key ({}) references <parent> on delete {};",
            quoted(columns),
            declared.as_str()
        ),
        Some(key) => format!(
            "alter table {name} drop constraint {}, add foreign key ({}) references {} ({}) on delete {};",
            quote_identifier(&key.name),
            quoted(&key.columns),
            key.referenced_table.quoted(),
            quoted(&key.referenced_columns),
            declared.as_str()
        ),
    }
}
