//! Reads a database's schema back as a [`Catalog`]: a query per kind of object, all sent at once, each linear in the
//! objects that it lists.

mod columns;
mod constraints;
mod default_privileges;
mod difference;
mod error;
mod fingerprint;
mod functions;
mod indexes;
mod policies;
mod publications;
mod relations;
mod roles;
mod schemas;
mod settings;
mod triggers;
mod types;

use std::collections::HashMap;

use serde::de::DeserializeOwned;

pub use difference::differences;
pub use error::IntrospectError;
pub use fingerprint::schema_fingerprint;

use super::session::{Session, StatementResult};
use crate::catalog::{Catalog, Role, Table};
use types::Types;

/// The oldest server that is understood: `security_invoker` and `NULLS NOT DISTINCT` came with 15.
const OLDEST_SERVER: u32 = 150_000;

/// With nothing but `pg_catalog` on the path, every printed expression names its objects in full. The path is put
/// back, since the caller may be inside a transaction.
const BEFORE: &str =
    "select pg_catalog.set_config('seaworthy.search_path', pg_catalog.current_setting('search_path'), true);
select pg_catalog.set_config('search_path', 'pg_catalog', true);
select pg_catalog.set_config('jit', 'off', true)";
const AFTER: &str =
    "select pg_catalog.set_config('search_path', pg_catalog.current_setting('seaworthy.search_path'), true)";

/// Each kind of object, with the query that lists it: one row an object, of one JSON value.
const QUERIES: [(&str, &str); 14] = [
    ("types", include_str!("types.sql")),
    ("tables", include_str!("relations.sql")),
    ("columns", include_str!("columns.sql")),
    ("constraints", include_str!("constraints.sql")),
    ("indexes", include_str!("indexes.sql")),
    ("policies", include_str!("policies.sql")),
    ("triggers", include_str!("triggers.sql")),
    ("functions", include_str!("functions.sql")),
    ("roles", include_str!("roles.sql")),
    ("publications", include_str!("publications.sql")),
    ("schemas", include_str!("schemas.sql")),
    ("default privileges", include_str!("default_privileges.sql")),
    ("extensions", include_str!("extensions.sql")),
    ("settings", include_str!("settings.sql")),
];

/// Reads the schema of the database that `session` is connected to, in two round trips.
///
/// # Errors
/// When the server is older than PostgreSQL 15, when a query fails, or when the server says something that this
/// version of seaworthy does not know.
pub async fn introspect(session: &mut Session) -> Result<Catalog, IntrospectError> {
    let server_version = server_version(session).await?;
    let mut text = String::from(BEFORE);
    for (_, query) in QUERIES {
        text.push_str(";\n");
        text.push_str(query);
    }
    text.push_str(";\n");
    text.push_str(AFTER);
    let results = session.run(&text).await.map_err(|source| {
        let before = BEFORE.split(';').count();
        let what = source
            .completed
            .checked_sub(before)
            .and_then(|index| QUERIES.get(index))
            .map_or("session", |query| query.0);
        IntrospectError::Query { what, source: Box::new(source) }
    })?;
    assemble(server_version, results)
}

/// Reads the roles alone.
///
/// # Errors
/// As [`introspect`].
pub async fn introspect_roles(session: &mut Session) -> Result<Vec<Role>, IntrospectError> {
    let what = "roles";
    let query = include_str!("roles.sql");
    let result =
        session.run(query).await.map_err(|source| IntrospectError::Query { what, source: Box::new(source) })?;
    let listed = Listed { listed: result.into_iter().map(|result| (what, result)).collect() };
    Ok(roles::build(listed.objects(what)?))
}

async fn server_version(session: &mut Session) -> Result<u32, IntrospectError> {
    let what = "server version";
    let rows = session
        .rows("select pg_catalog.current_setting('server_version_num')")
        .await
        .map_err(|source| IntrospectError::Query { what, source: Box::new(source) })?;
    let text = rows.first().and_then(|row| row.first()).and_then(Option::as_deref).unwrap_or_default();
    let version = text.parse().map_err(|_| IntrospectError::unknown(what, text))?;
    if version < OLDEST_SERVER { Err(IntrospectError::TooOld { version }) } else { Ok(version) }
}

fn assemble(server_version: u32, results: Vec<StatementResult>) -> Result<Catalog, IntrospectError> {
    let listed: HashMap<&str, StatementResult> =
        QUERIES.iter().map(|query| query.0).zip(results.into_iter().skip(BEFORE.split(';').count())).collect();
    let listed = Listed { listed };
    let types = Types::new(listed.objects("types")?);
    let mut tables = Tables::new(listed.objects("tables")?)?;
    columns::attach(&mut tables, listed.objects("columns")?, &types)?;
    constraints::attach(&mut tables, listed.objects("constraints")?)?;
    indexes::attach(&mut tables, listed.objects("indexes")?);
    policies::attach(&mut tables, listed.objects("policies")?)?;
    triggers::attach(&mut tables, listed.objects("triggers")?);
    // `Catalog::table` looks names up in this order.
    tables.tables.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(Catalog {
        server_version,
        tables: tables.tables,
        functions: functions::build(listed.objects("functions")?, &types)?,
        roles: roles::build(listed.objects("roles")?),
        publications: publications::build(listed.objects("publications")?)?,
        schemas: schemas::build(listed.objects("schemas")?)?,
        default_privileges: default_privileges::build(listed.objects("default privileges")?)?,
        extensions: listed.objects::<schemas::RawExtension>("extensions")?.into_iter().map(|raw| raw.name).collect(),
        settings: settings::build(listed.objects("settings")?)?,
    })
}

/// What the server listed, by kind of object.
struct Listed {
    listed: HashMap<&'static str, StatementResult>,
}

impl Listed {
    fn objects<T: DeserializeOwned>(&self, what: &'static str) -> Result<Vec<T>, IntrospectError> {
        let rows = self.listed.get(what).map(|result| result.rows.as_slice()).unwrap_or_default();
        let text = |row: &'_ Vec<Option<String>>| row.first().cloned().flatten().unwrap_or_default();
        rows.iter()
            .map(|row| {
                let text = text(row);
                serde_json::from_str(&text).map_err(|source| IntrospectError::Shape { what, text, source })
            })
            .collect()
    }
}

/// The tables as they are put together, found by object id.
struct Tables {
    tables: Vec<Table>,
    places: HashMap<u32, usize>,
}

impl Tables {
    fn new(raw: Vec<relations::RawRelation>) -> Result<Self, IntrospectError> {
        let tables = relations::build(raw)?;
        let places = tables.iter().enumerate().map(|(place, table)| (table.oid, place)).collect();
        Ok(Self { tables, places })
    }

    /// The table with this object id; `None` for one that was left out.
    fn get(&mut self, oid: u32) -> Option<&mut Table> {
        self.places.get(&oid).and_then(|place| self.tables.get_mut(*place))
    }
}
