//! What the catalog says about row security, and what its policies let through.

pub mod always_true;
pub mod applies_to_public;
pub mod command_uncovered;
pub mod duplicate_policy;
mod exposure;
pub mod no_policy;
pub mod not_enabled;
pub mod not_forced;
pub mod null_uid_admitted;
pub mod policies_but_disabled;
mod reading;
pub mod redundant_permissive_policies;
pub mod uncorrelated_subquery;
pub mod user_metadata_trusted;

use super::scene::{Scene, Subject, object_of};
use super::{Case, Finding, fix};
use crate::catalog::{Policy, PolicyCommand, Table, quote_identifier};
use crate::tenancy::{Command, TableIntent};
use crate::verdict::Status;

/// Every command, in the order in which people name them.
const COMMANDS: [Command; 4] = [Command::Select, Command::Insert, Command::Update, Command::Delete];

/// The table that row security is asked about.
fn table_of<'a>(subject: &Subject<'a>) -> Option<(&'a Table, &'a TableIntent)> {
    let (Subject::Table(table, intent) | Subject::Partition(table, intent)) = *subject else { return None };
    Some((table, intent))
}

/// A case about the whole table that needs no probe.
fn settled(table: &Table, expected: &str, finding: Finding) -> Case {
    Case::settled(object_of(table), vec![table.name.to_string()], expected, finding)
}

/// Why a question about policies does not arise, where it does not.
fn without_policies(table: &Table) -> Option<Finding> {
    if !table.row_security {
        return Some(Finding::new(
            Status::NotApplicable,
            "row security is off, so no policy is in force: rls/not-enabled is about that",
        ));
    }
    table
        .policies
        .is_empty()
        .then(|| Finding::new(Status::NotApplicable, "it has no policy: rls/no-policy is about that"))
}

/// Whether a policy is for this command.
fn covers(policy: &Policy, command: Command) -> bool {
    match policy.command {
        PolicyCommand::All => true,
        PolicyCommand::Select => command == Command::Select,
        PolicyCommand::Insert => command == Command::Insert,
        PolicyCommand::Update => command == Command::Update,
        PolicyCommand::Delete => command == Command::Delete,
    }
}

/// The commands that a policy is for.
fn commands_of(policy: &Policy) -> Vec<Command> {
    COMMANDS.into_iter().filter(|command| covers(policy, *command)).collect()
}

/// Whether a policy is for somebody who acts as `role`.
fn is_for(scene: &Scene<'_>, policy: &Policy, role: &str) -> bool {
    let effective = scene.catalog.effective_roles(role);
    policy.roles.iter().any(|role| effective.contains(role))
}

/// Whether a policy is for a role that clients act as.
fn is_for_clients(scene: &Scene<'_>, policy: &Policy) -> bool {
    scene.client_roles().any(|role| is_for(scene, policy, role))
}

/// Statements that take `policy` away, and write one from the intent for each command that no other permissive policy is for.
fn without(scene: &Scene<'_>, table: &Table, policy: &Policy) -> String {
    let others = || {
        table
            .policies
            .iter()
            .filter(|other| other.permissive && other.name != policy.name && is_for_clients(scene, other))
    };
    let alone: Vec<Command> =
        commands_of(policy).into_iter().filter(|command| !others().any(|other| covers(other, *command))).collect();
    let dropped = format!("drop policy {} on {};", quote_identifier(&policy.name), table.name.quoted());
    if alone.is_empty() || !policy.permissive {
        return dropped;
    }
    fix::policies(scene, table, &alone)
        .unwrap_or_else(|| format!("{dropped} -- in its place, one that ties the row to whoever asks"))
}
