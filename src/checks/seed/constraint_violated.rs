//! `seed/constraint-violated`: each stored row keeps to the CHECK and NOT NULL constraints of its table. A constraint that is NOT VALID has looked
//! at no row that was there before it. Rows that refer to nothing are `seed/orphan`.

use super::super::scene::{Scene, Subject, object_of, part_of};
use super::super::{Case, Check, Finding};
use super::{elsewhere, not_applicable, rows, seeded_table};
use crate::catalog::{Table, quote_identifier};
use crate::trial::ConstraintTrial;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "seed/constraint-violated",
        family: Family::Seed,
        severity: Severity::Error,
        title: "Each stored row keeps to its table's constraints",
        help: "The constraint is there, and rows break it: it was added NOT VALID, or dropped while they went in, or a function that it calls has changed since. Such a row cannot be updated any more, and a dump that holds it cannot be restored. Mend the rows, then validate the constraint.",
        example: example!("seed/constraint-violated", ["schema.sql", "seed.sql"]),
    },
    plan,
};

const EXPECTED: &str = "each stored row keeps to its table's constraints";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let constraints = &scene.trials.stored.constraints;
    let is_broken = |constraint: &&ConstraintTrial| matches!(constraint.broken, Ok(count) if count > 0);
    if let Subject::Seed(_) = subject {
        let broken = constraints.iter().filter(is_broken);
        return elsewhere(scene, broken.map(|constraint| constraint.table.as_str()))
            .into_iter()
            .flat_map(|table| of_table(constraints, table, &[]))
            .collect();
    }
    match seeded_table(scene, subject, EXPECTED) {
        Some(Ok(target)) => {
            let cases = of_table(constraints, target.table, &[target.name()]);
            if cases.is_empty() {
                vec![not_applicable(target.table, EXPECTED, "no row of it was stored that a constraint speaks of")]
            } else {
                cases
            }
        }
        Some(Err(none)) => none,
        None => Vec::new(),
    }
}

/// A case for each constraint that is broken or could not be tried; one for the table where all hold.
fn of_table(constraints: &[ConstraintTrial], table: &Table, tables: &[String]) -> Vec<Case> {
    let name = table.name.to_string();
    let own: Vec<&ConstraintTrial> = constraints.iter().filter(|constraint| constraint.table == name).collect();
    let bad: Vec<Case> = own
        .iter()
        .filter(|constraint| constraint.broken != Ok(0))
        .map(|constraint| case(constraint, table, tables))
        .collect();
    if own.is_empty() || !bad.is_empty() {
        return bad;
    }
    let finding = Finding::new(Status::Pass, "its rows keep to each CHECK and NOT NULL");
    vec![Case::settled(object_of(table), tables.to_vec(), EXPECTED, finding)]
}

fn case(constraint: &ConstraintTrial, table: &Table, tables: &[String]) -> Case {
    let finding = match &constraint.broken {
        Ok(count) => {
            let verb = if *count == 1 { "breaks" } else { "break" };
            Finding::new(Status::Fail, format!("{} {verb} {}: {}", rows(*count), constraint.name, constraint.rule))
                .observed(constraint.query.clone())
        }
        Err(error) => Finding::new(Status::Unproven, format!("{} could not be tried on the rows", constraint.name))
            .observed(error.clone())
            .at(Severity::Warning),
    };
    let named = table.checks.iter().any(|check| check.name == constraint.name);
    let fix = if named {
        format!(
            "-- mend the rows: {}\nalter table {} validate constraint {};",
            constraint.query,
            table.name.quoted(),
            quote_identifier(&constraint.name)
        )
    } else {
        format!("-- mend the rows: {}", constraint.query)
    };
    Case::settled(part_of(table, &constraint.name), tables.to_vec(), EXPECTED, finding).with_fix(fix)
}
