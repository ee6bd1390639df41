use miette::Diagnostic;

use crate::postgres::SqlError;
use crate::postgres::introspect::IntrospectError;
use crate::postgres::migrate::MigrateError;
use crate::postgres::populate::PopulateError;
use crate::postgres::provision::ProvisionError;
use crate::postgres::rehearse::RehearsalError;
use crate::project::ProjectError;
use crate::settings::SettingsError;
use crate::tenancy::TenancyError;

/// Why a system could not be checked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RunError {
    /// No server.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Provision(#[from] ProvisionError),
    /// Its files.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Project(#[from] ProjectError),
    /// Its migrations.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Migrate(#[from] MigrateError),
    /// Its catalog.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Introspect(#[from] IntrospectError),
    /// Its tenancy.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Tenancy(#[from] TenancyError),
    /// Its settings name something that is not there.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Settings(#[from] SettingsError),
    /// Its rows.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Populate(#[from] PopulateError),
    /// The server went away.
    #[error("the server is gone in the middle of the run: {message}")]
    #[diagnostic(help("Nothing is concluded. Look at the server's log, and run again."))]
    ServerLost {
        /// What the driver said.
        message: String,
    },
    /// A statement of the harness's own failed.
    #[error("a statement of the harness failed: {0}")]
    Sql(SqlError),
    /// The probing role could see everything: nothing it found would mean anything.
    #[error("the role `{role}`, which probes act as, bypasses row security: {why}")]
    #[diagnostic(help("Name the role that clients really act as under [identity] member_roles in seaworthy.toml."))]
    PrivilegedProbe {
        /// The role.
        role: String,
        /// Superuser, BYPASSRLS.
        why: String,
    },
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<SqlError> for RunError {
    fn from(error: SqlError) -> Self {
        if error.is_lost() { Self::ServerLost { message: error.message } } else { Self::Sql(error) }
    }
}

impl From<RehearsalError> for RunError {
    fn from(error: RehearsalError) -> Self {
        match error {
            RehearsalError::Migrate(error) => Self::Migrate(error),
            RehearsalError::Introspect(error) => Self::Introspect(error),
            RehearsalError::Sql(error) => error.into(),
        }
    }
}

impl From<super::Interrupted> for RunError {
    fn from(_: super::Interrupted) -> Self {
        Self::Interrupted
    }
}
