//! `isolation/realtime-publishes-unprotected`: a table in the realtime publication has row security on: changes of an unprotected one are
//! sent to every subscriber.

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use crate::tenancy::{Command, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/realtime-publishes-unprotected",
        family: Family::Isolation,
        severity: Severity::Error,
        title: "Every table that is published to subscribers has row security",
        help: "The realtime server asks the SELECT policies before it sends a change to a subscriber; a table without row security is sent to everybody. Enable it, or drop the table from the publication.",
        example: example!("isolation/realtime-publishes-unprotected"),
    },
    plan,
};

/// The publication that Supabase's realtime server reads.
pub(super) const PUBLICATION: &str = "supabase_realtime";
const EXPECTED: &str = "a published table has row security";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    let published = scene.catalog.publications.iter().any(|publication| {
        publication.name == PUBLICATION && publication.tables.iter().any(|(name, _)| *name == table.name)
    });
    if !published {
        return Vec::new();
    }
    let public = intent.public.contains(&Command::Select) || intent.tie.value == Tie::Global;
    let finding = match (table.row_security, public) {
        (true, _) => Finding::new(Status::Pass, "published, and row security is on"),
        (false, true) => Finding::new(Status::Pass, "published, and readable by everybody by design"),
        (false, false) => Finding::new(Status::Fail, "published to every subscriber, and row security is off"),
    };
    vec![
        Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding)
            .with_fix(format!("alter table {} enable row level security;", table.name.quoted())),
    ]
}
