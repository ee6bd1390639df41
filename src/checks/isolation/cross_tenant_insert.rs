//! `isolation/cross-tenant-insert`: no row that another tenant's user inserts ends up in the victim's tenant. Judged by where
//! the row is, not by the error: plain, RETURNING, ON CONFLICT, MERGE, COPY FROM; as the victim's author, and as its own.

use super::super::fix;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, insert_columns, inserts};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{Table, quote_identifier, quote_literal};
use crate::probe::{Part, SqlProbe};
use crate::tenancy::{Command, Ownership, TableIntent, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{FreshRow, Principal, Values};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/cross-tenant-insert",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user inserts a row into another tenant",
        help: "A valid user of another tenant plants rows that the victim will see as its own. Give the INSERT policy a WITH CHECK that ties the tenant key to the caller; checking the author's column alone is not enough.",
        example: example!("isolation/cross-tenant-insert"),
    },
    plan,
};

const EXPECTED: &str = "no new row belongs to the other tenant";
const TOPIC: &str = "insert a row into another tenant";
const TOPIC_REFERENCE: &str = "insert reference data";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if target.is_open(Command::Insert) {
        return vec![target.open(EXPECTED)];
    }
    let Some(role) = scene.member_role() else { return vec![target.without_clients(EXPECTED)] };
    let Some((victim, fresh)) = fresh_row(scene, &target) else {
        return vec![no_fresh_row(scene, &target)];
    };
    let Some(observe) = landing(scene, target.table, target.intent, victim, fresh) else {
        return vec![target.settled(
            EXPECTED,
            Finding::new(Status::NotApplicable, "a new row here is a new tenant, which nobody else's rows are part of"),
        )];
    };
    let topic = if target.is_tied() { TOPIC } else { TOPIC_REFERENCE };
    let attackers = scene.attackers(victim);
    let owners = if target.is_tied() { scene.owners(&target.table.name, victim) } else { Vec::new() };
    let columns = insert_columns(scene, target.table, &fresh.values, role);
    let shapes = inserts(target.table, &columns, &fresh.values, &fresh.prepare);
    let attempt =
        Attempt { table: target.table, topic, attackers: &attackers, owners: &owners, observe: vec![observe] };
    let mut probes = attempt.probes(scene, &shapes);
    for attacker in &attackers {
        probes.extend(as_own_author(scene, &target, &attempt, (victim, fresh), &columns, attacker));
    }
    let meant = (target.is_tied() && scene.meant(target.table, Command::Insert)).then(|| topic.to_owned());
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant: meant.into_iter().collect(), optional: Vec::new() },
        fix: fix::policies(scene, target.table, &[Command::Insert]),
    }]
}

/// The tenant that is attacked (an index out of range for reference data), and the row.
fn fresh_row<'a>(scene: &Scene<'a>, target: &TenantTable<'a>) -> Option<(usize, &'a FreshRow)> {
    if target.is_tied() {
        let victim = scene.insertion_victim(&target.table.name)?;
        return Some((victim, scene.fresh(&target.table.name, victim)?));
    }
    scene.world.rows.get(&target.table.name)?.fresh.first().map(|fresh| (VICTIM, fresh))
}

fn no_fresh_row(scene: &Scene<'_>, target: &TenantTable<'_>) -> Case {
    if matches!(target.intent.tie.value, Tie::Root(_)) {
        let finding =
            Finding::new(Status::NotApplicable, "a new row here is a new tenant, which nobody else's rows are part of");
        return target.settled(EXPECTED, finding);
    }
    target.without_row(scene, EXPECTED)
}

/// A query that changes when the row lands with the victim.
pub(super) fn landing(
    scene: &Scene<'_>,
    table: &Table,
    intent: &TableIntent,
    victim: usize,
    fresh: &FreshRow,
) -> Option<String> {
    match &intent.tie.value {
        Tie::Global | Tie::Untied => Some(scene.whole_state(table)),
        Tie::Root(root) => match &scene.intent.roots.get(*root)?.ownership {
            Ownership::OwnerColumn(column) => {
                let owner = fresh.values.get(column)?.as_deref()?;
                Some(format!(
                    "select count(*) from {} as t where t.{}::text = {}",
                    table.name.quoted(),
                    quote_identifier(column),
                    quote_literal(owner)
                ))
            }
            // A new user is nobody's row yet, unless it comes with the id of one that is there.
            Ownership::User => {
                let given = fresh.values.get(&scene.intent.roots.get(*root)?.key)?.as_ref()?;
                let existing = scene.ids(victim).get(root) == Some(given);
                existing.then(|| scene.state(table, victim)).flatten()
            }
            Ownership::Membership | Ownership::Claim | Ownership::IdOnly => None,
        },
        Tie::Key { .. } | Tie::Through { .. } => scene.state(table, victim),
    }
}

/// The same row, but with the attacker in the columns that name the victim's users: a policy that looks at the author alone lets it
/// in.
fn as_own_author(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    attempt: &Attempt<'_>,
    (victim, fresh): (usize, &FreshRow),
    columns: &[String],
    attacker: &Principal,
) -> Vec<SqlProbe> {
    let (Some(own), false) = (&attacker.user_id, matches!(target.intent.tie.value, Tie::Root(_))) else {
        return Vec::new();
    };
    let tie = match &target.intent.tie.value {
        Tie::Key { column, .. } => vec![column.clone()],
        Tie::Through { columns, .. } => columns.clone(),
        Tie::Root(_) | Tie::Global | Tie::Untied => Vec::new(),
    };
    let users: Vec<&str> = scene
        .world
        .principals
        .iter()
        .filter(|principal| principal.is_of(victim))
        .filter_map(|principal| principal.user_id.as_deref())
        .collect();
    let mut values: Values = fresh.values.clone();
    for (column, value) in &mut values {
        if !tie.contains(column) && value.as_deref().is_some_and(|value| users.contains(&value)) {
            *value = Some(own.clone());
        }
    }
    if values == fresh.values {
        return Vec::new();
    }
    inserts(target.table, columns, &values, &fresh.prepare)
        .into_iter()
        .take(2)
        .map(|shape| {
            let mut probe = attempt.probe(Part::Attack, attacker, &shape);
            probe.shape = format!("{}, as its own author", shape.name);
            probe
        })
        .collect()
}
