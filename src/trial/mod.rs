//! What came of trying a system's files, as plain data: what `postgres` and `run` found out by doing it, and checks judge.

mod alerts;
mod migration;
mod server;

pub use alerts::{AlertRule, Match, Matcher, Selector};
pub use migration::{MigrationFailure, MigrationTrial};
pub use server::ServerTrial;

/// Everything that was tried before the first probe.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trials {
    /// The migrations, in the order in which they were applied first.
    pub migrations: Vec<MigrationTrial>,
    /// The extensions that stand-ins took the place of.
    pub stand_ins: Vec<String>,
    /// The alert rules; `None` where no file of them is named.
    pub alerts: Option<Vec<AlertRule>>,
    /// The server that all this was tried on.
    pub server: ServerTrial,
}
