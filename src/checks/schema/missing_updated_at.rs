//! `schema/missing-updated-at`: every row that can change says when it last did.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{cases, designed, is_pure_join, is_reference_data, keeps_history, not_applicable};
use super::timestamps::{UPDATED, lacks, missing, named};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/missing-updated-at",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Every row that can change says when it last did",
        help: "Caches, synchronisation and optimistic locking go by `updated_at timestamptz not null default now()`, kept by a trigger. It is asked of tables whose rows clients are meant to update, and of those that have such a column. A table that is only appended to, or only joins others, needs none: say `client_commands = [\"select\", \"insert\"]` under its `[tables.NAME]`.",
        example: example!("schema/missing-updated-at"),
    },
    plan,
};

const EXPECTED: &str = "a time, not null and defaulting to now, says when a row last changed";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = designed(subject) else { return Vec::new() };
    if let Some(column) = named(table, &UPDATED) {
        let defects = lacks(scene, table, column).into_iter().collect();
        return cases(table, EXPECTED, defects, &format!("{} says it", column.name));
    }
    if is_pure_join(table) {
        return not_applicable(table, EXPECTED, "it joins other tables and says nothing itself");
    }
    if is_reference_data(intent) {
        return not_applicable(table, EXPECTED, "it is reference data");
    }
    let declared = intent.client_commands.as_ref().is_some_and(|commands| commands.contains(&Command::Update));
    if !declared && (keeps_history(table) || !scene.meant(table, Command::Update)) {
        return not_applicable(table, EXPECTED, "no client is meant to change its rows");
    }
    let summary = "clients change its rows, and no column says when a row last changed";
    cases(table, EXPECTED, vec![missing(table, &UPDATED, summary)], "")
}
