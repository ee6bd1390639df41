use crate::catalog::QualifiedName;

/// What a person declared does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum TenancyError {
    /// A table that is not there.
    #[error("`{setting}` names the table `{named}`, which does not exist{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownTable {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// What it says.
        named: String,
        /// The table with the nearest name.
        nearest: Option<String>,
    },
    /// A column that is not there.
    #[error("`{setting}` names the column `{named}`, which `{table}` does not have{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownColumn {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// The table.
        table: QualifiedName,
        /// What it says.
        named: String,
        /// The column with the nearest name.
        nearest: Option<String>,
    },
    /// A name that several tables have.
    #[error("`{setting}` names `{named}`, which is ambiguous: write one of {}", .candidates.join(", "))]
    AmbiguousTable {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// What it says.
        named: String,
        /// What it may mean.
        candidates: Vec<String>,
    },
    /// A value that is not among those allowed.
    #[error("`{setting}` is `{value}`; it must be one of {allowed}{}", nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    UnknownValue {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// What it says.
        value: String,
        /// What it may say.
        allowed: String,
        /// The nearest of those.
        nearest: Option<String>,
    },
    /// A table that is no root.
    #[error("`{setting}` names `{table}`, which is none of the tenant roots ({}); list it under `tenancy.roots`", .roots.join(", "))]
    NotARoot {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// The table.
        table: String,
        /// The roots.
        roots: Vec<String>,
    },
    /// Which root is meant does not follow.
    #[error("`{setting}` is missing and does not follow: the tenant roots are {}; name one of them", .roots.join(", "))]
    RootMissing {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// The roots.
        roots: Vec<String>,
    },
    /// A root without a single-column key.
    #[error(
        "`{table}` has no single-column key, so it cannot be a tenant root as it is; name one with `key` under `tenancy.roots`"
    )]
    NoSingleKey {
        /// The table.
        table: QualifiedName,
    },
    /// Columns that no foreign key has.
    #[error("`{setting}` says `{columns}`, but no foreign key of `{table}` has exactly those columns")]
    NoSuchForeignKey {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// The table.
        table: QualifiedName,
        /// What it says.
        columns: String,
    },
    /// Ties that lead in a circle or to a table without a tie.
    #[error(
        "`{setting}` leads to `{parent}`, which itself belongs to no tenant; give that table a `tenant_key` or another `through`"
    )]
    LeadsNowhere {
        /// The setting, as a path in `seaworthy.toml`.
        setting: String,
        /// The table that the chain ends at.
        parent: QualifiedName,
    },
}

/// Which of `known` is most like `named`, if any is at all like it.
pub(super) fn nearest<'a>(named: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&named.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate.to_owned())
}
