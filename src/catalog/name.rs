use std::fmt;

use serde::{Deserialize, Serialize};

/// A schema-qualified name, unquoted: compare and sort by this, print it with [`fmt::Display`] for people,
/// send it to a server with [`QualifiedName::quoted`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QualifiedName {
    /// The schema, unquoted.
    pub schema: String,
    /// The name within the schema, unquoted.
    pub name: String,
}

impl QualifiedName {
    /// A name in a schema, both unquoted.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// `"schema"."name"`, safe in any statement.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.schema, self.name)
    }
}

/// The one place where an identifier becomes SQL text. Always quotes, so that keywords, capitals, dots and spaces are
/// all the same case (Postgres documentation, 4.1.1).
#[must_use]
pub fn quote_identifier(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The one place where a value becomes SQL text: a string constant that reads the same whatever
/// `standard_conforming_strings` says (Postgres documentation, 4.1.2).
#[must_use]
pub fn quote_literal(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    if doubled.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_identifier_stays_one_identifier() {
        assert_eq!(quote_identifier(r#"a"; drop table "b"#), r#""a""; drop table ""b""#);
    }

    #[test]
    fn a_hostile_literal_stays_one_literal() {
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal(r"\'"), r"E'\\'''");
    }
}
