use crate::verdict::ObjectRef;
use crate::world::Principal;

/// One act of one principal, run in a transaction that is rolled back.
///
/// In order: the transaction begins; `prepare` runs as the harness; `observe` runs as the harness (before); the
/// principal's identity is taken on; `act` runs; deferred constraints are made immediate, still as the principal; the
/// harness's own identity returns; `observe` runs again (after); all is rolled back.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlProbe {
    /// The check that asks.
    pub check: &'static str,
    /// What it asks about. Probes and their controls meet by check and object.
    pub object: ObjectRef,
    /// Which side of the question it is.
    pub part: Part,
    /// The shape of the statement, in words, the same in an attack and its control: `by id`, `for update`.
    pub shape: &'static str,
    /// Tells apart questions under one check and object whose controls must not stand in for each other (a command, a foreign key).
    pub topic: String,
    /// Who acts.
    pub principal: Principal,
    /// Statements of the harness before the act, in the same transaction.
    pub prepare: Vec<String>,
    /// What the principal does.
    pub act: Act,
    /// Privileged queries, run before and after the act.
    pub observe: Vec<String>,
}

/// What a principal does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Statements, one after the other. The rows of the last are the result, and the affected rows of all are summed.
    Statements(Vec<String>),
    /// `COPY … TO STDOUT`.
    CopyOut(String),
    /// `COPY … FROM STDIN`, with its data in the text format.
    CopyIn {
        /// The statement.
        statement: String,
        /// The data.
        data: String,
    },
}

/// Which side of a question a probe is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Somebody does what the model forbids.
    Attack,
    /// The rightful owner does the same.
    Control,
    /// The service role does the same: the control where the model says that no client may.
    Service,
}

impl Act {
    /// The text, for people.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Statements(statements) => statements.join(";\n"),
            Self::CopyOut(statement) => statement.clone(),
            Self::CopyIn { statement, data } => format!("{statement};\n{data}\\."),
        }
    }
}
