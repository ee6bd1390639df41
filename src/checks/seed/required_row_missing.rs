//! `seed/required-row-missing`: rows that the application cannot do without, as `seaworthy.toml` declares them, are there once the database is seeded.

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding};
use super::not_applicable;
use crate::catalog::{Table, quote_identifier, quote_literal};
use crate::trial::RequiredRow;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "seed/required-row-missing",
        family: Family::Seed,
        severity: Severity::Error,
        title: "The rows that the application needs are there",
        help: "The application looks up roles, plans or flags by name, and a new environment has none of them: it fails at its first sign-up. What is needed is declared as `[tables.NAME] required = [{ column = \"value\" }]`; insert it in a migration, or in a seed that production may run too.",
        example: example!("seed/required-row-missing", ["schema.sql", "seed.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "the rows that seaworthy.toml declares as required are there";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, _) = *subject else { return Vec::new() };
    let name = table.name.to_string();
    let mut required = scene.trials.stored.required.iter().filter(|row| row.table == name).peekable();
    if required.peek().is_none() {
        return vec![not_applicable(
            table,
            EXPECTED,
            "no row is declared to be required (`required` in seaworthy.toml)",
        )];
    }
    required.map(|row| case(table, row)).collect()
}

fn case(table: &Table, row: &RequiredRow) -> Case {
    let told: Vec<String> = row.values.iter().map(|(column, value)| format!("{column} = {value}")).collect();
    let told = told.join(", ");
    let finding = match &row.found {
        Ok(0) => Finding::new(Status::Fail, format!("no row has {told}")).observed("0 rows"),
        Ok(count) => Finding::new(Status::Pass, "the row is there").observed(super::rows(*count)),
        Err(error) => Finding::new(Status::Fail, format!("no row can have {told}: {error}")).observed(error.clone()),
    };
    let list = |one: &dyn Fn((&String, &String)) -> String| row.values.iter().map(one).collect::<Vec<_>>().join(", ");
    Case::settled(part_of(table, told), vec![table.name.to_string()], EXPECTED, finding).with_fix(format!(
        "insert into {} ({}) values ({}) on conflict do nothing;",
        table.name.quoted(),
        list(&|(column, _)| quote_identifier(column)),
        list(&|(_, value)| quote_literal(value))
    ))
}
