/// The rows of a query in text form; `None` is null.
pub type Rows = Vec<Vec<Option<String>>>;

/// What came of a probe.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The act went through (it may have found or changed nothing).
    Completed {
        /// The rows of the act's last statement, up to the limit.
        rows: Rows,
        /// The rows that its statements affected.
        affected: u64,
        /// What `observe` saw before, a table for each query.
        before: Vec<Rows>,
        /// What `observe` saw after.
        after: Vec<Rows>,
    },
    /// The act was refused; nothing of it stands.
    Refused(Refusal),
    /// `prepare` or `observe` failed: the probe says nothing.
    Invalid(Refusal),
    /// The server did not answer any more.
    Lost(String),
    /// It was not run: an earlier probe answered its question.
    Skipped,
}

/// An error of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// SQLSTATE.
    pub sqlstate: String,
    /// The message.
    pub message: String,
    /// The detail: it may tell what the message does not.
    pub detail: Option<String>,
    /// The constraint, where one refused.
    pub constraint: Option<String>,
}

impl Outcome {
    /// Whether an observation differs from before to after.
    #[must_use]
    pub fn changed(&self) -> bool {
        matches!(self, Self::Completed { before, after, .. } if before != after)
    }

    /// The rows that came back, if the act went through.
    #[must_use]
    pub fn rows(&self) -> Option<&Rows> {
        match self {
            Self::Completed { rows, .. } => Some(rows),
            Self::Refused(_) | Self::Invalid(_) | Self::Lost(_) | Self::Skipped => None,
        }
    }
}
