//! What fills a database for development, run on clones before anything else is there.

pub mod constraint_violated;
pub mod does_not_run;
pub mod not_idempotent;
pub mod orphan;
mod person;
pub mod real_looking_person;
pub mod required_row_missing;
pub mod runs_in_production;

use super::scene::{Scene, Subject, object_of};
use super::{Case, Finding};
use crate::catalog::{QualifiedName, Table};
use crate::trial::SeedTrial;
use crate::verdict::{ObjectKind, ObjectRef, Status};

/// A table beside the seed.
#[derive(Clone, Copy)]
struct SeededTable<'a> {
    table: &'a Table,
    seed: &'a SeedTrial,
}

impl SeededTable<'_> {
    fn name(&self) -> String {
        self.table.name.to_string()
    }

    fn is_filled(&self) -> bool {
        self.seed.filled.contains_key(&self.name())
    }
}

/// The table that is asked about beside the seed; or, where there is no seed, the case that says so.
fn seeded_table<'a>(
    scene: &Scene<'a>,
    subject: &Subject<'a>,
    expected: &str,
) -> Option<Result<SeededTable<'a>, Vec<Case>>> {
    let Subject::Table(table, _) = *subject else { return None };
    Some(match &scene.trials.seed {
        Some(seed) => Ok(SeededTable { table, seed }),
        None => Err(vec![not_applicable(table, expected, "there is no seed")]),
    })
}

fn not_applicable(table: &Table, expected: &str, reason: &str) -> Case {
    let finding = Finding::new(Status::NotApplicable, reason);
    Case::settled(object_of(table), vec![table.name.to_string()], expected, finding)
}

/// The tables of these names that no subject is about: `auth.users`, and what lies in schemas that are not exposed.
fn elsewhere<'a>(scene: &Scene<'a>, names: impl Iterator<Item = &'a str>) -> Vec<&'a Table> {
    let mut found: Vec<&Table> = names
        .filter_map(|name| scene.catalog.tables.iter().find(|table| table.name.to_string() == name))
        .filter(|table| !has_a_row(scene, &table.name))
        .collect();
    found.dedup_by_key(|table| &table.name);
    found
}

/// Whether the matrix has a row for the table.
fn has_a_row(scene: &Scene<'_>, name: &QualifiedName) -> bool {
    scene.intent.exposed_schemas.contains(&name.schema) && scene.intent.table(name).is_some()
}

/// The tables with a row of the matrix in which the seed left something.
fn filled_tables(scene: &Scene<'_>, seed: &SeedTrial) -> Vec<String> {
    let listed = |name: &&String| scene.intent.tables.keys().any(|table| table.to_string() == **name);
    seed.filled.keys().filter(listed).cloned().collect()
}

/// A file of the seed, as results name it.
fn file_object(path: &str) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Seed, schema: String::new(), name: path.to_owned(), sub: None }
}

/// The seed as a whole.
fn seed_object(seed: &SeedTrial) -> ObjectRef {
    let name = match seed.files.as_slice() {
        [only] => only.path.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.path, rest.len()),
        [] => "seed".to_owned(),
    };
    file_object(&name)
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
