use std::collections::BTreeSet;

use super::super::super::scene::Scene;
use super::super::body::{Body, Relation};
use crate::catalog::{Function, Table};

/// Words that tell the tables of a trigger function apart, so that it need not fit each.
const TELLING_APART: [&str; 6] = ["tg_table_name", "tg_relname", "tg_relid", "tg_table_schema", "tg_argv", "tg_name"];

/// What the body names of tables and lacks there: columns that an INSERT or UPDATE gives, fields of NEW and OLD.
pub(super) fn missing(scene: &Scene<'_>, function: &Function, body: &Body, fired_by: &[&Table]) -> Vec<String> {
    if body.asks_what_is_there() {
        return Vec::new();
    }
    let mut missing = BTreeSet::new();
    for relation in body.relations() {
        let Some(table) = only_table(scene, &relation) else { continue };
        let absent = relation.columns.iter().filter(|column| !has(table, column));
        missing.extend(absent.map(|column| format!("column {column} of {}", table.name)));
    }
    missing.extend(missing_fields(function, body, fired_by));
    missing.into_iter().collect()
}

/// Whether the body asks which table it was fired by.
pub(super) fn tells_tables_apart(body: &Body) -> bool {
    let words = body.words();
    TELLING_APART.iter().any(|word| words.contains(word))
}

fn has(table: &Table, column: &str) -> bool {
    table.columns.iter().any(|candidate| candidate.name.to_lowercase() == column)
}

fn missing_fields(function: &Function, body: &Body, fired_by: &[&Table]) -> Vec<String> {
    if function.returns != "trigger" || fired_by.is_empty() {
        return Vec::new();
    }
    let told_apart = tells_tables_apart(body);
    let by_row = |table: &&&Table| {
        table.triggers.iter().any(|trigger| trigger.function == function.name && trigger.for_each_row)
    };
    let tables: Vec<&Table> = fired_by.iter().filter(by_row).copied().collect();
    let mut missing = Vec::new();
    for field in body.fields() {
        let lacking: Vec<&&Table> = tables.iter().filter(|table| !has(table, field)).collect();
        let lacks = if told_apart { lacking.len() == tables.len() } else { !lacking.is_empty() };
        if lacks && !lacking.is_empty() {
            let names: Vec<String> = lacking.iter().map(|table| table.name.to_string()).collect();
            missing.push(format!("field {field} of NEW or OLD, which {} lacks", names.join(", ")));
        }
    }
    missing
}

/// The system's table that a name can only mean.
fn only_table<'a>(scene: &Scene<'a>, relation: &Relation) -> Option<&'a Table> {
    let mut meant = scene.catalog.tables.iter().filter(|table| {
        table.name.name.to_lowercase() == relation.name
            && relation.schema.as_ref().is_none_or(|schema| table.name.schema.to_lowercase() == *schema)
    });
    let first = meant.next()?;
    let own = scene.intent.is_own_schema(&first.name.schema) && first.holds_rows();
    (meant.next().is_none() && own).then_some(first)
}

/// Relations that the catalog does not list and no function of the system makes.
pub(super) fn unknown_relations(scene: &Scene<'_>, body: &Body) -> Vec<Relation> {
    let listed = |relation: &Relation| {
        scene.catalog.tables.iter().any(|table| {
            table.name.name.to_lowercase() == relation.name
                && relation.schema.as_ref().is_none_or(|schema| table.name.schema.to_lowercase() == *schema)
        })
    };
    let made = |relation: &Relation| {
        let made =
            [format!("table {}", relation.name), format!("exists {}", relation.name), format!("as {} ", relation.name)];
        let sources = scene.catalog.functions.iter().map(|function| function.source.to_lowercase());
        let definitions = scene
            .catalog
            .tables
            .iter()
            .flat_map(|table| &table.triggers)
            .filter(|trigger| trigger.definition.contains(" REFERENCING "))
            .map(|trigger| trigger.definition.to_lowercase());
        sources.chain(definitions).any(|text| made.iter().any(|made| text.contains(made.as_str())))
    };
    body.relations().into_iter().filter(|relation| !listed(relation) && !made(relation)).collect()
}
