//! `indexes/unindexed-foreign-key`: the referring columns of each foreign key are the first of an index.

use std::collections::BTreeSet;

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::{Fault, cases, create_index, kept_by_parent, leads, table_of};
use crate::catalog::{ForeignKey, Table};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/unindexed-foreign-key",
        family: Family::Indexes,
        severity: Severity::Warning,
        title: "Each foreign key can be followed backwards by an index",
        help: "Postgres indexes the side that is referred to, not the side that refers. Without an index there, each delete of a row above reads this whole table, for every tenant, while holding a lock, and so does each join from above. Create an index that begins with the referring columns.",
        example: example!("indexes/unindexed-foreign-key"),
    },
    plan,
};

const EXPECTED: &str = "the referring columns are the first of an index";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(table) = table_of(subject) else { return Vec::new() };
    if let Some(judged) = kept_by_parent(scene, table, EXPECTED) {
        return judged;
    }
    let mut seen = BTreeSet::new();
    let bare = |key: &&ForeignKey| !is_indexed(scene, table, key) && seen.insert(key.columns.clone());
    let fault = |key: &ForeignKey| Fault {
        part: key.columns.join(", "),
        summary: format!(
            "no index begins with {}, so that each delete in {} reads the whole table",
            key.columns.join(", "),
            key.referenced_table
        ),
        fix: create_index(table, &key.columns),
    };
    let faults = table.foreign_keys.iter().filter(bare).map(fault).collect();
    let sound =
        if table.foreign_keys.is_empty() { "it refers to no other table" } else { "an index serves each foreign key" };
    cases(table, EXPECTED, faults, sound)
}

/// Whether an index begins with all of the columns, or with as many of them as tell the row above apart: where `id` alone is unique above,
/// an index on `campaign_id` serves `(workspace_id, campaign_id)`.
fn is_indexed(scene: &Scene<'_>, table: &Table, key: &ForeignKey) -> bool {
    let mut sets = vec![key.columns.clone()];
    if let Some(above) = scene.catalog.table(&key.referenced_table) {
        let uniques = above.primary_key.iter().chain(&above.uniques);
        sets.extend(uniques.filter_map(|unique| {
            let referring = |column: &String| {
                let place = key.referenced_columns.iter().position(|referenced| referenced == column)?;
                key.columns.get(place).cloned()
            };
            unique.columns.iter().map(referring).collect::<Option<Vec<String>>>()
        }));
    }
    sets.iter().any(|columns| table.indexes.iter().any(|index| leads(index, columns)))
}
