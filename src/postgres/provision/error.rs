use std::io;
use std::path::PathBuf;

use super::super::SqlError;

/// No server could be had, or it could not do what a run needs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProvisionError {
    /// The name of a provider was not understood.
    #[error("`{given}` is no Postgres provider: give auto, docker, local, download, embedded or a postgres:// URL{}", suggest(.suggestion.as_deref()))]
    UnknownProvider {
        /// What was given; passwords are left out.
        given: String,
        /// The nearest name, where one is near.
        suggestion: Option<&'static str>,
    },
    /// What a provider needs is not there.
    #[error("no Postgres by {provider}: {why}. {next}")]
    Unavailable {
        /// Which provider.
        provider: &'static str,
        /// What is missing.
        why: String,
        /// How to get it.
        next: String,
    },
    /// `auto` tried everything.
    #[error("no Postgres could be had: {}", .tried.join("; "))]
    NoneServes {
        /// Each provider with the reason why it did not serve.
        tried: Vec<String>,
    },
    /// The server is older or newer than what seaworthy knows.
    #[error("the server ({provider}) is PostgreSQL {version}: seaworthy needs 15 to 18")]
    UnsupportedVersion {
        /// Which provider.
        provider: &'static str,
        /// The server's version.
        version: String,
    },
    /// A server was there but did not come up.
    #[error("{what}{}", log_tail(.log))]
    Start {
        /// What failed.
        what: String,
        /// The last lines that it logged.
        log: String,
    },
    /// The login may not create the scratch databases that a run needs.
    #[error(
        "the role {role} may not create databases, and seaworthy works in scratch databases only: as a superuser, run ALTER ROLE {role} CREATEDB, or name a role that may"
    )]
    MayNotCreateDatabases {
        /// The role, quoted.
        role: String,
    },
    /// The server refused a statement of ours.
    #[error("{doing} failed: {source}")]
    Sql {
        /// What was being done.
        doing: String,
        /// What the server said.
        source: Box<SqlError>,
    },
    /// Something of ours is still there.
    #[error("left behind on the server: {what}")]
    LeftOver {
        /// What, and why.
        what: String,
    },
    /// A file or a process could not be dealt with.
    #[error("{doing} failed: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the operating system said.
        source: io::Error,
    },
}

impl ProvisionError {
    pub(super) fn sql(doing: impl Into<String>) -> impl FnOnce(SqlError) -> Self {
        move |source| Self::Sql { doing: doing.into(), source: Box::new(source) }
    }

    pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing: doing.into(), source }
    }

    pub(super) fn path(doing: &str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path: PathBuf = path.to_owned();
        let doing = doing.to_owned();
        move |source| Self::Io { doing: format!("{doing} {}", path.display()), source }
    }

    pub(super) fn unavailable(provider: &'static str, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Unavailable { provider, why: why.into(), next: next.into() }
    }

    /// The error in one line, without the advice: for the list of what `auto` tried.
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Unavailable { why, .. } => why.clone(),
            other => other.to_string().lines().next().unwrap_or_default().to_owned(),
        }
    }
}

fn suggest(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default()
}

fn log_tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return String::new();
    }
    let first = lines.len().saturating_sub(20);
    format!(". Its last words:\n{}", lines.get(first..).unwrap_or_default().join("\n"))
}
