//! Tables that say which user belongs to which tenant.

use super::names::{
    MAKER_COLUMN, OWNER_COLUMN, TenantName, any_of, names_billing, names_choice, names_membership, names_no_membership,
    names_reaction, role_power, tenant_name, words,
};
use super::reading::{Reading, is_unique};
use super::tokens::{Token, tokens};
use super::users::Users;
use crate::catalog::{Column, DataType, ForeignKey, Table, TypeKind};

/// A membership table, before its root has a place.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    pub(super) table: &'a Table,
    pub(super) user_column: String,
    pub(super) tenant_column: String,
    pub(super) role_column: Option<String>,
    pub(super) roles: Vec<String>,
    /// The table is the users' own or their profile: a user has one tenant.
    pub(super) is_profile: bool,
    /// Its name or its columns say plainly that it is one.
    pub(super) is_plain: bool,
    pub(super) reason: String,
}

/// The tables that join users to the rows of `root`; the users' own table only where there is no other.
pub(super) fn memberships<'a>(reading: &Reading<'a>, users: &Users, root: &Table, key: &str) -> Vec<Found<'a>> {
    let referring = reading.referrers(&root.name).iter().filter(|(table, foreign_key)| {
        table.name != root.name && reading.is_own(&table.name.schema) && refers_to(foreign_key, key)
    });
    let mut joining = Vec::new();
    let mut profiles = Vec::new();
    for (table, foreign_key) in referring {
        let Some(tenant_column) = foreign_key.columns.first() else { continue };
        if names_choice(tenant_column) {
            continue;
        }
        if users.is_people(&table.name) {
            profiles.extend(profile_membership(users, table, tenant_column, root));
        } else if !joining.iter().any(|found: &Found<'_>| found.table.name == table.name) {
            joining.extend(join_membership(reading, users, table, tenant_column, root));
        }
    }
    if joining.iter().any(|found: &Found<'_>| found.is_plain) {
        return joining;
    }
    joining.extend(profiles.into_iter().take(1));
    joining
}

fn refers_to(foreign_key: &ForeignKey, key: &str) -> bool {
    foreign_key.columns.len() == 1 && foreign_key.referenced_columns.iter().any(|column| column == key)
}

/// A user has one tenant, and the profile (or the users' own table) names it.
fn profile_membership<'a>(users: &Users, table: &'a Table, tenant_column: &str, root: &Table) -> Option<Found<'a>> {
    let user_column = match users.extension_of(&table.name) {
        Some(extension) => extension.column.clone(),
        None => users.table.as_ref().map(|(_, key)| key.clone())?,
    };
    let (role_column, roles) = role_of(table);
    Some(Found {
        table,
        user_column,
        tenant_column: tenant_column.to_owned(),
        role_column,
        roles,
        is_profile: true,
        is_plain: false,
        reason: format!("each row is a user, and its {tenant_column} refers to the user's {}", root.name),
    })
}

/// A table between users and tenants.
fn join_membership<'a>(
    reading: &Reading<'_>,
    users: &Users,
    table: &'a Table,
    tenant_column: &str,
    root: &Table,
) -> Option<Found<'a>> {
    if names_no_membership(&table.name.name) {
        return None;
    }
    let consulted = is_consulted(reading, users, table, tenant_column, root);
    let named = names_membership(&table.name.name, Some(&root.name.name)) || consulted;
    let user_column = users.columns_of(table).into_iter().find(|found| {
        (found.rank <= OWNER_COLUMN + 1 || (found.referring && named)) && found.column != tenant_column
    })?;
    let (mut role_column, mut roles) = role_of(table);
    if role_column.is_none() && named {
        (role_column, roles) = rank_of(table);
    }
    let unique = is_unique(table, &[tenant_column, &user_column.column]);
    let is_tenant = tenant_name(&root.name.name) == TenantName::Yes;
    let joins_only = unique && table.columns.len() <= 6 && table.foreign_keys.len() <= 2;
    let believed = named || (unique && role_column.is_some()) || (is_tenant && (role_column.is_some() || joins_only));
    believed.then(|| Found {
        table,
        tenant_column: tenant_column.to_owned(),
        is_profile: false,
        is_plain: named || role_column.is_some(),
        reason: format!(
            "it joins users ({}) to {} ({tenant_column}){}",
            user_column.column,
            root.name,
            role_column.as_ref().map(|role| format!(" with a {role}")).unwrap_or_default()
        ),
        user_column: user_column.column,
        role_column,
        roles,
    })
}

/// Whether a table's key is a tenant and a user, and policies of the tenants' table and of another that refers to it ask it,
/// by themselves or through a function: who is in it may see what is the tenant's, whatever the table is called.
fn is_consulted(reading: &Reading<'_>, users: &Users, join: &Table, tenant_column: &str, root: &Table) -> bool {
    let user_columns = users.columns_of(join);
    let [user] = user_columns.as_slice() else { return false };
    let keyed = user.referring && user.through.is_none() && is_unique(join, &[tenant_column, &user.column]);
    let owned = users.columns_of(root).iter().any(|found| found.rank <= MAKER_COLUMN);
    if !keyed
        || owned
        || join.foreign_keys.len() != 2
        || names_billing(&join.name.name)
        || names_reaction(&join.name.name)
    {
        return false;
    }
    let says = |sql: &str, name: &str| tokens(sql).iter().any(|token| token.is_word(name));
    let asking: Vec<&str> = reading
        .catalog
        .functions
        .iter()
        .filter(|function| reading.is_own(&function.name.schema) && says(&function.source, &join.name.name))
        .map(|function| function.name.name.as_str())
        .collect();
    let asks = |table: &Table| {
        let mut conditions = table.policies.iter().flat_map(|policy| [&policy.using, &policy.check]).flatten();
        conditions.any(|sql| says(sql, &join.name.name) || asking.iter().any(|name| says(sql, name)))
    };
    let child = |other: &Table| other.name != join.name && other.name != root.name && asks(other);
    asks(root) && reading.referrers(&root.name).iter().any(|(other, _)| child(other))
}

/// A rank or position out of a list, in a table that is a membership: a role by another name.
fn rank_of(table: &Table) -> (Option<String>, Vec<String>) {
    let ranks = table.columns.iter().filter(|column| {
        words(&column.name).last().is_some_and(|last| matches!(last.as_str(), "rank" | "position"))
            && (column.data_type.is_text() || matches!(column.data_type.unwrapped().kind, TypeKind::Enumeration(_)))
    });
    ranks
        .map(|column| (Some(column.name.clone()), allowed_values(table, column)))
        .find(|(_, roles)| !roles.is_empty())
        .unwrap_or_default()
}

/// The column with the role, and the roles that it may name, most powerful first.
pub(super) fn role_of(table: &Table) -> (Option<String>, Vec<String>) {
    let is_role = |column: &&Column| {
        let words = words(&column.name);
        let named = words.last().is_some_and(|last| last == "role")
            || words == ["role", "name"]
            || (any_of(&words, &["access", "permission"]) && words.last().is_some_and(|last| last == "level"));
        named && (column.data_type.is_text() || matches!(column.data_type.unwrapped().kind, TypeKind::Enumeration(_)))
    };
    let Some(column) = table.columns.iter().find(is_role) else { return (None, Vec::new()) };
    (Some(column.name.clone()), allowed_values(table, column))
}

/// The values that an enumeration or a CHECK over a list allows, most powerful first.
pub(super) fn allowed_values(table: &Table, column: &Column) -> Vec<String> {
    let own = table
        .checks
        .iter()
        .filter(|check| check.columns == [column.name.clone()])
        .map(|check| check.expression.as_str());
    let mut values = labels(&column.data_type);
    if values.is_empty() {
        values = own
            .chain(domain_checks(&column.data_type))
            .map(listed)
            .find(|listed| !listed.is_empty())
            .unwrap_or_default();
    }
    // A stable sort: roles that sound alike stay in the order in which they were written.
    values.sort_by_key(|role| role_power(role));
    values
}

fn labels(data_type: &DataType) -> Vec<String> {
    match &data_type.unwrapped().kind {
        TypeKind::Enumeration(labels) => labels.clone(),
        _ => Vec::new(),
    }
}

fn domain_checks(data_type: &DataType) -> Vec<&str> {
    match &data_type.kind {
        TypeKind::Domain { base, checks, .. } => checks.iter().map(String::as_str).chain(domain_checks(base)).collect(),
        _ => Vec::new(),
    }
}

/// The constants of `column = ANY (ARRAY['a', 'b'])` or of `column = 'a' OR column = 'b'`; none of any other condition.
fn listed(expression: &str) -> Vec<String> {
    let tokens = tokens(expression);
    let other = |token: &Token| match token {
        Token::Mark(mark) => matches!(mark.as_str(), "<>" | "!=" | "~" | "<" | ">" | "<=" | ">="),
        Token::Word(word) => matches!(word.as_str(), "and" | "not" | "like" | "length" | "char_length" | "similar"),
        Token::Text(_) | Token::Name(_) => false,
    };
    if tokens.iter().any(other) {
        return Vec::new();
    }
    let text = |token: &Token| if let Token::Text(text) = token { Some(text.clone()) } else { None };
    tokens.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_off_a_check_and_nothing_else_is() {
        assert_eq!(listed("(role = ANY (ARRAY['owner'::text, 'it''s'::text]))"), ["owner", "it's"]);
        assert_eq!(listed("((role = 'a'::text) OR (role = 'b'::text))"), ["a", "b"]);
        assert!(listed("(role <> 'owner'::text)").is_empty());
        assert!(listed("(role ~ '^[a-z]+$'::text)").is_empty());
    }
}
