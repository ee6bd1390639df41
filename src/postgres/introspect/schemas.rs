use serde::Deserialize;

use super::IntrospectError;
use super::roles::{RawGrant, grants};
use crate::catalog::Schema;

/// A row of `schemas.sql`.
#[derive(Deserialize)]
pub(super) struct RawSchema {
    name: String,
    owner: String,
    grants: Option<Vec<RawGrant>>,
}

/// A row of `extensions.sql`.
#[derive(Deserialize)]
pub(super) struct RawExtension {
    pub(super) name: String,
}

pub(super) fn build(raw: Vec<RawSchema>) -> Result<Vec<Schema>, IntrospectError> {
    raw.into_iter().map(|raw| Ok(Schema { name: raw.name, grants: grants(raw.grants)?, owner: raw.owner })).collect()
}
