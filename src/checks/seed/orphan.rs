//! `seed/orphan`: no stored row refers to a row that is not there. Declared keys are counted too: one that is NOT VALID, or was switched off
//! while the rows went in, vouches for nothing. References that names and types alone imply have nothing else to vouch for them.

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding};
use super::{elsewhere, not_applicable, rows, seeded_table};
use crate::catalog::{Table, quote_identifier};
use crate::trial::ReferenceTrial;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "seed/orphan",
        family: Family::Seed,
        severity: Severity::Error,
        title: "No stored row refers to a row that is not there",
        help: "A row that refers to nothing is shown to nobody, or breaks the page that shows it; where the column says whose the row is, it belongs to nobody, or to whoever gets the id next. It came in past the foreign key (NOT VALID, session_replication_role, a disabled trigger), or there is none. Mend the rows, then declare or validate the key.",
        example: example!("seed/orphan", ["schema.sql", "seed.sql"]),
    },
    plan,
};

const EXPECTED: &str = "each stored row refers to rows that are there";

/// Tables that outlive what they speak of: a reference to what is gone is what they are for.
const OF_RECORD: [&str; 9] = ["audit", "log", "logs", "event", "events", "history", "archive", "archived", "deleted"];

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let references = &scene.trials.stored.references;
    if let Subject::Seed(_) = subject {
        let broken = references.iter().filter(|reference| matches!(reference.orphans, Ok(count) if count > 0));
        return elsewhere(scene, broken.map(|reference| reference.table.as_str()))
            .into_iter()
            .flat_map(|table| cases(references, table, &[]))
            .collect();
    }
    let target = match seeded_table(scene, subject, EXPECTED) {
        Some(Ok(target)) => target,
        Some(Err(none)) => return none,
        None => return Vec::new(),
    };
    let cases = cases(references, target.table, &[target.name()]);
    if cases.is_empty() {
        let reason = if target.is_filled() {
            "it refers to no other table"
        } else {
            "no row of it was stored that refers to another"
        };
        return vec![not_applicable(target.table, EXPECTED, reason)];
    }
    cases
}

fn cases(references: &[ReferenceTrial], table: &Table, tables: &[String]) -> Vec<Case> {
    let name = table.name.to_string();
    references
        .iter()
        .filter(|reference| reference.table == name)
        .map(|reference| {
            Case::settled(
                part_of(table, reference.columns.join(", ")),
                tables.to_vec(),
                EXPECTED,
                finding(table, reference),
            )
            .with_fix(fix(table, reference))
        })
        .collect()
}

fn finding(table: &Table, reference: &ReferenceTrial) -> Finding {
    let targets = reference.targets.join(" or ");
    let how = match &reference.constraint {
        Some(constraint) => format!("by the key {constraint}"),
        None => "by its name and type; no key is declared".to_owned(),
    };
    match &reference.orphans {
        Ok(0) => Finding::new(Status::Pass, format!("each row that refers to {targets} ({how}) finds it")),
        Ok(count) => {
            let verb = if *count == 1 { "refers" } else { "refer" };
            let summary = format!("{} {verb} to no row of {targets} ({how})", rows(*count));
            let finding = Finding::new(Status::Fail, summary).observed(format!(
                "for example {}\n{}",
                reference.examples.join("; "),
                reference.query
            ));
            if reference.constraint.is_none() && outlives(&table.name.name) {
                finding.at(Severity::Warning)
            } else {
                finding
            }
        }
        Err(error) => Finding::new(Status::Unproven, "the rows could not be compared")
            .observed(error.clone())
            .at(Severity::Warning),
    }
}

fn outlives(table: &str) -> bool {
    table.to_lowercase().split('_').any(|word| OF_RECORD.contains(&word))
}

fn fix(table: &Table, reference: &ReferenceTrial) -> String {
    let condition =
        reference.query.split_once(" where ").map_or("…", |(_, condition)| condition.trim_end_matches(';'));
    let mend = format!(
        "-- mend the seed; what is stored already goes with\ndelete from {} as referring where {condition};\n",
        table.name.quoted()
    );
    let columns: Vec<String> = reference.columns.iter().map(|column| quote_identifier(column)).collect();
    match (&reference.constraint, reference.targets.first().and_then(|target| target.split_once('.'))) {
        (Some(constraint), _) => {
            format!("{mend}alter table {} validate constraint {};", table.name.quoted(), quote_identifier(constraint))
        }
        (None, Some((schema, name))) => format!(
            "{mend}alter table {} add foreign key ({}) references {}.{};",
            table.name.quoted(),
            columns.join(", "),
            quote_identifier(schema),
            quote_identifier(name)
        ),
        (None, None) => mend,
    }
}
