//! `schema/missing-comment`: every table says what it is for.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::defect::{designed, settled};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/missing-comment",
        family: Family::Schema,
        severity: Severity::Info,
        title: "Every table says what it is for",
        help: "`comment on table` is the one place where whoever reads the schema finds whose rows these are and who writes them: a person with psql, a generated client, an API's documentation. One sentence will do.",
        example: example!("schema/missing-comment"),
    },
    plan,
};

const EXPECTED: &str = "the table has a comment";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    let told = table.comment.as_deref().is_some_and(|comment| !comment.trim().is_empty());
    let finding = if told {
        Finding::new(Status::Pass, "it has a comment")
    } else {
        Finding::new(Status::Fail, "nothing says what it is for")
    };
    vec![settled(table, EXPECTED, finding).with_fix(format!("comment on table {} is '…';", table.name.quoted()))]
}
