use super::{RehearsalError, is_stand_in, trace};
use crate::catalog::Catalog;
use crate::postgres::Session;
use crate::postgres::introspect::{differences, introspect};
use crate::postgres::migrate::{Application, Applied, ApplyOptions, Steps};
use crate::project::{MigrationFile, Project};
use crate::trial::RollbackTrial;
use crate::verdict::Event;

/// The newest files alone are looked at one by one: the way back from an old one is no longer taken.
const LOOKED_AT: usize = 30;

/// What came of going back all the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolledBack {
    /// Each step led to where its file began, so that the file applies there as it did the first time.
    Restores,
    /// One seems not to; [`roll_back_each`] says which, and looks closely.
    Differs,
}

/// Takes every file back, the last one first, on a clone of what they made, and compares each time with the trace that was kept when
/// it was applied.
///
/// # Errors
/// When the server is gone.
pub async fn roll_back(
    session: &mut Session,
    project: &Project,
    options: &ApplyOptions,
    applied: &Applied,
) -> Result<RolledBack, RehearsalError> {
    let mut steps = Steps::on(session, options, &applied.stand_ins).await?;
    for (migration, before) in project.migrations.iter().zip(&applied.traces).rev() {
        let Some(down) = &migration.down else {
            // A repeatable file has no way back, and needs none.
            if migration.version.is_none() {
                continue;
            }
            return Ok(RolledBack::Differs);
        };
        if steps.file(&down.path, &down.sql).await?.is_some() || trace(steps.session().await?).await? != *before {
            return Ok(RolledBack::Differs);
        }
    }
    Ok(RolledBack::Restores)
}

/// Applies the files one by one to a fresh database, and takes each of the newest back and applies it again, looking each time. What
/// is returned stands in the order of the files; `None` where a file has no way back.
///
/// # Errors
/// When the server is gone.
pub async fn roll_back_each(
    session: &mut Session,
    project: &Project,
    options: &ApplyOptions,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Vec<Option<RollbackTrial>>, RehearsalError> {
    let mut steps = Application::begin(session, project, options, tell).await?.steps();
    let first = project.migrations.len().saturating_sub(LOOKED_AT);
    let mut found = Vec::with_capacity(project.migrations.len());
    let mut before: Option<Catalog> = None;
    for (index, migration) in project.migrations.iter().enumerate() {
        let looked_at = index >= first;
        if looked_at && before.is_none() {
            before = Some(introspect(steps.session().await?).await?);
        }
        if let Some(failure) = steps.file(&migration.path, &migration.sql).await? {
            let reason = format!("{} does not apply in its place: {}", failure.file, failure.message);
            found.resize(project.migrations.len(), Some(RollbackTrial::NotTried(reason)));
            break;
        }
        let trial = match (&migration.down, &before) {
            (None, _) => None,
            (Some(_), Some(before)) if looked_at => Some(one(&mut steps, migration, before).await?),
            (Some(_), _) => {
                Some(RollbackTrial::NotTried(format!("the last {LOOKED_AT} migrations alone are looked at")))
            }
        };
        // A way back that left the database in between makes all that follows meaningless.
        let broken = matches!(trial, Some(RollbackTrial::UpFails(_)));
        found.push(trial);
        if broken {
            let reason = format!("{} cannot be applied again after its way back", migration.path);
            found.resize(project.migrations.len(), Some(RollbackTrial::NotTried(reason)));
            break;
        }
        if looked_at {
            before = Some(introspect(steps.session().await?).await?);
        }
    }
    Ok(found)
}

async fn one(
    steps: &mut Steps<'_>,
    migration: &MigrationFile,
    before: &Catalog,
) -> Result<RollbackTrial, RehearsalError> {
    let Some(down) = &migration.down else { return Ok(RollbackTrial::Restores) };
    let own = is_stand_in(&steps.standing());
    let after = introspect(steps.session().await?).await?;
    if let Some(failure) = steps.file(&down.path, &down.sql).await? {
        return Ok(RollbackTrial::DownFails(failure));
    }
    let back = introspect(steps.session().await?).await?;
    let left = differences(before, &back, &own);
    let failure = steps.file(&migration.path, &migration.sql).await?;
    if !left.is_empty() {
        return Ok(RollbackTrial::Leaves(left));
    }
    if let Some(failure) = failure {
        return Ok(RollbackTrial::UpFails(failure));
    }
    let again = introspect(steps.session().await?).await?;
    let differing = differences(&after, &again, &own);
    Ok(if differing.is_empty() { RollbackTrial::Restores } else { RollbackTrial::UpDiffers(differing) })
}
