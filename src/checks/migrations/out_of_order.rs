//! `migrations/out-of-order`: files apply in the order of their versions.

use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const INFO: CheckInfo = CheckInfo {
    id: "migrations/out-of-order",
    family: Family::Migrations,
    severity: Severity::Error,
    title: "Migrations apply in the order of their versions",
    help: "The tool sorts by name, and that is not the order of the numbers (9 after 10), or a migration needs what a later one creates. Pad the numbers, or rename the file after what it needs.",
};
