//! `schema/implied-foreign-key`: a column that is named and typed like a reference to another table is one.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, cases, designed, keeps_history};
use crate::catalog::{Column, Table, quote_identifier};
use crate::tenancy::{Ownership, TableIntent, Tie, singular, table_words, words};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/implied-foreign-key",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "What looks like a reference is one",
        help: "A column `project_id` of the type of projects' key, without a foreign key: it may name a row that was deleted or never was, deletes leave it behind, and nobody notices until a join comes up short. Add the foreign key, `not valid` first if old rows may break it. Tables that keep what happened (audit, log, history) outlive what they name and are left alone, as are columns beside a type column (`item_id`, `item_type`).",
        example: example!("schema/implied-foreign-key"),
    },
    plan,
};

const EXPECTED: &str = "a column named like another table's key refers to it";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = designed(subject) else { return Vec::new() };
    if keeps_history(table) {
        return Vec::new();
    }
    let defects = table.columns.iter().filter(|column| is_free(scene, table, intent, column)).filter_map(|column| {
        let (parent, key) = meant(scene, table, column)?;
        let fix = format!(
            "alter table {} add foreign key ({}) references {} ({});",
            table.name.quoted(),
            quote_identifier(&column.name),
            parent.name.quoted(),
            quote_identifier(key)
        );
        Some(Defect::new(&column.name, format!("{} has no foreign key to {}", column.name, parent.name), fix))
    });
    cases(table, EXPECTED, defects.collect(), "no column only looks like a reference")
}

/// Whether nothing says yet what a column refers to.
fn is_free(scene: &Scene<'_>, table: &Table, intent: &TableIntent, column: &Column) -> bool {
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    // The tenant's key is the affair of `schema/tenant-key-without-foreign-key`, where a table lists the tenants.
    let tenant = matches!(&intent.tie.value, Tie::Key { column: key, root }
        if *key == column.name && scene.intent.roots.get(*root).is_some_and(|root| root.ownership != Ownership::IdOnly));
    // `item_id` beside `item_type` may name a row of several tables.
    let stem = stem(&column.name);
    let of_several = stem.is_some_and(|stem| {
        table.columns.iter().any(|other| {
            let mut words = words(&other.name);
            matches!(words.pop().as_deref(), Some("type" | "kind" | "table")) && words == stem
        })
    });
    !refers && !tenant && !of_several
}

/// The words of a name without the `id` at its end.
fn stem(name: &str) -> Option<Vec<String>> {
    let mut words = words(name);
    (words.pop().as_deref() == Some("id") && !words.is_empty()).then_some(words)
}

/// The table whose key a column is named and typed like, and that key.
fn meant<'a>(scene: &Scene<'a>, table: &Table, column: &Column) -> Option<(&'a Table, &'a str)> {
    if column.default.as_deref().is_some_and(|default| default.contains("auth.uid()")) {
        return users(scene, table, column);
    }
    let mut stem = stem(&column.name)?;
    if let Some(last) = stem.last_mut() {
        *last = singular(last);
    }
    let mut near: Vec<(&Table, &str)> = scene
        .catalog
        .tables
        .iter()
        .filter(|parent| parent.holds_rows() && parent.parent.is_none() && parent.name != table.name)
        .filter(|parent| parent.name.schema == table.name.schema && table_words(&parent.name.name) == stem)
        .filter_map(|parent| Some((parent, key_of(parent, column)?)))
        .collect();
    match (near.pop(), near.is_empty()) {
        (Some(only), true) => Some(only),
        (None, _) if stem == ["user"] => users(scene, table, column),
        _ => None,
    }
}

/// The table of users, where it is another and the column could hold its key.
fn users<'a>(scene: &Scene<'a>, table: &Table, column: &Column) -> Option<(&'a Table, &'a str)> {
    let (users, _) = scene.intent.users.as_ref()?;
    let users = scene.catalog.table(users).filter(|users| users.name != table.name)?;
    Some((users, key_of(users, column)?))
}

/// The only column of a table's key, where it has the type of `column`.
fn key_of<'a>(parent: &'a Table, column: &Column) -> Option<&'a str> {
    let [key] = parent.key_columns() else { return None };
    let (theirs, own) = (parent.column(key)?.data_type.unwrapped(), column.data_type.unwrapped());
    (theirs.name == own.name).then_some(key)
}
