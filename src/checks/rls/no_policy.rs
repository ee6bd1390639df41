//! `rls/no-policy`: a table with row security on has a permissive policy, or nobody is meant to reach it: without one, nobody but
//! roles that bypass row security sees a row (Postgres documentation, 5.9). Read off the catalog: deny-all is either meant or forgotten.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{settled, table_of};
use crate::catalog::{Privilege, Table, quote_identifier};
use crate::tenancy::TableIntent;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/no-policy",
        family: Family::Rls,
        severity: Severity::Warning,
        title: "A table that clients are granted has a policy that opens it",
        help: "Row security is on and no permissive policy opens anything, so clients see no row and write none, though they hold privileges. If that is meant, say so: revoke the privileges, or `client_commands = []` under `[tables.NAME]`. If it is not, the policies were forgotten: write them.",
        example: example!("rls/no-policy"),
    },
    plan,
};

const EXPECTED: &str = "a permissive policy, or no privilege of a client, or `client_commands = []`";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = table_of(subject) else { return Vec::new() };
    let finding = finding(scene, table, intent);
    let mut roles: Vec<String> = scene.client_roles().map(quote_identifier).collect();
    roles.dedup();
    vec![settled(table, EXPECTED, finding).with_fix(format!(
        "revoke all on {} from {}; -- or, if clients are meant to use it, write policies",
        table.name.quoted(),
        roles.join(", ")
    ))]
}

fn finding(scene: &Scene<'_>, table: &Table, intent: &TableIntent) -> Finding {
    let not_applicable = |why: &str| Finding::new(Status::NotApplicable, why);
    if !table.row_security {
        return not_applicable("row security is off: rls/not-enabled is about that");
    }
    if table.policies.iter().any(|policy| policy.permissive) {
        return Finding::new(Status::Pass, "a permissive policy opens it");
    }
    if scene.member_role().is_none() {
        return not_applicable("no role that a client acts as is known");
    }
    if intent.client_commands.as_ref().is_some_and(Vec::is_empty) {
        return Finding::new(
            Status::Pass,
            "no policy opens it, and the model grants clients nothing: deny-all is meant",
        );
    }
    if let Some(parent) = &table.parent {
        let why = format!("no policy opens it: its rows are reached through {parent}, whose policies count there");
        return Finding::new(Status::Pass, why);
    }
    let held = held(scene, table);
    if held.is_empty() {
        return Finding::new(
            Status::Pass,
            "no policy opens it, and no client role holds a privilege: deny-all is meant",
        );
    }
    let restrictive =
        if table.policies.is_empty() { "no policy at all" } else { "restrictive policies alone, which open nothing" };
    Finding::new(
        Status::Fail,
        format!("row security is on with {restrictive}, so that no client sees a row, while {}", held.join("; ")),
    )
}

/// Which client role holds which privilege.
fn held(scene: &Scene<'_>, table: &Table) -> Vec<String> {
    let privileges = [
        ("select", Privilege::Select),
        ("insert", Privilege::Insert),
        ("update", Privilege::Update),
        ("delete", Privilege::Delete),
    ];
    scene
        .client_roles()
        .filter(|role| scene.catalog.may_use_schema(role, &table.name.schema))
        .filter_map(|role| {
            let names: Vec<&str> = privileges
                .iter()
                .filter(|(_, privilege)| !scene.catalog.columns_allowed(role, *privilege, table).is_empty())
                .map(|(name, _)| *name)
                .collect();
            (!names.is_empty()).then(|| format!("{role} is granted {}", names.join(", ")))
        })
        .collect()
}
