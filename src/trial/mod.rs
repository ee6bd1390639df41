//! What came of trying a system's files, as plain data: what `postgres` and `run` found out by doing it, and checks judge.

mod migration;

pub use migration::{MigrationFailure, MigrationTrial};

/// Everything that was tried before the first probe.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trials {
    /// The migrations, in the order in which they were applied first.
    pub migrations: Vec<MigrationTrial>,
    /// The extensions that stand-ins took the place of.
    pub stand_ins: Vec<String>,
}
