//! The two plans as they were written: each of the faults that are known to be in them is reported by a check that names it, and by none
//! on the repaired system. The lists are the plans' own reviews, number by number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod raptorflow;
mod saas_foundation;

use std::path::Path;
use std::sync::OnceLock;

use seaworthy::run::{
    CheckRequest, DEFAULT_SEED, Harness, Pipeline, Selection, ServerRequest, find_targets, interrupt,
};
use seaworthy::verdict::{CheckResult, RunRecord, RunVerdict, Status};

/// A known fault: what is wrong, and the checks that have to say so, each with the object that it names.
type Fault = (&'static str, &'static [(&'static str, &'static str)]);

/// A plan as it was written, and as it was repaired.
struct Twins {
    written: RunRecord,
    repaired: RunRecord,
}

fn twins(name: &str, cell: &'static OnceLock<Twins>) -> &'static Twins {
    cell.get_or_init(|| {
        let mut records = run(&[format!("fixtures/as_written/{name}"), format!("migrations/{name}")]);
        let repaired = records.pop().unwrap();
        Twins { written: records.pop().unwrap(), repaired }
    })
}

fn run(folders: &[String]) -> Vec<RunRecord> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths: Vec<_> = folders.iter().map(|folder| root.join(folder)).collect();
    let request = CheckRequest {
        targets: find_targets(&paths, root).unwrap(),
        selection: Selection::default(),
        server: ServerRequest {
            postgres: std::env::var("SEAWORTHY_POSTGRES").unwrap_or_else(|_| "auto".to_owned()),
            image: std::env::var("SEAWORTHY_PG_IMAGE").ok(),
        },
        seed: DEFAULT_SEED,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_interrupter, interrupt) = interrupt();
    let runs = runtime.block_on(Harness.check(&request, &|_| (), &interrupt)).unwrap();
    runs.into_iter().map(|run| run.outcome.unwrap_or_else(|error| panic!("{}: {error:?}", run.system))).collect()
}

/// Each check of each fault fails on its object in the written plan, with a place in a file, and nowhere in the repaired one.
fn assert_reported(twins: &Twins, faults: &[Fault]) {
    let mut wrong = Vec::new();
    for (fault, checks) in faults {
        for (check, object) in *checks {
            let named = |result: &&CheckResult| {
                result.check == *check && result.status == Status::Fail && result.object.to_string() == *object
            };
            match twins.written.results.iter().find(named) {
                None => wrong.push(format!("{fault}: {check} says nothing of {object}")),
                Some(result) if result.source.is_none() => {
                    wrong.push(format!("{fault}: {check} does not say where {object} was defined"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing of what was wrong is reported of the repaired system, at any severity.
fn assert_repaired(twins: &Twins, faults: &[Fault]) {
    let listed: Vec<&str> = faults.iter().flat_map(|(_, checks)| checks.iter().map(|(check, _)| *check)).collect();
    let left: Vec<String> = twins
        .repaired
        .results
        .iter()
        .filter(|result| result.status == Status::Fail && listed.contains(&result.check.as_str()))
        .map(|result| format!("{} on {}: {}", result.check, result.object, result.summary))
        .collect();
    assert!(left.is_empty(), "{}", left.join("\n"));
    assert_eq!(twins.repaired.run.verdict, RunVerdict::Ready);
    assert_eq!(twins.written.run.verdict, RunVerdict::Blocked);
}

/// What the run makes of each claim.
fn claims(record: &RunRecord) -> Vec<(&str, Status)> {
    record
        .release
        .iter()
        .filter(|line| line.section == "claims")
        .map(|line| (line.line.as_str(), line.status))
        .collect()
}
