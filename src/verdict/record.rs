use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{AppliedWaiver, CheckInfo, Column, Family, Severity};

/// The version of [`RunRecord`]'s form. The first number changes when a reader of the old one would misread it.
pub const SCHEMA_VERSION: &str = "1.0";

/// Everything that a run concluded about one system. Each report is rendered from this alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// What was run, where, and the verdict.
    pub run: RunInfo,
    /// The checks that were run.
    pub checks: Vec<CheckRecord>,
    /// One entry for each check and object, gravest first.
    pub results: Vec<CheckResult>,
    /// For each table, the status of each column in which something was checked.
    pub matrix: BTreeMap<String, BTreeMap<Column, CellStatus>>,
    /// The same for API operations that belong to no table.
    #[serde(default)]
    pub operations: BTreeMap<String, BTreeMap<Column, CellStatus>>,
    /// Sign-off lines that no table answers.
    #[serde(default)]
    pub release: Vec<ReleaseLine>,
}

/// Something that is said of the system as a whole, and what the run makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseLine {
    /// The group that it belongs to: `claims`.
    pub section: String,
    /// What is said.
    pub line: String,
    /// `pass`: confirmed; `fail`: refuted; `unproven`: neither.
    pub status: Status,
    /// By what.
    pub evidence: String,
}

/// What was run, where, and the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The system's name.
    pub system: String,
    /// The conclusion.
    pub verdict: RunVerdict,
    /// What the process exits with for this system.
    pub exit_code: u8,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The seed of the world.
    pub seed: u64,
    /// The commit of the system's repository, where it is one.
    pub commit: Option<String>,
    /// SHA-256 over the introspected schema.
    pub schema_fingerprint: String,
    /// The server.
    pub postgres: PostgresRecord,
    /// `supabase` or `plain`.
    pub profile: String,
    /// Whether client roles are granted new tables by default: `classic` or `revoked`; `none` under `plain`.
    pub default_privileges: String,
    /// What a reader of the verdict has to know: inferences, limits of the engine, settings that would help.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The server that a run used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostgresRecord {
    /// `server_version`.
    pub version: String,
    /// `docker`, `local`, `download`, `embedded` or `url`.
    pub provider: String,
    /// Why this provider.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Extensions that a stand-in took the place of.
    pub stand_ins: Vec<String>,
}

/// The conclusion of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunVerdict {
    /// Nothing blocks.
    Ready,
    /// A critical or error check failed or could not be proved.
    Blocked,
    /// The tool or its configuration failed.
    Failed,
    /// There was nothing to check.
    Empty,
}

impl RunVerdict {
    /// 0 ready, 1 blocked, 2 failed, 3 empty.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::Blocked => 1,
            Self::Failed => 2,
            Self::Empty => 3,
        }
    }
}

impl fmt::Display for RunVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ready => "READY",
            Self::Blocked => "BLOCKED",
            Self::Failed => "FAILED",
            Self::Empty => "EMPTY",
        })
    }
}

/// A check, as the record names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// See [`CheckInfo::id`].
    pub id: String,
    /// See [`CheckInfo::family`].
    pub family: Family,
    /// See [`CheckInfo::severity`].
    pub severity: Severity,
    /// See [`CheckInfo::title`].
    pub title: String,
    /// See [`CheckInfo::help`].
    pub help: String,
}

impl From<&CheckInfo> for CheckRecord {
    fn from(info: &CheckInfo) -> Self {
        Self {
            id: info.id.to_owned(),
            family: info.family,
            severity: info.severity,
            title: info.title.to_owned(),
            help: info.help.to_owned(),
        }
    }
}

/// What a result is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// What sort of object.
    pub kind: ObjectKind,
    /// Its schema; empty where it has none.
    pub schema: String,
    /// Its name; for a function, with its argument types.
    pub name: String,
    /// A part of it: a column, a foreign key, a policy.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub: Option<String>,
}

/// What sort of object a result is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the object of its name")]
pub enum ObjectKind {
    Table,
    View,
    MaterializedView,
    ForeignTable,
    Function,
    Migration,
    Seed,
    Bucket,
    Publication,
    Database,
    Operation,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.schema.is_empty() {
            write!(formatter, "{}.", self.schema)?;
        }
        formatter.write_str(&self.name)?;
        self.sub.as_ref().map_or(Ok(()), |sub| write!(formatter, " ({sub})"))
    }
}

/// How a check ended on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Proved to hold, beside a control that succeeded.
    Pass,
    /// Proved not to hold.
    Fail,
    /// The probe could not be made meaningful.
    Unproven,
    /// There is nothing here for the check to be about.
    NotApplicable,
    /// A failure or an unproven cell that somebody answers for.
    Waived,
    /// The harness itself broke.
    Error,
}

impl Status {
    /// As a word, for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unproven => "unproven",
            Self::NotApplicable => "not-applicable",
            Self::Waived => "waived",
            Self::Error => "error",
        }
    }
}

/// The status of a cell of the matrix: the gravest of its results, warnings told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellStatus {
    /// The harness broke.
    Error,
    /// Something that blocks failed.
    Fail,
    /// Something that blocks could not be proved.
    Unproven,
    /// Something that does not block failed or could not be proved.
    Warn,
    /// All that would block is answered for.
    Waived,
    /// All passed.
    Pass,
    /// Nothing applies.
    NotApplicable,
}

impl CellStatus {
    /// The status of a cell that holds these results; `None` where there are none.
    #[must_use]
    pub fn of<'a>(results: impl Iterator<Item = &'a CheckResult>) -> Option<Self> {
        results.map(Self::of_one).min_by_key(|status| status.rank())
    }

    fn of_one(result: &CheckResult) -> Self {
        match (result.status, result.severity.blocks()) {
            (Status::Error, _) => Self::Error,
            (Status::Fail, true) => Self::Fail,
            (Status::Unproven, true) => Self::Unproven,
            (Status::Fail | Status::Unproven, false) => Self::Warn,
            (Status::Waived, _) => Self::Waived,
            (Status::Pass, _) => Self::Pass,
            (Status::NotApplicable, _) => Self::NotApplicable,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Error => 0,
            Self::Fail => 1,
            Self::Unproven => 2,
            Self::Warn => 3,
            Self::Waived => 4,
            Self::Pass => 5,
            Self::NotApplicable => 6,
        }
    }
}

/// How one check ended on one object, with what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check's id.
    pub check: String,
    /// What it is about.
    pub object: ObjectRef,
    /// The tables in whose row of the matrix this counts, as `schema.name`.
    #[serde(default)]
    pub tables: Vec<String>,
    /// How it ended.
    pub status: Status,
    /// How grave a failure is here.
    pub severity: Severity,
    /// Stable over runs: check, object and discriminator.
    pub fingerprint: String,
    /// One sentence.
    pub summary: String,
    /// What the tenancy model says should happen.
    pub expected: String,
    /// What happened.
    pub observed: String,
    /// Who did what and what came back: the offending probe first, then its control.
    pub evidence: Vec<Evidence>,
    /// Other results that this fault explains, as `check on object`.
    #[serde(default)]
    pub consequences: Vec<String>,
    /// The fingerprint of the result that explains this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// A psql script that repeats it by hand.
    pub repro: Option<String>,
    /// A suggestion.
    pub fix: Option<String>,
    /// Where the object was defined.
    pub source: Option<Source>,
    /// `new`, `same` or `fixed` against a baseline.
    pub baseline: Option<String>,
    /// The waiver that answers for it.
    pub waiver: Option<AppliedWaiver>,
    /// How long its probes took, in milliseconds.
    pub duration_ms: u64,
}

/// One probe and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// `attack` or `control`.
    pub part: String,
    /// Who, in words.
    pub principal: String,
    /// The database role acted as.
    pub role: String,
    /// The settings that carried identity.
    pub claims: BTreeMap<String, String>,
    /// The SQL statements.
    pub statement: String,
    /// The shape of the statement, in words.
    pub shape: String,
    /// What came back: rows, a count, or the refusal.
    pub response: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The path, relative to the system.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// A short stable name for a result: check, object, and what tells it from others about the same object.
#[must_use]
pub fn fingerprint(check: &str, object: &ObjectRef) -> String {
    let text = format!("{check}\n{}\n{}\n{}", object.schema, object.name, object.sub.as_deref().unwrap_or_default());
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
