//! `indexes/invalid`: every index is in use: its build came to an end, and each partition has its part.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::{Fault, cases, table_of};
use crate::catalog::{Index, RelationKind, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/invalid",
        family: Family::Indexes,
        severity: Severity::Error,
        title: "Every index is valid",
        help: "The planner passes over an invalid index, while each write still pays for it, and a UNIQUE one guards nothing it can be trusted for. CREATE INDEX CONCURRENTLY leaves one behind when it fails; CREATE INDEX ON ONLY a partitioned table makes one until every partition has its part. Drop and create it again, or attach what is missing.",
        example: example!("indexes/invalid"),
    },
    plan,
};

const EXPECTED: &str = "no index is marked invalid";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(table) = table_of(subject) else { return Vec::new() };
    let faults = table.indexes.iter().filter(|index| !index.valid).map(|index| fault(table, index)).collect();
    cases(table, EXPECTED, faults, "every index is valid")
}

fn fault(table: &Table, index: &Index) -> Fault {
    let name = format!("{}.{}", quote_identifier(&table.name.schema), quote_identifier(&index.name));
    let (why, fix) = if table.kind == RelationKind::Partitioned {
        let again = index.definition.replacen(" ON ONLY ", " ON ", 1);
        ("not every partition has its part of it", format!("drop index {name};\n{again};"))
    } else {
        ("its build did not come to an end", format!("reindex index {name};"))
    };
    Fault { part: index.name.clone(), summary: format!("{} is invalid: {why}", index.name), fix }
}
