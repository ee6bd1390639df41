//! Stand-ins for extensions that a server lacks: the schema, types and function signatures that migrations need,
//! written in plain SQL. What rests on one is said so in the report.

use crate::catalog::{QualifiedName, quote_identifier};

/// An extension that a stand-in took the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// The extension.
    pub extension: String,
    /// The schema that it was put into.
    pub schema: String,
    /// Why, as a clause that reads well after "because".
    pub reason: String,
    /// Whether nothing is known of the extension, so that the stand-in is empty.
    pub empty: bool,
    /// The relations whose columns, constraints, policies or triggers use it.
    pub used_by: Vec<QualifiedName>,
}

macro_rules! scripts {
    ($($extension:literal),* $(,)?) => {
        /// Every extension that has a stand-in, with its script.
        const SCRIPTS: &[(&str, &str)] = &[$(($extension, include_str!(concat!($extension, ".sql")))),*];
    };
}

scripts![
    "citext",
    "dbdev",
    "earthdistance",
    "fuzzystrmatch",
    "hstore",
    "http",
    "hypopg",
    "index_advisor",
    "ltree",
    "moddatetime",
    "pg_cron",
    "pg_graphql",
    "pg_hashids",
    "pg_jsonschema",
    "pg_net",
    "pg_partman",
    "pg_stat_statements",
    "pg_tle",
    "pg_trgm",
    "pg_uuidv7",
    "pgcrypto",
    "pgjwt",
    "pgmq",
    "pgsodium",
    "plv8",
    "postgis",
    "timescaledb",
    "unaccent",
    "uuid-ossp",
    "vector",
    "wrappers",
];

/// Other names of the same thing.
const ALIASES: [(&str, &str); 2] = [("supabase-dbdev", "dbdev"), ("pgvector", "vector")];

/// Extensions whose objects always lie in one schema, whatever `WITH SCHEMA` says.
const FIXED_SCHEMAS: [(&str, &str); 7] = [
    ("dbdev", "dbdev"),
    ("pg_cron", "cron"),
    ("pg_graphql", "graphql"),
    ("pg_net", "net"),
    ("pg_tle", "pgtle"),
    ("pgmq", "pgmq"),
    ("pgsodium", "pgsodium"),
];

/// The schema that the stand-in for `extension` goes into.
#[must_use]
pub fn home<'a>(extension: &str, wanted: &'a str) -> &'a str {
    FIXED_SCHEMAS.iter().find(|(name, _)| *name == known_as(extension)).map_or(wanted, |(_, schema)| schema)
}

/// The script that puts the stand-in for `extension` into `schema`; `None` where nothing is known of the extension.
#[must_use]
pub fn script(extension: &str, schema: &str) -> Option<String> {
    let (_, text) = SCRIPTS.iter().find(|(name, _)| *name == known_as(extension))?;
    // Postgres itself takes no extension schema with these signs in it: they could end the strings of a script.
    let safe = if schema.contains(['"', '$', '\'', '\\']) { "public" } else { schema };
    Some(text.replace("@extschema@", &quote_identifier(safe)))
}

fn known_as(extension: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == extension).map_or(extension, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_honours_the_schema() {
        let script = script("uuid-ossp", "my ext").unwrap_or_default();
        assert!(script.contains(r#"function "my ext".uuid_generate_v4()"#) && !script.contains("@extschema@"));
    }

    #[test]
    fn a_schema_that_could_break_out_of_a_script_is_not_used() {
        assert!(!script("vector", "x'; drop table t; --").unwrap_or_default().contains("drop table t"));
    }

    #[test]
    fn every_script_says_what_it_is_about() {
        for (name, text) in SCRIPTS {
            assert!(text.starts_with("-- "), "{name}");
        }
    }
}
