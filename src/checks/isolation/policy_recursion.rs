//! `isolation/policy-recursion`: no policy ends in an error, for any role and command: infinite recursion (42P17) above all.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, Shape, deletes, insert_columns, inserts, reads, updates};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{Table, quote_identifier};
use crate::probe::{Outcome, Part, Refusal};
use crate::tenancy::{Command, IdentityValue, Ownership};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::PrincipalKind;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/policy-recursion",
        family: Family::Isolation,
        severity: Severity::Error,
        title: "No policy ends in an error",
        help: "A policy that reads its own table, directly or through another's policy, fails with 42P17 for everybody: the table is down. Ask a SECURITY DEFINER function with a fixed search_path instead. A policy that calls a function or reads a table that the client may not use fails with 42501: grant it, or ask through such a function.",
        example: example!("isolation/policy-recursion"),
    },
    plan,
};

const EXPECTED: &str = "every command is either done or denied, never ended by an error of the policy";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    let Some(role) = scene.member_role() else { return Vec::new() };
    if target.table.policies.is_empty() || !target.table.row_security {
        return Vec::new();
    }
    let needles = scene.needles(target.table, VICTIM);
    let mut shapes: Vec<Shape> = reads(scene, target.table, target.row, role, &needles).into_iter().take(1).collect();
    if let Some(row) = target.row {
        shapes.extend(updates(scene, target.table, row, role).into_iter().take(1));
        shapes.extend(deletes(scene, target.table, row).into_iter().take(1));
    }
    let fresh = scene.insertion_victim(&target.table.name).and_then(|victim| scene.fresh(&target.table.name, victim));
    if let Some(fresh) = fresh {
        let columns = insert_columns(scene, target.table, &fresh.values, role);
        shapes.extend(inserts(target.table, &columns, &fresh.values, &fresh.prepare).into_iter().take(1));
    }
    let mut principals = target.owners.clone();
    principals.extend(target.attackers.iter().take(1));
    principals.extend(scene.world.principal(PrincipalKind::Stranger));
    principals.extend(scene.world.principal(PrincipalKind::Anonymous));
    let attempt = Attempt {
        table: target.table,
        topic: "use the table",
        attackers: &principals,
        owners: &[],
        observe: vec![target.state.clone()],
    };
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes: attempt.probes(scene, &shapes),
        judge: Judge::Own(judge),
        fix: without_recursion(scene, target.table),
    }]
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let broken = case.probes.iter().zip(outcomes).position(|(probe, outcome)| {
        let anonymous = probe.principal.kind == PrincipalKind::Anonymous;
        match outcome {
            Outcome::Refused(refusal) if probe.part == Part::Attack => is_policy_error(refusal, anonymous, case),
            _ => false,
        }
    });
    let service_shows = case
        .probes
        .iter()
        .zip(outcomes)
        .any(|(probe, outcome)| probe.part == Part::Service && matches!(outcome, Outcome::Completed { .. }));
    match broken {
        Some(index) if service_shows => {
            let who = case.probes.get(index).map(|probe| probe.principal.name.clone()).unwrap_or_default();
            Finding::new(Status::Fail, format!("a policy ends in an error for {who}"))
                .observed(describe(outcomes.get(index)))
                .shown_by([index])
        }
        _ => Finding::new(Status::Pass, "no policy ends in an error")
            .observed(format!("{} statements tried", case.probes.len())),
    }
}

/// Errors that come from evaluating a policy, and not from what the statement itself is refused for.
fn is_policy_error(refusal: &Refusal, anonymous: bool, case: &Case) -> bool {
    let own_table = format!("permission denied for table {}", case.object.name);
    match refusal.sqlstate.as_str() {
        // Recursion among policies; a function that calls itself through one.
        "42P17" | "54001" => refusal.message.contains("recursion") || refusal.sqlstate == "54001",
        // More than one row from a scalar subquery; something named that is not there.
        "21000" | "42883" | "42P01" | "42703" => true,
        // Something else than the table itself or its row security is out of reach. For somebody who is not signed in that is a denial.
        "42501" => {
            !anonymous
                && refusal.message.starts_with("permission denied for")
                && refusal.message != own_table
                && !refusal.message.starts_with("permission denied for schema")
                && !refusal.message.starts_with("permission denied for sequence")
        }
        _ => false,
    }
}

/// A function that says which tenants the caller belongs to, past the policies that would ask each other.
fn without_recursion(scene: &Scene<'_>, table: &Table) -> Option<String> {
    let root = scene.intent.root_of(&table.name)?;
    if scene.intent.roots.get(root).map(|root| &root.ownership) != Some(&Ownership::Membership) {
        return fix::policies(scene, table, &[Command::Select]);
    }
    let membership = scene.intent.memberships.iter().find(|membership| membership.root == root)?;
    let tenants = scene.catalog.table(&membership.table)?.column(&membership.tenant_column)?;
    let user = fix::caller(scene, &IdentityValue::UserId, &membership.table, &membership.user_column)?;
    let schema = quote_identifier(&membership.table.schema);
    Some(format!(
        "create function {schema}.tenants_of_caller() returns setof {} language sql stable security definer set search_path = '' as $$\n  select {} from {} where {} = {user}\n$$;\n-- and in the policies of {}: {} in (select {schema}.tenants_of_caller())",
        tenants.data_type.formatted,
        quote_identifier(&membership.tenant_column),
        membership.table.quoted(),
        quote_identifier(&membership.user_column),
        table.name.quoted(),
        fix::tenant_column(scene, &table.name).map_or_else(|| "the tenant key".to_owned(), quote_identifier),
    ))
}
