use std::collections::BTreeMap;

use super::MigrationFailure;

/// What came of the seed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeedTrial {
    /// Its files, in their order.
    pub files: Vec<SeedFile>,
    /// The tables in which it left something else than was there before, by full name.
    pub filled: BTreeMap<String, Filled>,
    /// The tables that a second run changed again; how many rows each has before and after it.
    pub again: Attempt<BTreeMap<String, Filled>>,
    /// What refused the second run; nothing of the file stands then.
    pub again_refused: Option<MigrationFailure>,
    /// What it does where the marker says production.
    pub production: Attempt<ProductionTrial>,
    /// Texts that it left in tables and that hold an address or many digits.
    pub texts: Vec<SeededText>,
    /// It is declared to be meant for production.
    pub for_production: bool,
    /// The tool runs it on development databases alone, and nothing in the project speaks of the marker.
    pub kept_by_tool: bool,
    /// The setting and value that mark production.
    pub marker: (String, String),
    /// Domains of the project's own.
    pub own_domains: Vec<String>,
}

/// One file of the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFile {
    /// Its path, relative to the system.
    pub path: String,
    /// Why it does not run.
    pub failure: Option<MigrationFailure>,
    /// Its texts that are constants, each with the line that it begins on.
    pub constants: Vec<(usize, String)>,
}

/// How many rows a table had before something, and after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// Something tried, or why it was not.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt<Outcome> {
    /// What came of it.
    Made(Outcome),
    /// Why it was not.
    NotMade(String),
}

impl<Outcome> Default for Attempt<Outcome> {
    fn default() -> Self {
        Self::NotMade("it was not asked for".to_owned())
    }
}

/// What the seed does where the marker says production.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductionTrial {
    /// The tables in which it left something, by full name.
    pub filled: BTreeMap<String, Filled>,
    /// How it refused.
    pub refusal: Option<MigrationFailure>,
}

/// A text that the seed left in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeededText {
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The text; a long one is cut.
    pub text: String,
}
