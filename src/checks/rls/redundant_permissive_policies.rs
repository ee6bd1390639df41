//! `rls/redundant-permissive-policies`: one role has one permissive policy for a command. Several are joined by OR and all evaluated for every row
//! (Postgres documentation, 5.9). Read off the catalog.

use std::collections::BTreeSet;

use super::super::scene::{Scene, Subject, privilege_for};
use super::super::{Case, Check, Finding};
use super::duplicate_policy::is_same;
use super::{COMMANDS, covers, is_for, settled, table_of, without_policies};
use crate::catalog::{Policy, Table, quote_identifier};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/redundant-permissive-policies",
        family: Family::Rls,
        severity: Severity::Warning,
        title: "One role has one permissive policy for a command",
        help: "Several permissive policies for one role and command are joined by OR: each is evaluated for every row, and the weakest decides. A policy for the service role needs none at all, since that role bypasses row security; let it name the role, or drop it. Otherwise write one policy with OR in it.",
        example: example!("rls/redundant-permissive-policies"),
    },
    plan,
};

const EXPECTED: &str = "one permissive policy for each client role and command";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = table_of(subject) else { return Vec::new() };
    if let Some(finding) = without_policies(table) {
        return vec![settled(table, EXPECTED, finding)];
    }
    let stacks = stacks(scene, table);
    if stacks.is_empty() {
        let finding = Finding::new(Status::Pass, "no client role has two permissive policies for a command");
        return vec![settled(table, EXPECTED, finding)];
    }
    let told: Vec<String> = stacks
        .iter()
        .map(|(role, command, policies)| {
            let names: Vec<String> = policies.iter().map(|policy| format!("\"{}\"", policy.name)).collect();
            format!("{role} has {} for {}: {}", policies.len(), command.as_str(), names.join(", "))
        })
        .collect();
    let finding = Finding::new(Status::Fail, "several permissive policies are for one role and command")
        .observed(told.join("; "));
    vec![settled(table, EXPECTED, finding).with_fix(merged(table, &stacks))]
}

type Stack<'a> = (&'a str, Command, Vec<&'a Policy>);

/// Where several permissive policies meet, for commands that the role may use at all. What rls/duplicate-policy tells is left out.
fn stacks<'a>(scene: &Scene<'a>, table: &'a Table) -> Vec<Stack<'a>> {
    let mut stacks = Vec::new();
    for role in scene.client_roles() {
        for command in COMMANDS {
            if scene.catalog.columns_allowed(role, privilege_for(command), table).is_empty() {
                continue;
            }
            let mut policies: Vec<&Policy> = Vec::new();
            for policy in &table.policies {
                let stacked = policy.permissive && covers(policy, command) && is_for(scene, policy, role);
                if stacked && !policies.iter().any(|other| is_same(other, policy)) {
                    policies.push(policy);
                }
            }
            if policies.len() > 1 {
                stacks.push((role, command, policies));
            }
        }
    }
    stacks
}

/// The same in one policy for each command, where all are for the same roles.
fn merged(table: &Table, stacks: &[Stack<'_>]) -> String {
    let name = table.name.quoted();
    let mut policies: Vec<&Policy> = Vec::new();
    for policy in stacks.iter().flat_map(|(_, _, stacked)| stacked) {
        if !policies.iter().any(|known| known.name == policy.name) {
            policies.push(policy);
        }
    }
    let roles = |policy: &Policy| policy.roles.iter().cloned().collect::<BTreeSet<_>>();
    let first = policies.first().map(|policy| roles(policy)).unwrap_or_default();
    let mut lines: Vec<String> =
        policies.iter().map(|policy| format!("drop policy {} on {name};", quote_identifier(&policy.name))).collect();
    if policies.iter().any(|policy| roles(policy) != first) {
        lines.push(
            "-- then, for each command, one policy to the roles that it is for, with the conditions joined by OR"
                .to_owned(),
        );
        return lines.join("\n");
    }
    let to: Vec<String> =
        first.iter().map(|role| if role == "public" { role.clone() } else { quote_identifier(role) }).collect();
    for command in COMMANDS {
        let covering: Vec<&&Policy> = policies.iter().filter(|policy| covers(policy, command)).collect();
        if covering.is_empty() {
            continue;
        }
        let joined = |of: &dyn Fn(&Policy) -> Option<&String>| -> String {
            let conditions: Vec<String> =
                covering.iter().map(|policy| of(policy).map_or_else(|| "true".to_owned(), Clone::clone)).collect();
            conditions.join(" or ")
        };
        let using = format!("using ({})", joined(&|policy| policy.using.as_ref()));
        let check = format!("with check ({})", joined(&|policy| policy.check.as_ref().or(policy.using.as_ref())));
        let clause = match command {
            Command::Select | Command::Delete => using,
            Command::Insert => check,
            Command::Update => format!("{using}\n  {check}"),
        };
        let policy = quote_identifier(&format!("may {}", command.as_str()));
        lines.push(format!(
            "create policy {policy} on {name} for {} to {}\n  {clause};",
            command.as_str(),
            to.join(", ")
        ));
    }
    lines.join("\n")
}
