//! `seed/not-idempotent`: run a second time, the seed changes nothing. Told by what the tables hold, moments left out; a second run that is
//! refused as a whole has changed nothing either.

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use super::{SeededTable, elsewhere, not_applicable, rows, seeded_table};
use crate::catalog::Table;
use crate::trial::{Attempt, SeedTrial};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "seed/not-idempotent",
        family: Family::Seed,
        severity: Severity::Warning,
        title: "The seed, run twice, leaves what it left the first time",
        help: "Seeds are run again: after a failed set-up, by a container that restarts, by a colleague. One that doubles its rows or overwrites what somebody has changed makes databases that differ from each other. Give the rows fixed keys, and insert with ON CONFLICT DO NOTHING.",
        example: example!("seed/not-idempotent", ["schema.sql", "seed.sql"]),
    },
    plan,
};

const EXPECTED: &str = "a second run changes nothing";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    if let Subject::Seed(seed) = *subject {
        let Attempt::Made(changed) = &seed.again else { return Vec::new() };
        let others = elsewhere(scene, changed.keys().map(String::as_str));
        return others.into_iter().map(|table| case(table, seed, Vec::new())).collect();
    }
    let target = match seeded_table(scene, subject, EXPECTED) {
        Some(Ok(target)) => target,
        Some(Err(none)) => return none,
        None => return Vec::new(),
    };
    vec![of_table(&target)]
}

fn of_table(target: &SeededTable<'_>) -> Case {
    let changed = matches!(&target.seed.again, Attempt::Made(changed) if changed.contains_key(&target.name()));
    if !target.is_filled() && !changed {
        return not_applicable(target.table, EXPECTED, "the seed leaves nothing in it");
    }
    case(target.table, target.seed, vec![target.name()])
}

fn case(table: &Table, seed: &SeedTrial, tables: Vec<String>) -> Case {
    let finding = match &seed.again {
        Attempt::NotMade(reason) if seed.files.iter().any(|file| file.failure.is_some()) => {
            Finding::new(Status::NotApplicable, reason.clone())
        }
        Attempt::NotMade(reason) => {
            Finding::new(Status::Unproven, format!("the seed could not be run a second time: {reason}"))
        }
        Attempt::Made(changed) => match (changed.get(&table.name.to_string()), &seed.again_refused) {
            (Some(filled), _) if filled.before == filled.after => {
                Finding::new(Status::Fail, "a second run of the seed leaves other values in it")
                    .observed(format!("{} before and after, but not the same", rows(filled.after)))
            }
            (Some(filled), _) => Finding::new(
                Status::Fail,
                format!(
                    "a second run of the seed leaves {}, where the first left {}",
                    rows(filled.after),
                    filled.before
                ),
            ),
            (None, Some(refusal)) => Finding::new(Status::Pass, "a second run is refused, and changes nothing")
                .observed(format!("{}: {}", refusal.sqlstate, refusal.message)),
            (None, None) => Finding::new(Status::Pass, "a second run changes nothing"),
        },
    };
    let key: Vec<&str> = table.key_columns().iter().map(String::as_str).collect();
    let key = if key.is_empty() { "a unique key".to_owned() } else { key.join(", ") };
    Case::settled(object_of(table), tables, EXPECTED, finding).with_fix(format!(
        "-- in the seed: give each row a value of its own for {key}, and keep what is there\ninsert into {} (…) values (…) on conflict do nothing;",
        table.name.quoted()
    ))
}
