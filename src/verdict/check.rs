use std::fmt;

use serde::{Deserialize, Serialize};

/// What is known about a check without running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckInfo {
    /// `family/defect`, kebab-case, naming the defect; never reused.
    pub id: &'static str,
    /// The group that the check belongs to.
    pub family: Family,
    /// How grave a failure is.
    pub severity: Severity,
    /// One line: the rule that holds where the check passes.
    pub title: &'static str,
    /// Why a failure matters and how to mend it, in a paragraph.
    pub help: &'static str,
    /// A system that has the defect, and the same mended; both are run by a test.
    pub example: Example,
}

/// A system with a defect, and the same without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The check fails on these files.
    pub failing: &'static [ExampleFile],
    /// It passes on these.
    pub passing: &'static [ExampleFile],
}

/// A file of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExampleFile {
    /// Its path within the system.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// How grave a failure is. Critical and error block; so does `unproven` at these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Data of one tenant reaches another, or would.
    Critical,
    /// The system is wrong or unusable for somebody.
    Error,
    /// Worth mending; does not block.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Whether a failure at this severity keeps a system from launching.
    #[must_use]
    pub fn blocks(self) -> bool {
        matches!(self, Self::Critical | Self::Error)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// A group of checks: the first half of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the family of its name in docs/checks")]
pub enum Family {
    Schema,
    Migrations,
    Rls,
    Isolation,
    Privileges,
    Indexes,
    Seed,
    Monitoring,
    Contract,
    Auth,
    Tokens,
    CrossTenant,
    Limits,
    Envelope,
    Release,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 15] = [
        Self::Schema,
        Self::Migrations,
        Self::Rls,
        Self::Isolation,
        Self::Privileges,
        Self::Indexes,
        Self::Seed,
        Self::Monitoring,
        Self::Contract,
        Self::Auth,
        Self::Tokens,
        Self::CrossTenant,
        Self::Limits,
        Self::Envelope,
        Self::Release,
    ];

    /// The family of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.as_str() == name)
    }

    /// As ids spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Migrations => "migrations",
            Self::Rls => "rls",
            Self::Isolation => "isolation",
            Self::Privileges => "privileges",
            Self::Indexes => "indexes",
            Self::Seed => "seed",
            Self::Monitoring => "monitoring",
            Self::Contract => "contract",
            Self::Auth => "auth",
            Self::Tokens => "tokens",
            Self::CrossTenant => "cross-tenant",
            Self::Limits => "limits",
            Self::Envelope => "envelope",
            Self::Release => "release",
        }
    }

    /// The column of the readiness matrix that the family counts in.
    #[must_use]
    pub fn column(self) -> Option<Column> {
        match self {
            Self::Schema | Self::Migrations => Some(Column::Schema),
            Self::Rls => Some(Column::Rls),
            Self::Isolation => Some(Column::Isolation),
            Self::Privileges => Some(Column::Privileges),
            Self::Indexes => Some(Column::Indexes),
            Self::Seed => Some(Column::Seed),
            Self::Monitoring => Some(Column::Monitoring),
            Self::Contract | Self::Auth | Self::Tokens | Self::CrossTenant | Self::Limits | Self::Envelope => {
                Some(Column::Contract)
            }
            Self::Release => None,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A column of the readiness matrix, in the order that it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the column of its name")]
pub enum Column {
    Schema,
    Rls,
    Isolation,
    Privileges,
    Indexes,
    Seed,
    Monitoring,
    Contract,
}

impl Column {
    /// Every column, in the order that it is shown.
    pub const ALL: [Self; 8] = [
        Self::Schema,
        Self::Rls,
        Self::Isolation,
        Self::Privileges,
        Self::Indexes,
        Self::Seed,
        Self::Monitoring,
        Self::Contract,
    ];

    /// The heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Schema => "Schema",
            Self::Rls => "RLS",
            Self::Isolation => "Isolation",
            Self::Privileges => "Privileges",
            Self::Indexes => "Indexes",
            Self::Seed => "Seed",
            Self::Monitoring => "Monitoring",
            Self::Contract => "Contract",
        }
    }
}
