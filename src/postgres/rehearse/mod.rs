//! Trying a system's files out on clones of its database, as nobody would on the real one: a second time, backwards, and with the
//! marker of production. Nothing here decides; it says what happened.

mod repeat;
mod rollback;
mod state;
mod stored;
mod texts;
mod trace;

pub use repeat::{Repeated, repeat};
pub use rollback::{RolledBack, roll_back, roll_back_each};
pub use state::{TableStates, table_states};
pub use stored::{required_rows, stored};
pub use texts::seeded_texts;
pub(super) use trace::trace;

use super::introspect::IntrospectError;
use super::migrate::{MigrateError, made_by};
use super::stand_ins::StandIn;
use super::{Session, SqlError};
use crate::trial::Counted;

/// Something could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// A file could not be applied for no fault of its own.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The schema could not be read.
    #[error(transparent)]
    Introspect(#[from] IntrospectError),
    /// A statement of the harness's own failed.
    #[error("{0}")]
    Sql(#[from] SqlError),
}

/// Whether a function of this schema and signature belongs to a stand-in: those stay, whatever a file drops. In a schema of its own
/// everything does; else what bears the name of something that the stand-in makes.
fn is_stand_in<'a>(standing: &[StandIn]) -> impl Fn(&str, &str) -> bool + use<'a> {
    let made: Vec<(String, std::collections::BTreeSet<String>)> =
        standing.iter().map(|one| (one.schema.clone(), made_by(&one.extension, &one.schema))).collect();
    move |schema, signature| {
        made.iter().any(|(home, names)| {
            home == schema
                && (home != "public" || names.iter().any(|name| name.len() > 3 && signature.contains(name.as_str())))
        })
    }
}

/// The first cell of each of these queries, which count something. One that fails does not take the others with it.
async fn counts(session: &mut Session, queries: &[String]) -> Result<Vec<Counted>, SqlError> {
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let together: Vec<String> =
        queries.iter().enumerate().map(|(index, query)| format!("select {index}, ({query})")).collect();
    match session.rows(&together.join(" union all ")).await {
        Ok(rows) => {
            let mut found: Vec<Counted> = vec![Err("the server gave no count".to_owned()); queries.len()];
            for row in rows {
                let [Some(index), Some(count)] = row.as_slice() else { continue };
                let (Ok(index), Ok(count)) = (index.parse::<usize>(), count.parse::<u64>()) else { continue };
                if let Some(one) = found.get_mut(index) {
                    *one = Ok(count);
                }
            }
            Ok(found)
        }
        Err(error) if error.is_lost() => Err(error),
        Err(_) => {
            let mut found = Vec::with_capacity(queries.len());
            for query in queries {
                match session.rows(query).await {
                    Ok(rows) => {
                        let cell = rows.into_iter().flatten().flatten().next().unwrap_or_default();
                        found.push(cell.parse().map_err(|_| format!("the server gave no count but {cell:?}")));
                    }
                    Err(error) if error.is_lost() => return Err(error),
                    Err(error) => found.push(Err(error.to_string())),
                }
            }
            Ok(found)
        }
    }
}
