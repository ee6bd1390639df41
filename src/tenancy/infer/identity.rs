//! How a client says who it is: which claims and settings, and what each holds.

use std::collections::BTreeMap;

use super::names::{Holds, holds, words};
use super::reading::{Reading, foreign_key_of};
use super::sources::{CLAIMS, Source, USER_METADATA, Use, client_written};
use super::ties::Ties;
use super::users::Users;
use crate::tenancy::{
    ClientPlace, ClientWritten, Identity, IdentityValue, JsonClaim, Membership, Ownership, Profile, Setting,
    TenantRoot, Tie,
};

/// What values are found from.
pub(super) struct Ground<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) users: &'a Users,
    pub(super) roots: &'a [TenantRoot],
    pub(super) users_root: Option<usize>,
    pub(super) memberships: &'a [Membership],
    pub(super) ties: &'a Ties,
}

/// Adds every claim and setting that the schema reads to `identity`.
pub(super) fn read_values(ground: &Ground<'_>, identity: &mut Identity) {
    if ground.reading.profile == Profile::Supabase {
        supabase_values(ground, identity);
    }
    let mut by_source: BTreeMap<&Source, Vec<&Use>> = BTreeMap::new();
    for found in &ground.reading.uses {
        by_source.entry(&found.source).or_default().push(found);
    }
    for (source, uses) in by_source {
        let known = identity.claims.iter().any(|claim| claim.setting == source.setting && claim.path == source.path)
            || (source.path.is_empty() && identity.settings.iter().any(|setting| setting.name == source.setting));
        let Some(value) = ground.value(source, &uses).filter(|_| !known) else { continue };
        let place = uses.first().map(|found| found.place.as_str()).unwrap_or_default();
        let compared = uses.iter().find_map(|found| found.column.as_deref());
        let reason = match compared {
            Some(column) => format!("{place} compares it with {column}"),
            None => format!("{place} reads it"),
        };
        add(identity, source, value, reason);
    }
}

/// Adds what the schema reads and clients write themselves.
pub(super) fn read_client_written(ground: &Ground<'_>, identity: &mut Identity) {
    let uses = client_written(ground.reading.catalog);
    let mut by_source: BTreeMap<&Source, Vec<&Use>> = BTreeMap::new();
    for found in &uses {
        by_source.entry(&found.source).or_default().push(found);
    }
    identity.client_written = by_source
        .into_iter()
        .map(|(source, uses)| ClientWritten {
            place: match source.setting.as_str() {
                USER_METADATA => ClientPlace::UserMetadata,
                setting => ClientPlace::Setting(setting.to_owned()),
            },
            path: source.path.clone(),
            value: ground.value(source, &uses),
        })
        .collect();
}

fn add(identity: &mut Identity, source: &Source, value: IdentityValue, reason: String) {
    if source.path.is_empty() {
        identity.settings.push(Setting { name: source.setting.clone(), value, reason });
    } else {
        identity.claims.push(JsonClaim { setting: source.setting.clone(), path: source.path.clone(), value, reason });
    }
}

fn supabase_values(ground: &Ground<'_>, identity: &mut Identity) {
    let literal = |text: &str| IdentityValue::Literal(text.to_owned());
    for (key, value) in [
        ("sub", ground.user_value()),
        ("role", IdentityValue::DatabaseRole),
        ("aud", literal("authenticated")),
        ("email", IdentityValue::Email),
    ] {
        let reason = "Supabase puts it in every token".to_owned();
        let path = vec![key.to_owned()];
        identity.claims.push(JsonClaim { setting: CLAIMS.to_owned(), path, value, reason });
    }
    for (name, value) in
        [("request.jwt.claim.sub", ground.user_value()), ("request.jwt.claim.role", IdentityValue::DatabaseRole)]
    {
        let reason = "older versions of auth.uid() and auth.role() read it".to_owned();
        identity.settings.push(Setting { name: name.to_owned(), value, reason });
    }
}

impl Ground<'_> {
    /// What a user's id is: itself, or the tenant's where users are known by an id alone.
    fn user_value(&self) -> IdentityValue {
        let by_id_alone = self
            .users_root
            .filter(|index| self.roots.get(*index).is_some_and(|root| root.ownership == Ownership::IdOnly));
        by_id_alone.map_or(IdentityValue::UserId, IdentityValue::TenantId)
    }

    fn value(&self, source: &Source, uses: &[&Use]) -> Option<IdentityValue> {
        let name = source.path.last().unwrap_or(&source.setting);
        let by_name = holds(name);
        let is_claim_itself = source.path.len() == 1 || source.setting.starts_with("request.jwt.claim.");
        if is_claim_itself && name.rsplit('.').next() == Some("role") {
            return Some(IdentityValue::DatabaseRole);
        }
        if is_claim_itself && name.rsplit('.').next() == Some("sub") {
            return Some(self.user_value());
        }
        // A setting that a function reads and compares with nothing may be its own configuration.
        if by_name == Some(Holds::Role)
            && source.path.is_empty()
            && uses.iter().all(|found| found.table.is_none() && found.column.is_none())
        {
            return None;
        }
        let several = by_name == Some(Holds::Tenants) || words(name).last().is_some_and(|last| last == "ids");
        let tenant = |root| if several { IdentityValue::TenantIds(root) } else { IdentityValue::TenantId(root) };
        let named = match by_name {
            Some(Holds::Tenant | Holds::Tenants) => self.root_named(name, uses).map(tenant),
            Some(Holds::User) => Some(self.user_value()),
            Some(Holds::Role) => Some(IdentityValue::MemberRole),
            Some(Holds::Email) => Some(IdentityValue::Email),
            None => None,
        };
        let compared: Vec<IdentityValue> = uses.iter().filter_map(|found| self.compared(found, several)).collect();
        // A policy may compare with the wrong column: the name wins where any comparison agrees with it.
        match (named, compared.first()) {
            (Some(named), Some(first)) if !compared.contains(&named) => Some(first.clone()),
            (Some(named), _) => Some(named),
            (None, first) => first.cloned(),
        }
    }

    /// What the column that it is compared with holds.
    fn compared(&self, found: &Use, several: bool) -> Option<IdentityValue> {
        let column = found.column.as_deref()?;
        let tenant = |root| if several { IdentityValue::TenantIds(root) } else { IdentityValue::TenantId(root) };
        let Some(name) = &found.table else { return self.compared_anywhere(column).map(tenant) };
        let table = self.reading.table(name)?;
        if let Some(root) = self.roots.iter().position(|root| root.table == *name && root.key == column) {
            return Some(if self.users_root == Some(root) { self.user_value() } else { tenant(root) });
        }
        let is_users_key = self.users.table.as_ref().is_some_and(|(users, key)| users == name && key == column)
            || self.users.extension_of(name).is_some_and(|extension| extension.column == column);
        if is_users_key {
            return Some(self.user_value());
        }
        if let Some(foreign_key) = foreign_key_of(table, column) {
            let root = self.roots.iter().position(|root| root.table == foreign_key.referenced_table);
            if let Some(root) = root.filter(|root| self.users_root != Some(*root)) {
                return Some(tenant(root));
            }
        }
        if let Some(Tie::Key { column: key, root }) = self.ties.get(name).map(|tie| &tie.value)
            && key == column
            && self.users_root != Some(*root)
        {
            return Some(tenant(*root));
        }
        if self
            .memberships
            .iter()
            .any(|membership| membership.table == *name && membership.role_column.as_deref() == Some(column))
        {
            return Some(IdentityValue::MemberRole);
        }
        if self.users.columns_of(table).iter().any(|user| user.column == column && user.rank <= 3) {
            return Some(self.user_value());
        }
        // A column of a table that a subquery reads.
        self.compared_anywhere(column).map(tenant)
    }

    /// The root that columns of this name are tied to in other tables.
    fn compared_anywhere(&self, column: &str) -> Option<usize> {
        self.ties.values().find_map(|tie| match &tie.value {
            Tie::Key { column: key, root } if key == column && self.users_root != Some(*root) => Some(*root),
            _ => None,
        })
    }

    /// The root that a claim with the name of a tenant means.
    fn root_named(&self, name: &str, uses: &[&Use]) -> Option<usize> {
        let tenants: Vec<usize> = (0..self.roots.len()).filter(|root| self.users_root != Some(*root)).collect();
        if let [only] = tenants.as_slice() {
            return Some(*only);
        }
        let compared = uses.iter().find_map(|found| match self.compared(found, false) {
            Some(IdentityValue::TenantId(root)) => Some(root),
            _ => None,
        });
        let words: Vec<String> = words(name).iter().map(|word| super::names::singular(word)).collect();
        let alike = |root: &&usize| {
            self.roots.get(**root).is_some_and(|root| {
                super::names::table_words(&root.table.name).iter().any(|word| {
                    words.contains(word) || (words.iter().any(|given| given == "org") && word.starts_with("organi"))
                })
            })
        };
        compared.or_else(|| tenants.iter().find(alike).copied()).or_else(|| tenants.first().copied())
    }
}
