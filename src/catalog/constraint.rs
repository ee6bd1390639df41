use super::QualifiedName;

/// A PRIMARY KEY or UNIQUE constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyConstraint {
    /// The constraint's name.
    pub name: String,
    /// Its columns, in key order.
    pub columns: Vec<String>,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
}

/// A FOREIGN KEY constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The referring columns.
    pub columns: Vec<String>,
    /// The table referred to.
    pub referenced_table: QualifiedName,
    /// The columns referred to, in step with `columns`.
    pub referenced_columns: Vec<String>,
    /// `ON DELETE`.
    pub on_delete: ReferentialAction,
    /// `ON UPDATE`.
    pub on_update: ReferentialAction,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`.
    pub initially_deferred: bool,
    /// False for `NOT VALID`.
    pub validated: bool,
    /// False where the triggers that keep it are disabled (`DISABLE TRIGGER ALL`).
    pub enforced: bool,
}

/// What a foreign key does when the row referred to goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferentialAction {
    /// `NO ACTION`.
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
}

impl ReferentialAction {
    /// In lower case, as SQL and settings spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoAction => "no action",
            Self::Restrict => "restrict",
            Self::Cascade => "cascade",
            Self::SetNull => "set null",
            Self::SetDefault => "set default",
        }
    }
}

/// A CHECK constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The constraint's name.
    pub name: String,
    /// Its expression as `pg_get_expr` prints it, without the outer `CHECK`.
    pub expression: String,
    /// The columns that it reads.
    pub columns: Vec<String>,
    /// False for `NOT VALID`.
    pub validated: bool,
}

/// An EXCLUDE constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The constraint's name.
    pub name: String,
    /// The plain columns among its elements.
    pub columns: Vec<String>,
    /// As `pg_get_constraintdef` prints it.
    pub definition: String,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name (it lives in its table's schema).
    pub name: String,
    /// Its key columns in order; `None` stands for an expression. INCLUDE columns are left out.
    pub columns: Vec<Option<String>>,
    /// Its keys in order, each as it is compared: the column or expression with operator class, collation and order. Two
    /// keys with the same text do the same.
    pub elements: Vec<String>,
    /// INCLUDE columns.
    pub included: Vec<String>,
    /// The access method: `btree`, `gin` …
    pub method: String,
    /// UNIQUE.
    pub unique: bool,
    /// It backs the primary key.
    pub primary: bool,
    /// It backs a constraint (primary key, unique, exclusion).
    pub constraint: bool,
    /// `indisvalid`.
    pub valid: bool,
    /// The WHERE of a partial index.
    pub predicate: Option<String>,
    /// `NULLS NOT DISTINCT`.
    pub nulls_not_distinct: bool,
    /// As `pg_get_indexdef` prints it.
    pub definition: String,
}
