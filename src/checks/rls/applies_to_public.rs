//! `rls/applies-to-public`: every permissive policy names the roles that it is for. Without a TO clause it is for everybody: those who are not
//! signed in, and every role that is made later (Postgres documentation, CREATE POLICY). Read off the catalog.

use super::super::scene::{Scene, Subject, part_of, privilege_for};
use super::super::{Case, Check, Finding};
use super::{commands_of, settled, table_of, without_policies};
use crate::catalog::{PUBLIC, Policy, Table, quote_identifier};
use crate::tenancy::{Command, TableIntent};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/applies-to-public",
        family: Family::Rls,
        severity: Severity::Warning,
        title: "Every policy names the roles that it is for",
        help: "A policy without a TO clause is for every role, also for somebody who is not signed in: it is evaluated for them, and whatever its condition makes of a missing identity counts. Name the role: `to authenticated`.",
        example: example!("rls/applies-to-public"),
    },
    plan,
};

const EXPECTED: &str = "every permissive policy has a TO clause, unless everybody is meant";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = table_of(subject) else { return Vec::new() };
    if let Some(finding) = without_policies(table) {
        return vec![settled(table, EXPECTED, finding)];
    }
    let Some(role) = scene.member_role() else {
        let finding = Finding::new(Status::NotApplicable, "no role that a client acts as is known");
        return vec![settled(table, EXPECTED, finding)];
    };
    let broad = |policy: &&Policy| {
        policy.permissive
            && policy.roles.iter().any(|role| role == PUBLIC)
            && !commands_of(policy).iter().all(|command| intent.public.contains(command))
    };
    let cases: Vec<Case> = table
        .policies
        .iter()
        .filter(broad)
        .map(|policy| {
            let object = part_of(table, policy.name.clone());
            Case::settled(object, vec![table.name.to_string()], EXPECTED, finding(scene, table, intent, policy))
                .with_fix(format!(
                    "alter policy {} on {} to {};",
                    quote_identifier(&policy.name),
                    table.name.quoted(),
                    quote_identifier(role)
                ))
        })
        .collect();
    if cases.is_empty() {
        let finding =
            Finding::new(Status::Pass, "every permissive policy names its roles, or is for what everybody may do");
        return vec![settled(table, EXPECTED, finding)];
    }
    cases
}

fn finding(scene: &Scene<'_>, table: &Table, intent: &TableIntent, policy: &Policy) -> Finding {
    let failed = |why: String| Finding::new(Status::Fail, format!("the policy has no TO clause: {why}"));
    let Some(anonymous) = scene.intent.identity.anonymous_role.as_deref() else {
        return failed("it is for every role that there is and will be".to_owned()).at(Severity::Info);
    };
    let granted = |command: &Command| {
        !intent.public.contains(command)
            && scene.catalog.may_use_schema(anonymous, &table.name.schema)
            && !scene.catalog.columns_allowed(anonymous, privilege_for(*command), table).is_empty()
    };
    let reached: Vec<&str> = commands_of(policy).into_iter().filter(granted).map(Command::as_str).collect();
    if reached.is_empty() {
        return failed(format!("it is for {anonymous} too, which holds no privilege that would need it"))
            .at(Severity::Info);
    }
    failed(format!("it is for {anonymous} too, which is granted {}", reached.join(", ")))
}
