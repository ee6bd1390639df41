//! `isolation/cross-tenant-read`: whole-table SELECT, by id, through row locks, counts, aggregates, samples, a plan prepared
//! before the role switch, COPY TO. Whatever comes back must tell nothing of the victim's rows: no canary, no key.

use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, reads};
use super::super::{Case, Check, Judge};
use super::TenantTable;
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/cross-tenant-read",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user reads another tenant's rows",
        help: "A valid user of another tenant sees rows that are not theirs: every customer can read every other's data. Tie the SELECT policy to the tenant key, for example `using (workspace_id in (select id from workspaces where user_id = (select auth.uid())))`. If everybody is meant to read the table, say so: `public = [\"select\"]` or `shared = [\"select\"]` under `[tables.NAME]`.",
    },
    plan,
};

const EXPECTED: &str = "no row of another tenant comes back";
const TOPIC: &str = "read tenant A's rows";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if target.is_open(Command::Select) {
        return vec![target.open(EXPECTED)];
    }
    let Some(role) = scene.member_role() else { return vec![target.without_clients(EXPECTED)] };
    let needles = scene.needles(target.table, VICTIM);
    if target.row.is_none() || needles.is_empty() {
        return vec![target.without_row(scene, EXPECTED)];
    }
    let shapes = reads(scene, target.table, target.row, role, &needles);
    let attempt = Attempt {
        table: target.table,
        topic: TOPIC,
        attackers: &target.attackers,
        owners: &target.owners,
        observe: Vec::new(),
    };
    let meant = scene.meant(target.table, Command::Select).then(|| TOPIC.to_owned());
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes: attempt.probes(scene, &shapes),
        judge: Judge::BesideControls { meant: meant.into_iter().collect(), optional: Vec::new() },
        fix: None,
    }]
}
