use std::fmt;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::super::{Session, SqlError};

/// A scratch database on a [`super::Server`].
#[derive(Clone)]
pub struct Database {
    name: String,
    options: PgConnectOptions,
    url: String,
    patience: Duration,
}

impl Database {
    pub(super) fn new(name: String, options: PgConnectOptions, url: String, patience: Duration) -> Self {
        Self { options: options.database(&name), name, url, patience }
    }

    /// Opens a session as the server's own login.
    ///
    /// # Errors
    /// When the server does not let us in, or does not answer in time: a server that serves one connection at a time
    /// makes a second one wait.
    pub async fn connect(&self) -> Result<Session, SqlError> {
        connect(self.options.clone(), self.patience).await
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address, for people and `psql`; without the password of a server that is not ours.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Printed by name and address: the options hold a password.
impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Database").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An address by way of a socket, in the one form that libpq and sqlx both read.
pub(super) fn socket_url(directory: &Path, user: &str, database: &str) -> String {
    format!("postgres:///{database}?host={}&user={user}", directory.display())
}

pub(super) async fn connect(options: PgConnectOptions, patience: Duration) -> Result<Session, SqlError> {
    match tokio::time::timeout(patience, Session::connect_with(options)).await {
        Ok(result) => result,
        Err(_) => Err(SqlError {
            sqlstate: None,
            message: format!("the server did not take a connection within {} seconds", patience.as_secs()),
            detail: None,
            hint: None,
            constraint: None,
            table: None,
            column: None,
            position: None,
            completed: 0,
        }),
    }
}
