#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::Mutex;

use libtest_mimic::{Arguments, Trial};

use super::shared::Shared;
use super::{Failure, Surroundings, trials};
use crate::report::sample;
use crate::run::{
    CheckRequest, InitRequest, Interrupt, Only, Pipeline, PlannedCheck, Subject, SystemPlan, SystemRun, Target,
};
use crate::settings::SystemSettings;
use crate::verdict::{CheckInfo, CheckResult, Event};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the server is gone")]
struct Gone;

/// Concludes what the sample record says, of what it is asked for, and remembers what that was.
#[derive(Default)]
struct Scripted {
    checked: Mutex<Vec<CheckRequest>>,
    planned: Mutex<usize>,
}

fn takes(request: &CheckRequest, result: &CheckResult) -> bool {
    let tables = &request.selection.tables;
    request.selection.takes_check(&result.check)
        && (tables.is_empty() || result.tables.iter().any(|table| tables.contains(table)))
}

impl Pipeline for Scripted {
    type Error = Gone;

    fn checks(&self) -> Vec<CheckInfo> {
        Vec::new()
    }

    async fn check(
        &self,
        request: &CheckRequest,
        _tell: &(dyn Fn(Event) + Sync),
        _interrupt: &Interrupt,
    ) -> Result<Vec<SystemRun<Gone>>, Gone> {
        self.checked.lock().unwrap().push(request.clone());
        let run = |target: &Target| {
            let mut record = if target.name == "shop" { sample::ready() } else { sample::blocked() };
            record.run.system = target.name.clone();
            record.results.retain(|result| takes(request, result));
            let outcome = if target.name == "gone" { Err(Gone) } else { Ok(record) };
            SystemRun { system: target.name.clone(), outcome }
        };
        Ok(request.targets.iter().map(run).collect())
    }

    async fn plan(
        &self,
        request: &CheckRequest,
        _tell: &(dyn Fn(Event) + Sync),
        _interrupt: &Interrupt,
    ) -> Result<Vec<SystemPlan>, Gone> {
        *self.planned.lock().unwrap() += 1;
        let plan = |target: &Target| {
            let mut checks = Vec::new();
            for result in sample::blocked().results.iter().filter(|_| target.name != "shop") {
                for table in &result.tables {
                    checks.push(PlannedCheck {
                        system: target.name.clone(),
                        subject: Subject::Table(table.clone()),
                        check: result.check.clone(),
                        object: result.object.to_string(),
                        expected: result.expected.clone(),
                        probes: 1,
                    });
                }
            }
            SystemPlan { system: target.name.clone(), checks, ..SystemPlan::default() }
        };
        Ok(request.targets.iter().map(plan).collect())
    }

    async fn propose_settings(
        &self,
        _request: &InitRequest,
        _tell: &(dyn Fn(Event) + Sync),
        _interrupt: &Interrupt,
    ) -> Result<String, Gone> {
        Err(Gone)
    }
}

fn target(name: &str) -> Target {
    Target { name: name.to_owned(), folder: PathBuf::from("."), settings: SystemSettings::default() }
}

struct Tried {
    names: Vec<String>,
    passed: u64,
    failed: u64,
    left_out: u64,
}

/// Runs the trials of these systems as `cargo test -- ARGUMENTS` does.
fn tried(pipeline: &Scripted, systems: &[&str], arguments: &[&str], surroundings: &Surroundings) -> Tried {
    // The output of these trials is not that of the test.
    let log = tempfile::NamedTempFile::new().unwrap();
    let path = log.path().to_str().unwrap();
    let words = ["test", "--logfile", path].into_iter().chain(arguments.iter().copied()).map(ToString::to_string);
    let arguments = Arguments::from_iter(words);
    let targets = systems.iter().map(|name| target(name)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let trials = runtime.block_on(trials(&arguments, pipeline, targets, surroundings)).unwrap();
    let names: Vec<String> = trials.iter().map(|trial| trial.name().to_owned()).collect();
    if arguments.list {
        return Tried { names, passed: 0, failed: 0, left_out: 0 };
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    Tried { names, passed: conclusion.num_passed, failed: conclusion.num_failed, left_out: conclusion.num_filtered_out }
}

const ONE: &str = "flow::public.moves::isolation/cross-tenant-read";

#[test]
fn without_a_filter_there_is_one_run_for_all_trials() {
    let pipeline = Scripted::default();
    let tried = tried(&pipeline, &["flow", "shop"], &[], &Surroundings::default());
    assert_eq!(pipeline.checked.lock().unwrap().len(), 1);
    assert_eq!(*pipeline.planned.lock().unwrap(), 0);
    // flow: two failures, two unproven, and the verdict.
    assert_eq!(tried.failed, 5, "{:?}", tried.names);
    assert!(tried.passed > 5);
}

#[test]
fn listing_probes_nothing_and_has_the_names_that_a_run_has() {
    let pipeline = Scripted::default();
    let listed = tried(&pipeline, &["flow"], &["--list"], &Surroundings::default()).names;
    assert!(pipeline.checked.lock().unwrap().is_empty());
    let mut run = tried(&pipeline, &["flow"], &[], &Surroundings::default()).names;
    run.sort();
    assert_eq!(listed, run);
    assert!(listed.contains(&ONE.to_owned()) && listed.contains(&"flow::verdict".to_owned()));
    assert!(tried(&pipeline, &["flow"], &["--list", "--ignored"], &Surroundings::default()).names.is_empty());
}

#[test]
fn an_exact_name_runs_that_table_and_check_alone() {
    let pipeline = Scripted::default();
    let tried = tried(&pipeline, &["flow", "shop"], &["--exact", ONE], &Surroundings::default());
    assert_eq!((tried.passed, tried.failed), (0, 1));
    let request = pipeline.checked.lock().unwrap().pop().unwrap();
    assert_eq!(request.targets, [target("flow")]);
    assert_eq!(request.selection.only, [Only::Check("isolation/cross-tenant-read".to_owned())]);
    assert_eq!(request.selection.tables, ["public.moves"]);
}

#[test]
fn a_filter_runs_what_it_picks_and_counts_the_rest() {
    let pipeline = Scripted::default();
    let tried = tried(&pipeline, &["flow", "shop"], &["public.plans"], &Surroundings::default());
    assert_eq!((tried.passed, tried.failed), (2, 0));
    assert_eq!(usize::try_from(tried.left_out).unwrap() + 2, tried.names.len());
    assert_eq!(pipeline.checked.lock().unwrap()[0].selection.tables, ["public.plans"]);
}

#[test]
fn the_trial_of_a_whole_system_runs_all_of_it() {
    let pipeline = Scripted::default();
    let tried = tried(&pipeline, &["flow", "shop"], &["--exact", "shop::verdict"], &Surroundings::default());
    assert_eq!((tried.passed, tried.failed), (1, 0));
    let request = pipeline.checked.lock().unwrap().pop().unwrap();
    assert!(request.selection.is_everything());
    assert_eq!(request.targets, [target("shop")]);
}

#[test]
fn a_filter_that_picks_nothing_runs_nothing() {
    let pipeline = Scripted::default();
    assert_eq!(tried(&pipeline, &["flow"], &["no such"], &Surroundings::default()).failed, 0);
    assert!(pipeline.checked.lock().unwrap().is_empty());
}

#[test]
fn a_system_that_could_not_be_run_fails_each_of_its_trials() {
    let pipeline = Scripted::default();
    assert_eq!(tried(&pipeline, &["gone"], &[], &Surroundings::default()).failed, 1);
    let filtered = tried(&pipeline, &["gone"], &["public.moves"], &Surroundings::default());
    assert_eq!((filtered.passed, filtered.failed), (0, 2));
}

#[test]
fn processes_of_one_nextest_run_share_one_run_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let shared = Shared::of(folder.path(), "one", "seaworthy.toml");
    let surroundings = Surroundings { shared, ..Surroundings::default() };
    let pipeline = Scripted::default();
    let each = |name: &str| tried(&pipeline, &["flow"], &["--exact", name, "--nocapture"], &surroundings);
    assert_eq!((each(ONE).passed, each(ONE).failed), (0, 1));
    assert_eq!(each("flow::public.campaigns::isolation/cross-tenant-read").passed, 1);
    assert_eq!(each("flow::public.gone::isolation/cross-tenant-read").failed, 1, "no result is no pass");
    assert_eq!(pipeline.checked.lock().unwrap().len(), 1);
}

#[test]
fn a_run_that_fails_as_a_whole_leaves_no_trials_that_could_pass() {
    struct Broken;
    impl Pipeline for Broken {
        type Error = Gone;
        fn checks(&self) -> Vec<CheckInfo> {
            Vec::new()
        }
        async fn check(
            &self,
            _: &CheckRequest,
            _: &(dyn Fn(Event) + Sync),
            _: &Interrupt,
        ) -> Result<Vec<SystemRun<Gone>>, Gone> {
            Err(Gone)
        }
        async fn plan(
            &self,
            _: &CheckRequest,
            _: &(dyn Fn(Event) + Sync),
            _: &Interrupt,
        ) -> Result<Vec<SystemPlan>, Gone> {
            Err(Gone)
        }
        async fn propose_settings(
            &self,
            _: &InitRequest,
            _: &(dyn Fn(Event) + Sync),
            _: &Interrupt,
        ) -> Result<String, Gone> {
            Err(Gone)
        }
    }
    for arguments in [vec!["test"], vec!["test", "--list"]] {
        let arguments = Arguments::from_iter(arguments);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ended: Result<Vec<Trial>, Failure> =
            runtime.block_on(trials(&arguments, &Broken, vec![target("flow")], &Surroundings::default()));
        assert!(matches!(ended, Err(Failure::Run(_))));
    }
}
