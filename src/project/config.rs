use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

/// What `supabase/config.toml` says that matters here. It is read leniently: people's files have keys of every
/// version of the CLI.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SupabaseConfig {
    /// `[api].schemas`: what the API exposes.
    pub schemas: Option<Vec<String>>,
    /// `[api].extra_search_path`.
    pub extra_search_path: Option<Vec<String>>,
    /// `[api].auto_expose_new_tables`: whether client roles are granted every new table.
    pub auto_expose_new_tables: Option<bool>,
    /// `[db.seed].enabled`.
    pub seed_enabled: bool,
    /// `[db.seed].sql_paths`: globs, relative to `supabase/`.
    pub seed_paths: Option<Vec<String>>,
    /// `[db.migrations].schema_paths`: globs, relative to `supabase/`.
    pub schema_paths: Vec<String>,
    /// `[storage.buckets.NAME]`.
    pub buckets: BTreeMap<String, Bucket>,
}

/// A storage bucket that the CLI makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Whether anybody may read its files by address.
    pub public: bool,
    /// The MIME types that it takes; `None` for all.
    pub allowed_mime_types: Option<Vec<String>>,
}

impl SupabaseConfig {
    /// Reads the text of a `config.toml`.
    ///
    /// # Errors
    /// When it is no TOML: what the parser said.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let section =
            |path: &[&str]| path.iter().try_fold(&root, |table, key| table.get(*key).and_then(Value::as_table));
        let api = section(&["api"]);
        let strings = |table: Option<&Table>, key: &str| table.and_then(|table| texts(table.get(key)?));
        let flag = |table: Option<&Table>, key: &str| table.and_then(|table| table.get(key)?.as_bool());
        let seed = section(&["db", "seed"]);
        Ok(Self {
            schemas: strings(api, "schemas"),
            extra_search_path: strings(api, "extra_search_path"),
            auto_expose_new_tables: flag(api, "auto_expose_new_tables"),
            seed_enabled: flag(seed, "enabled").unwrap_or(true),
            seed_paths: strings(seed, "sql_paths"),
            schema_paths: strings(section(&["db", "migrations"]), "schema_paths").unwrap_or_default(),
            buckets: section(&["storage", "buckets"]).map(buckets).unwrap_or_default(),
        })
    }

    /// Reads a `config.toml`, if it is there and is one; else says why not.
    pub(super) fn read(path: &Path) -> Option<Result<Self, String>> {
        let text = std::fs::read_to_string(path).ok()?;
        Some(Self::parse(&text))
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
}

fn buckets(table: &Table) -> BTreeMap<String, Bucket> {
    let one = |(name, value): (&String, &Value)| {
        let bucket = value.as_table()?;
        let public = bucket.get("public").and_then(Value::as_bool).unwrap_or_default();
        Some((name.clone(), Bucket { public, allowed_mime_types: bucket.get("allowed_mime_types").and_then(texts) }))
    };
    table.iter().filter_map(one).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_read_and_the_rest_is_not_minded() {
        let config = SupabaseConfig::parse(
            r#"
            project_id = "x"
            [api]
            schemas = ["public", "vault"]
            auto_expose_new_tables = false
            [api.tls]
            enabled = "env(NOT_A_BOOL)"
            [db.seed]
            enabled = true
            sql_paths = ["./seeds/*.sql"]
            [storage.buckets.images]
            public = true
            allowed_mime_types = ["image/png"]
            "#,
        )
        .unwrap();
        assert_eq!(config.schemas.unwrap(), ["public", "vault"]);
        assert_eq!(config.auto_expose_new_tables, Some(false));
        assert_eq!(config.seed_paths.unwrap(), ["./seeds/*.sql"]);
        assert!(config.buckets["images"].public);
    }

    #[test]
    fn a_file_without_anything_gives_the_defaults_of_the_cli() {
        let config = SupabaseConfig::parse("").unwrap();
        assert_eq!((config.schemas, config.seed_enabled), (None, true));
        assert!(SupabaseConfig::parse("[api").is_err());
    }
}
