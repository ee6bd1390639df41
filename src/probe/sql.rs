use super::Signal;
use crate::catalog::{quote_identifier, quote_literal};
use crate::world::Principal;

/// One act of one principal, run in a transaction that is rolled back.
///
/// In order: the transaction begins; `prepare` runs as the harness; each of `earlier` runs as its own principal; `observe`
/// runs as the harness; the principal's identity is taken on; `act` runs; deferred constraints are made immediate, still
/// as the principal; the harness's own identity returns; `observe` runs again; all is rolled back.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlProbe {
    /// Which side of the question it is.
    pub part: Part,
    /// What is being attempted, in words. A control stands for attacks of the same topic alone: a command, a foreign key.
    pub topic: String,
    /// The shape of the statement, in words, the same in an attack and its control: `by id`, `for update`.
    pub shape: String,
    /// Who acts.
    pub principal: Principal,
    /// Statements of the harness before the act, in the same transaction.
    pub prepare: Vec<String>,
    /// What others do before the act.
    pub earlier: Vec<Step>,
    /// What the principal does.
    pub act: Act,
    /// Privileged queries, run before and after the act.
    pub observe: Vec<String>,
    /// What shows that the act took effect.
    pub signal: Signal,
}

/// What somebody does before the act.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Who.
    pub principal: Principal,
    /// What.
    pub statement: String,
}

/// What a principal does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Statements, one after the other. The rows of the last are the result, and the affected rows of all are summed.
    Statements(Vec<String>),
    /// `COPY (query) TO STDOUT`, by its query.
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

impl Part {
    /// As evidence spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attack => "attack",
            Self::Control => "control",
            Self::Service => "control by the service role",
        }
    }
}

impl Act {
    /// A single statement.
    #[must_use]
    pub fn statement(statement: impl Into<String>) -> Self {
        Self::Statements(vec![statement.into()])
    }

    /// The text, for people and for psql.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Statements(statements) => {
                statements.iter().map(|statement| format!("{statement};")).collect::<Vec<_>>().join("\n")
            }
            Self::CopyOut(query) => format!("copy ({query}) to stdout;"),
            Self::CopyIn { statement, data } => format!("{statement};\n{data}\\."),
        }
    }
}

impl SqlProbe {
    /// A psql script that repeats the probe by hand, in a transaction that is rolled back.
    #[must_use]
    pub fn script(&self) -> String {
        let mut lines = vec!["begin;".to_owned()];
        lines.extend(self.prepare.iter().map(|statement| format!("{statement};")));
        for step in &self.earlier {
            lines.extend(take_on(&step.principal));
            lines.push(format!("{};", step.statement));
            lines.push("reset session authorization;".to_owned());
        }
        lines.extend(self.observe.iter().map(|statement| format!("{statement};")));
        lines.extend(take_on(&self.principal));
        lines.push(self.act.text());
        lines.push("reset session authorization;".to_owned());
        lines.extend(self.observe.iter().map(|statement| format!("{statement};")));
        lines.push("rollback;".to_owned());
        lines.join("\n")
    }
}

/// The statements, each with its semicolon, that take on a principal's identity until the transaction ends.
///
/// As PostgREST does it: log in as one role, `SET LOCAL ROLE` to another, then the claims. `SET SESSION AUTHORIZATION` stands
/// for the log-in, so that `session_user` is what a client's would be.
#[must_use]
pub fn take_on(principal: &Principal) -> Vec<String> {
    let mut statements = Vec::new();
    if !principal.settings.is_empty() {
        let calls: Vec<String> = principal
            .settings
            .iter()
            .map(|(name, value)| format!("set_config({}, {}, true)", quote_literal(name), quote_literal(value)))
            .collect();
        statements.push(format!("select {};", calls.join(", ")));
    }
    if !principal.role.is_empty() {
        let login = principal.login_role.as_ref().unwrap_or(&principal.role);
        statements.push(format!("set local session authorization {};", quote_identifier(login)));
        if principal.login_role.is_some() {
            statements.push(format!("set local role {};", quote_identifier(&principal.role)));
        }
    }
    statements
}
