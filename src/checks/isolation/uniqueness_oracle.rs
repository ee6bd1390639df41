//! `isolation/uniqueness-oracle`: a unique key does not tell another tenant's user that a value is taken. Keys that carry the tenant,
//! and random uuids, are left out; a key that is meant to be global is declared so.

use std::collections::BTreeSet;

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::reference::tie_columns;
use super::super::scene::{ATTACKER, Scene, Subject, VACANT, key_condition, part_of};
use super::super::statement::{insert_columns, insert_statement};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{Privilege, Table, quote_identifier, quote_literal};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::Tie;
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::StoredRow;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/uniqueness-oracle",
        family: Family::Isolation,
        severity: Severity::Warning,
        title: "A unique key tells nobody what another tenant has",
        help: "An insert that clashes with another tenant's value says so: names, slugs and addresses of other customers can be tried out. Make the key unique within the tenant: `unique (workspace_id, slug)`. If it has to be global, as a sign-up's address, list it under `global_uniques` of `[tables.NAME]`.",
        example: example!("isolation/uniqueness-oracle"),
    },
    plan,
};

const EXPECTED: &str = "a value that another tenant has can be used";
/// Unique violation, exclusion violation.
const CLASH: [&str; 2] = ["23505", "23P01"];

/// A unique or exclusion key.
struct Key<'a> {
    name: &'a str,
    columns: Vec<&'a str>,
}

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || scene.member_role().is_none() {
        return Vec::new();
    }
    keys(scene, &target).iter().filter_map(|key| case(scene, &target, key)).collect()
}

fn keys<'a>(scene: &Scene<'_>, target: &TenantTable<'a>) -> Vec<Key<'a>> {
    let table = target.table;
    let mut tenant: BTreeSet<&str> = tie_columns(target.intent).into_iter().collect();
    if let Tie::Root(root) = target.intent.tie.value {
        let root = scene.intent.roots.get(root);
        tenant.extend(root.and_then(|root| table.column(&root.key)).map(|column| column.name.as_str()));
        if let Some(crate::tenancy::Ownership::OwnerColumn(column)) = root.map(|root| &root.ownership) {
            tenant.extend(table.column(column).map(|column| column.name.as_str()));
        }
    }
    let random = |column: &str| table.column(column).is_some_and(|column| column.data_type.unwrapped().name == "uuid");
    let unique = table
        .indexes
        .iter()
        .filter(|index| index.unique)
        .map(|index| Key { name: &index.name, columns: key_columns(table, &index.columns, &index.definition) });
    let exclusions = table
        .exclusions
        .iter()
        .map(|exclusion| Key { name: &exclusion.name, columns: key_columns(table, &[None], &exclusion.definition) });
    unique
        .chain(exclusions)
        .filter(|key| {
            !key.columns.is_empty() && !key.columns.iter().any(|column| tenant.contains(column) || random(column))
        })
        .collect()
}

/// The columns that a key compares: those that it lists and, where it has expressions, those that they name.
fn key_columns<'a>(table: &'a Table, listed: &[Option<String>], definition: &str) -> Vec<&'a str> {
    let within = compared(definition);
    let words: BTreeSet<&str> =
        within.split(|character: char| !(character.is_alphanumeric() || character == '_')).collect();
    let has_expression = listed.iter().any(Option::is_none);
    let named = |column: &str| {
        words.contains(column)
            || (column.contains(|character: char| !character.is_alphanumeric())
                && within.contains(&quote_identifier(column)))
    };
    table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|column| listed.iter().flatten().any(|listed| listed == column) || (has_expression && named(column)))
        .collect()
}

/// The part of an index's or exclusion's definition that says what is compared: `(lower(code), …)`, without INCLUDE and WHERE.
fn compared(definition: &str) -> &str {
    let from = definition.find(" USING ").or_else(|| definition.find("USING ")).unwrap_or_default();
    let within = definition.get(from..).unwrap_or_default();
    let within = within.get(within.find('(').unwrap_or_default()..).unwrap_or_default();
    let end = [" INCLUDE (", " WHERE ("].iter().filter_map(|word| within.find(word)).min().unwrap_or(within.len());
    within.get(..end).unwrap_or_default()
}

fn case(scene: &Scene<'_>, target: &TenantTable<'_>, key: &Key<'_>) -> Option<Case> {
    let object = part_of(target.table, key.columns.join(", "));
    let declared = |name: &&String| name.as_str() == key.name || key.columns.contains(&name.as_str());
    if target.intent.global_uniques.iter().any(|name| declared(&name)) {
        let finding = Finding::new(Status::Pass, "declared to be unique across tenants").at(Severity::Info);
        return Some(Case::settled(object, target.tables(), EXPECTED, finding));
    }
    let theirs: Vec<(String, String)> = key
        .columns
        .iter()
        .map(|column| Some(((*column).to_owned(), target.row?.values.get(*column)?.clone()?)))
        .collect::<Option<_>>()?;
    let mut probes = by_insert(scene, target, &theirs);
    probes.extend(by_update(scene, target, &theirs));
    if probes.is_empty() {
        return None;
    }
    Some(Case {
        object,
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: with_tenant(scene, target.table, key),
    })
}

fn by_insert(scene: &Scene<'_>, target: &TenantTable<'_>, theirs: &[(String, String)]) -> Vec<SqlProbe> {
    let Some(fresh) = [ATTACKER, VACANT].into_iter().find_map(|tenant| scene.fresh(&target.table.name, tenant)) else {
        return Vec::new();
    };
    let (Some(tenant), Some(role)) = (fresh.tenant, scene.member_role()) else { return Vec::new() };
    if !writable(scene, target.table, Privilege::Insert, theirs) {
        return Vec::new();
    }
    let owners = scene.owners(&target.table.name, tenant);
    let Some(owner) = owners.first() else { return Vec::new() };
    let mut clashing = fresh.values.clone();
    clashing.extend(theirs.iter().map(|(column, value)| (column.clone(), Some(value.clone()))));
    let columns = insert_columns(scene, target.table, &clashing, role);
    let make = |part: Part, values: &crate::world::Values, signal: Signal| SqlProbe {
        part,
        topic: "insert".to_owned(),
        shape: if part == Part::Attack { "with another tenant's value" } else { "with a value of its own" }.to_owned(),
        principal: (*owner).clone(),
        prepare: fresh.prepare.clone(),
        earlier: Vec::new(),
        act: Act::statement(insert_statement(target.table, &columns, values)),
        observe: Vec::new(),
        signal,
    };
    let kept: Vec<String> = columns.iter().filter(|column| fresh.values.contains_key(*column)).cloned().collect();
    let mut control = make(Part::Control, &fresh.values, Signal::Completes);
    control.act = Act::statement(insert_statement(target.table, &kept, &fresh.values));
    vec![make(Part::Attack, &clashing, Signal::Refused(CLASH.to_vec())), control]
}

fn by_update(scene: &Scene<'_>, target: &TenantTable<'_>, theirs: &[(String, String)]) -> Vec<SqlProbe> {
    let owners = scene.owners(&target.table.name, ATTACKER);
    let (Some(row), Some(owner)) = (target.own_row, owners.first()) else { return Vec::new() };
    if !writable(scene, target.table, Privilege::Update, theirs) {
        return Vec::new();
    }
    let Some(condition) = key_condition(target.table, row, "t") else { return Vec::new() };
    let make = |part: Part, values: &[(String, String)], signal: Signal| {
        let set: Vec<String> = values
            .iter()
            .map(|(column, value)| format!("{} = {}", quote_identifier(column), quote_literal(value)))
            .collect();
        SqlProbe {
            part,
            topic: "update".to_owned(),
            shape: if part == Part::Attack { "to another tenant's value" } else { "to its own value" }.to_owned(),
            principal: (*owner).clone(),
            prepare: Vec::new(),
            earlier: Vec::new(),
            act: Act::statement(format!(
                "update {} as t set {} where {condition}",
                target.table.name.quoted(),
                set.join(", ")
            )),
            observe: Vec::new(),
            signal,
        }
    };
    let own: Option<Vec<(String, String)>> = own_values(row, theirs);
    let mut probes = vec![make(Part::Attack, theirs, Signal::Refused(CLASH.to_vec()))];
    probes.extend(own.map(|own| make(Part::Control, &own, Signal::Affected)));
    probes
}

fn own_values(row: &StoredRow, theirs: &[(String, String)]) -> Option<Vec<(String, String)>> {
    theirs.iter().map(|(column, _)| Some((column.clone(), row.values.get(column)?.clone()?))).collect()
}

fn writable(scene: &Scene<'_>, table: &Table, privilege: Privilege, values: &[(String, String)]) -> bool {
    let granted =
        scene.member_role().map(|role| scene.catalog.columns_allowed(role, privilege, table)).unwrap_or_default();
    values.iter().all(|(name, _)| granted.iter().any(|column| column.name == *name && column.is_writable()))
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let shows = |part: Part, topic: &str| {
        case.probes
            .iter()
            .zip(outcomes)
            .position(|(probe, outcome)| probe.part == part && probe.topic == topic && probe.signal.shows(outcome))
    };
    let mut proven = None;
    for topic in ["insert", "update"] {
        // A client that cannot write such a row at all learns nothing from it.
        let Some(control) = shows(Part::Control, topic) else { continue };
        if let Some(attack) = shows(Part::Attack, topic) {
            return Finding::new(Status::Fail, format!("an {topic} tells that another tenant has the value"))
                .observed(describe(outcomes.get(attack)))
                .shown_by([attack, control]);
        }
        proven = Some(control);
    }
    match proven {
        Some(control) => Finding::new(Status::Pass, "another tenant's value can be used").shown_by([control]),
        None => Finding::new(Status::NotApplicable, "no client can write the key, so none can try values out"),
    }
}

/// The same key within a tenant; where no column says which, the server sets it and clients do not.
fn with_tenant(scene: &Scene<'_>, table: &Table, key: &Key<'_>) -> Option<String> {
    let Some(tenant) = fix::tenant_column(scene, &table.name) else {
        return fix::without_columns(scene, table, &key.columns);
    };
    let columns: Vec<String> = [tenant].into_iter().chain(key.columns.iter().copied()).map(quote_identifier).collect();
    let name = quote_identifier(key.name);
    let is_constraint = table.uniques.iter().any(|unique| unique.name == key.name)
        || table.exclusions.iter().any(|exclusion| exclusion.name == key.name);
    let dropped = if is_constraint {
        format!("alter table {} drop constraint {name};", table.name.quoted())
    } else {
        format!("drop index {}.{name};", quote_identifier(&table.name.schema))
    };
    Some(format!("{dropped}\ncreate unique index on {} ({});", table.name.quoted(), columns.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_compares_is_told_from_its_name_its_method_and_its_condition() {
        let index = "CREATE UNIQUE INDEX code ON public.code USING btree (lower(slug)) INCLUDE (id) WHERE (active)";
        assert_eq!(compared(index), "(lower(slug))");
        assert_eq!(compared("EXCLUDE USING gist (room WITH =, during WITH &&)"), "(room WITH =, during WITH &&)");
    }
}
