use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

use miette::Diagnostic;

use super::{Interrupt, Target};
use crate::catalog::QualifiedName;
use crate::verdict::{CheckInfo, Event, Family, RunRecord};

/// The seed where nobody gives one: always the same, so that two runs are alike.
pub const DEFAULT_SEED: u64 = 42;

/// What is to be checked, and on which server. It is not [`std::fmt::Debug`]: a server's address may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerRequest {
    /// `auto`, `docker`, `local`, `download`, `embedded` or a `postgres://` address.
    pub postgres: String,
    /// The image of a container.
    pub image: Option<String>,
}

impl Default for ServerRequest {
    fn default() -> Self {
        Self { postgres: "auto".to_owned(), image: None }
    }
}

/// What is to be checked, and on which server.
#[derive(Clone, PartialEq)]
pub struct CheckRequest {
    /// The systems, at least one.
    pub targets: Vec<Target>,
    /// Which checks and tables.
    pub selection: Selection,
    /// The server.
    pub server: ServerRequest,
    /// What every generated value comes from.
    pub seed: u64,
}

/// What `seaworthy.toml` is to be inferred for.
#[derive(Clone, PartialEq)]
pub struct InitRequest {
    /// The system; it may have settings, which are then kept.
    pub target: Target,
    /// The server.
    pub server: ServerRequest,
}

/// A part of the checks and tables. What is not named is not left out: an empty list takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Checks, alone or by family.
    pub only: Vec<Only>,
    /// Tables, as `name` or `schema.name`.
    pub tables: Vec<String>,
}

/// Some of the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Only {
    /// All of a family.
    Family(Family),
    /// The check of this id.
    Check(String),
}

impl Selection {
    /// Whether everything is taken.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.tables.is_empty()
    }

    /// Whether the check of this id is taken.
    #[must_use]
    pub fn takes_check(&self, id: &str) -> bool {
        self.only.is_empty()
            || self.only.iter().any(|only| match only {
                Only::Family(family) => id.split_once('/').is_some_and(|(name, _)| name == family.as_str()),
                Only::Check(check) => check == id,
            })
    }

    /// Whether the table is taken.
    #[must_use]
    pub fn takes_table(&self, table: &QualifiedName) -> bool {
        self.tables.is_empty() || self.tables.iter().any(|name| *name == table.name || *name == table.to_string())
    }
}

/// What came of one system.
pub struct SystemRun<Error> {
    /// The system's name.
    pub system: String,
    /// What was concluded, or why nothing was.
    pub outcome: Result<RunRecord, Error>,
}

/// What a check is judged on, as results print it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The table in whose row of the matrix the result counts, as `schema.name`.
    Table(String),
    /// The object, where the result counts in no table's row.
    Object(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(name) | Self::Object(name) => formatter.write_str(name),
        }
    }
}

/// A check that a run would judge on an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedCheck {
    /// The system's name.
    pub system: String,
    /// What it is judged on.
    pub subject: Subject,
    /// The check's id.
    pub check: String,
    /// The object that the result would be about.
    pub object: String,
    /// What the tenancy model says should happen.
    pub expected: String,
    /// How many probes there would be, at the most.
    pub probes: usize,
}

/// What a run would judge of one system, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemPlan {
    /// The system's name.
    pub system: String,
    /// For each table, as `schema.name`, whose its rows are and why that is believed.
    pub tables: BTreeMap<String, String>,
    /// Every check on every object.
    pub checks: Vec<PlannedCheck>,
}

/// Everything from folders to records. The command line and the `cargo test` trials drive it and know nothing of how it
/// works.
///
/// Whatever an implementation starts (servers, processes, scratch databases) is gone when its future is done, whether the
/// work succeeded, failed or was interrupted, and as far as can be when its future is dropped.
pub trait Pipeline {
    /// What fails a run as a whole.
    type Error: Diagnostic + Send + Sync + 'static;

    /// Every check that there is.
    fn checks(&self) -> Vec<CheckInfo>;

    /// Checks every system of the request, in its order, on one server.
    fn check(
        &self,
        request: &CheckRequest,
        tell: &(dyn Fn(Event) + Sync),
        interrupt: &Interrupt,
    ) -> impl Future<Output = Result<Vec<SystemRun<Self::Error>>, Self::Error>>;

    /// What [`Pipeline::check`] would judge, without probing anything.
    fn plan(
        &self,
        request: &CheckRequest,
        tell: &(dyn Fn(Event) + Sync),
        interrupt: &Interrupt,
    ) -> impl Future<Output = Result<Vec<SystemPlan>, Self::Error>>;

    /// The text of a `seaworthy.toml` with what is inferred.
    fn propose_settings(
        &self,
        request: &InitRequest,
        tell: &(dyn Fn(Event) + Sync),
        interrupt: &Interrupt,
    ) -> impl Future<Output = Result<String, Self::Error>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_not_left_out() {
        let all = Selection::default();
        assert!(all.is_everything() && all.takes_check("rls/no-policy"));
        assert!(all.takes_table(&QualifiedName::new("public", "moves")));
    }

    #[test]
    fn a_family_takes_its_checks_and_no_other() {
        let selection = Selection {
            only: vec![Only::Family(Family::Rls), Only::Check("seed/orphan".to_owned())],
            ..Selection::default()
        };
        assert!(selection.takes_check("rls/no-policy") && selection.takes_check("seed/orphan"));
        assert!(!selection.takes_check("seed/does-not-run") && !selection.takes_check("rls"));
    }

    #[test]
    fn a_table_is_taken_by_either_name() {
        let moves = QualifiedName::new("public", "moves");
        for (name, taken) in [("moves", true), ("public.moves", true), ("app.moves", false), ("move", false)] {
            let selection = Selection { tables: vec![name.to_owned()], ..Selection::default() };
            assert_eq!(selection.takes_table(&moves), taken, "{name}");
        }
    }
}
