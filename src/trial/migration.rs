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
    /// What came of applying it a second time.
    pub repetition: Repetition,
    /// What undoes it, and what came of trying that.
    pub way_back: WayBack,
    /// Whether it is what it was when it was applied somewhere.
    pub checksum: Checksum,
    /// What it locks or destroys that an earlier file made.
    pub risks: Vec<Risk>,
}

/// What came of applying a file a second time, after all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repetition {
    /// It applies, and changes nothing.
    Nothing,
    /// It is refused, and changes nothing.
    Refused {
        /// SQLSTATE.
        sqlstate: String,
        /// What the server said.
        message: String,
    },
    /// It applies, and changes these.
    Changed(Vec<String>),
    /// It was not tried, for this reason.
    NotTried(String),
}

/// What undoes a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayBack {
    /// The tool knows none, or the project keeps none; the reason.
    NotKept(String),
    /// The other files have one.
    Missing,
    /// It has one.
    There {
        /// The file.
        file: String,
        /// What came of it.
        trial: RollbackTrial,
    },
}

/// What came of going up, down and up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTrial {
    /// Down leads back to what was there before, and up to what was there after.
    Restores,
    /// The way back does not apply.
    DownFails(MigrationFailure),
    /// After it, these differ from what was there before the file.
    Leaves(Vec<String>),
    /// After it, the file does not apply again.
    UpFails(MigrationFailure),
    /// After the file is applied again, these differ from what was there after the first time.
    UpDiffers(Vec<String>),
    /// It was not tried, for this reason.
    NotTried(String),
}

/// Whether a file is what it was when it was applied somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checksum {
    /// No file of checksums is kept.
    NotKept,
    /// The file of checksums does not list it.
    NotListed(String),
    /// It is as this file of checksums says.
    Same(String),
    /// It is not as this file of checksums says.
    Changed(String),
    /// The file of checksums says nothing that could be compared, for this reason.
    Unknown(String),
}

/// A statement that is a risk where its table holds rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// What it risks.
    pub kind: RiskKind,
    /// The rule's name.
    pub rule: String,
    /// The line, from 1.
    pub line: usize,
    /// What it touches, as the file names it.
    pub target: String,
    /// What is wrong with it.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
    /// The statement in a form that does not have the fault, where there is one.
    pub instead: Option<String>,
}

/// What a statement risks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskKind {
    /// Readers or writers wait.
    Locks,
    /// Data, or what clients rely on, goes.
    Destroys,
}
