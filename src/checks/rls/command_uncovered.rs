//! `rls/command-uncovered`: each command that the model grants to clients has a permissive policy for the role that they act as. Where none
//! is, every row is denied (Postgres documentation, 5.9): that is a rule of the server and needs no probe. What the model does not say,
//! isolation/owner-locked-out finds out by trying.

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding, fix};
use super::{COMMANDS, covers, is_for, settled};
use crate::catalog::{Table, quote_identifier};
use crate::tenancy::{Command, TableIntent};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/command-uncovered",
        family: Family::Rls,
        severity: Severity::Error,
        title: "Each command that the model grants has a policy",
        help: "The model says that clients do this, and no permissive policy is for it, so every row is denied: the feature does not work. Write the policy, or correct `client_commands`, `shared` or `public` under `[tables.NAME]`.",
        example: example!("rls/command-uncovered", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "a permissive policy for each command that the model grants, for the role that it grants it to";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    if !table.row_security {
        let finding = Finding::new(Status::NotApplicable, "row security is off: rls/not-enabled is about that");
        return vec![settled(table, EXPECTED, finding)];
    }
    if scene.member_role().is_none() {
        let finding = Finding::new(Status::NotApplicable, "no role that a client acts as is known");
        return vec![settled(table, EXPECTED, finding)];
    }
    let granted = granted(scene, intent);
    if granted.is_empty() {
        let why = if intent.client_commands.is_some() {
            "the model grants clients nothing here"
        } else {
            "the model does not say what clients do here: isolation/owner-locked-out tries what is opened to them; `client_commands` would say"
        };
        return vec![settled(table, EXPECTED, Finding::new(Status::NotApplicable, why))];
    }
    let cases: Vec<Case> = COMMANDS
        .into_iter()
        .filter_map(|command| {
            let roles: Vec<&str> = granted
                .iter()
                .filter(|(granted, role)| *granted == command && !is_covered(scene, table, command, role))
                .map(|(_, role)| *role)
                .collect();
            (!roles.is_empty()).then(|| uncovered(scene, (table, intent), command, &roles))
        })
        .collect();
    if cases.is_empty() {
        return vec![settled(
            table,
            EXPECTED,
            Finding::new(Status::Pass, "each command that the model grants has a policy"),
        )];
    }
    cases
}

/// Each command with the role that it is granted to, as a person declared it.
fn granted<'a>(scene: &Scene<'a>, intent: &TableIntent) -> Vec<(Command, &'a str)> {
    let declared = intent.client_commands.iter().flatten();
    let members = declared.chain(&intent.shared).chain(&intent.public);
    let mut granted: Vec<(Command, &str)> =
        members.filter_map(|command| Some((*command, scene.member_role()?))).collect();
    let anonymous = scene.intent.identity.anonymous_role.as_deref();
    granted.extend(intent.public.iter().filter_map(|command| Some((*command, anonymous?))));
    granted
}

fn is_covered(scene: &Scene<'_>, table: &Table, command: Command, role: &str) -> bool {
    let members = scene.intent.identity.member_roles.iter().map(String::as_str);
    // Members may act as several roles: one of them is enough.
    let is_member = scene.intent.identity.member_roles.iter().any(|member| member == role);
    let mut roles: Vec<&str> = vec![role];
    roles.extend(members.filter(|_| is_member));
    table
        .policies
        .iter()
        .filter(|policy| policy.permissive && covers(policy, command))
        .any(|policy| roles.iter().any(|role| is_for(scene, policy, role)))
}

fn uncovered(scene: &Scene<'_>, (table, intent): (&Table, &TableIntent), command: Command, roles: &[&str]) -> Case {
    let name = command.as_str();
    let finding = Finding::new(
        Status::Fail,
        format!(
            "the model grants {name} to {}, and no permissive policy is for it: every row is denied",
            roles.join(", ")
        ),
    );
    let everybody = intent.public.contains(&command) || intent.shared.contains(&command);
    let own = if everybody { None } else { fix::policies(scene, table, &[command]) };
    let fix = own.unwrap_or_else(|| {
        // Where the model does not say how a row and a caller belong together, nobody but the author can write the condition.
        let rule = if everybody { "true" } else { "…" };
        let clause = if command == Command::Insert { "with check" } else { "using" };
        let roles: Vec<String> = roles.iter().map(|role| quote_identifier(role)).collect();
        let (policy, name) = (quote_identifier(&format!("may_{name}")), table.name.quoted());
        let (command, roles) = (command.as_str(), roles.join(", "));
        format!("create policy {policy} on {name} for {command} to {roles}\n  {clause} ({rule});")
    });
    Case::settled(part_of(table, name), vec![table.name.to_string()], EXPECTED, finding).with_fix(fix)
}
