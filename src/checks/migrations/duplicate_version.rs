//! `migrations/duplicate-version`: each version is borne by one file: a tool that knows versions applies one of two, or refuses.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::object_of;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/duplicate-version",
        family: Family::Migrations,
        severity: Severity::Error,
        title: "Each migration has a version of its own",
        help: "Two files share one version: the tool records the version once, so one of them is skipped or refused. Rename one.",
        example: example!("migrations/duplicate-version", broken: ["migrations/20240301090000_workspaces.sql", "migrations/20240302090000_bookmarks.sql", "migrations/20240302090000_notes.sql"], repaired: ["migrations/20240301090000_workspaces.sql", "migrations/20240302090000_notes.sql", "migrations/20240302090001_bookmarks.sql"]),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let finding = match &migration.shared_version {
        Some((version, files)) => Finding::new(
            Status::Fail,
            format!("version {version} is borne by {} files: {}", files.len(), files.join(", ")),
        ),
        None => Finding::new(Status::Pass, "no other file bears its version"),
    };
    vec![Case::settled(object_of(migration), Vec::new(), "each file has a version of its own", finding)]
}
