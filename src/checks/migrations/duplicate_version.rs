//! `migrations/duplicate-version`: each version is borne by one file: a tool that knows versions applies one of two, or refuses.

use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const INFO: CheckInfo = CheckInfo {
    id: "migrations/duplicate-version",
    family: Family::Migrations,
    severity: Severity::Error,
    title: "Each migration has a version of its own",
    help: "Two files share one version: the tool records the version once, so one of them is skipped or refused. Rename one.",
};
