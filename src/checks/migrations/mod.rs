//! What was found while the migrations were applied.

pub mod does_not_apply;
pub mod duplicate_version;
pub mod out_of_order;

use crate::trial::MigrationTrial;
use crate::verdict::{ObjectKind, ObjectRef};

/// A file, as results name it.
fn object_of(migration: &MigrationTrial) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Migration, schema: String::new(), name: migration.file.clone(), sub: None }
}
