use super::Status;

/// What a run tells while it works. Whoever listens shows it or does not; nothing depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A stage began, in words for people: `applying 21 migrations`.
    Stage(String),
    /// Something worth a line, once.
    Note(String),
    /// Probing began.
    Probing {
        /// How many probes there are.
        total: usize,
    },
    /// This many more probes are done.
    Probed(usize),
    /// A check ended on an object.
    Judged {
        /// How.
        status: Status,
    },
}
