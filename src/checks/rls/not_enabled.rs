//! `rls/not-enabled`: row security is on for every table, of an exposed schema, that a client role can reach. Needs no probe: off and granted
//! is open (Postgres documentation, 5.9).

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use crate::catalog::{Privilege, Table};
use crate::tenancy::{Command, TableIntent, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/not-enabled",
        family: Family::Rls,
        severity: Severity::Critical,
        title: "Row security is on wherever a client can reach",
        help: "Without row security a grant opens every row: anybody with the role reads, and perhaps writes, every tenant's data. Enable it and write policies, or revoke the grant.",
        example: example!("rls/not-enabled"),
    },
    plan,
};

const EXPECTED: &str =
    "row security is on, or no client role holds a privilege that the model does not give to everybody";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, intent) | Subject::Partition(table, intent)) = *subject else { return Vec::new() };
    let open = excess(scene, table, intent);
    let finding = if table.row_security {
        Finding::new(Status::Pass, "row security is on")
    } else if scene.member_role().is_none() {
        Finding::no_clients()
    } else if open.is_empty() {
        Finding::new(
            Status::Pass,
            "row security is off, and no client role holds a privilege that the model does not give to everybody",
        )
    } else {
        Finding::new(Status::Fail, format!("row security is off, and {}", open.join("; ")))
    };
    vec![
        Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding)
            .with_fix(format!("alter table {} enable row level security;", table.name.quoted())),
    ]
}

/// Who holds what, beyond what the model gives to everybody.
fn excess(scene: &Scene<'_>, table: &Table, intent: &TableIntent) -> Vec<String> {
    let commands = [
        (Command::Select, Privilege::Select),
        (Command::Insert, Privilege::Insert),
        (Command::Update, Privilege::Update),
        (Command::Delete, Privilege::Delete),
    ];
    let reference = intent.tie.value == Tie::Global;
    scene
        .client_roles()
        .filter(|role| scene.catalog.may_use_schema(role, &table.name.schema))
        .filter_map(|role| {
            let anonymous = scene.intent.identity.anonymous_role.as_deref() == Some(role);
            let held: Vec<&str> = commands
                .iter()
                .filter(|(command, _)| {
                    let shared = intent.shared.contains(command) && !anonymous;
                    !(intent.public.contains(command) || shared || (reference && *command == Command::Select))
                })
                .filter(|(_, privilege)| !scene.catalog.columns_allowed(role, *privilege, table).is_empty())
                .map(|(command, _)| command.as_str())
                .collect();
            (!held.is_empty()).then(|| format!("{role} may {}", held.join(", ")))
        })
        .collect()
}
