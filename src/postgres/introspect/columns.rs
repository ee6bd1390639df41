use serde::Deserialize;

use super::roles::{RawGrant, grants};
use super::types::{TypeUse, Types};
use super::{IntrospectError, Tables};
use crate::catalog::{Column, ColumnGrant, Generated, Identity};

/// A row of `columns.sql`.
#[derive(Deserialize)]
pub(super) struct RawColumn {
    table: u32,
    name: String,
    position: i16,
    r#type: TypeUse,
    not_null: bool,
    expression: Option<String>,
    generated: String,
    identity: String,
    comment: Option<String>,
    grants: Option<Vec<RawGrant>>,
}

pub(super) fn attach(tables: &mut Tables, raw: Vec<RawColumn>, types: &Types) -> Result<(), IntrospectError> {
    for raw in raw {
        let Some(table) = tables.get(raw.table) else { continue };
        let granted = grants(raw.grants)?.into_iter().map(|grant| ColumnGrant {
            column: raw.name.clone(),
            grantee: grant.grantee,
            privilege: grant.privilege,
        });
        table.column_grants.extend(granted);
        let (default, generated) = match raw.generated.as_str() {
            "" => (raw.expression, Generated::No),
            "s" | "v" => (None, Generated::Always(raw.expression.unwrap_or_default())),
            other => return Err(IntrospectError::unknown("a generated column of kind", other)),
        };
        table.columns.push(Column {
            name: raw.name,
            position: raw.position,
            data_type: types.resolve(&raw.r#type)?,
            not_null: raw.not_null,
            default,
            generated,
            identity: Identity::try_from(raw.identity.as_str())?,
            comment: raw.comment,
        });
    }
    Ok(())
}

impl TryFrom<&str> for Identity {
    type Error = IntrospectError;

    /// Reads `pg_attribute.attidentity`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "" => Self::No,
            "a" => Self::Always,
            "d" => Self::ByDefault,
            other => return Err(IntrospectError::unknown("an identity column of kind", other)),
        })
    }
}
