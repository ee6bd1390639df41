//! Rows of single users that may well be meant for others to read. Nothing is allowed by this: a check that finds them read by others
//! says so as a warning, and asks for a declaration, where it would else call it a leak.

use std::collections::BTreeMap;

use super::names::{MAKER_COLUMN, any_of, is_authorship, names_gathering, names_publication, user_column_rank, words};
use super::reading::{Reading, is_mandatory};
use super::ties::Ties;
use crate::catalog::{Column, ForeignKey, PolicyCommand, QualifiedName, Table};
use crate::tenancy::{Audience, TableIntent, TableRole, Tie};

/// Notes, in the intent of each table whose tenants are single users, why others may well be meant to read it. Two things must meet: the
/// name of the table or of its user column speaks of publishing, and somebody wrote a policy for reading that is open in so many words.
/// A policy that is wrong, or missing, does not read like that.
pub(super) fn note_audiences(
    reading: &Reading<'_>,
    ties: &Ties,
    users_root: Option<usize>,
    tables: &mut BTreeMap<QualifiedName, TableIntent>,
) {
    let Some(users_root) = users_root else { return };
    let mut found: BTreeMap<QualifiedName, Audience> = BTreeMap::new();
    let candidates: Vec<(&Table, TableRole)> = tables
        .iter()
        .filter(|(name, _)| belongs_to_users(ties, name, users_root))
        .filter_map(|(name, intent)| Some((reading.table(name)?, intent.role)))
        .collect();
    for (table, role) in &candidates {
        let reason = own_reason(table, *role, ties.get(&table.name).map(|tie| &tie.value));
        let audience = reason.and_then(|reason| match (is_opened_on_purpose(table), publishing_column(table)) {
            (true, _) => Some(Audience::Likely(reason)),
            (false, Some(column)) => Some(Audience::Published(format!("{reason}, and {column} publishes a row"))),
            (false, None) => None,
        });
        found.extend(audience.map(|audience| (table.name.clone(), audience)));
    }
    let mut parts = BTreeMap::new();
    for (table, _) in candidates.iter().filter(|(table, _)| !found.contains_key(&table.name)) {
        let whole = table.foreign_keys.iter().find(|key| {
            key.referenced_table != table.name && found.contains_key(&key.referenced_table) && is_mandatory(table, key)
        });
        let part = |whole: &ForeignKey| Audience::Likely(format!("each row is a part of {}", whole.referenced_table));
        let whole = whole.filter(|_| is_opened_on_purpose(table));
        parts.extend(whole.map(|whole| (table.name.clone(), part(whole))));
    }
    for (name, audience) in found.into_iter().chain(parts) {
        let unsaid = tables.get_mut(&name).filter(|intent| intent.audience == Audience::Unsaid);
        unsaid.into_iter().for_each(|intent| intent.audience = audience.clone());
    }
}

/// A column that says of each row whether, or when, it is published.
fn publishing_column(table: &Table) -> Option<&str> {
    let says = |column: &&Column| any_of(&words(&column.name), &["published", "public", "visibility", "publish"]);
    table.columns.iter().find(says).map(|column| column.name.as_str())
}

fn own_reason(table: &Table, role: TableRole, tie: Option<&Tie>) -> Option<String> {
    if matches!(role, TableRole::Profile | TableRole::Root(_)) {
        return is_presentable(table).then(|| "a profile that holds nothing but how a user is shown".to_owned());
    }
    if names_publication(&table.name.name) {
        return Some(format!("{} is named like what users publish", table.name));
    }
    let Some(Tie::Key { column, .. }) = tie else { return None };
    if names_gathering(&table.name.name) && user_column_rank(column) == Some(MAKER_COLUMN) {
        return Some(format!("{} is named like a place where users meet, and {column} tells who made it", table.name));
    }
    // A column alone is a weaker sign than the table's name: nothing less than `using (true)` goes with it.
    (is_authorship(column) && is_opened(table, |condition| condition == "true"))
        .then(|| format!("{column} names an author, not an owner"))
}

/// Longer paths than any schema has.
const MAXIMUM_STEPS: usize = 16;

fn belongs_to_users(ties: &Ties, name: &QualifiedName, users_root: usize) -> bool {
    let mut current = name;
    for _ in 0..MAXIMUM_STEPS {
        match ties.get(current).map(|tie| &tie.value) {
            Some(Tie::Root(root) | Tie::Key { root, .. }) => return *root == users_root,
            Some(Tie::Through { parent, .. }) => current = parent,
            Some(Tie::Global | Tie::Untied) | None => return false,
        }
    }
    false
}

/// Whether a policy for reading alone says that everybody, or every signed-in user, may.
fn is_opened_on_purpose(table: &Table) -> bool {
    is_opened(table, is_open)
}

fn is_opened(table: &Table, says_so: fn(&str) -> bool) -> bool {
    table.row_security
        && table.policies.iter().any(|policy| {
            policy.permissive && policy.command == PolicyCommand::Select && policy.using.as_deref().is_some_and(says_so)
        })
}

fn is_open(condition: &str) -> bool {
    const OPEN: [&str; 3] = ["true", "auth.role='authenticated'", "auth.uidisnotnull"];
    let mut bare: String =
        condition.to_lowercase().chars().filter(|letter| !letter.is_whitespace() && !"()".contains(*letter)).collect();
    for noise in ["select", "asrole", "asuid", "::text"] {
        bare = bare.replace(noise, "");
    }
    OPEN.contains(&bare.as_str())
}

/// Whether no column holds what a person keeps to itself.
fn is_presentable(table: &Table) -> bool {
    const PERSONAL: [&str; 34] = [
        "email",
        "mail",
        "phone",
        "mobile",
        "address",
        "street",
        "postcode",
        "zip",
        "birth",
        "birthday",
        "dob",
        "ssn",
        "tax",
        "passport",
        "password",
        "hash",
        "token",
        "secret",
        "key",
        "stripe",
        "customer",
        "billing",
        "payment",
        "subscription",
        "credit",
        "credits",
        "balance",
        "ip",
        "latitude",
        "longitude",
        "salary",
        "income",
        "gender",
        "health",
    ];
    !table.columns.iter().any(|column| any_of(&words(&column.name), &PERSONAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_open_where_it_says_so_and_not_where_it_compares() {
        for open in ["true", "(auth.role() = 'authenticated'::text)", "(( SELECT auth.uid() AS uid) IS NOT NULL)"] {
            assert!(is_open(open), "{open}");
        }
        for narrow in ["(user_id = auth.uid())", "(user_id = user_id)", "(auth.uid() IS NULL)", "(published OR true)"] {
            assert!(!is_open(narrow), "{narrow}");
        }
    }
}
