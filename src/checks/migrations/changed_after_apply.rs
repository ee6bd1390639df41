//! `migrations/changed-after-apply`: a migration that has been applied somewhere is what it was then. Told by a file of checksums that is kept with the
//! migrations: `atlas.sum`, or what `[migrations] checksums` names.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{object_named, object_of};
use crate::trial::Checksum;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "migrations/changed-after-apply",
        family: Family::Migrations,
        severity: Severity::Error,
        title: "A migration that was applied is what it was then",
        help: "The databases that have applied the file never see the change, and those that are made from now on do: from here on no two environments are sure to be alike, and what was tested is not what runs. Put the file back as it was, and write the change as a new migration.",
        example: example!(
            "migrations/changed-after-apply",
            [
                "migrations/20240301090000_workspaces.sql",
                "migrations/20240302090000_notes.sql",
                "migrations.sha256",
                "seaworthy.toml"
            ]
        ),
    },
    plan,
};

const EXPECTED: &str = "it is as its checksum says";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    if let Subject::Database = subject {
        let gone = scene.trials.gone.iter().map(|(file, sums)| {
            let finding = Finding::new(Status::Fail, format!("{sums} lists it as applied, and it is gone"));
            Case::settled(object_named(file), Vec::new(), EXPECTED, finding)
        });
        return gone.collect();
    }
    let Subject::Migration(migration) = *subject else { return Vec::new() };
    let finding = match &migration.checksum {
        Checksum::NotKept => Finding::new(
            Status::NotApplicable,
            "no checksums are kept with the migrations ([migrations] checksums in seaworthy.toml, or atlas.sum)",
        ),
        Checksum::NotListed(sums) => {
            Finding::new(Status::NotApplicable, format!("{sums} does not list it as applied yet"))
        }
        Checksum::Same(sums) => Finding::new(Status::Pass, format!("it is as {sums} says")),
        Checksum::Changed(sums) => Finding::new(Status::Fail, format!("it is not what {sums} says that was applied"))
            .located(&migration.file, 1),
        Checksum::Unknown(reason) => Finding::new(Status::NotApplicable, format!("it cannot be compared: {reason}")),
    };
    vec![Case::settled(object_of(migration), Vec::new(), EXPECTED, finding)]
}
