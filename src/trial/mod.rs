//! What came of trying a system's files, as plain data: what `postgres` and `run` found out by doing it, and checks judge.

mod alerts;
mod migration;
mod seed;
mod server;
mod stored;

pub use alerts::{AlertRule, Match, Matcher, Selector};
pub use migration::{Checksum, MigrationFailure, MigrationTrial, Repetition, Risk, RiskKind, RollbackTrial, WayBack};
pub use seed::{Attempt, Filled, ProductionTrial, SeedFile, SeedTrial, SeededText};
pub use server::ServerTrial;
pub use stored::{ConstraintTrial, Counted, ReferenceTrial, RequiredRow, Stored};

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
    /// Files that were applied once, as a file of checksums says, and are gone: each with that file.
    pub gone: Vec<(String, String)>,
    /// The seed; `None` where there is none.
    pub seed: Option<SeedTrial>,
    /// What was stored before the world was made.
    pub stored: Stored,
}
