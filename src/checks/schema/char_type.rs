//! `schema/char-type`: texts are not of the type char(n).

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, alter_column, is_type, of_columns};
use crate::catalog::{Column, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/char-type",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Texts are not padded",
        help: "`char(n)` pads every value with spaces to its length and ignores them in some comparisons and not in others (`like`, regular expressions, concatenation). It is neither smaller nor faster than `text`. Use `text` with `check (char_length(code) = 2)` where the length is fixed.",
        example: example!("schema/char-type"),
    },
    plan,
};

const EXPECTED: &str = "no column has the type char(n)";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let concerns = |column: &Column| column.data_type.is_text();
    of_columns(subject, EXPECTED, "no column has the type char(n)", concerns, look)
}

fn look(table: &Table, column: &Column) -> Option<Defect> {
    is_type(column, "bpchar").then(|| {
        let formatted = &column.data_type.unwrapped().formatted;
        let name = quote_identifier(&column.name);
        let fix = alter_column(table, &column.name, &format!("type text using rtrim({name})"));
        Defect::new(&column.name, format!("{} is {formatted}, which pads with spaces", column.name), fix)
    })
}
