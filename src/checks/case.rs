use crate::probe::{Outcome, SqlProbe};
use crate::verdict::{ObjectRef, Severity, Source, Status};

/// One check asked about one object.
#[derive(Debug, Clone)]
pub struct Case {
    /// The object.
    pub object: ObjectRef,
    /// The tables in whose row of the matrix the answer counts.
    pub tables: Vec<String>,
    /// What the tenancy model says should happen.
    pub expected: String,
    /// What is run.
    pub probes: Vec<SqlProbe>,
    /// How the outcomes are read.
    pub judge: Judge,
    /// What to do about a failure.
    pub fix: Option<String>,
}

/// How a case's outcomes are read.
#[derive(Debug, Clone)]
pub enum Judge {
    /// There is nothing to run.
    Settled(Finding),
    /// Attacks beside their controls: see [`super::judge::beside_controls`]. Holds the topics that clients are meant to be able to do,
    /// so that nobody's being able to is a failed control and not a denial.
    BesideControls {
        /// Topics in which a client is meant to succeed.
        meant: Vec<String>,
        /// Topics that are left out where not even the service role manages, since another topic asks the same.
        optional: Vec<String>,
    },
    /// As the inner one; but where that fails, it may well be meant, for this reason: a warning.
    Doubted(Box<Judge>, String),
    /// As the check itself knows.
    Own(fn(&Case, &[Outcome]) -> Finding),
}

/// What a case concluded.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How it ended.
    pub status: Status,
    /// Where the check's own severity does not fit.
    pub severity: Option<Severity>,
    /// One sentence.
    pub summary: String,
    /// What was seen.
    pub observed: String,
    /// The probes that show it, by index: the offending one first, then its control.
    pub evidence: Vec<usize>,
    /// The place in a file, where the check knows better than the object tells.
    pub source: Option<Source>,
}

impl Finding {
    /// A conclusion without probes.
    #[must_use]
    pub fn new(status: Status, summary: impl Into<String>) -> Self {
        Self {
            status,
            severity: None,
            summary: summary.into(),
            observed: String::new(),
            evidence: Vec::new(),
            source: None,
        }
    }

    /// Why nothing is asked of a table where no role is a client's: `isolation/unreachable-tenant-data` says it once, for the database.
    #[must_use]
    pub fn no_clients() -> Self {
        Self::new(
            Status::NotApplicable,
            "no role that a client acts as is known: only owners and superusers reach the table, past every policy",
        )
    }

    /// Says what was seen.
    #[must_use]
    pub fn observed(mut self, observed: impl Into<String>) -> Self {
        self.observed = observed.into();
        self
    }

    /// Points at the probes that show it.
    #[must_use]
    pub fn shown_by(mut self, probes: impl IntoIterator<Item = usize>) -> Self {
        self.evidence = probes.into_iter().collect();
        self
    }

    /// Says where in a file; lines count from 1.
    #[must_use]
    pub fn located(mut self, file: &str, line: usize) -> Self {
        self.source = Some(Source { file: file.to_owned(), line });
        self
    }

    /// Overrides the check's severity.
    #[must_use]
    pub fn at(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}

impl Case {
    /// A case that needs no probe.
    #[must_use]
    pub fn settled(object: ObjectRef, tables: Vec<String>, expected: impl Into<String>, finding: Finding) -> Self {
        Self {
            object,
            tables,
            expected: expected.into(),
            probes: Vec::new(),
            judge: Judge::Settled(finding),
            fix: None,
        }
    }

    /// The same case, in which a failure may well be meant, for a reason, if there is one.
    #[must_use]
    pub fn doubted(mut self, reason: Option<&str>) -> Self {
        if let Some(reason) = reason {
            self.judge = Judge::Doubted(Box::new(self.judge), reason.to_owned());
        }
        self
    }

    /// The same case with a suggestion.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}
