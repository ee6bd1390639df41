//! `migrations/rollback-differs`: the way back leads to where the migration began, and from there it applies again to the same end. Told by the schema
//! as it is read back, not by whether the files ran.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{listed, object_of};
use crate::trial::{MigrationFailure, RollbackTrial, WayBack};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/rollback-differs",
        family: Family::Migrations,
        severity: Severity::Warning,
        title: "The way back leads to where the migration began",
        help: "Up, down and up again ends in another schema than up alone: a release that was undone and repeated runs on a schema that nobody has tested, or cannot be repeated at all. Let the way back undo each statement, in the reverse order.",
        example: example!(
            "migrations/rollback-differs",
            [
                "migrations/000001_workspaces.up.sql",
                "migrations/000001_workspaces.down.sql",
                "migrations/000002_notes.up.sql",
                "migrations/000002_notes.down.sql"
            ]
        ),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let finding = match &migration.way_back {
        WayBack::NotKept(reason) => Finding::new(Status::NotApplicable, reason.clone()),
        WayBack::Missing => Finding::new(Status::NotApplicable, "it has no way back"),
        WayBack::There { file, trial } => tried(file, trial),
    };
    vec![Case::settled(object_of(migration), Vec::new(), "up, down and up again is the same as up", finding)]
}

fn tried(file: &str, trial: &RollbackTrial) -> Finding {
    match trial {
        RollbackTrial::Restores => Finding::new(Status::Pass, "up, down and up again is the same as up"),
        RollbackTrial::DownFails(failure) => {
            Finding::new(Status::Fail, format!("{}:{} does not apply: {}", failure.file, failure.line, failure.message))
                .observed(said(failure))
                .located(&failure.file, failure.line)
        }
        RollbackTrial::Leaves(differences) => Finding::new(
            Status::Fail,
            format!("after {file} the schema is not what it was before: {}", listed(differences)),
        )
        .observed(differences.join("\n"))
        .located(file, 1),
        RollbackTrial::UpFails(failure) => Finding::new(
            Status::Fail,
            format!("after {file} it does not apply again ({}:{}): {}", failure.file, failure.line, failure.message),
        )
        .observed(said(failure))
        .located(file, 1),
        RollbackTrial::UpDiffers(differences) => Finding::new(
            Status::Fail,
            format!("after {file} and up again the schema is another: {}", listed(differences)),
        )
        .observed(differences.join("\n"))
        .located(file, 1),
        RollbackTrial::NotTried(reason) => Finding::new(Status::NotApplicable, format!("it was not tried: {reason}")),
    }
}

fn said(failure: &MigrationFailure) -> String {
    format!("{}: {}\n{}", failure.sqlstate, failure.message, failure.statement)
}
