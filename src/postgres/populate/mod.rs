//! Makes the world in a migrated database: inserts what `world` plans, listens to what the server refuses, and adapts.

mod adopt;
mod ask;
mod error;
mod fill;
mod fresh;
mod insert;
mod pending;
mod read_back;
mod refusal;
mod repair;
mod storage;
mod work;

use std::collections::BTreeMap;

pub use error::PopulateError;
use work::{Ending, Work};

use super::Session;
use crate::catalog::{Catalog, QualifiedName};
use crate::tenancy::Intent;
use crate::verdict::Event;
use crate::world::World;

/// How often the whole is done again because a deferred constraint refused at the end.
const MOST_ROUNDS: usize = 4;

/// Makes tenants, users and rows in the database of `session`, and commits them. The session must belong to a superuser or
/// to the owner of the tables. `values` are the `[tables.NAME.values]` of the settings, as text.
///
/// # Errors
/// When the connection breaks or a deferred constraint cannot be satisfied; nothing is left behind then. A row that cannot be
/// made is a [`crate::world::Gap`] in the world, not an error.
pub async fn populate(
    session: &mut Session,
    catalog: &Catalog,
    intent: &Intent,
    values: &BTreeMap<QualifiedName, BTreeMap<String, String>>,
    seed: u64,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<World, PopulateError> {
    let mut without_triggers: BTreeMap<QualifiedName, String> = BTreeMap::new();
    let mut last = None;
    for _ in 0..MOST_ROUNDS {
        let mut work = Work::new(session, catalog, intent, values, seed, &without_triggers);
        match work.run().await {
            Ok(Ending::Done(world, notes)) => {
                notes.into_iter().for_each(|note| tell(Event::Note(note)));
                return Ok(world);
            }
            Ok(Ending::Refused { tables, source }) => {
                rollback(session).await?;
                let before = without_triggers.len();
                without_triggers.extend(tables.into_iter().map(|table| (table, refusal::reason(&source))));
                last = Some(source);
                if without_triggers.len() == before {
                    break;
                }
            }
            Err(error) => {
                // The first error is the one worth telling.
                let _also_failed = rollback(session).await;
                return Err(error);
            }
        }
    }
    let source = last.unwrap_or_else(unreachable_refusal);
    Err(PopulateError::Deferred { source })
}

/// The loop ends without a world only after a refusal.
fn unreachable_refusal() -> super::SqlError {
    super::SqlError {
        sqlstate: None,
        message: "no refusal was recorded".to_owned(),
        detail: None,
        hint: None,
        constraint: None,
        table: None,
        column: None,
        position: None,
        completed: 0,
    }
}

async fn rollback(session: &mut Session) -> Result<(), PopulateError> {
    let undone = session.run("rollback").await;
    undone.map(|_| ()).map_err(|source| PopulateError::Frame { action: "undo the rows", source })
}
