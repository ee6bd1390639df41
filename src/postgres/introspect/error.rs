use crate::postgres::SqlError;

/// The schema could not be read back.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum IntrospectError {
    /// A catalog query failed.
    #[error("could not list the {what} of the database: {source}")]
    Query {
        /// What was being listed.
        what: &'static str,
        /// What the server said.
        source: Box<SqlError>,
    },
    /// The server is too old.
    #[error("PostgreSQL {} is too old: seaworthy needs 15 or newer; choose another server with --postgres or --pg-image", .version / 10_000)]
    TooOld {
        /// `server_version_num`.
        version: u32,
    },
    /// A row came back in another shape than the query gives.
    #[error("could not read one of the {what} that the server listed ({source}): {text}")]
    Shape {
        /// What was being listed.
        what: &'static str,
        /// The row.
        text: String,
        /// What was wrong with it.
        source: serde_json::Error,
    },
    /// The server said something that is not known here.
    #[error("the server lists {what} `{value}`, which this version of seaworthy does not know")]
    Unknown {
        /// Of what.
        what: &'static str,
        /// What it said.
        value: String,
    },
}

impl IntrospectError {
    pub(super) fn unknown(what: &'static str, value: impl Into<String>) -> Self {
        Self::Unknown { what, value: value.into() }
    }
}
