//! `migrations/does-not-apply`: every migration applies. One that fails is tried again after the others; what stands is checked all the same.

use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const INFO: CheckInfo = CheckInfo {
    id: "migrations/does-not-apply",
    family: Family::Migrations,
    severity: Severity::Critical,
    title: "Every migration applies to an empty database",
    help: "A new environment, and the next disaster recovery, start from these files: they have to apply, in order, to an empty database. The statement and the server's words are given; a migration that applied only after later ones had to is listed too, since it is out of order.",
};
