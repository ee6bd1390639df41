use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::sent::{self, Sent};
use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Either, Row};

/// A connection that speaks the simple query protocol: several statements go out at once and every value comes back
/// as text. Whoever writes a statement quotes with [`crate::catalog::quote_identifier`] and
/// [`crate::catalog::quote_literal`].
pub struct Session {
    /// `None` where a new connection could not be had.
    connection: Option<PgConnection>,
    options: PgConnectOptions,
    /// Tells sessions of this process apart.
    number: u64,
}

static SESSIONS: AtomicU64 = AtomicU64::new(1);

/// The options hold a password: they are not shown.
impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").field("connected", &self.connection.is_some()).finish_non_exhaustive()
    }
}

/// What one statement gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementResult {
    /// The names of the columns; empty where no row came back.
    pub columns: Vec<String>,
    /// The rows, in text form; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
    /// The rows affected, as the command tag counts them.
    pub affected: u64,
}

/// A statement failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", .sqlstate.as_ref().map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default())]
pub struct SqlError {
    /// SQLSTATE; `None` where the connection broke and the server said nothing.
    pub sqlstate: Option<String>,
    /// What the server or the driver said.
    pub message: String,
    /// The detail.
    pub detail: Option<String>,
    /// The hint.
    pub hint: Option<String>,
    /// The constraint that refused.
    pub constraint: Option<String>,
    /// The table that it is about.
    pub table: Option<String>,
    /// The column that it is about.
    pub column: Option<String>,
    /// Where in the text sent, in characters from 1.
    pub position: Option<usize>,
    /// How many statements of the text had completed.
    pub completed: usize,
}

impl SqlError {
    /// Whether the connection is gone: nothing more can be run on this session.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        // Class 57P: the administrator or a crash ended the session (57P01, 57P02, 57P03). 08: connection exceptions.
        self.sqlstate.as_deref().is_none_or(|code| code.starts_with("57P0") || code.starts_with("08"))
    }
}

impl Session {
    /// Connects with a `postgres://` URL.
    ///
    /// # Errors
    /// When the URL is malformed or the server does not let us in.
    pub async fn connect(url: &str) -> Result<Self, SqlError> {
        let options = PgConnectOptions::from_str(url).map_err(|error| SqlError::from_driver(&error, 0))?;
        Self::connect_with(options).await
    }

    /// Connects with the driver's own options.
    ///
    /// # Errors
    /// When the server does not let us in.
    pub async fn connect_with(options: PgConnectOptions) -> Result<Self, SqlError> {
        let options = options.disable_statement_logging();
        let connection =
            PgConnection::connect_with(&options).await.map_err(|error| SqlError::from_driver(&error, 0))?;
        Ok(Self { connection: Some(connection), options, number: SESSIONS.fetch_add(1, Ordering::Relaxed) })
    }

    /// A second connection to the same database, beside this one.
    ///
    /// # Errors
    /// When the server does not let us in.
    pub async fn another(&self) -> Result<Self, SqlError> {
        Self::connect_with(self.options.clone()).await
    }

    /// Leaves the connection for a new one, with nothing of the old session left: the embedded engine cannot roll back
    /// behind an EXCEPTION handler that did not catch.
    ///
    /// # Errors
    /// When the server does not let us in again: the session is lost.
    pub async fn reconnect(&mut self) -> Result<(), SqlError> {
        if let Some(connection) = self.connection.take() {
            // The old connection is in no state to say goodbye; that it does not matters to nobody.
            let _gone = connection.close().await;
        }
        let connected = PgConnection::connect_with(&self.options).await;
        self.connection = Some(connected.map_err(|error| SqlError::from_driver(&error, 0))?);
        Ok(())
    }

    /// Runs one or more statements, and returns a result for each that completed.
    ///
    /// Without explicit transaction statements they form one transaction.
    ///
    /// # Errors
    /// The first statement that fails ends the text: the ones after it do not run.
    pub async fn run(&mut self, sql: &str) -> Result<Vec<StatementResult>, SqlError> {
        self.tell(sql, None);
        let mut results = Vec::new();
        let mut current = StatementResult::default();
        let mut stream =
            sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(self.connection.as_mut().ok_or_else(SqlError::closed)?);
        loop {
            match stream.try_next().await {
                Ok(Some(Either::Left(done))) => {
                    current.affected = done.rows_affected();
                    results.push(std::mem::take(&mut current));
                }
                Ok(Some(Either::Right(row))) => {
                    if current.columns.is_empty() {
                        current.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
                    }
                    current.rows.push(text_row(&row));
                }
                Ok(None) => return Ok(results),
                Err(error) => return Err(SqlError::from_driver(&error, results.len())),
            }
        }
    }

    /// Runs one query and returns its rows.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, SqlError> {
        Ok(self.run(sql).await?.pop().unwrap_or_default().rows)
    }

    /// Runs `COPY (query) TO STDOUT` and returns what it sent.
    ///
    /// # Errors
    /// As [`Session::run`]. Where the server refuses before the first byte, the driver (sqlx 0.9) leaves an answer unread and
    /// every later one would be taken for its predecessor's: the session then counts as lost. Ask with EXPLAIN first.
    pub async fn copy_out(&mut self, query: &str) -> Result<Vec<u8>, SqlError> {
        let statement = format!("copy ({query}) to stdout");
        self.tell(&statement, None);
        let stream = self
            .connection
            .as_mut()
            .ok_or_else(SqlError::closed)?
            .copy_out_raw(&statement)
            .await
            .map_err(|error| SqlError { sqlstate: None, ..SqlError::from_driver(&error, 0) })?;
        stream
            .try_fold(Vec::new(), |mut all, chunk| async move {
                all.extend_from_slice(&chunk);
                Ok(all)
            })
            .await
            .map_err(|error| SqlError::from_driver(&error, 0))
    }

    /// Runs a `COPY … FROM STDIN` with this data, and returns how many rows went in.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn copy_in(&mut self, sql: &str, data: &[u8]) -> Result<u64, SqlError> {
        self.tell(sql, Some(data));
        let convert = |error: sqlx::Error| SqlError::from_driver(&error, 0);
        let mut sink =
            self.connection.as_mut().ok_or_else(SqlError::closed)?.copy_in_raw(sql).await.map_err(convert)?;
        sink.send(data).await.map_err(convert)?;
        sink.finish().await.map_err(convert)
    }

    fn tell(&self, sql: &str, data: Option<&[u8]>) {
        let database = self.options.get_database().unwrap_or_default();
        sent::tell(Sent { session: self.number, database, sql, data });
    }

    /// Says goodbye to the server.
    pub async fn close(self) {
        // A server that is already gone needs no goodbye.
        if let Some(connection) = self.connection {
            let _gone = connection.close().await;
        }
    }
}

impl SqlError {
    fn from_driver(error: &sqlx::Error, completed: usize) -> Self {
        let database = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        let Some(database) = database else {
            return Self::without_server(error.to_string(), completed);
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            sqlstate: Some(database.code().to_owned()),
            message: database.message().to_owned(),
            detail: owned(database.detail()),
            hint: owned(database.hint()),
            constraint: owned(database.constraint()),
            table: owned(database.table()),
            column: owned(database.column()),
            position: match database.position() {
                Some(sqlx::postgres::PgErrorPosition::Original(position)) => Some(position),
                _ => None,
            },
            completed,
        }
    }

    fn closed() -> Self {
        Self::without_server("the connection is closed".to_owned(), 0)
    }

    fn without_server(message: String, completed: usize) -> Self {
        Self {
            sqlstate: None,
            message,
            detail: None,
            hint: None,
            constraint: None,
            table: None,
            column: None,
            position: None,
            completed,
        }
    }
}

/// The simple query protocol sends every value as text.
fn text_row(row: &sqlx::postgres::PgRow) -> Vec<Option<String>> {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index).ok()?;
            value.as_str().ok().map(str::to_owned)
        })
        .collect()
}
