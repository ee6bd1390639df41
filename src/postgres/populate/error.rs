use crate::postgres::SqlError;

/// The world could not be made at all. A table that stays without rows is a gap, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum PopulateError {
    /// The connection broke.
    #[error(
        "the server went away while rows were made in {table}: {source}. Run it again; if it happens again, look into the server's log"
    )]
    Lost {
        /// Where it happened.
        table: String,
        /// What the driver said.
        source: SqlError,
    },
    /// A statement of the frame around the rows failed.
    #[error("could not {action}: {source}")]
    Frame {
        /// What was to be done.
        action: &'static str,
        /// What the server said.
        source: SqlError,
    },
    /// Constraints that are checked at the end refused time and again.
    #[error(
        "the rows that were made break a deferred constraint each time: {source}. Give values that satisfy it under [tables.\"schema.name\".values]"
    )]
    Deferred {
        /// What the server said.
        source: SqlError,
    },
}
