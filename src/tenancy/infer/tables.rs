//! What is intended for each table: its tie, its part, and what a person wrote about it.

use std::collections::{BTreeMap, BTreeSet};

use super::names::names_membership;
use super::privilege::{names_roles, privilege_columns};
use super::reading::{Reading, holds_rows};
use super::ties::Ties;
use super::users::Users;
use super::{Skeleton, audit, declared};
use crate::catalog::{QualifiedName, Table};
use crate::settings::{SystemSettings, TableSettings};
use crate::tenancy::{Audience, Origin, Reasoned, TableIntent, TableRole, TenancyError, Tie};

/// The intent of every included table.
pub(super) fn tables(
    reading: &Reading<'_>,
    users: &Users,
    skeleton: &Skeleton,
    ties: &Ties,
    included: &BTreeSet<QualifiedName>,
    settings: &SystemSettings,
) -> Result<BTreeMap<QualifiedName, TableIntent>, TenancyError> {
    let mut declared: BTreeMap<&QualifiedName, &TableSettings> = BTreeMap::new();
    for (named, settings) in &settings.tables {
        let table = declared::table(reading, named, &format!("tables.{named}"))?;
        declared.insert(&table.name, settings);
    }
    let tables = included.iter().filter_map(|name| Some((reading.table(name)?, ties.get(name)?)));
    let mut all: BTreeMap<QualifiedName, TableIntent> = tables
        .map(|(table, tie)| {
            let role = role(users, skeleton, table, &tie.value);
            let mut intent = TableIntent {
                table: table.name.clone(),
                tie: tie.clone(),
                role,
                public: Vec::new(),
                shared: Vec::new(),
                client_commands: None,
                privilege_columns: inferred_privileges(users, skeleton, table, role, ties),
                global_uniques: Vec::new(),
                audience: Audience::Unsaid,
                staff: is_staff(users, table, role, &tie.value, skeleton),
                on_delete: Vec::new(),
                unowned_rows: None,
                indexes: Vec::new(),
                audited: None,
                append_only: audit::inferred(table),
            };
            if let Some(settings) = declared.get(&table.name) {
                declare(&mut intent, settings);
                audit::declare(reading, &mut intent, settings)?;
            }
            Ok((table.name.clone(), intent))
        })
        .collect::<Result<_, TenancyError>>()?;
    let denied = declared.iter().filter(|(_, settings)| settings.append_only == Some(false));
    audit::trust(&mut all, &denied.map(|(name, _)| (*name).clone()).collect());
    Ok(all)
}

fn role(users: &Users, skeleton: &Skeleton, table: &Table, tie: &Tie) -> TableRole {
    if let Some(index) = skeleton.memberships.iter().position(|membership| membership.table == table.name) {
        return TableRole::Membership(index);
    }
    match tie {
        Tie::Root(root) => TableRole::Root(*root),
        _ if users.is_people(&table.name) => TableRole::Profile,
        _ => TableRole::Plain,
    }
}

/// Whether rows give single users roles that no tenant bounds: those of the people who run the system.
fn is_staff(users: &Users, table: &Table, role: TableRole, tie: &Tie, skeleton: &Skeleton) -> bool {
    let personal = matches!(tie, Tie::Key { root, .. } if skeleton.users_root == Some(*root));
    let of_users = !users.columns_of(table).is_empty();
    role == TableRole::Plain && personal && of_users && names_roles(table)
}

fn inferred_privileges(
    users: &Users,
    skeleton: &Skeleton,
    table: &Table,
    role: TableRole,
    ties: &Ties,
) -> Vec<Reasoned<String>> {
    let Some(tie) = ties.get(&table.name).map(|tie| &tie.value) else { return Vec::new() };
    if !holds_rows(table) || table.parent.is_some() || matches!(tie, Tie::Global | Tie::Untied) {
        return Vec::new();
    }
    let mut skip: Vec<&str> = table.primary_key.iter().flat_map(|key| &key.columns).map(String::as_str).collect();
    match tie {
        Tie::Key { column, .. } => skip.push(column),
        Tie::Through { columns, .. } => skip.extend(columns.iter().map(String::as_str)),
        Tie::Root(_) | Tie::Global | Tie::Untied => {}
    }
    // A reference to what a tenant owns says nothing of what it may; one to reference data, a plan, does.
    let owned =
        |parent: &QualifiedName| ties.get(parent).is_none_or(|tie| !matches!(tie.value, Tie::Global | Tie::Untied));
    let references = table.foreign_keys.iter().filter(|key| owned(&key.referenced_table));
    skip.extend(references.flat_map(|key| &key.columns).map(String::as_str));
    if let TableRole::Membership(index) = role
        && let Some(membership) = skeleton.memberships.get(index)
    {
        skip.extend([membership.user_column.as_str(), membership.tenant_column.as_str()]);
        // A role may well be part of the key.
        skip.retain(|column| membership.role_column.as_deref() != Some(*column));
        return privilege_columns(table, role, !users.is_people(&table.name), &skip);
    }
    let joins_people =
        names_roles(table) || (names_membership(&table.name.name, None) && !users.columns_of(table).is_empty());
    if joins_people {
        skip.retain(|column| super::names::words(column).last().is_none_or(|last| last != "role"));
    }
    privilege_columns(table, role, joins_people, &skip)
}

fn declare(intent: &mut TableIntent, settings: &TableSettings) {
    let commands = |given: &Option<Vec<_>>| given.as_deref().map(declared::commands);
    intent.public = commands(&settings.public).unwrap_or_default();
    intent.shared = commands(&settings.shared).unwrap_or_default();
    if settings.public.is_some() || settings.shared.is_some() {
        intent.audience = Audience::Declared;
    }
    intent.client_commands = commands(&settings.client_commands);
    intent.global_uniques.clone_from(&settings.global_uniques);
    intent.on_delete = declared::on_delete(&settings.on_delete);
    intent.unowned_rows.clone_from(&settings.unowned_rows);
    intent.indexes.clone_from(&settings.indexes);
    if let Some(columns) = &settings.privilege_columns {
        let declared = |column: &String| Reasoned {
            value: column.clone(),
            reason: declared::WRITTEN.to_owned(),
            origin: Origin::Declared,
        };
        intent.privilege_columns = columns.iter().map(declared).collect();
    }
}

/// Takes back what was inferred to be global where a person wrote that it is not.
pub(super) fn deny_globals(
    reading: &Reading<'_>,
    settings: &SystemSettings,
    ties: &mut Ties,
) -> Result<(), TenancyError> {
    for (named, _) in settings.tables.iter().filter(|(_, settings)| settings.global == Some(false)) {
        let table = declared::table(reading, named, &format!("tables.{named}"))?;
        if let Some(tie) = ties.get_mut(&table.name).filter(|tie| tie.value == Tie::Global) {
            *tie = Reasoned { value: Tie::Untied, reason: declared::WRITTEN.to_owned(), origin: Origin::Declared };
        }
    }
    Ok(())
}
