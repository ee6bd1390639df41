//! `monitoring/audit-log-mutable`: no client changes or deletes a row of an audit log, its own tenant's least of all.

use super::super::judge::kept_from_everybody;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, deletes, updates};
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::{Privilege, Table};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "monitoring/audit-log-mutable",
        family: Family::Monitoring,
        severity: Severity::Error,
        title: "No client rewrites an audit log",
        help: "A log that those it speaks of can change or empty is no evidence. Revoke UPDATE and DELETE from the client roles and leave no policy for them; a trigger that raises keeps servers off too. Where the table is no log, write `append_only = false` under `[tables.NAME]`.",
        example: example!("monitoring/audit-log-mutable"),
    },
    plan,
};

const EXPECTED: &str = "no client changes or deletes a row, whosever it is";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    let Some(reason) = &intent.append_only else { return Vec::new() };
    let expected = format!("{EXPECTED}: it is an audit log, since {}", reason.reason);
    let settled = |finding: Finding| {
        let case = Case::settled(object_of(table), vec![table.name.to_string()], expected.clone(), finding);
        vec![case.with_fix(fix(scene, table))]
    };
    if scene.member_role().is_none() {
        return settled(Finding::no_clients());
    }
    let rows = scene.world.rows.get(&table.name);
    let row = scene.stored(&table.name, VICTIM).or_else(|| rows.and_then(|rows| rows.stored.first()));
    let Some(row) = row else { return settled(without_row(scene, table)) };
    let tenant = row.tenant.unwrap_or(VICTIM);
    let mut clients: Vec<&Principal> = scene.owners(&table.name, tenant);
    clients.extend(scene.attackers(tenant).into_iter().take(1));
    clients.extend(scene.world.principal(PrincipalKind::Anonymous));
    let observe = vec![scene.whole_state(table)];
    let attempt = |topic| Attempt { table, topic, attackers: &clients, owners: &[], observe: observe.clone() };
    let role = scene.statement_role(scene.member_role().unwrap_or_default(), Privilege::Update, table);
    let mut probes = attempt("change a row of the log").probes(scene, &updates(scene, table, row, role));
    probes.extend(attempt("delete a row of the log").probes(scene, &deletes(scene, table, row)));
    vec![Case {
        object: object_of(table),
        tables: vec![table.name.to_string()],
        expected,
        probes,
        judge: Judge::Own(|case, outcomes| kept_from_everybody(case, outcomes, &[])),
        fix: Some(fix(scene, table)),
    }]
}

/// Without a row, privileges alone can say that nobody does it.
fn without_row(scene: &Scene<'_>, table: &Table) -> Finding {
    let held = [Privilege::Update, Privilege::Delete].into_iter().any(|privilege| {
        scene.client_roles().any(|role| !scene.catalog.columns_allowed(role, privilege, table).is_empty())
    });
    if !held {
        return Finding::new(Status::Pass, "no client role holds UPDATE or DELETE on it");
    }
    let gap = scene.world.gaps.iter().find(|gap| gap.table == table.name);
    let why = gap.map(|gap| format!(": {}; {} would help", gap.reason, gap.setting)).unwrap_or_default();
    Finding::new(Status::Unproven, format!("no row could be made{why}"))
}

fn fix(scene: &Scene<'_>, table: &Table) -> String {
    let roles: Vec<String> = scene.client_roles().map(crate::catalog::quote_identifier).collect();
    format!("revoke update, delete, truncate on {} from {};", table.name.quoted(), roles.join(", "))
}
