/// The type of a column or argument.
#[derive(Debug, Clone, PartialEq)]
pub struct DataType {
    /// As `format_type` prints it, with modifiers: `character varying(20)`, `numeric(10,2)`, `uuid[]`.
    pub formatted: String,
    /// The type's own name without modifiers: `varchar`, `numeric`, `_uuid`, `moods`.
    pub name: String,
    /// The schema that holds it.
    pub schema: String,
    /// What sort of type it is.
    pub kind: TypeKind,
}

/// What sort of type a [`DataType`] is (`pg_type.typtype`, and arrays told apart).
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// A scalar of Postgres or an extension.
    Base,
    /// An enumeration, with its labels in order.
    Enumeration(Vec<String>),
    /// A domain over another type.
    Domain {
        /// The type underneath.
        base: Box<DataType>,
        /// Whether it refuses null.
        not_null: bool,
        /// Its CHECK constraints as `pg_get_constraintdef` prints them, about `VALUE`.
        checks: Vec<String>,
        /// Its default expression.
        default: Option<String>,
    },
    /// An array.
    Array(Box<DataType>),
    /// A range over a subtype.
    Range(Box<DataType>),
    /// A multirange over a subtype.
    Multirange(Box<DataType>),
    /// A row type, with its fields in order.
    Composite(Vec<(String, DataType)>),
    /// `void`, `trigger`, `record`, `anyelement` and their kin.
    Pseudo,
}

impl DataType {
    /// The type underneath every domain.
    #[must_use]
    pub fn unwrapped(&self) -> &Self {
        match &self.kind {
            TypeKind::Domain { base, .. } => base.unwrapped(),
            _ => self,
        }
    }

    /// Whether values are free text: `text`, `varchar`, `char`, `citext`, `name`.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.unwrapped().name.as_str(), "text" | "varchar" | "bpchar" | "citext" | "name")
    }

    /// Whether values are `json` or `jsonb`.
    #[must_use]
    pub fn is_json(&self) -> bool {
        matches!(self.unwrapped().name.as_str(), "json" | "jsonb")
    }
}
