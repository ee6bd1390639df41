//! Which database roles clients act as.

use std::collections::BTreeMap;

use super::names::{any_of, words};
use super::reading::Reading;
use crate::catalog::{PUBLIC, Role};
use crate::tenancy::{Identity, Profile};

/// The roles of an [`Identity`], before any claim.
pub(super) fn identity_of_roles(reading: &Reading<'_>) -> Identity {
    match reading.profile {
        Profile::Supabase => Identity {
            login_role: Some("authenticator".to_owned()),
            member_roles: vec!["authenticated".to_owned()],
            anonymous_role: Some("anon".to_owned()),
            service_role: Some("service_role".to_owned()),
            ..Identity::default()
        },
        Profile::Plain => plain(reading),
    }
}

fn plain(reading: &Reading<'_>) -> Identity {
    let weights = weights(reading);
    let weight = |role: &Role| weights.get(role.name.as_str()).copied().unwrap_or_default();
    let owners: Vec<&str> = reading
        .catalog
        .tables
        .iter()
        .filter(|table| reading.is_exposed(table))
        .map(|table| table.owner.as_str())
        .collect();
    let ordinary = |role: &&Role| !role.superuser && !role.bypass_row_security;
    let clients: Vec<&Role> = reading
        .catalog
        .roles
        .iter()
        .filter(ordinary)
        .filter(|role| weight(role) > 0 && !owners.contains(&role.name.as_str()))
        .collect();
    let (anonymous, signed_in): (Vec<&Role>, Vec<&Role>) =
        clients.into_iter().partition(|role| is_anonymous(&role.name));
    let (operators, mut members): (Vec<&Role>, Vec<&Role>) =
        signed_in.into_iter().partition(|role| is_operator(&role.name));
    if members.is_empty() {
        members = operators;
    }
    members.sort_by(|left, right| (weight(right), &left.name).cmp(&(weight(left), &right.name)));
    if members.is_empty() {
        members = without_grants(reading, &owners);
    }
    let login_role = login_role(reading, &members);
    Identity {
        login_role,
        member_roles: members.iter().map(|role| role.name.clone()).collect(),
        anonymous_role: anonymous.iter().max_by_key(|role| weight(role)).map(|role| role.name.clone()),
        service_role: reading
            .catalog
            .roles
            .iter()
            .find(|role| role.bypass_row_security && !role.superuser && weight(role) > 0)
            .map(|role| role.name.clone()),
        ..Identity::default()
    }
}

/// How often each role is granted something on a table or named by a policy.
fn weights<'a>(reading: &Reading<'a>) -> BTreeMap<&'a str, usize> {
    let mut weights: BTreeMap<&str, usize> = BTreeMap::new();
    for table in reading.catalog.tables.iter().filter(|table| reading.is_exposed(table)) {
        let mut roles: Vec<&str> = table.grants.iter().map(|grant| grant.grantee.as_str()).collect();
        roles.extend(table.column_grants.iter().map(|grant| grant.grantee.as_str()));
        roles.extend(table.policies.iter().flat_map(|policy| policy.roles.iter().map(String::as_str)));
        roles.sort_unstable();
        roles.dedup();
        for role in roles {
            *weights.entry(role).or_default() += 1;
        }
    }
    weights
}

/// Roles that reach tables though nobody granted them anything by name: everybody may, or the owner is held to its own policies.
fn without_grants<'a>(reading: &Reading<'a>, owners: &[&str]) -> Vec<&'a Role> {
    let exposed = || reading.catalog.tables.iter().filter(|table| reading.is_exposed(table));
    let everybody = exposed().any(|table| table.grants.iter().any(|grant| grant.grantee == PUBLIC));
    let ordinary = reading.catalog.roles.iter().filter(|role| !role.superuser && !role.bypass_row_security);
    let forced = |role: &Role| exposed().any(|table| table.owner == role.name && table.force_row_security);
    ordinary
        .filter(|role| {
            let owner = owners.contains(&role.name.as_str());
            (everybody && !owner && role.login) || (owner && forced(role))
        })
        .collect()
}

/// The role that connections log in as before they take the usual client role.
fn login_role(reading: &Reading<'_>, members: &[&Role]) -> Option<String> {
    let usual = members.first().filter(|role| !role.login)?;
    let mut logins: Vec<&Role> = reading
        .catalog
        .roles
        .iter()
        .filter(|role| {
            role.login && !role.superuser && !role.bypass_row_security && role.member_of.contains(&usual.name)
        })
        .collect();
    logins.sort_by_key(|role| (!any_of(&words(&role.name), &["authenticator"]), is_operator(&role.name), &role.name));
    logins.first().map(|role| role.name.clone())
}

fn is_anonymous(role: &str) -> bool {
    let words = words(role);
    any_of(&words, &["anon", "anonymous", "guest", "unauthenticated"]) || words == ["public", "user"]
}

/// Whether a role's name says that people who run the system act as it, not its users.
fn is_operator(role: &str) -> bool {
    const OPERATORS: &[&str] = &[
        "readonly",
        "reporting",
        "report",
        "reports",
        "analytics",
        "analyst",
        "migrator",
        "migration",
        "migrations",
        "admin",
        "administrator",
        "owner",
        "backup",
        "monitor",
        "monitoring",
        "replicator",
        "replication",
        "etl",
        "metabase",
        "grafana",
        "dba",
        "service",
        "worker",
        "superuser",
    ];
    any_of(&words(role), OPERATORS)
}
