//! `schema/missing-created-at`: every row says when it was made.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{cases, designed, is_pure_join, is_reference_data, not_applicable};
use super::timestamps::{CREATED, UPDATED, is_stamped, lacks, missing, named};
use crate::catalog::Column;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/missing-created-at",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Every row says when it was made",
        help: "Sooner or later somebody asks when: for support, for retention, for the order of a list. A column `created_at timestamptz not null default now()` answers, and cannot be added for rows that are already there. Another name will do; a time that defaults to now and is named for something else (`started_at`) is noted. Tables that only join others, and reference data, need none.",
        example: example!("schema/missing-created-at"),
    },
    plan,
};

const EXPECTED: &str = "a time, not null and defaulting to now, says when a row was made";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = designed(subject) else { return Vec::new() };
    if let Some(column) = named(table, &CREATED) {
        let defects = lacks(scene, table, column).into_iter().collect();
        return cases(table, EXPECTED, defects, &format!("{} says it", column.name));
    }
    let updated = named(table, &UPDATED).map(|column| column.name.as_str());
    let stamped = |column: &&Column| is_stamped(column) && column.not_null && Some(column.name.as_str()) != updated;
    if let Some(column) = table.columns.iter().find(stamped) {
        let summary = format!("{} stands in: no column is named for when a row was made", column.name);
        let mut defect = missing(table, &CREATED, &summary);
        defect.finding = defect.finding.at(Severity::Info);
        return cases(table, EXPECTED, vec![defect], "");
    }
    if is_pure_join(table) {
        return not_applicable(table, EXPECTED, "it joins other tables and says nothing itself");
    }
    if is_reference_data(intent) {
        return not_applicable(table, EXPECTED, "it is reference data");
    }
    cases(table, EXPECTED, vec![missing(table, &CREATED, "no column says when a row was made")], "")
}
