//! `schema/money-type`: amounts are not of the type money.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, alter_column, is_type, of_columns};
use crate::catalog::{Column, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/money-type",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Amounts are numeric, not money",
        help: "The type `money` has no currency of its own: it takes the number of decimals from the server's `lc_monetary`, so a dump that is restored elsewhere holds other amounts, and it rounds what is divided. Use `numeric(12, 2)`, or whole cents as `bigint`, with a column for the currency.",
        example: example!("schema/money-type"),
    },
    plan,
};

const EXPECTED: &str = "no column has the type money";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let concerns = |column: &Column| is_type(column, "money") || is_type(column, "numeric");
    of_columns(subject, EXPECTED, "no column has the type money", concerns, look)
}

fn look(table: &Table, column: &Column) -> Option<Defect> {
    is_type(column, "money").then(|| {
        let name = quote_identifier(&column.name);
        let fix = alter_column(table, &column.name, &format!("type numeric(12, 2) using {name}::numeric(12, 2)"));
        Defect::new(
            &column.name,
            format!("{} is money, whose meaning depends on the server's locale", column.name),
            fix,
        )
    })
}
