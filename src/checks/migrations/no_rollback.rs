//! `migrations/no-rollback`: where the migrations come with ways back, each has one.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::object_of;
use crate::trial::WayBack;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/no-rollback",
        family: Family::Migrations,
        severity: Severity::Warning,
        title: "Each migration has its way back",
        help: "The tool goes back by files, and this migration has none: a release that has to be undone stops here, at the worst moment to write one. Write the file, or the part after the marker, that undoes it.",
        example: example!("migrations/no-rollback", broken: ["migrations/000001_workspaces.up.sql", "migrations/000001_workspaces.down.sql", "migrations/000002_notes.up.sql"], repaired: ["migrations/000001_workspaces.up.sql", "migrations/000001_workspaces.down.sql", "migrations/000002_notes.up.sql", "migrations/000002_notes.down.sql"]),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let finding = match &migration.way_back {
        WayBack::NotKept(reason) => Finding::new(Status::NotApplicable, reason.clone()),
        WayBack::Missing => {
            Finding::new(Status::Fail, "nothing undoes it, and the tool goes back by files").located(&migration.file, 1)
        }
        WayBack::There { file, .. } => Finding::new(Status::Pass, format!("{file} undoes it")),
    };
    vec![Case::settled(object_of(migration), Vec::new(), "a file undoes it", finding)]
}
