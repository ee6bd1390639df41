//! `isolation/realtime-delete-leaks-key`: row security is not asked for deletes, since the row is gone: its key goes to every subscriber
//! of the table, and with REPLICA IDENTITY FULL (and row security off) the whole row.

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use super::realtime_publishes_unprotected::PUBLICATION;
use crate::catalog::ReplicaIdentity;
use crate::tenancy::{Command, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/realtime-delete-leaks-key",
        family: Family::Isolation,
        severity: Severity::Warning,
        title: "Deletes sent to subscribers tell nothing of the row",
        help: "The realtime server cannot ask policies about a row that is gone, so a delete goes to all subscribers with the columns of the replica identity. Keep to a random primary key (REPLICA IDENTITY DEFAULT), or publish without deletes.",
        example: example!("isolation/realtime-delete-leaks-key"),
    },
    plan,
};

const EXPECTED: &str = "a delete tells subscribers a random key and nothing else";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    let identity = scene
        .catalog
        .publications
        .iter()
        .filter(|publication| publication.name == PUBLICATION && publication.publishes_delete)
        .find_map(|publication| publication.tables.iter().find(|(name, _)| *name == table.name))
        .map(|(_, identity)| *identity);
    let Some(identity) = identity else { return Vec::new() };
    let public = intent.public.contains(&Command::Select) || intent.tie.value == Tie::Global;
    let random = table
        .key_columns()
        .iter()
        .all(|key| table.column(key).is_some_and(|column| column.data_type.unwrapped().name == "uuid"));
    let finding = match identity {
        _ if public => Finding::new(Status::Pass, "readable by everybody by design"),
        ReplicaIdentity::Nothing => Finding::new(Status::Pass, "deletes carry nothing"),
        ReplicaIdentity::Default if random => Finding::new(Status::Pass, "deletes carry a random key"),
        ReplicaIdentity::Full => Finding::new(Status::Fail, "deletes carry the whole row (REPLICA IDENTITY FULL)"),
        ReplicaIdentity::Default | ReplicaIdentity::Index => {
            Finding::new(Status::Fail, "deletes carry a key that is not random")
        }
    };
    vec![
        Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding)
            .with_fix(format!("alter table {} replica identity nothing;", table.name.quoted())),
    ]
}
