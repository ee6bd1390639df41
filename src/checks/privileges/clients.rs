//! Who acts in the checks of this family, what they hold, and how that is taken from them.

use super::super::scene::{ATTACKER, Scene};
use crate::catalog::{DefaultObjects, PUBLIC, Privilege, Table, quote_identifier};
use crate::probe::{Act, Part, Signal, SqlProbe};
use crate::tenancy::Profile;
use crate::world::{Principal, PrincipalKind};

/// One principal for each role that a client may act as: somebody of the attacking tenant, somebody who is not signed in.
#[must_use]
pub(super) fn actors(scene: &Scene<'_>) -> Vec<Principal> {
    let users = |principal: &&&Principal| principal.kind == PrincipalKind::Member;
    let member = scene.world.principals.iter().filter(|principal| principal.is_of(ATTACKER)).find(|one| users(&one));
    let member = member.or_else(|| scene.world.principals.iter().find(|one| users(&one)));
    let mut actors: Vec<Principal> = Vec::new();
    for role in scene.client_roles() {
        let known = member.into_iter().chain(scene.world.principal(PrincipalKind::Anonymous));
        let acts = known.clone().find(|principal| principal.role == role).cloned();
        let stands_in = || {
            let logs_in = scene.intent.identity.login_role.clone();
            let reaches = |login: &String| scene.catalog.effective_roles(login).iter().any(|one| one == role);
            let name = format!("a member as {role}");
            Some(Principal { name, role: role.to_owned(), login_role: logs_in.filter(reaches), ..member?.clone() })
        };
        if !actors.iter().any(|actor| actor.role == role) {
            actors.extend(acts.or_else(stands_in));
        }
    }
    actors
}

/// The harness itself, which may do everything.
#[must_use]
pub(super) fn harness(scene: &Scene<'_>) -> Option<Principal> {
    let service = scene.service()?;
    Some(Principal {
        name: "harness".to_owned(),
        kind: PrincipalKind::Service,
        user_id: None,
        standings: Vec::new(),
        login_role: None,
        role: String::new(),
        settings: service.settings.clone(),
    })
}

/// Whether clients speak to the database through a gateway that writes their statements for them and takes the role from a token, as
/// PostgREST does: what needs a statement of one's own is out of their reach.
#[must_use]
pub(super) fn behind_gateway(scene: &Scene<'_>) -> bool {
    let identity = &scene.intent.identity;
    let by_token = identity.claims.iter().any(|claim| claim.setting.starts_with("request."));
    scene.intent.profile == Profile::Supabase || (identity.login_role.is_some() && by_token)
}

/// A statement of somebody's.
#[derive(Debug, Clone)]
pub(super) struct Attempt<'a> {
    /// What is being attempted, in words.
    pub(super) topic: &'a str,
    /// The shape, in words.
    pub(super) shape: &'a str,
    /// What the harness does before.
    pub(super) prepare: Vec<String>,
    /// What the principal does.
    pub(super) statements: Vec<String>,
    /// What the harness watches.
    pub(super) observe: Vec<String>,
    /// What shows that it took effect.
    pub(super) signal: Signal,
}

impl<'a> Attempt<'a> {
    /// One that has succeeded where it is not refused.
    pub(super) fn completing(topic: &'a str, shape: &'a str, statement: String) -> Self {
        Self {
            topic,
            shape,
            prepare: Vec::new(),
            statements: vec![statement],
            observe: Vec::new(),
            signal: Signal::Completes,
        }
    }

    /// The probe of it.
    #[must_use]
    pub(super) fn by(&self, part: Part, principal: &Principal) -> SqlProbe {
        SqlProbe {
            part,
            topic: self.topic.to_owned(),
            shape: self.shape.to_owned(),
            principal: principal.clone(),
            prepare: self.prepare.clone(),
            earlier: Vec::new(),
            act: Act::Statements(self.statements.clone()),
            observe: self.observe.clone(),
            signal: self.signal.clone(),
        }
    }
}

/// A role as a statement names it.
#[must_use]
pub(super) fn role_in_sql(role: &str) -> String {
    if role == PUBLIC { role.to_owned() } else { quote_identifier(role) }
}

/// Roles as a statement lists them.
#[must_use]
pub(super) fn roles_in_sql<'r>(roles: impl IntoIterator<Item = &'r String>) -> String {
    roles.into_iter().map(|role| role_in_sql(role)).collect::<Vec<_>>().join(", ")
}

/// Whether `grantee` is a client role, [`PUBLIC`], or a role that a client role is a member of.
#[must_use]
pub(super) fn is_clients(scene: &Scene<'_>, grantee: &str) -> bool {
    grantee == PUBLIC
        || scene.client_roles().any(|role| scene.catalog.effective_roles(role).iter().any(|one| one == grantee))
}

/// Whose grants give clients one of `privileges` on `table`; its owner is left out, since what it holds is no grant.
#[must_use]
pub(super) fn grantees(scene: &Scene<'_>, table: &Table, privileges: &[Privilege]) -> Vec<String> {
    let held = table.grants.iter().filter(|grant| privileges.contains(&grant.privilege)).map(|grant| &grant.grantee);
    let of_columns =
        table.column_grants.iter().filter(|grant| privileges.contains(&grant.privilege)).map(|grant| &grant.grantee);
    // A grant is of no use to a role that cannot name the table.
    let arriving: Vec<String> = scene
        .client_roles()
        .filter(|role| scene.catalog.may_use_schema(role, &table.name.schema))
        .flat_map(|role| scene.catalog.effective_roles(role))
        .collect();
    let mut grantees: Vec<String> =
        held.chain(of_columns).filter(|one| **one != table.owner && arriving.contains(one)).cloned().collect();
    grantees.sort();
    grantees.dedup();
    grantees
}

/// How `privileges` on `table` are taken from `grantees`: where they come by default with each table of its owner's, everywhere at
/// once, in the same words for each table.
#[derive(Debug, Clone)]
pub(super) struct Revocation {
    /// The statements.
    pub(super) statements: String,
    /// Whether the privileges come by default.
    pub(super) by_default: bool,
}

/// See [`Revocation`].
#[must_use]
pub(super) fn revocation(
    scene: &Scene<'_>,
    table: &Table,
    privileges: &[Privilege],
    grantees: &[String],
) -> Revocation {
    let words = privileges.iter().map(|privilege| word(*privilege)).collect::<Vec<_>>().join(", ");
    let schema = quote_identifier(&table.name.schema);
    let mut by_default: Vec<String> = Vec::new();
    let mut statements = Vec::new();
    for defaults in scene.catalog.default_privileges.iter().filter(|defaults| {
        defaults.objects == DefaultObjects::Tables
            && defaults.owner == table.owner
            && defaults.schema.as_ref().is_none_or(|schema| *schema == table.name.schema)
    }) {
        let granted = defaults.grants.iter().filter(|grant| privileges.contains(&grant.privilege));
        let mut roles: Vec<String> =
            granted.map(|grant| grant.grantee.clone()).filter(|role| is_clients(scene, role)).collect();
        roles.sort();
        roles.dedup();
        if roles.is_empty() {
            continue;
        }
        let within = if defaults.schema.is_some() { format!(" in schema {schema}") } else { String::new() };
        let owner = quote_identifier(&defaults.owner);
        let from = roles_in_sql(&roles);
        statements.push(format!("revoke {words} on all tables in schema {schema} from {from};"));
        statements
            .push(format!("alter default privileges for role {owner}{within} revoke {words} on tables from {from};"));
        by_default.extend(roles);
    }
    if !statements.is_empty() && grantees.iter().all(|grantee| by_default.contains(grantee)) {
        return Revocation { statements: statements.join("\n"), by_default: true };
    }
    let statements = format!("revoke {words} on {} from {};", table.name.quoted(), roles_in_sql(grantees));
    Revocation { statements, by_default: false }
}

/// A privilege as statements spell it.
#[must_use]
pub(super) fn word(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::Select => "select",
        Privilege::Insert => "insert",
        Privilege::Update => "update",
        Privilege::Delete => "delete",
        Privilege::Truncate => "truncate",
        Privilege::References => "references",
        Privilege::Trigger => "trigger",
        Privilege::Maintain => "maintain",
        Privilege::Usage => "usage",
        Privilege::Create => "create",
        Privilege::Execute => "execute",
        Privilege::Connect => "connect",
        Privilege::Temporary => "temporary",
        Privilege::Set => "set",
        Privilege::AlterSystem => "alter system",
    }
}
