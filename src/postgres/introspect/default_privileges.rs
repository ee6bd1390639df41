use serde::Deserialize;

use super::IntrospectError;
use super::roles::{RawGrant, grants};
use crate::catalog::{DefaultObjects, DefaultPrivileges};

/// A row of `default_privileges.sql`.
#[derive(Deserialize)]
pub(super) struct RawDefaults {
    owner: String,
    schema: Option<String>,
    objects: String,
    grants: Option<Vec<RawGrant>>,
}

pub(super) fn build(raw: Vec<RawDefaults>) -> Result<Vec<DefaultPrivileges>, IntrospectError> {
    raw.into_iter()
        .map(|raw| {
            let objects = DefaultObjects::try_from(raw.objects.as_str())
                .map_err(|_| IntrospectError::unknown("default privileges on", &raw.objects))?;
            Ok(DefaultPrivileges { owner: raw.owner, schema: raw.schema, objects, grants: grants(raw.grants)? })
        })
        .collect()
}
