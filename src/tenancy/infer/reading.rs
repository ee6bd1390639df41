//! The catalog with what inference asks of it again and again.

use std::collections::HashMap;

use super::names::{names_choice, words};
use super::sources::{Use, uses};
use crate::catalog::{Catalog, Column, ForeignKey, QualifiedName, ReferentialAction, RelationKind, Table};
use crate::tenancy::Profile;

/// Schemas of a Supabase project that are not the project's own.
pub(super) const PLATFORM_SCHEMAS: [&str; 22] = [
    "auth",
    "storage",
    "extensions",
    "realtime",
    "_realtime",
    "graphql",
    "graphql_public",
    "vault",
    "cron",
    "net",
    "supabase_functions",
    "supabase_migrations",
    "_supabase",
    "_analytics",
    "pgbouncer",
    "pgsodium",
    "pgsodium_masks",
    "pgmq",
    "pgtle",
    "dbdev",
    "tiger",
    "topology",
];

/// A catalog, indexed.
pub(super) struct Reading<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) profile: Profile,
    /// The schemas whose tables clients can name.
    pub(super) exposed: Vec<String>,
    /// How identity is passed.
    pub(super) uses: Vec<Use>,
    by_name: HashMap<&'a QualifiedName, &'a Table>,
    referrers: HashMap<&'a QualifiedName, Vec<(&'a Table, &'a ForeignKey)>>,
    implied: HashMap<&'a QualifiedName, Vec<Implied<'a>>>,
}

/// A column that is named and typed like others that refer to a table, but for which no foreign key says so: in a copy
/// of a table, say.
pub(super) struct Implied<'a> {
    pub(super) table: &'a Table,
    pub(super) column: &'a Column,
    pub(super) referenced_column: &'a str,
}

impl<'a> Reading<'a> {
    pub(super) fn new(catalog: &'a Catalog, profile: Profile, exposed: Vec<String>) -> Self {
        let by_name = catalog.tables.iter().map(|table| (&table.name, table)).collect();
        let mut referrers: HashMap<_, Vec<_>> = HashMap::new();
        for table in catalog.tables.iter().filter(|table| table.parent.is_none()) {
            for foreign_key in &table.foreign_keys {
                referrers.entry(&foreign_key.referenced_table).or_default().push((table, foreign_key));
            }
        }
        let mut reading =
            Self { catalog, profile, exposed, uses: uses(catalog), by_name, referrers, implied: HashMap::new() };
        reading.implied = reading.implied_references();
        reading
    }

    pub(super) fn table(&self, name: &QualifiedName) -> Option<&'a Table> {
        self.by_name.get(name).copied()
    }

    /// The foreign keys that refer to a table; partitions, which repeat their parent's, left out.
    pub(super) fn referrers(&self, name: &QualifiedName) -> &[(&'a Table, &'a ForeignKey)] {
        self.referrers.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The columns that seem to refer to a table.
    pub(super) fn implied(&self, name: &QualifiedName) -> &[Implied<'a>] {
        self.implied.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn implied_references(&self) -> HashMap<&'a QualifiedName, Vec<Implied<'a>>> {
        // What each name refers to; `None` where it refers to several tables.
        let mut meant: HashMap<&str, Option<(&'a QualifiedName, &'a str)>> = HashMap::new();
        for foreign_key in self.own_tables().flat_map(|table| &table.foreign_keys) {
            let ([column], [referenced]) = (foreign_key.columns.as_slice(), foreign_key.referenced_columns.as_slice())
            else {
                continue;
            };
            let target = (&foreign_key.referenced_table, referenced.as_str());
            let entry = meant.entry(column).or_insert(Some(target));
            if *entry != Some(target) {
                *entry = None;
            }
        }
        let mut implied: HashMap<_, Vec<_>> = HashMap::new();
        for table in self.own_tables() {
            for column in table.columns.iter().filter(|column| is_reference_name(&column.name)) {
                let Some(Some((parent, referenced_column))) = meant.get(column.name.as_str()) else { continue };
                let referring = table.foreign_keys.iter().any(|foreign_key| foreign_key.columns.contains(&column.name));
                let target = self.table(parent).and_then(|parent| parent.column(referenced_column));
                let same_type =
                    target.is_some_and(|target| target.data_type.unwrapped().name == column.data_type.unwrapped().name);
                if !referring && same_type && **parent != table.name {
                    implied.entry(*parent).or_default().push(Implied { table, column, referenced_column });
                }
            }
        }
        implied
    }

    /// Whether the schema is the project's own.
    pub(super) fn is_own(&self, schema: &str) -> bool {
        self.exposed.iter().any(|exposed| exposed == schema)
            || self.profile == Profile::Plain
            || !PLATFORM_SCHEMAS.contains(&schema)
    }

    /// The project's tables that hold rows, partitions and inheritance children left out.
    pub(super) fn own_tables(&self) -> impl Iterator<Item = &'a Table> + use<'a, '_> {
        self.catalog
            .tables
            .iter()
            .filter(|table| holds_rows(table) && table.parent.is_none() && self.is_own(&table.name.schema))
    }

    /// Whether clients can name the table.
    pub(super) fn is_exposed(&self, table: &Table) -> bool {
        self.exposed.contains(&table.name.schema)
    }
}

/// Whether a column's name says that it holds the id of something: `club_id`.
fn is_reference_name(column: &str) -> bool {
    let words = words(column);
    words.len() > 1 && words.last().is_some_and(|last| last == "id") && !names_choice(column)
}

/// Whether rows are reached through it, a foreign table included.
pub(super) fn holds_rows(table: &Table) -> bool {
    table.holds_rows() || table.kind == RelationKind::Foreign
}

/// The table's key, where it is one column: the primary key, else a unique column that is not null.
pub(super) fn single_key(table: &Table) -> Option<&str> {
    let primary = table.primary_key.as_ref().filter(|key| key.columns.len() == 1);
    let unique = || {
        table.uniques.iter().find(|key| {
            let [only] = key.columns.as_slice() else { return false };
            table.column(only).is_some_and(|column| column.not_null && is_identifier(column))
        })
    };
    primary.or_else(unique)?.columns.first().map(String::as_str)
}

/// Whether a column's type is one that ids have.
pub(super) fn is_identifier(column: &Column) -> bool {
    let data_type = column.data_type.unwrapped();
    data_type.is_text() || matches!(data_type.name.as_str(), "uuid" | "int2" | "int4" | "int8" | "numeric" | "ulid")
}

/// Whether exactly these columns are unique together.
pub(super) fn is_unique(table: &Table, columns: &[&str]) -> bool {
    let same = |key: &[String]| key.len() == columns.len() && key.iter().all(|name| columns.contains(&name.as_str()));
    let index = |columns: &[Option<String>]| {
        let plain: Vec<String> = columns.iter().flatten().cloned().collect();
        plain.len() == columns.len() && same(&plain)
    };
    table.primary_key.iter().chain(&table.uniques).any(|key| same(&key.columns))
        || table.indexes.iter().any(|found| found.unique && found.predicate.is_none() && index(&found.columns))
}

/// The foreign key over exactly this column.
pub(super) fn foreign_key_of<'a>(table: &'a Table, column: &str) -> Option<&'a ForeignKey> {
    table.foreign_keys.iter().find(|foreign_key| matches!(foreign_key.columns.as_slice(), [only] if only == column))
}

/// Whether every referring column is not null.
pub(super) fn is_mandatory(table: &Table, foreign_key: &ForeignKey) -> bool {
    foreign_key.columns.iter().all(|name| table.column(name).is_some_and(|column| column.not_null))
}

/// Whether the row goes away with the one that it refers to.
pub(super) fn cascades(foreign_key: &ForeignKey) -> bool {
    foreign_key.on_delete == ReferentialAction::Cascade
}
