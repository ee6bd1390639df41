//! `migrations/not-repeatable`: applied a second time, a migration changes nothing: it does nothing, or is refused as a whole. Told by the schema and the
//! rows, not by the error.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{listed, object_of};
use crate::trial::Repetition;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/not-repeatable",
        family: Family::Migrations,
        severity: Severity::Warning,
        title: "A migration that is applied twice changes nothing the second time",
        help: "It happens: the tool's table is lost or restored from before, two deployments run at once, somebody pastes the file into a console. This one applies again without a word and leaves another schema, or other rows. Insert with ON CONFLICT DO NOTHING, and let what cannot be repeated be refused (CREATE without IF NOT EXISTS comes first in its file).",
        example: example!(
            "migrations/not-repeatable",
            ["migrations/20240301090000_workspaces.sql", "migrations/20240302090000_plans.sql", "seaworthy.toml"]
        ),
    },
    plan,
};

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let finding = match &migration.repetition {
        Repetition::Nothing => Finding::new(Status::Pass, "it applies again, and changes nothing"),
        Repetition::Refused { sqlstate, message } => {
            Finding::new(Status::Pass, "it is refused the second time, and changes nothing")
                .observed(format!("{sqlstate}: {message}"))
        }
        Repetition::Changed(changes) => {
            Finding::new(Status::Fail, format!("it applies again, and then {}", listed(changes)))
                .observed(changes.join("\n"))
                .located(&migration.file, 1)
        }
        Repetition::NotTried(reason) => Finding::new(Status::NotApplicable, format!("it was not tried: {reason}")),
    };
    vec![Case::settled(object_of(migration), Vec::new(), "a second application changes nothing", finding)]
}
