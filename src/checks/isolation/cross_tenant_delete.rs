//! `isolation/cross-tenant-delete`: the victim's rows are still there after another tenant's DELETE, bare, by id, RETURNING,
//! USING, MERGE.

use super::super::fix;
use super::super::scene::{Scene, Subject, object_of};
use super::super::statement::{Attempt, deletes};
use super::super::{Case, Check, Judge};
use super::TenantTable;
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/cross-tenant-delete",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user deletes another tenant's rows",
        help: "A valid user of another tenant deletes rows that are not theirs. Give the DELETE policy a USING clause that is tied to the tenant key, or revoke DELETE from the client role.",
        example: example!("isolation/cross-tenant-delete", broken: ["schema.sql", "seaworthy.toml"], repaired: ["schema.sql"]),
    },
    plan,
};

const EXPECTED: &str = "the other tenant's rows are all still there";
const TOPIC: &str = "delete tenant A's rows";
const TOPIC_REFERENCE: &str = "delete reference data";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if target.is_open(Command::Delete) {
        return vec![target.open(EXPECTED)];
    }
    if scene.member_role().is_none() {
        return vec![target.without_clients(EXPECTED)];
    }
    let Some(row) = target.row else { return vec![target.without_row(scene, EXPECTED)] };
    let topic = if target.is_tied() { TOPIC } else { TOPIC_REFERENCE };
    let shapes = deletes(scene, target.table, row);
    let attempt = Attempt {
        table: target.table,
        topic,
        attackers: &target.attackers,
        owners: &target.owners,
        observe: vec![target.state.clone()],
    };
    let meant = (target.is_tied() && scene.meant(target.table, Command::Delete)).then(|| topic.to_owned());
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes: attempt.probes(scene, &shapes),
        judge: Judge::BesideControls { meant: meant.into_iter().collect(), optional: Vec::new() },
        fix: fix::policies(scene, target.table, &[Command::Delete]),
    }]
}
