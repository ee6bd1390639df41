//! 6. Same seed, same world, same verdicts.

use std::collections::BTreeMap;

use seaworthy::report;
use seaworthy::verdict::{RunRecord, Status};

use crate::system::{NOTES, SOUND, check_with};

/// The record as it is written, without what a clock says.
fn timeless(mut record: RunRecord) -> String {
    record.run.started = String::new();
    record.run.duration_ms = 0;
    for result in &mut record.results {
        result.duration_ms = 0;
    }
    report::json(&record).unwrap()
}

fn statuses(record: &RunRecord) -> BTreeMap<String, Status> {
    record.results.iter().map(|result| (result.fingerprint.clone(), result.status)).collect()
}

fn leaking() -> String {
    format!("{NOTES}{SOUND} create policy extra on public.notes for select to authenticated using (true);")
}

#[test]
fn the_same_seed_gives_the_same_record_to_the_byte() {
    for schema in [format!("{NOTES}{SOUND}"), leaking()] {
        let once = timeless(check_with(&schema, "", 7));
        let again = timeless(check_with(&schema, "", 7));
        let differing = once.lines().zip(again.lines()).find(|(one, other)| one != other);
        assert!(once == again, "{differing:#?}");
    }
}

#[test]
fn another_seed_gives_another_world_and_the_same_verdicts() {
    for schema in [format!("{NOTES}{SOUND}"), leaking()] {
        let (one, other) = (check_with(&schema, "", 7), check_with(&schema, "", 8));
        assert_eq!(statuses(&one), statuses(&other));
        assert_eq!(one.run.verdict, other.run.verdict);
        assert_eq!((one.run.seed, other.run.seed), (7, 8), "the seed is told");
        assert_ne!(timeless(one).replace("\"seed\": 7", ""), timeless(other).replace("\"seed\": 8", ""));
    }
}
