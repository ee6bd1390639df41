use super::QualifiedName;

/// A logical replication publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its name.
    pub name: String,
    /// The tables it publishes, those that `FOR ALL TABLES` and `FOR TABLES IN SCHEMA` bring in included, each with
    /// its replica identity.
    pub tables: Vec<(QualifiedName, ReplicaIdentity)>,
    /// It publishes deletes.
    pub publishes_delete: bool,
}

/// `pg_class.relreplident`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaIdentity {
    /// The primary key.
    Default,
    /// Nothing.
    Nothing,
    /// The whole row.
    Full,
    /// An index.
    Index,
}
