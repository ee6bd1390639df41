//! `migrations/does-not-apply`: every migration applies. One that fails is tried again after the others; what stands is checked all the same.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::object_of;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/does-not-apply",
        family: Family::Migrations,
        severity: Severity::Critical,
        title: "Every migration applies to an empty database",
        help: "A new environment, and the next disaster recovery, start from these files: they have to apply, in order, to an empty database. The statement and the server's words are given; a migration that applied only after later ones had to is listed too, since it is out of order.",
        example: example!(
            "migrations/does-not-apply",
            ["migrations/20240301090000_workspaces.sql", "migrations/20240302090000_notes.sql"]
        ),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let finding = match &migration.failure {
        Some(failure) => {
            Finding::new(Status::Fail, format!("{}:{} does not apply: {}", failure.file, failure.line, failure.message))
                .observed(format!("{}: {}\n{}", failure.sqlstate, failure.message, failure.statement))
                .located(&failure.file, failure.line)
        }
        None if migration.retried => Finding::new(Status::Pass, "it applies, but only after later ones"),
        None => Finding::new(Status::Pass, "it applies"),
    };
    let case = Case::settled(object_of(migration), Vec::new(), "it applies to an empty database", finding);
    let hint = migration.failure.as_ref().and_then(|failure| failure.hint.clone());
    vec![match hint {
        Some(hint) => case.with_fix(hint),
        None => case,
    }]
}
