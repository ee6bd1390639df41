//! Each of the three systems is READY on each provider: a trial for every pair.
//!
//! `SEAWORTHY_PG_IMAGE` names the container's image. Where a provider is absent its trials are skipped and say why; in CI
//! (`CI=true`) none may be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use seaworthy::run::{
    CheckRequest, DEFAULT_SEED, Harness, Pipeline, Selection, ServerRequest, Target, find_targets, interrupt,
};
use seaworthy::verdict::{RunRecord, RunVerdict, Status};

const PROVIDERS: [&str; 3] = ["docker", "local", "embedded"];

/// What came of all systems on one provider: one server for the three.
type Outcome = Result<Vec<(String, Result<RunRecord, String>)>, String>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let targets = find_targets(&[], root).unwrap();
    let mut trials = Vec::new();
    for provider in PROVIDERS {
        let chosen: Vec<Target> =
            targets.iter().filter(|target| is_chosen(&arguments, &name(provider, target))).cloned().collect();
        let outcome: Arc<OnceLock<Outcome>> = Arc::default();
        for target in &chosen {
            let (outcome, chosen, system) = (Arc::clone(&outcome), chosen.clone(), target.name.clone());
            trials.push(Trial::test(name(provider, target), move || {
                judge(provider, &system, outcome.get_or_init(|| run(provider, &chosen)))
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn name(provider: &str, target: &Target) -> String {
    format!("{} is ready on {provider}", target.name)
}

fn is_chosen(arguments: &Arguments, name: &str) -> bool {
    arguments.filter.as_ref().is_none_or(
        |filter| {
            if arguments.exact { name == filter } else { name.contains(filter.as_str()) }
        },
    )
}

fn run(provider: &str, targets: &[Target]) -> Outcome {
    let request = CheckRequest {
        targets: targets.to_vec(),
        selection: Selection::default(),
        server: ServerRequest {
            postgres: provider.to_owned(),
            image: std::env::var("SEAWORTHY_PG_IMAGE").ok().filter(|image| !image.is_empty()),
        },
        seed: DEFAULT_SEED,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_interrupter, interrupt) = interrupt();
    let runs = runtime.block_on(Harness.check(&request, &|_| (), &interrupt)).map_err(|error| error.to_string())?;
    Ok(runs.into_iter().map(|run| (run.system, run.outcome.map_err(|error| error.to_string()))).collect())
}

fn judge(provider: &str, system: &str, outcome: &Outcome) -> Result<(), Failed> {
    let runs = match outcome {
        Ok(runs) => runs,
        Err(reason) if std::env::var("CI").is_ok_and(|value| value == "true") => {
            return Err(format!("{provider} must be there in CI: {reason}").into());
        }
        Err(reason) => {
            println!("skipped: {system} on {provider}: {reason}");
            return Ok(());
        }
    };
    let (_, record) = runs.iter().find(|(name, _)| name == system).ok_or("it was not run")?;
    let record = record.as_ref().map_err(|error| Failed::from(error.clone()))?;
    if record.run.postgres.provider != provider {
        return Err(format!("{} served instead", record.run.postgres.provider).into());
    }
    if record.run.verdict != RunVerdict::Ready {
        let bad = record.results.iter().filter(|result| !matches!(result.status, Status::Pass | Status::NotApplicable));
        let lines: Vec<String> = bad
            .map(|result| {
                format!(
                    "{} {} on {}: {} — {}",
                    result.status.as_str(),
                    result.check,
                    result.object,
                    result.summary,
                    result.observed
                )
            })
            .collect();
        return Err(format!("{}:\n{}", record.run.verdict, lines.join("\n")).into());
    }
    let isolated: BTreeSet<&String> = record
        .results
        .iter()
        .filter(|result| result.check == "isolation/cross-tenant-read" && result.status == Status::Pass)
        .flat_map(|result| &result.tables)
        .collect();
    if isolated.is_empty() { Err("no table was proven to be isolated".into()) } else { Ok(()) }
}
