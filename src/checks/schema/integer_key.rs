//! `schema/integer-key`: keys do not run out.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::defect::{Defect, alter_column, cases, designed, is_type, settled};
use crate::catalog::{Identity, Table};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/integer-key",
        family: Family::Schema,
        severity: Severity::Info,
        title: "Keys that count up do not run out",
        help: "A key of type `integer` that counts up ends at 2,147,483,647, and rolled-back and conflicting inserts use numbers up too. Changing it later rewrites the table and every reference to it. `bigint` costs four bytes. A key that counts up also tells whoever sees one how many there are: give ids that leave the house as `uuid`.",
        example: example!("schema/integer-key"),
    },
    plan,
};

const EXPECTED: &str = "a key that counts up is bigint, or the key is none that counts up";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    let Some([key]) = table.primary_key.as_ref().map(|key| key.columns.as_slice()) else { return Vec::new() };
    let defect = counting_up(table, key);
    if defect.is_empty() {
        return vec![settled(table, EXPECTED, Finding::new(Status::Pass, "its key does not run out"))];
    }
    cases(table, EXPECTED, defect, "")
}

fn counting_up(table: &Table, key: &str) -> Vec<Defect> {
    let short = table.column(key).filter(|column| {
        let counts = column.identity != Identity::No
            || column.default.as_deref().is_some_and(|default| default.contains("nextval("));
        counts && (is_type(column, "int4") || is_type(column, "int2"))
    });
    let defect = |column: &crate::catalog::Column| {
        let formatted = &column.data_type.unwrapped().formatted;
        let fix = alter_column(table, key, "type bigint");
        Defect::new(key, format!("{key} counts up and is {formatted}: it runs out"), fix)
    };
    short.map(defect).into_iter().collect()
}
