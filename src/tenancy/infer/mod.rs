//! Reads intent off a catalog, and lets `seaworthy.toml` have the last word.

mod audience;
mod audit;
mod declared;
mod identity;
mod memberships;
mod names;
mod privilege;
mod reading;
mod rest;
mod roles;
mod roots;
mod sources;
mod tables;
mod ties;
mod tokens;
mod users;

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Privilege, QualifiedName};
use crate::settings::SystemSettings;
use crate::tenancy::{
    Identity, IdentityValue, Intent, JsonClaim, Membership, Origin, Ownership, Profile, Setting, TenancyError,
    TenantRoot, Tie,
};
use memberships::Found;
use reading::Reading;
use ties::Ties;
use users::Users;

use declared::split_outside_quotes;

pub(crate) use names::{names_migrations, singular, table_words, words};

/// What surrounds a schema, as far as the schema does not say it itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The profile of the run.
    pub profile: Profile,
    /// The schemas whose tables clients can name. Empty: found out from the profile and the grants.
    pub exposed_schemas: Vec<String>,
}

/// Reads intent off `catalog`; what `settings` declare overrides what is inferred.
///
/// # Errors
/// When the settings name a table, column or root that is not there, or declare what cannot be.
pub fn infer(catalog: &Catalog, settings: &SystemSettings, context: &Surroundings) -> Result<Intent, TenancyError> {
    let exposed = exposed_schemas(catalog, settings, context);
    let reading = Reading::new(catalog, context.profile, exposed);
    let users = Users::find(&reading, declared::users(&reading, settings)?);
    let skeleton = Skeleton::build(&reading, &users, settings)?;
    let ties = all_ties(&reading, &users, &skeleton, settings)?;
    let included = included(&reading, &skeleton, &ties);
    let skeleton = skeleton.without_idle_users(&ties, &included);
    let identity = identity(&reading, &users, &skeleton, &ties, settings)?;
    let mut tables = tables::tables(&reading, &users, &skeleton, &ties, &included, settings)?;
    audience::note_audiences(&reading, &ties, skeleton.users_root, &mut tables);
    Ok(Intent {
        profile: context.profile,
        exposed_schemas: reading.exposed.clone(),
        identity,
        roots: skeleton.roots,
        memberships: skeleton.memberships,
        users: users.table,
        tables,
        relations: declared::relations(&reading, settings),
    })
}

fn exposed_schemas(catalog: &Catalog, settings: &SystemSettings, context: &Surroundings) -> Vec<String> {
    let declared = match context.profile {
        Profile::Supabase => settings.supabase.exposed_schemas.clone(),
        Profile::Plain => settings.identity.exposed_schemas.clone(),
    };
    if let Some(declared) = declared {
        return declared;
    }
    if !context.exposed_schemas.is_empty() {
        return context.exposed_schemas.clone();
    }
    if context.profile == Profile::Supabase {
        return vec!["public".to_owned()];
    }
    // Without an API in between, a client can name whatever it may look into.
    let superuser = |name: &str| catalog.role(name).is_some_and(|role| role.superuser);
    let open = catalog.schemas.iter().filter(|schema| {
        schema.name == "public"
            || schema.grants.iter().any(|grant| {
                grant.privilege == Privilege::Usage && grant.grantee != schema.owner && !superuser(&grant.grantee)
            })
    });
    open.map(|schema| schema.name.clone()).collect()
}

/// Roots and memberships: what every tie hangs on.
struct Skeleton {
    roots: Vec<TenantRoot>,
    memberships: Vec<Membership>,
    users_root: Option<usize>,
    /// The users' root stands in its place by declaration: it stays whether or not anything hangs on it.
    keep_users: bool,
}

impl Skeleton {
    fn build(reading: &Reading<'_>, users: &Users, settings: &SystemSettings) -> Result<Self, TenancyError> {
        let (mut roots, found) = match &settings.tenancy.roots {
            Some(declared) => declared_roots(reading, users, declared)?,
            None => inferred_roots(reading, users),
        };
        let mut memberships: Vec<Membership> = found.into_iter().map(|(root, found)| membership(root, found)).collect();
        let mut users_root = roots.iter().position(|root| root.ownership == Ownership::User);
        let keep_users = users_root.is_some();
        if let Some(declared) = &settings.tenancy.memberships {
            memberships = declared
                .iter()
                .map(|settings| declared::membership(reading, &roots, users_root, settings))
                .collect::<Result<_, _>>()?;
        }
        let each = memberships.iter().any(|membership| users.is_people(&membership.table));
        if users_root.is_none() && !each {
            users_root = Some(roots.len());
            roots.push(users_as_tenants(reading, users));
        }
        Ok(Self { roots, memberships, users_root, keep_users })
    }

    /// The table that gives each user its one tenant, with its column for the user's id.
    fn one_tenant_each(&self, users: &Users) -> Option<(&QualifiedName, &str)> {
        let each = self.memberships.iter().find(|membership| users.is_people(&membership.table))?;
        Some((&each.table, &each.user_column))
    }

    /// Without the root of the users where no table's rows belong to single users.
    fn without_idle_users(mut self, ties: &Ties, included: &BTreeSet<QualifiedName>) -> Self {
        let Some(users_root) = self.users_root.filter(|_| !self.keep_users) else { return self };
        let used = included
            .iter()
            .filter_map(|name| ties.get(name))
            .any(|tie| matches!(tie.value, Tie::Root(root) | Tie::Key { root, .. } if root == users_root));
        // It is the last, so that the others keep their places.
        if !used && users_root + 1 == self.roots.len() {
            self.roots.pop();
            self.users_root = None;
        }
        self
    }
}

type RootsFound<'a> = (Vec<TenantRoot>, Vec<(usize, Found<'a>)>);

fn inferred_roots<'a>(reading: &Reading<'a>, users: &Users) -> RootsFound<'a> {
    let mut tenant_roots = Vec::new();
    let mut found = Vec::new();
    for candidate in roots::roots(reading, users) {
        found.extend(candidate.memberships.into_iter().map(|membership| (tenant_roots.len(), membership)));
        tenant_roots.push(TenantRoot {
            table: candidate.table.name.clone(),
            key: candidate.key,
            ownership: candidate.ownership,
            reason: candidate.reason,
            origin: Origin::Inferred,
        });
    }
    if tenant_roots.is_empty() {
        tenant_roots.extend(roots::by_id_alone(reading));
    }
    (tenant_roots, found)
}

fn declared_roots<'a>(
    reading: &Reading<'a>,
    users: &Users,
    declared: &[crate::settings::RootSettings],
) -> Result<RootsFound<'a>, TenancyError> {
    let mut tenant_roots = Vec::new();
    let mut found = Vec::new();
    for settings in declared {
        let root = declared::root(reading, settings, |table| roots::ownership_of(reading, users, table))?;
        if let (Some(table), false) = (reading.table(&root.table), root.ownership == Ownership::User) {
            let joined = memberships::memberships(reading, users, table, &root.key);
            found.extend(joined.into_iter().map(|membership| (tenant_roots.len(), membership)));
        }
        tenant_roots.push(root);
    }
    Ok((tenant_roots, found))
}

fn membership(root: usize, found: Found<'_>) -> Membership {
    Membership {
        table: found.table.name.clone(),
        root,
        user_column: found.user_column,
        tenant_column: found.tenant_column,
        role_column: found.role_column,
        roles: found.roles,
        reason: found.reason,
        origin: Origin::Inferred,
    }
}

/// The root whose rows are users: a table of the project's own if there is one.
fn users_as_tenants(reading: &Reading<'_>, users: &Users) -> TenantRoot {
    let own = users.table.as_ref().filter(|(name, _)| reading.is_own(&name.schema));
    let mut profiles: Vec<_> =
        users.extensions.iter().filter(|extension| extension.is_key && extension.is_profile).collect();
    profiles.sort_by_key(|extension| {
        let exposed = reading.table(&extension.table).is_some_and(|table| reading.is_exposed(table));
        (!exposed, names::people_rank(&extension.table.name), &extension.table)
    });
    // Of patients and doctors neither is the table of users.
    let best = profiles.first().filter(|best| profiles.len() == 1 || names::names_people(&best.table.name));
    let profile = best.map(|extension| (extension.table.clone(), extension.column.clone()));
    let reason = "rows that belong to no other tenant belong to single users".to_owned();
    let origin = Origin::Inferred;
    match own.cloned().or(profile).or_else(|| users.table.clone()) {
        Some((table, key)) => TenantRoot { table, key, ownership: Ownership::User, reason, origin },
        None => {
            let schema = reading.exposed.first().cloned().unwrap_or_default();
            let key = roots::most_common_user_column(reading).unwrap_or_else(|| "user_id".to_owned());
            let reason = "rows belong to single users, whom no table lists".to_owned();
            TenantRoot { table: QualifiedName::new(schema, "user"), key, ownership: Ownership::IdOnly, reason, origin }
        }
    }
}

fn all_ties(
    reading: &Reading<'_>,
    users: &Users,
    skeleton: &Skeleton,
    settings: &SystemSettings,
) -> Result<Ties, TenancyError> {
    let declared = declared::ties(reading, users, skeleton, settings)?;
    let mut ties = ties::ties(&ties::Ground {
        reading,
        users,
        roots: &skeleton.roots,
        memberships: &skeleton.memberships,
        users_root: skeleton.users_root,
        one_tenant_each: skeleton.one_tenant_each(users),
        declared: &declared,
    });
    // A declaration stands for views and partitions too.
    ties.extend(declared.clone());
    rest::globals(reading, users, &mut ties);
    tables::deny_globals(reading, settings, &mut ties)?;
    rest::partitions(reading, &mut ties);
    rest::views(reading, &skeleton.roots, &mut ties);
    for (name, tie) in &declared {
        if matches!(tie.value, Tie::Through { .. })
            && let Some(parent) = ties::end_of(&ties, name)
        {
            return Err(TenancyError::LeadsNowhere { setting: format!("tables.{name}.through"), parent });
        }
    }
    Ok(ties)
}

/// The tables that intent speaks of: the exposed ones, and others that their ties need.
fn included(reading: &Reading<'_>, skeleton: &Skeleton, ties: &Ties) -> BTreeSet<QualifiedName> {
    let exposed = reading.catalog.tables.iter().filter(|table| reading.is_exposed(table));
    let mut included: BTreeSet<QualifiedName> = exposed.map(|table| table.name.clone()).collect();
    let skeletal = skeleton
        .roots
        .iter()
        .map(|root| &root.table)
        .chain(skeleton.memberships.iter().map(|membership| &membership.table))
        .filter(|name| ties.contains_key(*name));
    included.extend(skeletal.cloned());
    included.extend(ties::on_the_way(ties, &included));
    included
}

fn identity(
    reading: &Reading<'_>,
    users: &Users,
    skeleton: &Skeleton,
    ties: &Ties,
    settings: &SystemSettings,
) -> Result<Identity, TenancyError> {
    let mut identity = roles::identity_of_roles(reading);
    let ground = identity::Ground {
        reading,
        users,
        roots: &skeleton.roots,
        users_root: skeleton.users_root,
        memberships: &skeleton.memberships,
        ties,
    };
    identity::read_values(&ground, &mut identity);
    identity::read_client_written(&ground, &mut identity);
    let declared = &settings.identity;
    let replace = |inferred: &mut Option<String>, declared: &Option<String>| {
        if let Some(declared) = declared {
            *inferred = Some(declared.clone()).filter(|name| !name.is_empty());
        }
    };
    replace(&mut identity.login_role, &declared.login_role);
    replace(&mut identity.anonymous_role, &declared.anonymous_role);
    replace(&mut identity.service_role, &declared.service_role);
    if let Some(roles) = &declared.member_roles {
        identity.member_roles.clone_from(roles);
    }
    let value = |text: &str, setting: String| {
        declared::identity_value(reading, &skeleton.roots, skeleton.users_root, text, &setting)
    };
    let claims_setting =
        identity.claims.first().map_or_else(|| sources::CLAIMS.to_owned(), |claim| claim.setting.clone());
    if !declared.claims.is_empty() {
        // Whoever declares where the tenant is named has said where it is not.
        identity
            .claims
            .retain(|claim| !matches!(claim.value, IdentityValue::TenantId(_) | IdentityValue::TenantIds(_)));
    }
    for (named, text) in &declared.claims {
        let path = split_outside_quotes(named, '.');
        let value = value(text, format!("identity.claims.{named}"))?;
        let reason = declared::WRITTEN.to_owned();
        match identity.claims.iter_mut().find(|claim| claim.path == path) {
            Some(claim) => (claim.value, claim.reason) = (value, reason),
            None => identity.claims.push(JsonClaim { setting: claims_setting.clone(), path, value, reason }),
        }
    }
    for (named, text) in &declared.settings {
        let value = value(text, format!("identity.settings.{named}"))?;
        let reason = declared::WRITTEN.to_owned();
        match identity.settings.iter_mut().find(|setting| setting.name == *named) {
            Some(setting) => (setting.value, setting.reason) = (value, reason),
            None => identity.settings.push(Setting { name: named.clone(), value, reason }),
        }
    }
    Ok(identity)
}
