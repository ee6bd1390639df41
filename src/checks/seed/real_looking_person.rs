//! `seed/real-looking-person`: what the seed stores could be nobody's: addresses in the reserved example domains, telephone numbers that are given to
//! no one, no card number but those that payment services publish for tests.

use std::collections::BTreeMap;

use super::super::scene::{Scene, Subject, object_of, part_of};
use super::super::{Case, Check, Finding};
use super::person::{Sign, signs};
use super::{elsewhere, file_object, not_applicable, seeded_table};
use crate::catalog::{Table, quote_identifier};
use crate::trial::{SeedFile, SeedTrial};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "seed/real-looking-person",
        family: Family::Seed,
        severity: Severity::Warning,
        title: "The seed names nobody who could exist",
        help: "An address that somebody could own gets mail from the first environment that sends any, and a copy of live data in a repository is a breach of its own. Use example.com, .test or .example for addresses, 555-0100 to 555-0199 for telephone numbers, and the card numbers that the payment service publishes for tests. The project's own domains are named in `[seed] own_domains`.",
        example: example!("seed/real-looking-person", ["schema.sql", "seed.sql"]),
    },
    plan,
};

const EXPECTED: &str = "addresses, telephone and card numbers are of those that are reserved for examples";
/// Signs that are shown of one column.
const SHOWN: usize = 3;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    if let Subject::Seed(seed) = *subject {
        let mut cases: Vec<Case> = elsewhere(scene, seed.texts.iter().map(|text| tables_of(scene, text)))
            .into_iter()
            .flat_map(|table| columns(seed, table, &[]))
            .collect();
        cases.extend(seed.files.iter().filter_map(|file| of_file(seed, file)));
        return cases;
    }
    let target = match seeded_table(scene, subject, EXPECTED) {
        Some(Ok(target)) => target,
        Some(Err(none)) => return none,
        None => return Vec::new(),
    };
    if !target.is_filled() {
        return vec![not_applicable(target.table, EXPECTED, "the seed leaves nothing in it")];
    }
    let cases = columns(target.seed, target.table, &[target.name()]);
    if cases.is_empty() {
        let finding = Finding::new(Status::Pass, "what the seed left in it names nobody who could exist");
        return vec![Case::settled(object_of(target.table), vec![target.name()], EXPECTED, finding)];
    }
    cases
}

/// The full name of a text's table, as the catalog's own.
fn tables_of<'a>(scene: &Scene<'a>, text: &'a crate::trial::SeededText) -> &'a str {
    let seed = scene.trials.seed.as_ref();
    let name = format!("{}.{}", text.schema, text.table);
    seed.and_then(|seed| seed.filled.get_key_value(&name)).map_or("", |(name, _)| name)
}

/// A failing case for each column in which somebody real-looking stands.
fn columns(seed: &SeedTrial, table: &Table, tables: &[String]) -> Vec<Case> {
    let mut by_column: BTreeMap<&str, Vec<(Sign, &str)>> = BTreeMap::new();
    let own = seed.texts.iter().filter(|text| text.schema == table.name.schema && text.table == table.name.name);
    for text in own {
        let found = signs(&text.text, Some(&text.column), &seed.own_domains);
        by_column.entry(&text.column).or_default().extend(found.into_iter().map(|sign| (sign, text.text.as_str())));
    }
    by_column
        .into_iter()
        .filter(|(_, signs)| !signs.is_empty())
        .map(|(column, signs)| {
            let mut finding = finding(signs.iter().map(|(sign, _)| sign));
            let raw = |sign: &Sign| sign.raw.clone();
            if let Some((file, line)) = signs.iter().find_map(|(sign, _)| place(seed, &raw(sign))) {
                finding = finding.located(&file, line);
            }
            Case::settled(part_of(table, column), tables.to_vec(), EXPECTED, finding).with_fix(format!(
                "-- in the seed, and where it ran already\nupdate {} set {} = …; -- {}",
                table.name.quoted(),
                quote_identifier(column),
                signs.first().map_or("", |(sign, _)| sign.sort.instead())
            ))
        })
        .collect()
}

/// What stands in a file's constants, and in no table: it was computed with, or overwritten.
fn of_file(seed: &SeedTrial, file: &SeedFile) -> Option<Case> {
    let stored = |raw: &str| seed.texts.iter().any(|text| text.text.contains(raw));
    let found: Vec<(usize, Sign)> = file
        .constants
        .iter()
        .flat_map(|(line, text)| signs(text, None, &seed.own_domains).into_iter().map(|sign| (*line, sign)))
        .filter(|(_, sign)| !stored(&sign.raw))
        .collect();
    let (line, first) = found.first()?;
    let finding = finding(found.iter().map(|(_, sign)| sign)).located(&file.path, *line);
    let fix = format!("-- line {line}: {}", first.sort.instead());
    Some(Case::settled(file_object(&file.path), Vec::new(), EXPECTED, finding).with_fix(fix))
}

fn finding<'a>(signs: impl Iterator<Item = &'a Sign>) -> Finding {
    let mut shown: Vec<String> = signs.map(|sign| format!("{} {}", sort_name(sign), sign.masked)).collect();
    shown.sort();
    shown.dedup();
    let count = shown.len();
    let first = shown.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
    Finding::new(Status::Fail, format!("the seed holds what could be somebody's: {first}{more}"))
}

fn sort_name(sign: &Sign) -> &'static str {
    sign.sort.as_str()
}

/// Where the seed's text holds this.
fn place(seed: &SeedTrial, raw: &str) -> Option<(String, usize)> {
    seed.files.iter().find_map(|file| {
        let (line, _) = file.constants.iter().find(|(_, text)| text.contains(raw))?;
        Some((file.path.clone(), *line))
    })
}
