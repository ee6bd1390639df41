//! `indexes/unindexed-policy-column`: what tells a row's tenant, and what a policy compares to choose rows, is the first column of an index.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::expression::{branches, compared_columns};
use super::{Fault, cases, create_index, kept_by_parent, table_of};
use crate::catalog::{PolicyCommand, Table, TypeKind};
use crate::tenancy::{Ownership, Tie};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/unindexed-policy-column",
        family: Family::Indexes,
        severity: Severity::Warning,
        title: "Columns that decide whose a row is can be searched",
        help: "Every statement of a client looks for its tenant's rows, since row security adds that condition. Without an index that begins with the column, each one reads the rows of all tenants: slow for the smallest tenant as soon as another is large. Create one, usually on the tenant's key and what the rows are sorted by.",
        example: example!("indexes/unindexed-policy-column"),
    },
    plan,
};

const EXPECTED: &str = "an index begins with each column by which a tenant's rows are chosen";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(table) = table_of(subject) else { return Vec::new() };
    if let Some(judged) = kept_by_parent(scene, table, EXPECTED) {
        return judged;
    }
    let mut faults: Vec<Fault> = Vec::new();
    let mut blame = |columns: Vec<String>, why: String| {
        let part = columns.join(", ");
        if faults.iter().all(|fault| fault.part != part) {
            let summary = format!("no index begins with {part}, {why}");
            faults.push(Fault { part, summary, fix: create_index(table, &columns) });
        }
    };
    let tied = tie(scene, subject);
    if !tied.is_empty() && !tied.iter().any(|column| begins_an_index(table, column)) {
        blame(tied, "which says what tenant a row belongs to".to_owned());
    }
    for policy in table.policies.iter().filter(|policy| policy.permissive && table.row_security) {
        let Some(using) = policy.using.as_deref().filter(|_| policy.command != PolicyCommand::Insert) else { continue };
        for branch in branches(using) {
            let compared: Vec<String> =
                compared_columns(&branch, table).into_iter().filter(|column| tells_rows_apart(table, column)).collect();
            // Of conditions that all must hold, one that is searched suffices.
            let served = compared.iter().any(|column| begins_an_index(table, column));
            if let (Some(first), false) = (compared.first(), served) {
                blame(vec![first.clone()], format!("which the policy {:?} compares", policy.name));
            }
        }
    }
    cases(table, EXPECTED, faults, "the columns that choose a tenant's rows are indexed, or none does")
}

/// The columns of the table that tell its rows' tenant.
fn tie(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<String> {
    let (Subject::Table(_, intent) | Subject::Partition(_, intent)) = *subject else { return Vec::new() };
    match &intent.tie.value {
        Tie::Key { column, .. } => vec![column.clone()],
        Tie::Through { columns, .. } => columns.clone(),
        Tie::Root(root) => match scene.intent.roots.get(*root).map(|root| &root.ownership) {
            Some(Ownership::OwnerColumn(column)) => vec![column.clone()],
            _ => Vec::new(),
        },
        Tie::Global | Tie::Untied => Vec::new(),
    }
}

fn begins_an_index(table: &Table, column: &str) -> bool {
    table.indexes.iter().any(|index| {
        let first = index.columns.first();
        let plain = first.and_then(Option::as_deref) == Some(column);
        // An index on an expression over the column serves a policy that compares that expression.
        let within = first == Some(&None) && index.definition.contains(column);
        index.valid && (plain || within)
    })
}

/// An index on a column of a few values finds no tenant's rows.
fn tells_rows_apart(table: &Table, column: &str) -> bool {
    table.column(column).is_some_and(|column| {
        let data_type = column.data_type.unwrapped();
        data_type.name != "bool" && !matches!(data_type.kind, TypeKind::Enumeration(_))
    })
}
