//! Foreign keys from one tenant's row to another's, as several checks need them.

use super::Scene;
use crate::catalog::{ForeignKey, Table, quote_identifier, quote_literal};
use crate::tenancy::{Command, TableIntent, TableRole, Tie};
use crate::world::{StoredRow, Values};

/// A foreign key between tables whose rows belong to tenants.
#[derive(Debug, Clone)]
pub struct Reference<'a> {
    /// The key.
    pub key: &'a ForeignKey,
    /// The table referred to.
    pub parent: &'a Table,
    /// The referring columns that say whose row it is: they stay as they are.
    pub tie: Vec<&'a str>,
    /// Why referring to others' rows may well be meant.
    pub likely: Option<&'a str>,
}

/// The foreign keys of `table` that could cross tenants: to rows that belong to a tenant of the same root, the one that says whose
/// row it is left out. References to users, profiles and
/// members are left out too: inviting, mentioning and assigning people is what such columns are for.
#[must_use]
pub fn references<'a>(scene: &Scene<'a>, table: &'a Table, intent: &'a TableIntent) -> Vec<Reference<'a>> {
    let Some(root) = scene.intent.root_of(&table.name) else { return Vec::new() };
    let tie = tie_columns(intent);
    table
        .foreign_keys
        .iter()
        .filter(|key| key.columns.iter().any(|column| !tie.contains(&column.as_str())))
        .filter_map(|key| {
            let parent = scene.catalog.table(&key.referenced_table)?;
            let parent_intent = scene.intent.table(&parent.name)?;
            let users = scene.intent.users.as_ref().is_some_and(|(users, _)| *users == parent.name);
            let carries_tenant = key.columns.iter().any(|column| tie.contains(&column.as_str()));
            let of_people = users
                || parent_intent.role == TableRole::Profile
                || (carries_tenant && matches!(parent_intent.role, TableRole::Membership(_)));
            let user_root = matches!(parent_intent.tie.value, Tie::Root(index) if scene.users_are_tenants(index));
            let open = parent_intent.public.contains(&Command::Select)
                || parent_intent.shared.contains(&Command::Select)
                || parent_intent.likely_audience().is_some();
            let same_root = scene.intent.root_of(&parent.name) == Some(root);
            (same_root && !of_people && !user_root && !open).then(|| Reference {
                key,
                parent,
                tie: tie.clone(),
                likely: parent_intent.likely_referred_to(),
            })
        })
        .collect()
}

/// The columns that say whose a row is.
#[must_use]
pub fn tie_columns(intent: &TableIntent) -> Vec<&str> {
    match &intent.tie.value {
        Tie::Key { column, .. } => vec![column],
        Tie::Through { columns, .. } => columns.iter().map(String::as_str).collect(),
        Tie::Root(_) | Tie::Global | Tie::Untied => Vec::new(),
    }
}

impl Reference<'_> {
    /// The referring columns with the values that refer to `row`, those that say whose row it is left out.
    #[must_use]
    pub fn to(&self, row: &StoredRow) -> Option<Vec<(String, String)>> {
        self.key
            .columns
            .iter()
            .zip(&self.key.referenced_columns)
            .filter(|(column, _)| !self.tie.contains(&column.as_str()))
            .map(|(column, referenced)| Some((column.clone(), row.values.get(referenced)?.clone()?)))
            .collect()
    }
}

/// `values` with the reference put in.
#[must_use]
pub fn with_reference(values: &Values, reference: &[(String, String)]) -> Values {
    let mut values = values.clone();
    values.extend(reference.iter().map(|(column, value)| (column.clone(), Some(value.clone()))));
    values
}

/// `"column" = 'value', …`, or joined otherwise.
#[must_use]
pub fn equalities(reference: &[(String, String)], alias: Option<&str>, separator: &str) -> String {
    let prefix = alias.map(|alias| format!("{}.", quote_identifier(alias))).unwrap_or_default();
    reference
        .iter()
        .map(|(column, value)| format!("{prefix}{} = {}", quote_identifier(column), quote_literal(value)))
        .collect::<Vec<_>>()
        .join(separator)
}
