use serde::Deserialize;

use super::IntrospectError;
use crate::catalog::{Grant, Privilege, Role};

/// A row of `roles.sql`.
#[derive(Deserialize)]
pub(super) struct RawRole {
    name: String,
    superuser: bool,
    bypass_row_security: bool,
    login: bool,
    member_of: Option<Vec<String>>,
}

/// One entry of an access control list.
#[derive(Deserialize)]
pub(super) struct RawGrant {
    grantee: String,
    privilege: String,
    grantable: bool,
}

pub(super) fn build(raw: Vec<RawRole>) -> Vec<Role> {
    raw.into_iter()
        .map(|raw| Role {
            name: raw.name,
            superuser: raw.superuser,
            bypass_row_security: raw.bypass_row_security,
            login: raw.login,
            member_of: raw.member_of.unwrap_or_default(),
        })
        .collect()
}

/// An access control list, in an order of its own: the server keeps the order in which grants were made.
pub(super) fn grants(raw: Option<Vec<RawGrant>>) -> Result<Vec<Grant>, IntrospectError> {
    let mut grants: Vec<Grant> = raw.unwrap_or_default().into_iter().map(grant).collect::<Result<_, _>>()?;
    grants.sort_by(|left, right| (&left.grantee, left.privilege).cmp(&(&right.grantee, right.privilege)));
    Ok(grants)
}

fn grant(raw: RawGrant) -> Result<Grant, IntrospectError> {
    let privilege = Privilege::try_from(raw.privilege.as_str())
        .map_err(|_| IntrospectError::unknown("the privilege", &raw.privilege))?;
    Ok(Grant { grantee: raw.grantee, privilege, grantable: raw.grantable })
}
