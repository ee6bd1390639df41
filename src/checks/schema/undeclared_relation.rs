//! `schema/undeclared-relation`: the exposed schemas hold the tables and views that `relations` in seaworthy.toml lists, and no other.

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use crate::catalog::{QualifiedName, RelationKind, Table};
use crate::tenancy::names_migrations;
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/undeclared-relation",
        family: Family::Schema,
        severity: Severity::Error,
        title: "The exposed schemas hold what was declared",
        help: "What lies in an exposed schema is part of the interface: a table that a migration left over, a copy that somebody made in a console, a view for one report. List what is meant to be there at the top of seaworthy.toml, `relations = [\"orders\", \"public.order_totals\"]`; a table or view that is not listed then fails, until somebody has looked at it and lists or drops it, and so does one that is listed and not there. Partitions go with their parent. Without the list nothing is asked.",
        example: example!("schema/undeclared-relation", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "the exposed schemas hold the relations that are listed, and no other";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    match (*subject, &scene.intent.relations) {
        (Subject::Database, None) => {
            let why = "nothing is declared: `relations` at the top of seaworthy.toml would";
            let object =
                ObjectRef { kind: ObjectKind::Database, schema: String::new(), name: "database".to_owned(), sub: None };
            vec![Case::settled(object, Vec::new(), EXPECTED, Finding::new(Status::NotApplicable, why))]
        }
        (Subject::Database, Some(relations)) => {
            relations.iter().filter(|name| scene.catalog.table(name).is_none()).map(missing).collect()
        }
        (Subject::Table(table, _) | Subject::View(table), Some(relations)) => {
            vec![case(table, relations.contains(&table.name))]
        }
        _ => Vec::new(),
    }
}

fn case(table: &Table, listed: bool) -> Case {
    let (finding, fix) = if listed {
        (Finding::new(Status::Pass, "it is listed"), None)
    } else if names_migrations(&table.name.name) {
        (Finding::new(Status::NotApplicable, "it keeps the books of a migration tool"), None)
    } else {
        let kind = match table.kind {
            RelationKind::View => "view",
            RelationKind::MaterializedView => "materialized view",
            RelationKind::Foreign => "foreign table",
            RelationKind::Table | RelationKind::Partitioned => "table",
        };
        let fix = format!("drop {kind} {}; -- or list it under `relations`", table.name.quoted());
        (Finding::new(Status::Fail, format!("the {kind} is not listed under `relations`")), Some(fix))
    };
    let case = Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding);
    match fix {
        Some(fix) => case.with_fix(fix),
        None => case,
    }
}

fn missing(name: &QualifiedName) -> Case {
    let object = ObjectRef { kind: ObjectKind::Table, schema: name.schema.clone(), name: name.name.clone(), sub: None };
    let finding = Finding::new(Status::Fail, "it is listed under `relations`, and is not there");
    Case::settled(object, Vec::new(), EXPECTED, finding)
        .with_fix(format!("-- create {name}, or take it off the list in seaworthy.toml"))
}
