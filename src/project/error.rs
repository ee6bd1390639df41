use std::path::PathBuf;

/// A system's files could not be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProjectError {
    /// There is nothing at the path.
    #[error("there is no such file or folder: {}", path.display())]
    #[diagnostic(code(project::no_such_path), help("name the folder of a system, or one .sql file"))]
    NoSuchPath {
        /// The path.
        path: PathBuf,
    },
    /// A folder that the settings name is not there.
    #[error("`{setting} = \"{value}\"` in seaworthy.toml names nothing: {} does not exist", path.display())]
    #[diagnostic(code(project::setting_names_nothing), help("paths are relative to the folder of seaworthy.toml"))]
    SettingNamesNothing {
        /// The setting.
        setting: &'static str,
        /// What is written there.
        value: String,
        /// Where that would be.
        path: PathBuf,
    },
    /// No SQL anywhere.
    #[error("no SQL migrations were found in {}", path.display())]
    #[diagnostic(code(project::no_migrations), help("{help}"))]
    NoMigrations {
        /// The folder.
        path: PathBuf,
        /// What was looked for, and what is there instead.
        help: String,
    },
    /// Several systems lie below the folder.
    #[error("several systems lie below {}: {}", path.display(), candidates.join(", "))]
    #[diagnostic(
        code(project::several_systems),
        help("name one of them, or list them in seaworthy.toml: `systems = [{}]`",
             candidates.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", "))
    )]
    SeveralSystems {
        /// The folder.
        path: PathBuf,
        /// Their folders, relative to it.
        candidates: Vec<String>,
    },
    /// A file or folder cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    #[diagnostic(code(project::unreadable), help("check its permissions"))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no text that Postgres takes.
    #[error("{} is not UTF-8: line {line} holds {what}", path.display())]
    #[diagnostic(code(project::not_utf8), help("save the file as UTF-8 without NUL bytes"))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first byte that does not fit, from 1.
        line: usize,
        /// What is there.
        what: String,
    },
    /// A file of alert rules says what Prometheus would refuse.
    #[error("{}:{line}: {problem}", path.display())]
    #[diagnostic(code(project::alert_rules), help("`promtool check rules {}` says more", path.display()))]
    AlertRules {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A file of checksums is none.
    #[error("line {line} of {} {problem}", path.display())]
    #[diagnostic(
        code(project::checksums),
        help("write it with `sha256sum`, or `atlas migrate hash`, and keep it with the migrations")
    )]
    Checksums {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Drizzle's journal does not fit the files.
    #[error("the journal {} {problem}", path.display())]
    #[diagnostic(code(project::journal), help("run `drizzle-kit check`"))]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}
