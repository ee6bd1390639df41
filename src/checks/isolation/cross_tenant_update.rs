//! `isolation/cross-tenant-update`: the victim's rows are byte-identical after another tenant's UPDATE, in every shape. For
//! reference data, every row is everybody's: no client may change it.

use super::super::fix;
use super::super::scene::reference::tie_columns;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, Shape, assignment, updates};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::probe::{Act, Part, Signal, SqlProbe};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/cross-tenant-update",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user changes another tenant's rows",
        help: "A valid user of another tenant changes rows that are not theirs. Give the UPDATE policy a USING clause that is tied to the tenant key; without WITH CHECK it serves for the new row too. A bare `UPDATE t SET c = x` reads no column, so the SELECT policy does not protect it.",
        example: example!("isolation/cross-tenant-update", broken: ["schema.sql", "seaworthy.toml"], repaired: ["schema.sql"]),
    },
    plan,
};

const EXPECTED: &str = "the other tenant's rows are the same before and after";
const TOPIC: &str = "update tenant A's rows";
const TOPIC_REFERENCE: &str = "update reference data";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if target.is_open(Command::Update) {
        return vec![target.open(EXPECTED)];
    }
    let Some(role) = scene.member_role() else { return vec![target.without_clients(EXPECTED)] };
    let Some(row) = target.row else { return vec![target.without_row(scene, EXPECTED)] };
    let topic = if target.is_tied() { TOPIC } else { TOPIC_REFERENCE };
    let shapes = updates(scene, target.table, row, role);
    if shapes.is_empty() {
        let finding = Finding::new(
            Status::NotApplicable,
            "every column says whose or which row it is: tenant-key-reassigned asks about those",
        );
        return vec![target.settled(EXPECTED, finding)];
    }
    let attempt = Attempt {
        table: target.table,
        topic,
        attackers: &target.attackers,
        owners: &target.owners,
        observe: vec![target.state.clone()],
    };
    let mut probes = attempt.probes(scene, &shapes);
    probes.extend(target.attackers.iter().filter_map(|attacker| signed(scene, &target, &attempt, row, attacker)));
    let meant = (target.is_tied() && scene.meant(target.table, Command::Update)).then(|| topic.to_owned());
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant: meant.into_iter().collect(), optional: Vec::new() },
        fix: fix::policies(scene, target.table, &[Command::Update]),
    }]
}

/// The attacker puts its own name where the victim's users are named: a WITH CHECK on the author alone lets that through.
fn signed(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    attempt: &Attempt<'_>,
    row: &StoredRow,
    attacker: &Principal,
) -> Option<SqlProbe> {
    let own_id = attacker.user_id.as_deref()?;
    let tie = tie_columns(target.intent);
    let keys = target.table.key_columns();
    let set: Vec<String> = scene
        .naming(row, VICTIM)
        .into_iter()
        .filter(|column| !tie.contains(column) && !keys.iter().any(|key| key == column))
        .map(|column| assignment(column, own_id))
        .collect();
    if set.is_empty() {
        return None;
    }
    let shape = Shape {
        name: "bare, signed by itself",
        main: false,
        prepare: Vec::new(),
        act: Act::statement(format!("update {} set {}", target.table.name.quoted(), set.join(", "))),
        signal: Signal::Change,
    };
    Some(attempt.probe(Part::Attack, attacker, &shape))
}
