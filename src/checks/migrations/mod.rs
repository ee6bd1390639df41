//! What was found while the migrations were applied, applied again and taken back, and in their text.

pub mod changed_after_apply;
pub mod destructive;
pub mod does_not_apply;
pub mod duplicate_version;
pub mod locks_table;
pub mod no_rollback;
pub mod not_repeatable;
pub mod out_of_order;
pub mod rollback_differs;

use super::{Case, Finding};
use crate::trial::{MigrationTrial, Risk, RiskKind};
use crate::verdict::{ObjectKind, ObjectRef, Status};

/// A file, as results name it.
fn object_of(migration: &MigrationTrial) -> ObjectRef {
    object_named(&migration.file)
}

fn object_named(file: &str) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Migration, schema: String::new(), name: file.to_owned(), sub: None }
}

/// The first few of a list, for a sentence.
fn listed(all: &[String]) -> String {
    match all {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}; {second}; {third}; and {} more", rest.len())
        }
        few => few.join("; "),
    }
}

/// A case for each thing that a file risks of this kind, and one where it risks nothing.
fn risk_cases(migration: &MigrationTrial, kind: RiskKind, expected: &str, safe: &str) -> Vec<Case> {
    let of_kind: Vec<&Risk> = migration.risks.iter().filter(|risk| risk.kind == kind).collect();
    if of_kind.is_empty() {
        let finding = Finding::new(Status::Pass, safe);
        return vec![Case::settled(object_of(migration), Vec::new(), expected, finding)];
    }
    let mut cases: Vec<Case> = Vec::new();
    for risk in of_kind {
        let sub = format!("{}: {}", risk.target, risk.rule);
        let object = ObjectRef { sub: Some(sub), ..object_of(migration) };
        // The same fault on the same table, further down: the first place stands for all.
        if cases.iter().any(|case| case.object == object) {
            continue;
        }
        let finding = Finding::new(Status::Fail, format!("{}: {}", risk.target, first_sentence(&risk.message)))
            .observed(format!("{} ({})", risk.message, risk.rule))
            .located(&migration.file, risk.line);
        let advice = risk.help.as_deref().unwrap_or(&risk.message);
        let fix = match &risk.instead {
            Some(statement) => format!("-- {advice}\n{statement}"),
            None => {
                format!("-- {advice}\n-- where it is meant: a comment `squawk-ignore {}` in the line above", risk.rule)
            }
        };
        cases.push(Case::settled(object, Vec::new(), expected, finding).with_fix(fix));
    }
    cases
}

fn first_sentence(text: &str) -> String {
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
