/// A file that does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFailure {
    /// The file, relative to the system.
    pub file: String,
    /// The line that the failing statement begins on, from 1.
    pub line: usize,
    /// The failing statement; a long one is cut.
    pub statement: String,
    /// SQLSTATE.
    pub sqlstate: String,
    /// What the server said.
    pub message: String,
    /// The detail.
    pub detail: Option<String>,
    /// The server's hint, or ours.
    pub hint: Option<String>,
    /// Whether the engine is at fault: it does not run EXCEPTION handlers, and the statement has one.
    pub engine_limit: bool,
    /// Whether statements of the file before this one stand: it refuses to run in one transaction.
    pub partly_applied: bool,
}

/// One file of the migrations, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationTrial {
    /// The file, relative to the system.
    pub file: String,
    /// Why it does not apply.
    pub failure: Option<MigrationFailure>,
    /// Whether it failed at first and applied after others.
    pub retried: bool,
    /// The file with a higher version that the tool applies before it.
    pub misplaced_after: Option<String>,
    /// The version that it shares with other files, and those.
    pub shared_version: Option<(String, Vec<String>)>,
}
