use std::collections::BTreeSet;

use super::Shape;
use crate::catalog::{Catalog, QualifiedName, ReferentialAction, Table, quote_identifier};
use crate::checks::scene::{Scene, key_condition};
use crate::probe::{Act, Signal};
use crate::world::StoredRow;

/// Deletes of `table` that would remove `row`, in every shape. Rows elsewhere that would keep it from going are put away first.
#[must_use]
pub fn deletes(scene: &Scene<'_>, table: &Table, row: &StoredRow) -> Vec<Shape> {
    let (restricting, reacting) = referring(scene.catalog, table);
    let prepare = emptied(&restricting);
    let target = format!("{} as t", table.name.quoted());
    let shape = |name: &'static str, main: bool, statement: String| Shape {
        name,
        main,
        prepare: prepare.clone(),
        act: Act::statement(statement),
        signal: Signal::Change,
    };
    let mut shapes = vec![shape("bare", true, format!("delete from {}", table.name.quoted()))];
    if let Some(condition) = key_condition(table, row, "t") {
        let joined: Vec<String> =
            table.key_columns().iter().map(|key| format!("other.{0} = t.{0}", quote_identifier(key))).collect();
        shapes.push(shape("by id", true, format!("delete from {target} where {condition}")));
        shapes.push(shape("returning", false, format!("delete from {target} where {condition} returning *")));
        shapes.push(shape(
            "using",
            false,
            format!(
                "delete from {target} using {} as other where {} and {condition}",
                table.name.quoted(),
                joined.join(" and ")
            ),
        ));
        shapes.push(shape(
            "merge",
            false,
            format!("merge into {target} using (select 1) as s on {condition} when matched then delete"),
        ));
        if !reacting.is_empty() {
            let all: Vec<&QualifiedName> = restricting.into_iter().chain(reacting).collect();
            shapes.push(Shape {
                prepare: emptied(&all),
                ..shape("by id, with nothing below it", true, format!("delete from {target} where {condition}"))
            });
        }
    }
    shapes
}

/// Statements that empty the tables whose foreign keys would refuse another key for a row of `table`.
#[must_use]
pub fn put_referring_away(catalog: &Catalog, table: &Table) -> Vec<String> {
    let refers = |other: &&Table| {
        other.holds_rows()
            && other.name != table.name
            && other
                .foreign_keys
                .iter()
                .any(|key| key.referenced_table == table.name && key.on_update != ReferentialAction::Cascade)
    };
    let referring: Vec<&QualifiedName> = catalog.tables.iter().filter(refers).map(|other| &other.name).collect();
    emptied(&referring)
}

/// The tables whose foreign keys would refuse a delete from `table`, and theirs in turn; and those that a cascade reaches and whose
/// triggers then run, which may refuse too.
fn referring<'a>(catalog: &'a Catalog, table: &'a Table) -> (Vec<&'a QualifiedName>, Vec<&'a QualifiedName>) {
    let (mut restricting, mut reacting) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::from([&table.name]);
    let mut queue = vec![&table.name];
    while let Some(name) = queue.pop() {
        for other in catalog.tables.iter().filter(|other| other.holds_rows()) {
            let Some(key) = other.foreign_keys.iter().find(|key| key.referenced_table == *name) else { continue };
            if !seen.insert(&other.name) {
                continue;
            }
            // What a cascade removes may be kept by others in turn.
            queue.push(&other.name);
            if matches!(key.on_delete, ReferentialAction::NoAction | ReferentialAction::Restrict) {
                restricting.push(&other.name);
            } else if other.triggers.iter().any(|trigger| trigger.enabled && (trigger.on_delete || trigger.on_update)) {
                reacting.push(&other.name);
            }
        }
    }
    (restricting, reacting)
}

/// Statements that empty tables.
fn emptied(tables: &[&QualifiedName]) -> Vec<String> {
    without_triggers(tables.iter().map(|name| format!("delete from {}", name.quoted())).collect())
}

/// The statements of the harness with triggers and foreign keys off, since all is rolled back.
#[must_use]
pub fn without_triggers(statements: Vec<String>) -> Vec<String> {
    if statements.is_empty() {
        return statements;
    }
    let before = "set local session_replication_role = replica".to_owned();
    let after = "set local session_replication_role = origin".to_owned();
    std::iter::once(before).chain(statements).chain([after]).collect()
}
