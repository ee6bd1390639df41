//! Every system × table × check as a trial of `cargo test`, which a filter can pick by its name.
//!
//! A project has a test target without the built-in harness, whose `main` is one line (see [`main_with`]):
//!
//! ```toml
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! Under plain `cargo test` there is one run on one server, and each trial looks its results up. With a filter, only what
//! the chosen trials need is run. `cargo nextest` starts a process for each trial: those of one nextest run share one run
//! of ours through a file. Listing names plans, but probes nothing.

mod conclusion;
mod shared;
#[cfg(test)]
mod tests;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use self::conclusion::{Concluded, Conclusions, trial_name, verdict_name};
use self::shared::Shared;
use crate::report::visible;
use crate::run::{
    CheckRequest, DEFAULT_SEED, Only, Pipeline, PlannedCheck, Selection, ServerRequest, Signal, Subject, Target,
    find_targets, interrupt, signals, supervise,
};
use crate::verdict::Event;

/// What the process exits with where nothing could be tried.
const FAILED: u8 = 2;

/// What the environment says about a run.
#[derive(Clone, Default)]
struct Surroundings {
    server: ServerRequest,
    seed: Option<u64>,
    /// Where processes of one nextest run meet; `None` elsewhere.
    shared: Option<Shared>,
}

/// Why there are no trials.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Failure {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Target(#[from] crate::run::TargetError),
    #[error("`{0}` in SEAWORTHY_SEED is not a whole number")]
    Seed(String),
    #[error("seaworthy cannot start: {0}")]
    Start(#[from] io::Error),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(Box<dyn Diagnostic + Send + Sync>),
    #[error("stopped")]
    Stopped(Signal),
}

/// Runs the trials of the systems at `path`, as [`main_with`] does, on the pipeline of this crate.
pub fn main(path: &str) -> ExitCode {
    main_with(&crate::run::Harness, path)
}

/// Runs the trials of the systems at `path`: a folder, or its `seaworthy.toml`, relative to the package. Arguments are
/// those of `cargo test`; the server and the seed come from `SEAWORTHY_POSTGRES`, `SEAWORTHY_PG_IMAGE`, `SEAWORTHY_SEED`.
pub fn main_with(pipeline: &impl Pipeline, path: &str) -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_up(&Failure::Start(error)),
    };
    let trials = runtime.block_on(async {
        let targets = find_targets(&[PathBuf::from(path)], &PathBuf::from("."))?;
        let surroundings = surroundings(path)?;
        trials(&arguments, pipeline, targets, &surroundings).await
    });
    drop(runtime);
    match trials {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(failure) => give_up(&failure),
    }
}

fn give_up(failure: &Failure) -> ExitCode {
    if let Failure::Stopped(signal) = failure {
        return ExitCode::from(signal.exit_code());
    }
    // There is nowhere left to complain to.
    let _unheard = writeln!(io::stderr(), "{}", told(failure));
    ExitCode::from(FAILED)
}

/// An error as text, with its place and what to do.
fn told(diagnostic: &dyn Diagnostic) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    if handler.render_report(&mut text, diagnostic).is_err() {
        text = diagnostic.to_string();
    }
    let lines: Vec<String> = text.trim_end().lines().map(|line| visible(line).into_owned()).collect();
    lines.join("\n")
}

fn surroundings(path: &str) -> Result<Surroundings, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let seed = match variable("SEAWORTHY_SEED") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| Failure::Seed(text.escape_debug().to_string()))?),
    };
    let server = ServerRequest {
        postgres: variable("SEAWORTHY_POSTGRES").unwrap_or_else(|| ServerRequest::default().postgres),
        image: variable("SEAWORTHY_PG_IMAGE"),
    };
    let shared = variable("NEXTEST_RUN_ID").and_then(|run| Shared::of(&std::env::temp_dir(), &run, path));
    Ok(Surroundings { server, seed, shared })
}

/// The trials that these arguments ask for. Those that will run have their results already.
async fn trials(
    arguments: &Arguments,
    pipeline: &impl Pipeline,
    targets: Vec<Target>,
    surroundings: &Surroundings,
) -> Result<Vec<Trial>, Failure> {
    let everything = CheckRequest {
        targets,
        selection: Selection::default(),
        server: surroundings.server.clone(),
        seed: surroundings.seed.unwrap_or(DEFAULT_SEED),
    };
    if arguments.ignored {
        // No trial is ever ignored: nextest asks for these too when it lists.
        return Ok(Vec::new());
    }
    if let (Some(shared), false) = (&surroundings.shared, arguments.list) {
        let conclusions = shared_conclusions(shared, pipeline, &everything).await?;
        return Ok(shared_trials(arguments, conclusions));
    }
    if !arguments.list && arguments.filter.is_none() && arguments.skip.is_empty() {
        return Ok(Conclusions::of(&checked(pipeline, &everything).await?).into_trials());
    }
    let planned = planned(pipeline, &everything).await?;
    let names = named(&everything.targets, planned);
    if arguments.list {
        return Ok(names.into_iter().map(|(name, _)| Trial::test(name, || Ok(()))).collect());
    }
    let (out, chosen): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|(name, _)| arguments.is_filtered_out(&Trial::test(name.clone(), || Ok(()))));
    // Those that are filtered out are handed over too, so that they are counted.
    let mut trials: Vec<Trial> = out.into_iter().map(|(name, _)| Trial::test(name, || Ok(()))).collect();
    if !chosen.is_empty() {
        let request = narrowed(&everything, &chosen);
        let mut conclusions = Conclusions::of(&checked(pipeline, &request).await?);
        trials.extend(chosen.into_iter().map(|(name, _)| conclusions.take(name)));
    }
    Ok(trials)
}

/// The names of all trials, each with what it stands for; `None` for the one that stands for a system as a whole.
fn named(targets: &[Target], planned: Vec<PlannedCheck>) -> Vec<(String, Option<PlannedCheck>)> {
    let whole = targets.iter().map(|target| (verdict_name(&target.name), None));
    let single = planned
        .into_iter()
        .map(|check| (trial_name(&check.system, &check.subject.to_string(), &check.check), Some(check)));
    let mut names: Vec<_> = whole.chain(single).collect();
    names.sort();
    names.dedup_by(|left, right| left.0 == right.0);
    names
}

/// No more than the chosen trials need.
fn narrowed(everything: &CheckRequest, chosen: &[(String, Option<PlannedCheck>)]) -> CheckRequest {
    let mut request = everything.clone();
    let is_chosen = |target: &Target| {
        chosen.iter().any(|(name, check)| match check {
            Some(check) => check.system == target.name,
            None => *name == verdict_name(&target.name),
        })
    };
    request.targets.retain(is_chosen);
    let Some(checks) = chosen.iter().map(|(_, check)| check.as_ref()).collect::<Option<Vec<_>>>() else {
        // A system as a whole is asked for.
        return request;
    };
    for check in &checks {
        let only = Only::Check(check.check.clone());
        if !request.selection.only.contains(&only) {
            request.selection.only.push(only);
        }
    }
    let table = |check: &&PlannedCheck| match &check.subject {
        Subject::Table(name) => Some(name.clone()),
        Subject::Object(_) => None,
    };
    let mut tables: Vec<String> = checks.iter().map(table).collect::<Option<_>>().unwrap_or_default();
    tables.sort();
    tables.dedup();
    request.selection.tables = tables;
    request
}

/// A nextest process runs one trial, and the others of its run have the same results.
async fn shared_conclusions(
    shared: &Shared,
    pipeline: &impl Pipeline,
    request: &CheckRequest,
) -> Result<Conclusions, Failure> {
    let lock = shared.lock().await?;
    let concluded = match lock.read() {
        Some(concluded) => concluded,
        None => {
            let concluded = checked(pipeline, request).await?;
            lock.write(&concluded)?;
            concluded
        }
    };
    Ok(Conclusions::of(&concluded))
}

fn shared_trials(arguments: &Arguments, mut conclusions: Conclusions) -> Vec<Trial> {
    match &arguments.filter {
        // The name was planned when nextest listed: that it has no result is a failure, not an empty run.
        Some(name) if arguments.exact => vec![conclusions.take(name.clone())],
        _ => conclusions.into_trials(),
    }
}

async fn planned(pipeline: &impl Pipeline, request: &CheckRequest) -> Result<Vec<PlannedCheck>, Failure> {
    let (interrupter, interrupt) = interrupt();
    let work = pipeline.plan(request, &note, &interrupt);
    let outcome = supervise(work, &interrupter, &mut signals()?, |_| {}).await;
    let plans = outcome.map_err(Failure::Stopped)?.map_err(|error| Failure::Run(Box::new(error)))?;
    Ok(plans.into_iter().flat_map(|plan| plan.checks).collect())
}

async fn checked(pipeline: &impl Pipeline, request: &CheckRequest) -> Result<Vec<Concluded>, Failure> {
    let (interrupter, interrupt) = interrupt();
    let work = pipeline.check(request, &note, &interrupt);
    let outcome = supervise(work, &interrupter, &mut signals()?, |_| {}).await;
    let runs = outcome.map_err(Failure::Stopped)?.map_err(|error| Failure::Run(Box::new(error)))?;
    let concluded = runs.into_iter().map(|run| match run.outcome {
        Ok(record) => Concluded { system: run.system, record: Some(Box::new(record)), error: None },
        Err(error) => Concluded { system: run.system, record: None, error: Some(told(&error)) },
    });
    Ok(concluded.collect())
}

/// Which server was taken and the like; trials themselves are told by `cargo test`.
fn note(event: Event) {
    if let Event::Note(note) = event {
        // A standard error that is closed is no reason to stop.
        let _unheard = writeln!(io::stderr(), "{}", visible(&note));
    }
}
