use serde::Deserialize;

use super::IntrospectError;
use crate::catalog::{Publication, QualifiedName, ReplicaIdentity};

/// A row of `publications.sql`.
#[derive(Deserialize)]
pub(super) struct RawPublication {
    name: String,
    publishes_delete: bool,
    tables: Option<Vec<RawPublished>>,
}

#[derive(Deserialize)]
struct RawPublished {
    schema: String,
    name: String,
    replica_identity: String,
}

pub(super) fn build(raw: Vec<RawPublication>) -> Result<Vec<Publication>, IntrospectError> {
    raw.into_iter().map(publication).collect()
}

fn publication(raw: RawPublication) -> Result<Publication, IntrospectError> {
    let published = |table: RawPublished| {
        let identity = ReplicaIdentity::try_from(table.replica_identity.as_str())?;
        Ok((QualifiedName::new(table.schema, table.name), identity))
    };
    Ok(Publication {
        name: raw.name,
        tables: raw.tables.unwrap_or_default().into_iter().map(published).collect::<Result<_, IntrospectError>>()?,
        publishes_delete: raw.publishes_delete,
    })
}

impl TryFrom<&str> for ReplicaIdentity {
    type Error = IntrospectError;

    /// Reads `pg_class.relreplident`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "d" => Self::Default,
            "n" => Self::Nothing,
            "f" => Self::Full,
            "i" => Self::Index,
            other => return Err(IntrospectError::unknown("a replica identity", other)),
        })
    }
}
