use super::{RehearsalError, TableStates, is_stand_in, table_states, trace};
use crate::catalog::Catalog;
use crate::postgres::Session;
use crate::postgres::introspect::{differences, introspect};
use crate::postgres::migrate::{ApplyOptions, Steps};
use crate::postgres::stand_ins::StandIn;
use crate::project::Project;
use crate::trial::Repetition;

/// What came of applying every file a second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// For each file, in their order.
    pub files: Vec<Repetition>,
    /// Something changed, as it seems; which file did it shows with `attribute`.
    pub changed: bool,
}

/// Applies every file of a project once more, to a clone of what they made. With `attribute` it is looked after each file that
/// applies what that changed; else at the end whether anything did.
///
/// # Errors
/// When the server is gone.
pub async fn repeat(
    session: &mut Session,
    project: &Project,
    options: &ApplyOptions,
    standing: &[StandIn],
    attribute: bool,
) -> Result<Repeated, RehearsalError> {
    let own = is_stand_in(standing);
    let first = (trace(session).await?, table_states(session).await?);
    let mut before = if attribute { Some(state(session).await?) } else { None };
    let mut steps = Steps::on(session, options, standing).await?;
    let mut files = Vec::with_capacity(project.migrations.len());
    for migration in &project.migrations {
        let repetition = match steps.file(&migration.path, &migration.sql).await? {
            Some(failure) if !failure.partly_applied => {
                Repetition::Refused { sqlstate: failure.sqlstate, message: failure.message }
            }
            // What stands of a file that runs statement by statement counts.
            Some(_) | None => match before.take() {
                Some(known) => {
                    let after = state(steps.session().await?).await?;
                    let changes = changes(&known, &after, &own);
                    before = Some(after);
                    if changes.is_empty() { Repetition::Nothing } else { Repetition::Changed(changes) }
                }
                None => Repetition::Nothing,
            },
        };
        files.push(repetition);
    }
    let session = steps.session().await?;
    let changed = first != (trace(session).await?, table_states(session).await?);
    Ok(Repeated { files, changed })
}

async fn state(session: &mut Session) -> Result<(Catalog, TableStates), RehearsalError> {
    Ok((introspect(session).await?, table_states(session).await?))
}

fn changes(
    before: &(Catalog, TableStates),
    after: &(Catalog, TableStates),
    besides: &dyn Fn(&str, &str) -> bool,
) -> Vec<String> {
    let mut found = differences(&before.0, &after.0, besides);
    found.extend(before.1.changes(&after.1).into_iter().map(|(table, rows)| {
        if rows.before == rows.after {
            format!("{table} holds other values")
        } else {
            format!("{table} has {} rows, not {}", rows.after, rows.before)
        }
    }));
    found
}
