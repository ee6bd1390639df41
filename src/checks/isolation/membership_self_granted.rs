//! `isolation/membership-self-granted`: nobody makes itself a member of a tenant, and no member gives itself a higher role.

use super::super::fix;
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, Shape, insert_columns, inserts, without_triggers};
use super::super::{Case, Check, Judge};
use super::TenantTable;
use crate::catalog::{KeyConstraint, quote_identifier, quote_literal};
use crate::probe::{Act, Part, Signal, SqlProbe};
use crate::tenancy::{Membership, TableRole};
use crate::verdict::{CheckInfo, Family, Severity};
use crate::world::{StoredRow, Values};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/membership-self-granted",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "Nobody grants itself a membership or a higher role",
        help: "The table that says who belongs where can be written by those it is about: `with check (user_id = auth.uid())` lets everybody join every tenant. Let only those who may manage members insert, tie the row to their tenant, and keep the role column out of what members may update.",
        example: example!("isolation/membership-self-granted"),
    },
    plan,
};

const EXPECTED: &str = "nobody becomes a member, or a higher one, by its own hand";
const JOIN: &str = "make itself a member of tenant A";
const RISE: &str = "give itself a higher role";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    let TableRole::Membership(index) = target.intent.role else { return Vec::new() };
    let Some(membership) = scene.intent.memberships.get(index) else { return Vec::new() };
    if scene.member_role().is_none() {
        return vec![target.without_clients(EXPECTED)];
    }
    let Some(row) = target.row else { return vec![target.without_row(scene, EXPECTED)] };
    let mut probes = joins(scene, &target, membership, row);
    probes.extend(rises(scene, &target, membership));
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant: Vec::new(), optional: vec![RISE.to_owned()] },
        fix: taken_back(scene, &target, membership),
    }]
}

/// A membership of the victim's tenant for each attacker, in every role; and its own membership moved there.
fn joins(scene: &Scene<'_>, target: &TenantTable<'_>, membership: &Membership, row: &StoredRow) -> Vec<SqlProbe> {
    let template = scene.fresh(&target.table.name, VICTIM).map_or(&row.values, |fresh| &fresh.values);
    let Some(tenant) = row.values.get(&membership.tenant_column).cloned().flatten() else { return Vec::new() };
    let mut attackers = scene.attackers(VICTIM);
    // A stranger's row cannot clash with one that is there.
    attackers.reverse();
    let mut probes = Vec::new();
    for attacker in attackers {
        let Some(user) = scene.reference_to_user(target.table, &membership.user_column, attacker) else { continue };
        let observe = format!(
            "select count(*) from {} as t where t.{}::text = {} and t.{}::text = {}",
            target.table.name.quoted(),
            quote_identifier(&membership.user_column),
            quote_literal(&user),
            quote_identifier(&membership.tenant_column),
            quote_literal(&tenant)
        );
        let attempt =
            Attempt { table: target.table, topic: JOIN, attackers: &[attacker], owners: &[], observe: vec![observe] };
        for role in roles(membership) {
            let mut values: Values = template.clone();
            for key in target.table.key_columns() {
                if *key != membership.user_column && *key != membership.tenant_column {
                    values.remove(key);
                }
            }
            values.insert(membership.user_column.clone(), Some(user.clone()));
            values.insert(membership.tenant_column.clone(), Some(tenant.clone()));
            if let (Some(column), Some(role)) = (&membership.role_column, role) {
                values.insert(column.clone(), Some(role));
            }
            let client = scene.member_role().unwrap_or_default();
            let columns = insert_columns(scene, target.table, &values, client);
            let room = room_for(target, membership, &user);
            let shapes: Vec<Shape> = inserts(target.table, &columns, &values, &room).into_iter().take(3).collect();
            probes.extend(attempt.probes(scene, &shapes));
        }
        probes.extend(moved(target, membership, &attempt, &user, &tenant));
    }
    probes
}

/// Where each user has one row, the one that it has goes first: what is asked is who may make another.
fn room_for(target: &TenantTable<'_>, membership: &Membership, user: &str) -> Vec<String> {
    let alone = |key: &KeyConstraint| key.columns == [membership.user_column.clone()];
    if !target.table.primary_key.iter().chain(&target.table.uniques).any(alone) {
        return Vec::new();
    }
    without_triggers(vec![format!(
        "delete from {} as t where t.{}::text = {}",
        target.table.name.quoted(),
        quote_identifier(&membership.user_column),
        quote_literal(user)
    )])
}

fn moved(
    target: &TenantTable<'_>,
    membership: &Membership,
    attempt: &Attempt<'_>,
    user: &str,
    tenant: &str,
) -> Vec<SqlProbe> {
    let statement = format!(
        "update {} as t set {} = {} where t.{}::text = {}",
        target.table.name.quoted(),
        quote_identifier(&membership.tenant_column),
        quote_literal(tenant),
        quote_identifier(&membership.user_column),
        quote_literal(user)
    );
    let shape = Shape {
        name: "its own membership moved",
        main: true,
        prepare: Vec::new(),
        act: Act::statement(statement),
        signal: Signal::Change,
    };
    attempt.attackers.iter().map(|attacker| attempt.probe(Part::Attack, attacker, &shape)).collect()
}

/// Every member of the attacking tenant but the highest promotes itself.
fn rises(scene: &Scene<'_>, target: &TenantTable<'_>, membership: &Membership) -> Vec<SqlProbe> {
    let (Some(column), Some(highest)) = (&membership.role_column, membership.roles.first()) else { return Vec::new() };
    let mut probes = Vec::new();
    let mut seen = vec![highest.clone()];
    for member in scene.world.members(membership.root, ATTACKER) {
        let standing = member.standings.iter().find(|standing| standing.root == membership.root);
        let Some(role) = standing.and_then(|standing| standing.role.clone()) else { continue };
        let Some(user) = scene.reference_to_user(target.table, &membership.user_column, member) else { continue };
        if seen.contains(&role) {
            continue;
        }
        seen.push(role);
        let name = target.table.name.quoted();
        let own = format!("t.{}::text = {}", quote_identifier(&membership.user_column), quote_literal(&user));
        let set = format!("{} = {}", quote_identifier(column), quote_literal(highest));
        let observe = format!("select t.{}::text from {name} as t where {own} order by 1", quote_identifier(column));
        let shape = |shape: &'static str, statement: String| Shape {
            name: shape,
            main: true,
            prepare: Vec::new(),
            act: Act::statement(statement),
            signal: Signal::Change,
        };
        let shapes = [
            shape("by id", format!("update {name} as t set {set} where {own}")),
            shape("bare", format!("update {name} set {set}")),
        ];
        let attempt =
            Attempt { table: target.table, topic: RISE, attackers: &[member], owners: &[], observe: vec![observe] };
        probes.extend(attempt.probes(scene, &shapes));
    }
    probes
}

fn roles(membership: &Membership) -> Vec<Option<String>> {
    let ends = [membership.roles.first(), membership.roles.last()];
    let mut roles: Vec<Option<String>> = ends.into_iter().flatten().cloned().map(Some).collect();
    roles.dedup();
    if roles.is_empty() { vec![None] } else { roles }
}

/// Nobody inserts a membership, and nobody changes whose it is or its role: the server lets members in.
fn taken_back(scene: &Scene<'_>, target: &TenantTable<'_>, membership: &Membership) -> Option<String> {
    let mut columns = vec![membership.tenant_column.as_str(), membership.user_column.as_str()];
    columns.extend(membership.role_column.as_deref());
    fix::without_columns(scene, target.table, &columns)
}
