//! Which tables hold tenants.

use std::collections::BTreeMap;

use super::memberships::{Found, memberships};
use super::names::{
    Holds, OWNER_COLUMN, TenantName, any_of, holds, names_choice, names_reference, names_trait, table_words,
    tenant_name, words,
};
use super::reading::{Reading, foreign_key_of, is_identifier, is_mandatory, single_key};
use super::sources::Source;
use super::users::Users;
use crate::catalog::{QualifiedName, Table};
use crate::tenancy::{Origin, Ownership, TenantRoot};

/// A table that holds tenants.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'a> {
    pub(super) table: &'a Table,
    pub(super) key: String,
    pub(super) ownership: Ownership,
    pub(super) memberships: Vec<Found<'a>>,
    pub(super) reason: String,
    /// How much speaks for it.
    weight: usize,
}

/// What ties users to the rows of a table.
struct Evidence<'a> {
    name: TenantName,
    memberships: Vec<Found<'a>>,
    owner: Option<String>,
    /// The claim or setting that holds its key.
    claim: Option<String>,
    /// Tables that refer to it, memberships left out.
    children: usize,
    /// Those of them that say themselves whose a row is.
    personal_children: usize,
}

/// The roots, those with most to speak for them first. Users as tenants are not among them.
pub(super) fn roots<'a>(reading: &Reading<'a>, users: &Users) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate<'a>> = reading
        .own_tables()
        .filter(|table| !users.is_people(&table.name) && users.extension_of(&table.name).is_none())
        .filter_map(|table| candidate(reading, users, table))
        .collect();
    candidates.sort_by(|left, right| (right.weight, &left.table.name).cmp(&(left.weight, &right.table.name)));
    topmost(reading, users, candidates)
}

fn candidate<'a>(reading: &Reading<'a>, users: &Users, table: &'a Table) -> Option<Candidate<'a>> {
    let key = single_key(table)?;
    let evidence = evidence(reading, users, table, key);
    if !is_root(&evidence, table) {
        return None;
    }
    let weight = evidence.children
        + 20 * usize::from(evidence.name == TenantName::Yes)
        + 10 * usize::from(!evidence.memberships.is_empty())
        + 5 * usize::from(evidence.owner.is_some());
    let ownership = match &evidence.owner {
        Some(owner) => Ownership::OwnerColumn(owner.clone()),
        None if !evidence.memberships.is_empty() => Ownership::Membership,
        None => Ownership::Claim,
    };
    let reason = reason(&evidence);
    Some(Candidate { table, key: key.to_owned(), ownership, memberships: evidence.memberships, reason, weight })
}

fn evidence<'a>(reading: &Reading<'a>, users: &Users, table: &'a Table, key: &str) -> Evidence<'a> {
    let memberships = memberships(reading, users, table, key);
    let is_membership = |name: &QualifiedName| memberships.iter().any(|found| found.table.name == *name);
    let children: Vec<&Table> = reading
        .referrers(&table.name)
        .iter()
        .filter(|(child, foreign_key)| {
            child.name != table.name
                && !is_membership(&child.name)
                && foreign_key.columns.first().is_some_and(|column| !names_choice(column))
        })
        .map(|(child, _)| *child)
        .collect();
    let personal =
        |child: &&&Table| users.columns_of(child).iter().any(|found| found.rank <= OWNER_COLUMN && found.not_null);
    let limit = if memberships.iter().any(|found| !found.is_profile) { OWNER_COLUMN } else { 3 };
    let owner = users.columns_of(table).into_iter().find(|found| found.rank <= limit).map(|found| found.column);
    Evidence {
        name: tenant_name(&table.name.name),
        owner,
        claim: claim_of(reading, table),
        personal_children: children.iter().filter(personal).count(),
        children: children.len(),
        memberships,
    }
}

/// The claim or setting that holds this table's key: columns that refer to the table are compared with it, or the key is.
/// A policy may compare what it should not: a key alone counts only where the table's name agrees, and a claim whose name
/// says nothing only where both are compared with it: that outweighs a name like `regions`, though not one like `plans`.
fn claim_of(reading: &Reading<'_>, table: &Table) -> Option<String> {
    let key = single_key(table);
    let compares = |source: &Source, with_key: bool| {
        reading.uses.iter().filter(|found| found.source == *source).any(|found| {
            let (Some(column), Some(place)) = (&found.column, &found.table) else { return false };
            if *place == table.name {
                return with_key && key == Some(column.as_str());
            }
            let foreign_key = reading.table(place).and_then(|place| foreign_key_of(place, column));
            !with_key && foreign_key.is_some_and(|foreign_key| foreign_key.referenced_table == table.name)
        })
    };
    let found = reading.uses.iter().find(|found| {
        let name = found.source.path.last().unwrap_or(&found.source.setting);
        let (by_key, by_reference) = (compares(&found.source, true), compares(&found.source, false));
        match holds(name) {
            Some(Holds::Tenant | Holds::Tenants) => {
                by_reference || (by_key && tenant_name(&table.name.name) != TenantName::No)
            }
            Some(Holds::User | Holds::Role | Holds::Email) => false,
            None => by_reference && by_key && !names_trait(&table.name.name),
        }
    })?;
    Some(if found.source.path.is_empty() { found.source.setting.clone() } else { found.source.path.join(".") })
}

fn is_root(evidence: &Evidence<'_>, table: &Table) -> bool {
    let children = evidence.children;
    let joined = evidence.memberships.iter().any(|found| !found.is_profile);
    let plainly_joined = evidence.memberships.iter().any(|found| found.is_plain && !found.is_profile);
    let by_profile = evidence.memberships.iter().any(|found| found.is_profile);
    // A folder that its owner's every row also names the owner of is no tenant: the owner is.
    let owned = evidence.owner.is_some() && children > 0 && evidence.personal_children * 2 <= children;
    // Who has a role in it belongs to it, whatever it is called.
    let with_roles = evidence.memberships.iter().any(|found| found.role_column.is_some() && !found.is_profile);
    if evidence.claim.is_some() {
        return true;
    }
    if names_reference(&table.name.name) {
        return false;
    }
    match evidence.name {
        TenantName::Yes => {
            joined
                || by_profile
                || (owned && !is_ledger(table))
                || (evidence.owner.is_some() && is_place(table, children))
        }
        TenantName::Perhaps => plainly_joined || (by_profile && children > 1),
        TenantName::No => plainly_joined && (children > 0 || with_roles),
    }
}

/// A table without a child whose name means a place to work in: what belongs to it lies elsewhere, in stored files perhaps.
fn is_place(table: &Table, children: usize) -> bool {
    const PLACES: [&str; 6] = ["tenant", "organization", "organisation", "org", "workspace", "household"];
    children == 0 && table_words(&table.name.name).last().is_some_and(|last| PLACES.contains(&last.as_str()))
}

/// `accounts` with a mere owner are as often bank or login accounts as tenants.
fn is_ledger(table: &Table) -> bool {
    table_words(&table.name.name).last().is_some_and(|last| last == "account")
        && !table.columns.iter().any(|column| any_of(&words(&column.name), &["primary", "personal"]))
}

fn reason(evidence: &Evidence<'_>) -> String {
    let mut reasons = Vec::new();
    if evidence.name == TenantName::Yes {
        reasons.push("it is named like a tenant".to_owned());
    }
    if let Some(owner) = &evidence.owner {
        reasons.push(format!("{owner} names its owner"));
    }
    for found in &evidence.memberships {
        reasons.push(format!("{} says who belongs to it", found.table.name));
    }
    if let Some(claim) = &evidence.claim {
        reasons.push(format!("{claim} holds its key"));
    }
    if evidence.children > 0 {
        let tables = if evidence.children == 1 { "table refers" } else { "tables refer" };
        reasons.push(format!("{} other {tables} to it", evidence.children));
    }
    reasons.join(", ")
}

/// Leaves out the roots that belong to another root: the projects of an organization are tied to the organization.
fn topmost<'a>(reading: &Reading<'a>, users: &Users, candidates: Vec<Candidate<'a>>) -> Vec<Candidate<'a>> {
    let names: Vec<QualifiedName> = candidates.iter().map(|candidate| candidate.table.name.clone()).collect();
    let mut kept: Vec<Candidate<'a>> = Vec::new();
    for candidate in candidates {
        let above = ancestors(reading, users, candidate.table);
        let mutual = |name: &QualifiedName| {
            reading.table(name).is_some_and(|other| ancestors(reading, users, other).contains(&candidate.table.name))
        };
        let beaten = |name: &QualifiedName| kept.iter().any(|other| other.table.name == *name);
        let belongs = above.iter().any(|name| names.contains(name) && (!mutual(name) || beaten(name)));
        if !belongs {
            kept.push(candidate);
        }
    }
    kept
}

/// The tables that a row of `table` belongs under: by a foreign key of its own, then by mandatory ones.
fn ancestors(reading: &Reading<'_>, users: &Users, table: &Table) -> Vec<QualifiedName> {
    let mut above: Vec<QualifiedName> = Vec::new();
    let mut next = vec![table];
    while let Some(current) = next.pop() {
        for foreign_key in &current.foreign_keys {
            let parent = &foreign_key.referenced_table;
            let choice = foreign_key.columns.iter().any(|column| names_choice(column));
            let counts = std::ptr::eq(current, table) || is_mandatory(current, foreign_key);
            if choice || !counts || *parent == table.name || users.is_people(parent) || above.contains(parent) {
                continue;
            }
            above.push(parent.clone());
            next.extend(reading.table(parent));
        }
    }
    above
}

/// How users belong to the rows of a table that somebody declared a root.
pub(super) fn ownership_of(reading: &Reading<'_>, users: &Users, table: &Table) -> Ownership {
    if users.is_people(&table.name) {
        return Ownership::User;
    }
    let Some(key) = single_key(table) else { return Ownership::Claim };
    let evidence = evidence(reading, users, table, key);
    match evidence.owner {
        Some(owner) => Ownership::OwnerColumn(owner),
        None if evidence.memberships.is_empty() => Ownership::Claim,
        None => Ownership::Membership,
    }
}

/// The root of tenants that no table lists: a column like `tenant_id` without a foreign key, on several tables or
/// compared with a claim or setting.
pub(super) fn by_id_alone(reading: &Reading<'_>) -> Option<TenantRoot> {
    const KEYS: [&str; 9] =
        ["tenant", "org", "organization", "organisation", "workspace", "company", "team", "account", "business"];
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    for table in reading.own_tables() {
        for column in &table.columns {
            let words = words(&column.name);
            let named = matches!(words.as_slice(), [tenant, id] if id == "id" && KEYS.contains(&tenant.as_str()))
                || matches!(words.as_slice(), [tenant] if tenant == "tenant" || tenant == "orgid" || tenant == "tenantid");
            if named && is_identifier(column) && foreign_key_of(table, &column.name).is_none() {
                *columns.entry(&column.name).or_default() += 1;
            }
        }
    }
    let compared = |column: &str| {
        reading.uses.iter().find(|found| {
            let name = found.source.path.last().unwrap_or(&found.source.setting);
            found.column.as_deref() == Some(column)
                && found.source.path != ["sub"]
                && holds(name).is_none_or(|held| held != Holds::User)
        })
    };
    let (column, tables) = columns
        .into_iter()
        .filter(|(column, tables)| *tables > 1 || compared(column).is_some())
        .max_by_key(|(column, tables)| (*tables, std::cmp::Reverse(*column)))?;
    let stem = words(column).first().cloned().unwrap_or_default();
    let schema = reading.exposed.first().cloned().unwrap_or_default();
    let many = if tables == 1 { "1 table carries".to_owned() } else { format!("{tables} tables carry") };
    Some(TenantRoot {
        table: QualifiedName::new(schema, stem),
        key: column.to_owned(),
        ownership: Ownership::IdOnly,
        reason: format!("{many} {column}, and no table lists the tenants"),
        origin: Origin::Inferred,
    })
}

/// The name that most tables give to the id of whom a row belongs to, where no table lists users.
pub(super) fn most_common_user_column(reading: &Reading<'_>) -> Option<String> {
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    for column in reading.own_tables().flat_map(|table| &table.columns) {
        if super::names::user_column_rank(&column.name) == Some(0) {
            *columns.entry(&column.name).or_default() += 1;
        }
    }
    columns
        .into_iter()
        .max_by_key(|(column, tables)| (*tables, std::cmp::Reverse(*column)))
        .map(|(column, _)| column.to_owned())
}
