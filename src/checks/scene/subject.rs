use std::collections::BTreeSet;

use super::Scene;
use crate::catalog::{Function, QualifiedName, Table};
use crate::tenancy::TableIntent;
use crate::trial::{MigrationTrial, SeedTrial};

/// What a check is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A table that holds rows, with what is intended for it.
    Table(&'a Table, &'a TableIntent),
    /// A partition or an inheritance child, with what is intended for its parent's rows.
    Partition(&'a Table, &'a TableIntent),
    /// A view, materialized view or foreign table.
    View(&'a Table),
    /// A function or procedure of the system, in a schema that clients can name or not.
    Function(&'a Function),
    /// `storage.objects`, a bucket of it.
    Bucket(&'a Table, &'a str),
    /// One file of the migrations.
    Migration(&'a MigrationTrial),
    /// What fills the database for development.
    Seed(&'a SeedTrial),
    /// The database as a whole.
    Database,
}

impl<'a> Scene<'a> {
    /// Everything that checks are asked about, in a stable order.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject<'a>> {
        let mut subjects = vec![Subject::Database];
        subjects.extend(self.trials.migrations.iter().map(Subject::Migration));
        subjects.extend(self.trials.seed.as_ref().map(Subject::Seed));
        for table in &self.catalog.tables {
            subjects.extend(self.subject_of(table));
        }
        let own = |function: &&Function| self.intent.is_own_schema(&function.name.schema);
        subjects.extend(self.catalog.functions.iter().filter(own).map(Subject::Function));
        subjects
    }

    fn subject_of(&self, table: &'a Table) -> Vec<Subject<'a>> {
        if table.name == QualifiedName::new("storage", "objects") {
            let buckets: BTreeSet<&str> = self
                .world
                .rows
                .get(&table.name)
                .into_iter()
                .flat_map(|rows| &rows.stored)
                .filter_map(|row| row.values.get("bucket_id")?.as_deref())
                .collect();
            return buckets.into_iter().map(|bucket| Subject::Bucket(table, bucket)).collect();
        }
        if !self.intent.exposed_schemas.contains(&table.name.schema) {
            return Vec::new();
        }
        if !table.holds_rows() {
            return vec![Subject::View(table)];
        }
        match (&table.parent, self.intent.table(&table.name)) {
            (Some(parent), _) => {
                self.intent.table(parent).map(|intent| Subject::Partition(table, intent)).into_iter().collect()
            }
            (None, Some(intent)) => vec![Subject::Table(table, intent)],
            (None, None) => Vec::new(),
        }
    }
}
