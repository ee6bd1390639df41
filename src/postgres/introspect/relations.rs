use serde::Deserialize;

use super::IntrospectError;
use super::roles::{RawGrant, grants};
use crate::catalog::{QualifiedName, RelationKind, Table, ViewWrites};

// `CmdType` of nodes.h: `pg_relation_is_updatable` gives a bit for each.
const UPDATE: u8 = 2;
const INSERT: u8 = 3;
const DELETE: u8 = 4;

/// A row of `relations.sql`.
#[derive(Deserialize)]
pub(super) struct RawRelation {
    oid: u32,
    schema: String,
    name: String,
    kind: String,
    owner: String,
    comment: Option<String>,
    row_security: bool,
    force_row_security: bool,
    security_invoker: bool,
    writes: i32,
    definition: Option<String>,
    parent: Option<QualifiedName>,
    depends_on: Option<Vec<QualifiedName>>,
    grants: Option<Vec<RawGrant>>,
}

pub(super) fn build(raw: Vec<RawRelation>) -> Result<Vec<Table>, IntrospectError> {
    raw.into_iter().map(relation).collect()
}

fn relation(raw: RawRelation) -> Result<Table, IntrospectError> {
    let mut depends_on = raw.depends_on.unwrap_or_default();
    depends_on.sort();
    Ok(Table {
        oid: raw.oid,
        name: QualifiedName::new(raw.schema, raw.name),
        kind: RelationKind::try_from(raw.kind.as_str())?,
        owner: raw.owner,
        comment: raw.comment,
        row_security: raw.row_security,
        force_row_security: raw.force_row_security,
        columns: Vec::new(),
        primary_key: None,
        uniques: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        indexes: Vec::new(),
        policies: Vec::new(),
        triggers: Vec::new(),
        grants: grants(raw.grants)?,
        column_grants: Vec::new(),
        parent: raw.parent,
        definition: raw.definition,
        security_invoker: raw.security_invoker,
        view_writes: ViewWrites {
            insert: raw.writes & (1 << INSERT) != 0,
            update: raw.writes & (1 << UPDATE) != 0,
            delete: raw.writes & (1 << DELETE) != 0,
        },
        depends_on,
    })
}

impl TryFrom<&str> for RelationKind {
    type Error = IntrospectError;

    /// Reads `pg_class.relkind`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "r" => Self::Table,
            "p" => Self::Partitioned,
            "v" => Self::View,
            "m" => Self::MaterializedView,
            "f" => Self::Foreign,
            other => return Err(IntrospectError::unknown("a relation of kind", other)),
        })
    }
}
