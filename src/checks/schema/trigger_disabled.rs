//! `schema/trigger-disabled`: every trigger fires, those that keep foreign keys too.

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding};
use super::defect::{Defect, cases};
use crate::catalog::{Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/trigger-disabled",
        family: Family::Schema,
        severity: Severity::Error,
        title: "Every trigger fires",
        help: "A trigger that was disabled for a bulk load and never enabled again does nothing, and nobody is told: no audit row, no guard, no `updated_at`. `disable trigger all` switches the foreign keys off too: rows refer to nothing, and deleting cascades no more. So does `enable replica trigger`, which fires on a replica alone. Enable it, or drop it.",
        example: example!("schema/trigger-disabled"),
    },
    plan,
};

const EXPECTED: &str = "every trigger is enabled";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    match *subject {
        Subject::Table(table, _) | Subject::Partition(table, _) => {
            if table.triggers.is_empty() && table.foreign_keys.is_empty() {
                return Vec::new();
            }
            cases(table, EXPECTED, disabled(table), "every trigger of it is enabled, and every foreign key is kept")
        }
        Subject::Database => elsewhere(scene),
        _ => Vec::new(),
    }
}

fn disabled(table: &Table) -> Vec<Defect> {
    let name = table.name.quoted();
    let triggers = table.triggers.iter().filter(|trigger| !trigger.enabled).map(|trigger| {
        let fix = format!("alter table {name} enable trigger {};", quote_identifier(&trigger.name));
        let summary = format!("the trigger {} is disabled: {} is not called", trigger.name, trigger.function);
        Defect::new(&trigger.name, summary, fix)
    });
    let keys = table.foreign_keys.iter().filter(|key| !key.enforced).map(|key| {
        let summary = format!("the triggers that keep the foreign key {} are disabled", key.name);
        let fix = format!(
            "alter table {name} enable trigger all; alter table {} enable trigger all;",
            key.referenced_table.quoted()
        );
        Defect::new(&key.name, summary, fix)
    });
    triggers.chain(keys).collect()
}

/// The project's own triggers on tables that are no subject themselves: those on auth.users, which make profiles, above all.
fn elsewhere(scene: &Scene<'_>) -> Vec<Case> {
    let covered = |table: &Table| table.holds_rows() && scene.intent.exposed_schemas.contains(&table.name.schema);
    let others = scene.catalog.tables.iter().filter(|table| !covered(table));
    others
        .flat_map(|table| table.triggers.iter().map(move |trigger| (table, trigger)))
        .filter(|(_, trigger)| !trigger.enabled && scene.intent.is_own_schema(&trigger.function.schema))
        .map(|(table, trigger)| {
            let summary = format!("the trigger {} is disabled: {} is not called", trigger.name, trigger.function);
            Case::settled(part_of(table, &trigger.name), Vec::new(), EXPECTED, Finding::new(Status::Fail, summary))
                .with_fix(format!(
                    "alter table {} enable trigger {};",
                    table.name.quoted(),
                    quote_identifier(&trigger.name)
                ))
        })
        .collect()
}
