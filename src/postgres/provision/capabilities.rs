use std::collections::BTreeMap;

use super::super::SqlError;
use super::Database;

/// What a server can do, found out by doing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The login is a superuser.
    pub superuser: bool,
    /// The login passes row-level security.
    pub bypasses_row_security: bool,
    /// The login may create roles.
    pub creates_roles: bool,
    /// The login may create databases.
    pub creates_databases: bool,
    /// A handler in PL/pgSQL (`EXCEPTION WHEN …`) catches what is raised in its block, and the transaction goes on.
    pub catches_exceptions: bool,
    /// The extensions that can be installed, with their default versions.
    pub extensions: BTreeMap<String, String>,
}

const LOGIN: &str = "SELECT rolsuper, rolbypassrls OR rolsuper, rolcreaterole OR rolsuper, rolcreatedb OR rolsuper \
    FROM pg_catalog.pg_roles WHERE rolname = current_user";
const EXTENSIONS: &str = "SELECT name, coalesce(default_version, '') FROM pg_catalog.pg_available_extensions";
/// An error of the language and one of the engine, each in a block of its own.
const CATCHING: &str = "DO $$ BEGIN \
    BEGIN RAISE EXCEPTION 'raised'; EXCEPTION WHEN OTHERS THEN NULL; END; \
    BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END; \
    END $$; SELECT 1";

/// Finds out what the server behind this database can do. It opens sessions of its own, since an engine that does not
/// catch exceptions is left in a session of no further use; none other may be open where parallelism is 1.
///
/// # Errors
/// When the server cannot be asked.
pub async fn capabilities(database: &Database) -> Result<Capabilities, SqlError> {
    let mut session = database.connect().await?;
    let login = session.rows(LOGIN).await?.into_iter().next().unwrap_or_default();
    let mut extensions = BTreeMap::new();
    for row in session.rows(EXTENSIONS).await? {
        let mut row = row.into_iter().flatten();
        if let (Some(name), Some(version)) = (row.next(), row.next()) {
            extensions.insert(name, version);
        }
    }
    let catches_exceptions = session.run(CATCHING).await.is_ok();
    session.close().await;
    let may = |column: usize| login.get(column).and_then(Option::as_deref) == Some("t");
    Ok(Capabilities {
        superuser: may(0),
        bypasses_row_security: may(1),
        creates_roles: may(2),
        creates_databases: may(3),
        catches_exceptions,
        extensions,
    })
}
