//! `migrations/out-of-order`: files apply in the order of their versions.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::object_of;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/out-of-order",
        family: Family::Migrations,
        severity: Severity::Error,
        title: "Migrations apply in the order of their versions",
        help: "The tool sorts by name, and that is not the order of the numbers (9 after 10), or a migration needs what a later one creates. Pad the numbers, or rename the file after what it needs.",
        example: example!("migrations/out-of-order", broken: ["migrations/20240301090000_notes.sql", "migrations/20240302090000_workspaces.sql"], repaired: ["migrations/20240228090000_workspaces.sql", "migrations/20240301090000_notes.sql"]),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let finding = match (&migration.misplaced_after, migration.retried, &migration.failure) {
        (Some(after), _, _) => Finding::new(
            Status::Fail,
            format!("{} is applied after {after}, which has a higher version", migration.file),
        ),
        (None, true, _) => Finding::new(
            Status::Fail,
            format!(
                "{} needs what a later one makes: it applied only when tried again after the others",
                migration.file
            ),
        ),
        (None, false, Some(_)) => Finding::new(Status::NotApplicable, "it does not apply at all"),
        (None, false, None) => Finding::new(Status::Pass, "it is applied in its order"),
    };
    vec![Case::settled(object_of(migration), Vec::new(), "files are applied in the order of their versions", finding)]
}
