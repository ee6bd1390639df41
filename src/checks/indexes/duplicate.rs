//! `indexes/duplicate`: no index is the same as another.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::{Fault, cases, drop_index, kept_by_parent, table_of};
use crate::catalog::{Index, Table};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/duplicate",
        family: Family::Indexes,
        severity: Severity::Warning,
        title: "No index is there twice",
        help: "Two indexes over the same keys answer the same questions, and each write pays for both. A primary key and a UNIQUE constraint have an index already. Drop the one that nothing else rests on.",
        example: example!("indexes/duplicate"),
    },
    plan,
};

const EXPECTED: &str = "no two indexes have the same keys, order, operator classes and predicate";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(table) = table_of(subject) else { return Vec::new() };
    if let Some(judged) = kept_by_parent(scene, table, EXPECTED) {
        return judged;
    }
    let fault = |(index, other): (&Index, &Index)| Fault {
        part: index.name.clone(),
        summary: format!("{} does what {} does already", index.name, other.name),
        fix: drop_index(table, index),
    };
    cases(table, EXPECTED, needless(table).into_iter().map(fault).collect(), "no two indexes are the same")
}

/// Each index that another one makes needless, with that one.
fn needless(table: &Table) -> Vec<(&Index, &Index)> {
    let indexes = || table.indexes.iter().enumerate();
    let pair = |(place, index)| {
        let better = |(other_place, other): &(usize, &Index)| {
            replaces(other, index) && (!replaces(index, other) || (rank(other), other_place) < (rank(index), &place))
        };
        indexes().find(better).map(|(_, other)| (index, other))
    };
    indexes().filter_map(pair).collect()
}

/// Whether whatever `index` does, `other` does.
fn replaces(other: &Index, index: &Index) -> bool {
    other.name != index.name
        && other.valid
        && other.method == index.method
        && other.elements == index.elements
        && other.predicate == index.predicate
        && (other.unique || !index.unique)
        && (!index.unique || other.nulls_not_distinct == index.nulls_not_distinct)
        // What a constraint is named for stays, unless another constraint says the same.
        && (other.constraint || !index.constraint)
        && index.included.iter().all(|column| other.included.contains(column))
}

/// Which of two that do the same stays: the lower.
fn rank(index: &Index) -> (bool, bool, bool) {
    (!index.primary, !index.constraint, !index.unique)
}
