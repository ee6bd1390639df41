//! `indexes/declared-missing`: the indexes that `seaworthy.toml` asks for are there.

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding};
use super::create_index;
use crate::catalog::Index;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/declared-missing",
        family: Family::Indexes,
        severity: Severity::Error,
        title: "Every index that was asked for is there",
        help: "Somebody wrote under `indexes` of `[tables.NAME]` which columns the application searches and sorts by, in this order, and no valid index without a predicate begins with them. Create it, or take the line out.",
        example: example!("indexes/declared-missing", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "a valid index over all rows begins with the declared columns, in their order";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    let case = |columns: &Vec<String>| {
        let found = table.indexes.iter().find(|index| begins(index, columns));
        let finding = match found {
            Some(index) => Finding::new(Status::Pass, format!("{} begins with them", index.name)),
            None => Finding::new(Status::Fail, format!("no index begins with {}", columns.join(", "))),
        };
        let object = part_of(table, columns.join(", "));
        Case::settled(object, vec![table.name.to_string()], EXPECTED, finding).with_fix(create_index(table, columns))
    };
    intent.indexes.iter().map(case).collect()
}

fn begins(index: &Index, columns: &[String]) -> bool {
    let first: Vec<&String> = index.columns.iter().take(columns.len()).flatten().collect();
    let searched = index.method == "btree" || columns.len() == 1;
    index.valid && searched && index.predicate.is_none() && first.into_iter().eq(columns)
}
