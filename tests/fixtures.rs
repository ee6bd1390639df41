//! Each fixture of a check is run on Postgres: `broken*` must give the check's finding, everything else must be clean.
//!
//! A filter picks fixtures by name, `SEAWORTHY_POSTGRES` the server: `cargo test --test fixtures foreign-key`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use seaworthy::run::{CheckRequest, DEFAULT_SEED, Harness, Pipeline, Selection, ServerRequest, Target, interrupt};
use seaworthy::settings;
use seaworthy::verdict::{CheckResult, RunRecord, Status};

/// A folder below `fixtures/checks/`.
#[derive(Debug, Clone)]
struct Fixture {
    /// `family/defect/variant`.
    name: String,
    /// `family/defect`.
    check: String,
    folder: PathBuf,
    broken: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/checks");
    let chosen: Vec<Fixture> =
        fixtures(&root).into_iter().filter(|fixture| is_chosen(&arguments, &fixture.name)).collect();
    let records = if arguments.list || chosen.is_empty() { BTreeMap::new() } else { run(&chosen) };
    let records = Arc::new(records);
    let trials = chosen
        .into_iter()
        .map(|fixture| {
            let records = Arc::clone(&records);
            Trial::test(fixture.name.clone(), move || judge(&fixture, records.get(&fixture.name)))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn is_chosen(arguments: &Arguments, name: &str) -> bool {
    match &arguments.filter {
        None => true,
        Some(filter) if arguments.exact => name == filter,
        Some(filter) => name.contains(filter.as_str()),
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn fixtures(root: &Path) -> Vec<Fixture> {
    let file_name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut fixtures = Vec::new();
    for family in folders(root) {
        for defect in folders(&family) {
            for folder in folders(&defect) {
                let check = format!("{}/{}", file_name(&family), file_name(&defect));
                let variant = file_name(&folder);
                fixtures.push(Fixture {
                    name: format!("{check}/{variant}"),
                    check,
                    broken: variant.starts_with("broken"),
                    folder,
                });
            }
        }
    }
    fixtures
}

/// Runs every fixture as a system of its own, on one server.
fn run(fixtures: &[Fixture]) -> BTreeMap<String, Result<RunRecord, String>> {
    let target = |fixture: &Fixture| Target {
        name: fixture.name.clone(),
        folder: fixture.folder.clone(),
        settings: settings::load(&fixture.folder).unwrap().unwrap_or_default().system,
    };
    let server = ServerRequest {
        postgres: std::env::var("SEAWORTHY_POSTGRES").unwrap_or_else(|_| "auto".to_owned()),
        image: std::env::var("SEAWORTHY_PG_IMAGE").ok(),
    };
    let request = CheckRequest {
        targets: fixtures.iter().map(target).collect(),
        selection: Selection::default(),
        server,
        seed: DEFAULT_SEED,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_interrupter, interrupt) = interrupt();
    let runs = runtime.block_on(Harness.check(&request, &|_| (), &interrupt)).unwrap();
    runs.into_iter().map(|run| (run.system, run.outcome.map_err(|error| format!("{error:?}")))).collect()
}

fn judge(fixture: &Fixture, record: Option<&Result<RunRecord, String>>) -> Result<(), Failed> {
    let record = record.ok_or("it was not run")?.as_ref().map_err(|error| Failed::from(error.clone()))?;
    if fixture.broken { expect_finding(record, &fixture.check) } else { expect_clean(record, &fixture.check) }
}

/// The check fails on some object, and says what to do about it.
fn expect_finding(record: &RunRecord, check: &str) -> Result<(), Failed> {
    let failed = |result: &&CheckResult| result.check == check && result.status == Status::Fail;
    if let Some(result) = record.results.iter().find(failed) {
        return if result.fix.is_some() || NO_FIX_IN_SQL.contains(&check) {
            Ok(())
        } else {
            Err(format!("{check} suggests nothing:\n{}", line(result)).into())
        };
    }
    let rest: Vec<String> =
        record.results.iter().filter(|result| result.check == check || is_bad(result)).map(line).collect();
    Err(format!("{check} finds nothing; what there is:\n{}", rest.join("\n")).into())
}

/// What no statement mends: files are to be renamed, moved or written.
const NO_FIX_IN_SQL: [&str; 8] = [
    "migrations/changed-after-apply",
    "migrations/does-not-apply",
    "migrations/duplicate-version",
    "migrations/no-rollback",
    "migrations/not-repeatable",
    "migrations/out-of-order",
    "migrations/rollback-differs",
    "seed/does-not-run",
];

/// The check does not fail, and in its family and in isolation nothing blocks. Fixtures are as small as their defect allows, so what other families
/// ask for (grants, keys, indexes, timestamps) is not asked of them; the systems of this repository have it all.
fn expect_clean(record: &RunRecord, check: &str) -> Result<(), Failed> {
    let family = check.split_once('/').map_or(check, |(family, _)| family);
    let asked =
        |result: &&CheckResult| result.check.split_once('/').is_some_and(|(of, _)| [family, "isolation"].contains(&of));
    let bad: Vec<String> = record
        .results
        .iter()
        .filter(asked)
        .filter(|result| is_bad(result) || (result.check == check && result.status == Status::Fail))
        .map(line)
        .collect();
    if bad.is_empty() { Ok(()) } else { Err(bad.join("\n").into()) }
}

/// What blocks.
fn is_bad(result: &CheckResult) -> bool {
    match result.status {
        Status::Error => true,
        Status::Fail | Status::Unproven => result.severity.blocks(),
        Status::Pass | Status::NotApplicable | Status::Waived => false,
    }
}

fn line(result: &CheckResult) -> String {
    format!(
        "  {} {} on {}: {} — {}",
        result.status.as_str(),
        result.check,
        result.object,
        result.summary,
        result.observed
    )
}
