//! `indexes/redundant`: no index is the beginning of another.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::{Fault, cases, drop_index, kept_by_parent, table_of};
use crate::catalog::{Index, Table};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/redundant",
        family: Family::Indexes,
        severity: Severity::Warning,
        title: "No index is the beginning of another",
        help: "An index on (workspace_id, created_at) finds rows by workspace_id as one on (workspace_id) does. The shorter one costs each write and takes memory. Drop it, unless measurements say that its size matters.",
        example: example!("indexes/redundant"),
    },
    plan,
};

const EXPECTED: &str = "no plain index has keys that another one begins with";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(table) = table_of(subject) else { return Vec::new() };
    if let Some(judged) = kept_by_parent(scene, table, EXPECTED) {
        return judged;
    }
    let fault = |index: &Index| {
        let longer = longer(table, index)?;
        Some(Fault {
            part: index.name.clone(),
            summary: format!("{} begins with the keys of {}, and serves whatever it serves", longer.name, index.name),
            fix: drop_index(table, index),
        })
    };
    let faults = table.indexes.iter().filter_map(fault).collect();
    cases(table, EXPECTED, faults, "no index is the beginning of another")
}

/// The index that begins with the keys of this one. Unique and partial indexes say more than their keys; only B-trees are searched by a
/// beginning of their keys.
fn longer<'a>(table: &'a Table, index: &Index) -> Option<&'a Index> {
    let plain = index.method == "btree" && !index.unique && !index.constraint && index.predicate.is_none();
    let holds = |other: &Index, column: &String| {
        other.included.contains(column) || other.columns.iter().flatten().any(|key| key == column)
    };
    let begins = |other: &&Index| {
        other.valid
            && other.method == "btree"
            && other.predicate.is_none()
            && other.elements.len() > index.elements.len()
            && other.elements.starts_with(&index.elements)
            && index.included.iter().all(|column| holds(other, column))
    };
    table.indexes.iter().filter(|_| plain).find(begins)
}
