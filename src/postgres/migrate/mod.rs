//! Bringing a system's migrations onto a database. What does not apply is data: everything else is applied all the
//! same, and checked.

mod apply;
mod extension;
mod file;
mod history;
mod prepare;
mod server_wide;
mod usage;

pub use apply::{Application, Steps, apply, apply_seed};
pub use extension::named_extensions;
pub(super) use usage::made_by;

use crate::postgres::stand_ins::StandIn;
use crate::postgres::supabase::DefaultPrivileges;
use crate::postgres::{Session, SqlError};
use crate::project::Project;
use crate::settings::{Environment, SystemSettings};
use crate::tenancy::Profile;
use crate::trial::MigrationFailure;

/// How a system is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyOptions {
    /// What surrounds it.
    pub profile: Profile,
    /// What client roles get by default.
    pub default_privileges: DefaultPrivileges,
    /// The Postgres setting that tells production from development.
    pub environment_setting: String,
    /// Its value.
    pub environment_value: String,
}

impl ApplyOptions {
    /// The options that the settings and `supabase/config.toml` ask for, in a development environment.
    #[must_use]
    pub fn new(profile: Profile, project: &Project, settings: &SystemSettings) -> Self {
        let Environment { setting, development, .. } = &settings.environment;
        let declared = settings.supabase.default_privileges.as_deref();
        let exposed = project.supabase.as_ref().and_then(|config| config.auto_expose_new_tables);
        let default_privileges = match (profile, declared, exposed) {
            (Profile::Plain, _, _) => DefaultPrivileges::None,
            (Profile::Supabase, Some("revoked"), _) | (Profile::Supabase, None, Some(false)) => {
                DefaultPrivileges::Revoked
            }
            (Profile::Supabase, _, _) => DefaultPrivileges::Classic,
        };
        Self {
            profile,
            default_privileges,
            environment_setting: setting.clone(),
            environment_value: development.clone(),
        }
    }
}

/// What came of applying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The files that stand, in the order in which they were applied.
    pub files: Vec<String>,
    /// What did not apply, in the order of the files.
    pub failures: Vec<MigrationFailure>,
    /// Files that failed at first and applied after others.
    pub retried: Vec<String>,
    /// Files that refuse to run in one transaction.
    pub autocommitted: Vec<String>,
    /// The schema's trace before the first file and after each, where [`Application::keep_traces`] asked for it.
    pub traces: Vec<String>,
    /// Extensions that a stand-in took the place of.
    pub stand_ins: Vec<StandIn>,
    /// What client roles get by default.
    pub default_privileges: DefaultPrivileges,
    /// What was left out or changed, and why, as `file: line: …`.
    pub notes: Vec<String>,
}

/// Applying could not go on at all.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum MigrateError {
    /// The connection broke.
    #[error("the server went away while {doing}: {source}")]
    #[diagnostic(code(migrate::lost), help("its log may say why; run again"))]
    Lost {
        /// What was being done.
        doing: String,
        /// What the driver said.
        source: SqlError,
    },
    /// The login may not make the surroundings.
    #[error("the surroundings of a Supabase database need a superuser, and {login} is none")]
    #[diagnostic(
        code(migrate::not_superuser),
        help("give a URL with a superuser, use --postgres docker or local, or set `profile = \"plain\"`")
    )]
    NotSuperuser {
        /// The login.
        login: String,
    },
    /// The surroundings could not be made.
    #[error("the surroundings of a Supabase database could not be made: {source}")]
    #[diagnostic(code(migrate::surroundings))]
    Surroundings {
        /// What the server said.
        source: SqlError,
    },
    /// The database could not be made ready.
    #[error("the database could not be made ready for migrations: {source}")]
    #[diagnostic(code(migrate::not_ready))]
    NotReady {
        /// What the server said.
        source: SqlError,
    },
}

/// Sorts an error of the harness's own statements.
fn broken(doing: &str, source: SqlError) -> MigrateError {
    if source.is_lost() {
        MigrateError::Lost { doing: doing.to_owned(), source }
    } else {
        MigrateError::NotReady { source }
    }
}

/// One cell of a query that gives one.
async fn one_value(session: &mut Session, sql: &str) -> Result<String, SqlError> {
    let rows = session.rows(sql).await?;
    Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten().unwrap_or_default())
}
