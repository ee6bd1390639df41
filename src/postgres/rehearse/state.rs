use std::collections::BTreeMap;

use crate::catalog::{QualifiedName, quote_literal};
use crate::postgres::{Session, SqlError};
use crate::trial::Filled;

/// What the tables of a database hold: for each, how many rows, and a hash of them. Columns that hold moments do not count, since they
/// differ from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableStates(BTreeMap<String, (u64, String)>);

/// Each table that stores rows of the system's own, partitions left out, with its columns that hold moments.
const TABLES: &str = "select nspname, relname, coalesce((select string_agg(pg_catalog.quote_literal(attname), ', ') \
        from pg_catalog.pg_attribute where attrelid = pg_class.oid and attnum > 0 and not attisdropped \
        and atttypid in (1082, 1083, 1114, 1184, 1266)), '') \
    from pg_catalog.pg_class join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace \
    where relkind in ('r', 'p') and not relispartition and relpersistence <> 't' \
    and nspname !~ '^pg_' and nspname <> 'information_schema' \
    and not exists (select from pg_catalog.pg_depend where classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
        and objid = pg_class.oid and deptype = 'e') \
    order by nspname, relname";

/// Reads what every table holds.
///
/// # Errors
/// When the server is gone, or does not let us read.
pub async fn table_states(session: &mut Session) -> Result<TableStates, SqlError> {
    let mut queries = Vec::new();
    for row in session.rows(TABLES).await? {
        let [Some(schema), Some(name), Some(moments)] = row.as_slice() else { continue };
        let name = QualifiedName::new(schema, name);
        queries.push(format!(
            "select {}, count(*), coalesce(md5(string_agg(hash, '' order by hash)), '') from (\
                select md5((to_jsonb(seaworthy_row) - array[{moments}]::text[])::text) as hash \
                from {} as seaworthy_row) as hashed",
            quote_literal(&name.to_string()),
            name.quoted()
        ));
    }
    if queries.is_empty() {
        return Ok(TableStates::default());
    }
    let rows = session.rows(&queries.join(" union all ")).await?;
    let state = |row: Vec<Option<String>>| {
        let [Some(name), Some(count), Some(hash)] = row.as_slice() else { return None };
        Some((name.clone(), (count.parse().ok()?, hash.clone())))
    };
    Ok(TableStates(rows.into_iter().filter_map(state).collect()))
}

impl TableStates {
    /// The tables that hold something else in `after`, with how many rows they had and have.
    #[must_use]
    pub fn changes(&self, after: &Self) -> BTreeMap<String, Filled> {
        let names = self.0.keys().chain(after.0.keys());
        names
            .filter(|name| {
                self.0.get(*name).cloned().unwrap_or_default() != after.0.get(*name).cloned().unwrap_or_default()
            })
            .map(|name| (name.clone(), Filled { before: self.rows(name), after: after.rows(name) }))
            .collect()
    }

    /// How many rows a table has.
    #[must_use]
    pub fn rows(&self, table: &str) -> u64 {
        self.0.get(table).map_or(0, |(rows, _)| *rows)
    }
}
