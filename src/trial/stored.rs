use std::collections::BTreeMap;

/// What was stored once the database was seeded, before the world was made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// References, declared and implied.
    pub references: Vec<ReferenceTrial>,
    /// Constraints of a table's own rows.
    pub constraints: Vec<ConstraintTrial>,
    /// Rows that are declared to be required.
    pub required: Vec<RequiredRow>,
}

/// A count, or why there is none.
pub type Counted = Result<u64, String>;

/// A reference, and the stored rows that refer to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceTrial {
    /// The table, by full name.
    pub table: String,
    /// The referring columns.
    pub columns: Vec<String>,
    /// The tables referred to, by full name: one of a declared key, perhaps several of an implied one.
    pub targets: Vec<String>,
    /// The constraint that declares it; `None` where the names alone imply it.
    pub constraint: Option<String>,
    /// Rows that refer to nothing.
    pub orphans: Counted,
    /// What those rows hold in the columns.
    pub examples: Vec<String>,
    /// A query that lists them.
    pub query: String,
}

/// A constraint of a table's own rows, and the stored rows that break it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintTrial {
    /// The table, by full name.
    pub table: String,
    /// The constraint, or the column that must not be null.
    pub name: String,
    /// What it says.
    pub rule: String,
    /// Rows that break it.
    pub broken: Counted,
    /// A query that lists them.
    pub query: String,
}

/// A row that is declared to be required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredRow {
    /// The table, by full name.
    pub table: String,
    /// The values that tell it, by column.
    pub values: BTreeMap<String, String>,
    /// How many rows have them.
    pub found: Counted,
}
