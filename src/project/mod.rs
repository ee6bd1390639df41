//! A system as it lies in a folder: its migrations in the order that its tool applies them, its seed, and what its
//! `supabase/config.toml` says. Reads files and nothing else.

mod alerts;
mod checksum;
mod config;
mod discover;
mod error;
mod files;
mod layout;
mod marker;
mod profile;
mod risk;
mod seed;
mod source_map;
mod statement;
#[cfg(test)]
mod tests;
mod token;
mod version;

use std::path::PathBuf;

use crate::trial::AlertRule;

pub use checksum::{Checksums, checksums};
pub use config::{Bucket, SupabaseConfig};
pub use discover::discover;
pub use error::ProjectError;
pub use profile::detect_profile;
pub use risk::risks;
pub use seed::constants;
pub use source_map::{SourceMap, Standing};
pub use statement::{Statement, split};
pub use token::{Kind, Token, tokens, without_comments};

/// A system's files.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its name: from the settings, else its folder's.
    pub name: String,
    /// The folder that every path is relative to.
    pub root: PathBuf,
    /// The tool whose naming the migrations follow.
    pub tool: Tool,
    /// The migrations, in the order of that tool.
    pub migrations: Vec<MigrationFile>,
    /// The seed.
    pub seed: Option<Seed>,
    /// The alert rules; `None` where the settings name no file of them.
    pub alerts: Option<Vec<AlertRule>>,
    /// What `supabase/config.toml` says.
    pub supabase: Option<SupabaseConfig>,
    /// What is wrong with the set of files.
    pub problems: Vec<ProjectProblem>,
    /// What a reader should know: folders that were passed over, files that the tool ignores.
    pub notes: Vec<String>,
}

/// A tool that applies migrations, told by how files are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// The Supabase CLI: `supabase/migrations/20240101000000_name.sql`.
    Supabase,
    /// Prisma: `20240101000000_name/migration.sql`.
    Prisma,
    /// Drizzle: `meta/_journal.json` gives the order.
    Drizzle,
    /// Diesel (and Hasura): `2024-01-01-000000_name/up.sql`.
    Diesel,
    /// Flyway: `V1__name.sql`, `R__name.sql`, `U1__name.sql`.
    Flyway,
    /// golang-migrate and sqlx: `000001_name.up.sql`.
    UpDown,
    /// goose: `-- +goose Up` inside the file.
    Goose,
    /// dbmate: `-- migrate:up` inside the file.
    Dbmate,
    /// Plain files, numbered or not.
    Plain,
}

impl Tool {
    /// For people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supabase => "Supabase CLI",
            Self::Prisma => "Prisma",
            Self::Drizzle => "Drizzle",
            Self::Diesel => "Diesel",
            Self::Flyway => "Flyway",
            Self::UpDown => "up/down files",
            Self::Goose => "goose",
            Self::Dbmate => "dbmate",
            Self::Plain => "plain SQL",
        }
    }
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    /// Its path, relative to the root, with `/`.
    pub path: String,
    /// Its version as the tool reads it off the name.
    pub version: Option<String>,
    /// What applies it. Where the file also holds the way back, those lines are blank, so that line numbers hold.
    pub sql: String,
    /// What undoes it.
    pub down: Option<SqlFile>,
}

/// A file of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// Its path, relative to the root, with `/`.
    pub path: String,
    /// Its text.
    pub sql: String,
}

/// What fills a database for development.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The files, in order; never empty.
    pub files: Vec<SqlFile>,
}

/// Something wrong with a set of migrations, seen before any is applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProjectProblem {
    /// Several files bear one version: the tool applies one of them, or refuses.
    DuplicateVersion {
        /// The version.
        version: String,
        /// The files.
        files: Vec<String>,
    },
    /// The tool applies by name, and that is not the order of the numbers.
    OutOfOrder {
        /// The file that is applied too late.
        file: String,
        /// The file with the higher version that is applied before it.
        after: String,
    },
}
