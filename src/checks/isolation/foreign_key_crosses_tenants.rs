//! `isolation/foreign-key-crosses-tenants`: no user makes its own row refer to another tenant's. Foreign keys bypass row
//! security (Postgres documentation, 5.9), so only a key that carries the tenant, or a check, keeps them apart.

use super::super::fix;
use super::super::scene::reference::{Reference, equalities, references, with_reference};
use super::super::scene::{ATTACKER, Scene, Subject, VACANT, VICTIM, key_condition, part_of};
use super::super::statement::{insert_columns, insert_statement, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::quote_identifier;
use crate::probe::{Act, Part, Signal, SqlProbe};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{FreshRow, Principal, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/foreign-key-crosses-tenants",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user's row refers to another tenant's row",
        help: "Foreign keys bypass row security: a user ties its own row to another tenant's, and whatever joins, cascades or counts over the key crosses tenants. Make the key carry the tenant: `foreign key (workspace_id, campaign_id) references campaigns (workspace_id, id)`, or test the parent in WITH CHECK.",
        example: example!("isolation/foreign-key-crosses-tenants"),
    },
    plan,
};

const EXPECTED: &str = "a reference to another tenant's row is refused, one to its own tenant's row is not";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || scene.member_role().is_none() {
        return Vec::new();
    }
    references(scene, target.table, target.intent)
        .into_iter()
        .map(|reference| case(scene, &target, &reference).doubted(reference.likely))
        .collect()
}

fn case(scene: &Scene<'_>, target: &TenantTable<'_>, reference: &Reference<'_>) -> Case {
    let object = part_of(target.table, reference.key.columns.join(", "));
    let theirs = scene.stored(&reference.parent.name, VICTIM).and_then(|row| reference.to(row));
    let own = scene.stored(&reference.parent.name, ATTACKER).and_then(|row| reference.to(row));
    let (Some(theirs), Some(own)) = (theirs, own) else {
        let finding = super::tenant_table::no_row(scene, reference.parent);
        return Case::settled(object, target.tables(), EXPECTED, finding);
    };
    let mut probes = Vec::new();
    let mut meant = Vec::new();
    if let Some((_, fresh)) = attacking_row(scene, target) {
        probes.extend(by_insert(scene, target, fresh, &theirs, &own));
        if scene.meant(target.table, Command::Insert) && !probes.is_empty() {
            meant.push(INSERT.to_owned());
        }
    }
    if let Some(row) = target.own_row {
        probes.extend(by_update(scene, target, row, &theirs, &own));
    }
    if probes.iter().all(|probe| probe.part != Part::Attack) {
        let finding =
            Finding::new(Status::Unproven, "no row of the attacking tenant could be made to carry the reference");
        return Case::settled(object, target.tables(), EXPECTED, finding);
    }
    Case {
        object,
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant, optional: Vec::new() },
        fix: fix::kept_within_tenant(scene, target.table, reference.key),
    }
}

const INSERT: &str = "insert a row with the reference";
const UPDATE: &str = "set the reference";

/// A row that can be inserted for the attacker: its own, or C's where each tenant has one.
fn attacking_row<'a>(scene: &Scene<'a>, target: &TenantTable<'_>) -> Option<(usize, &'a FreshRow)> {
    [ATTACKER, VACANT].into_iter().find_map(|tenant| Some((tenant, scene.fresh(&target.table.name, tenant)?)))
}

fn by_insert(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    fresh: &FreshRow,
    theirs: &[(String, String)],
    own: &[(String, String)],
) -> Vec<SqlProbe> {
    let Some(tenant) = fresh.tenant else { return Vec::new() };
    let Some(role) = scene.member_role() else { return Vec::new() };
    // Where a client may not give the columns at all, an insert says nothing of the reference.
    let columns = insert_columns(scene, target.table, &with_reference(&fresh.values, theirs), role);
    if !theirs.iter().all(|(column, _)| columns.contains(column)) {
        return Vec::new();
    }
    let owners = scene.owners(&target.table.name, tenant);
    let make = |part: Part, principal: &Principal, reference: &[(String, String)]| {
        let values = with_reference(&fresh.values, reference);
        let columns = insert_columns(scene, target.table, &values, role);
        let statement = insert_statement(target.table, &columns, &values);
        let probe = probe(target, part, INSERT, principal, statement, reference);
        SqlProbe { prepare: fresh.prepare.clone(), ..probe }
    };
    // Its own reference is the one that the made row carries, if it does.
    let carried: Vec<(String, String)> =
        own.iter().filter_map(|(column, _)| Some((column.clone(), fresh.values.get(column)?.clone()?))).collect();
    let carried = if carried.is_empty() && tenant == ATTACKER { own.to_vec() } else { carried };
    let mut probes = Vec::new();
    if !carried.is_empty() {
        probes.extend(owners.iter().map(|owner| make(Part::Control, owner, &carried)));
        probes.extend(scene.server(target.table).map(|service| make(Part::Service, &service, &carried)));
    }
    probes.extend(owners.iter().map(|owner| make(Part::Attack, owner, theirs)));
    probes
}

fn by_update(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    row: &StoredRow,
    theirs: &[(String, String)],
    own: &[(String, String)],
) -> Vec<SqlProbe> {
    let Some(condition) = key_condition(target.table, row, "t") else { return Vec::new() };
    let owners = scene.owners(&target.table.name, ATTACKER);
    let name = target.table.name.quoted();
    // The control sets a reference that is not there already: another row of its own, else it is put away first.
    let current = own.iter().all(|(column, value)| row.values.get(column).cloned().flatten().as_ref() == Some(value));
    let nullable = own.iter().all(|(column, _)| target.table.column(column).is_some_and(|column| !column.not_null));
    let make = |part: Part, principal: &Principal, reference: &[(String, String)], bare: bool| {
        let set = equalities(reference, None, ", ");
        let statement = if bare {
            format!("update {name} as t set {set}")
        } else {
            format!("update {name} as t set {set} where {condition}")
        };
        let mut probe = probe(target, part, UPDATE, principal, statement, reference);
        if bare {
            probe.shape = "bare".to_owned();
        }
        if part != Part::Attack && current && nullable {
            let nulls: Vec<String> =
                reference.iter().map(|(column, _)| format!("{} = null", quote_identifier(column))).collect();
            probe.prepare =
                without_triggers(vec![format!("update {name} as t set {} where {condition}", nulls.join(", "))]);
        } else if part != Part::Attack && current {
            // Not null and already there: that the same statement goes through is all that can be shown.
            probe.signal = Signal::Affected;
        }
        probe
    };
    let mut probes: Vec<SqlProbe> = owners.iter().map(|owner| make(Part::Control, owner, own, false)).collect();
    probes.extend(scene.server(target.table).map(|service| make(Part::Service, &service, own, false)));
    probes.extend(owners.iter().map(|owner| make(Part::Attack, owner, theirs, false)));
    probes.extend(owners.first().map(|owner| make(Part::Attack, owner, theirs, true)));
    probes
}

fn probe(
    target: &TenantTable<'_>,
    part: Part,
    topic: &str,
    principal: &Principal,
    statement: String,
    reference: &[(String, String)],
) -> SqlProbe {
    let observe = format!(
        "select count(*) from {} as t where {}",
        target.table.name.quoted(),
        equalities(reference, Some("t"), " and ")
    );
    SqlProbe {
        part,
        topic: topic.to_owned(),
        shape: "by id".to_owned(),
        principal: principal.clone(),
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: Act::statement(statement),
        observe: vec![observe],
        signal: Signal::Change,
    }
}
