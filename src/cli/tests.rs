#![expect(clippy::unwrap_used, reason = "tests")]

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::unbounded_channel;

use super::{Console, run};
use crate::report::sample;
use crate::run::{
    CheckRequest, InitRequest, Interrupt, Only, Pipeline, PlannedCheck, Signal, Subject, SystemPlan, SystemRun,
};
use crate::snapshots::in_snapshots;
use crate::verdict::{CheckInfo, Event, Example, ExampleFile, Family, RunRecord, RunVerdict, Severity};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the server \u{1b}[2J is gone")]
#[diagnostic(help("Start it again."))]
struct Gone;

/// A pipeline whose conclusions are laid down by the names of the systems.
#[derive(Default)]
struct Scripted {
    seen: Mutex<Option<CheckRequest>>,
    cleaned: Mutex<bool>,
}

const EXAMPLE: Example = Example {
    failing: &[ExampleFile { path: "schema.sql", text: "create table notes (id uuid);\n" }],
    passing: &[ExampleFile { path: "schema.sql", text: "create table notes (id uuid primary key);\n" }],
};

const CHECKS: [CheckInfo; 2] = [
    CheckInfo {
        id: "isolation/cross-tenant-read",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "Nobody reads another tenant's rows",
        help: "A row that a member of another tenant can read is a leak.",
        example: EXAMPLE,
    },
    CheckInfo {
        id: "rls/not-enabled",
        family: Family::Rls,
        severity: Severity::Critical,
        title: "Row security is on where clients can reach",
        help: "Without it every grant is a leak.",
        example: EXAMPLE,
    },
];

fn concluded(system: &str) -> RunRecord {
    let (mut record, verdict) = match system {
        "blocked" => (sample::blocked(), RunVerdict::Blocked),
        "empty" => (sample::ready(), RunVerdict::Empty),
        _ => (sample::ready(), RunVerdict::Ready),
    };
    record.run.system = system.to_owned();
    record.run.verdict = verdict;
    record.run.exit_code = verdict.exit_code();
    record
}

impl Pipeline for Scripted {
    type Error = Gone;

    fn checks(&self) -> Vec<CheckInfo> {
        CHECKS.to_vec()
    }

    async fn check(
        &self,
        request: &CheckRequest,
        tell: &(dyn Fn(Event) + Sync),
        interrupt: &Interrupt,
    ) -> Result<Vec<SystemRun<Gone>>, Gone> {
        *self.seen.lock().unwrap() = Some(request.clone());
        tell(Event::Stage("applying 3 migrations".to_owned()));
        let mut runs = Vec::new();
        for target in &request.targets {
            let outcome = match target.name.as_str() {
                "gone" => Err(Gone),
                "hangs" => {
                    let left = interrupt.guard(std::future::pending::<()>()).await;
                    *self.cleaned.lock().unwrap() = left.is_err();
                    Err(Gone)
                }
                "all-gone" => return Err(Gone),
                name => Ok(concluded(name)),
            };
            runs.push(SystemRun { system: target.name.clone(), outcome });
        }
        Ok(runs)
    }

    async fn plan(
        &self,
        request: &CheckRequest,
        _tell: &(dyn Fn(Event) + Sync),
        _interrupt: &Interrupt,
    ) -> Result<Vec<SystemPlan>, Gone> {
        *self.seen.lock().unwrap() = Some(request.clone());
        let check = |check: &str, table: &str| PlannedCheck {
            system: "ready".to_owned(),
            subject: Subject::Table(table.to_owned()),
            check: check.to_owned(),
            object: table.to_owned(),
            expected: "nothing of another tenant's comes back".to_owned(),
            probes: 3,
        };
        Ok(vec![SystemPlan {
            system: "ready".to_owned(),
            tables: [(
                "public.moves".to_owned(),
                "belongs to a row of public.workspaces, by workspace_id: it says so".to_owned(),
            )]
            .into(),
            checks: vec![
                check("isolation/cross-tenant-read", "public.moves"),
                check("rls/not-enabled", "public.moves"),
                PlannedCheck { subject: Subject::Object("anon".to_owned()), ..check("rls/not-enabled", "anon") },
            ],
        }])
    }

    async fn propose_settings(
        &self,
        request: &InitRequest,
        _tell: &(dyn Fn(Event) + Sync),
        _interrupt: &Interrupt,
    ) -> Result<String, Gone> {
        Ok(format!("name = \"{}\"\n", request.target.name))
    }
}

/// A project with these systems, and what a command in it did.
struct Desk {
    folder: tempfile::TempDir,
    pipeline: Scripted,
    signals: Vec<Signal>,
}

struct Done {
    code: u8,
    out: String,
    error: String,
}

impl Desk {
    fn with(systems: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for system in systems {
            fs::create_dir(folder.path().join(system)).unwrap();
        }
        let list: Vec<String> = systems.iter().map(|system| format!("\"{system}\"")).collect();
        fs::write(folder.path().join("seaworthy.toml"), format!("systems = [{}]\n", list.join(", "))).unwrap();
        Self { folder, pipeline: Scripted::default(), signals: Vec::new() }
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let out = Paper::default();
        self.run_to(arguments, Box::new(out.clone()), &out)
    }

    fn run_to(&self, arguments: &[&str], out: Box<dyn Write>, paper: &Paper) -> Done {
        let error = Paper::default();
        let mut console = Console {
            out,
            error: Box::new(error.clone()),
            colour: false,
            width: 80,
            interactive: false,
            directory: self.folder.path().to_owned(),
        };
        let (sender, mut signals) = unbounded_channel();
        for signal in &self.signals {
            sender.send(*signal).unwrap();
        }
        let words = ["seaworthy"].iter().chain(arguments).map(OsString::from);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let code = runtime.block_on(run(words, &self.pipeline, &mut console, &mut signals));
        Done { code, out: paper.text(), error: error.text() }
    }

    fn has(&self, path: &str) -> bool {
        self.folder.path().join(path).exists()
    }
}

#[test]
fn a_ready_system_exits_0_with_its_report_and_files() {
    let desk = Desk::with(&["shop"]);
    let done = desk.run(&["check"]);
    assert_eq!(done.code, 0, "{}", done.error);
    assert!(done.out.starts_with("✓ READY  shop\n"), "{}", done.out);
    assert!(desk.has("reports/shop/readiness.json") && desk.has("reports/shop/readiness.md"));
    assert!(done.error.contains("readiness.json"), "{}", done.error);
}

#[test]
fn the_worst_of_several_systems_counts_and_all_are_told() {
    let desk = Desk::with(&["shop", "blocked", "empty"]);
    let done = desk.run(&["check", "--write", "none"]);
    assert_eq!(done.code, 1);
    assert!(done.out.ends_with("✓ READY   shop\n✗ BLOCKED blocked\n· EMPTY   empty\n"), "{}", done.out);
    assert!(!desk.has("reports"));
    assert_eq!(Desk::with(&["shop", "empty"]).run(&["check"]).code, 3);
}

#[test]
fn a_system_that_fails_does_not_keep_the_others_from_being_told() {
    let done = Desk::with(&["gone", "shop"]).run(&["check"]);
    assert_eq!(done.code, 2);
    assert!(done.out.contains("READY  shop"));
    assert!(done.error.contains("gone could not be checked:") && done.error.contains("Start it again."));
    assert!(!done.error.contains('\u{1b}'), "names in errors cannot act on the terminal");
}

#[test]
fn a_run_that_fails_as_a_whole_exits_2() {
    let done = Desk::with(&["all-gone"]).run(&["check"]);
    assert_eq!((done.code, done.out.as_str()), (2, ""));
    assert!(done.error.contains("Start it again."));
}

#[test]
fn json_is_one_object_or_an_array_and_nothing_else() {
    let one: RunRecord = serde_json::from_str(&Desk::with(&["shop"]).run(&["check", "--format", "json"]).out).unwrap();
    assert_eq!(one.run.system, "shop");
    let desk = Desk::with(&["shop", "gone"]);
    let several: Vec<RunRecord> = serde_json::from_str(&desk.run(&["check", "--format", "json"]).out).unwrap();
    assert_eq!(several.len(), 1, "asked for two systems, an array, though one failed");
    let chosen = desk.run(&["check", "--format", "json", "--system", "shop"]);
    assert!(serde_json::from_str::<RunRecord>(&chosen.out).is_ok());
}

#[test]
fn markdown_goes_to_standard_output() {
    assert!(Desk::with(&["shop"]).run(&["check", "--format", "markdown"]).out.starts_with("# shop: READY"));
}

#[test]
fn what_is_asked_for_reaches_the_pipeline() {
    let desk = Desk::with(&["shop"]);
    let done = desk.run(&[
        "check",
        "shop",
        "--only",
        "rls,isolation/cross-tenant-read",
        "--table",
        "moves",
        "--seed",
        "7",
        "--postgres",
        "postgres://me@db/x",
        "--pg-image",
        "mine:1",
    ]);
    assert_eq!(done.code, 0, "{}", done.error);
    let request = desk.pipeline.seen.lock().unwrap().clone().unwrap();
    assert_eq!(
        request.selection.only,
        [Only::Family(Family::Rls), Only::Check("isolation/cross-tenant-read".to_owned())]
    );
    assert_eq!((request.selection.tables, request.seed), (vec!["moves".to_owned()], 7));
    assert_eq!(request.server.postgres, "postgres://me@db/x");
    assert_eq!(request.server.image.as_deref(), Some("mine:1"));
}

#[test]
fn names_that_name_nothing_exit_2_and_are_told_the_nearest() {
    let desk = Desk::with(&["shop"]);
    for (arguments, told) in [
        (["check", "--system", "shpo"], "Did you mean `shop`?"),
        (["check", "--only", "isolatoin"], "Did you mean `isolation`?"),
        (["check", "--only", "isolation/cross-tenant-raed"], "Did you mean `isolation/cross-tenant-read`?"),
        (["check", "--only", "limits"], "no check of the family `limits` is built yet"),
        (["check", "nowhere", "--verbose"], "there is no such folder: nowhere"),
    ] {
        let done = desk.run(&arguments);
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{arguments:?}");
        assert!(done.error.contains(told), "{}", done.error);
    }
}

#[test]
fn settings_with_mistakes_exit_2_and_show_them_in_place() {
    let desk = Desk::with(&["shop"]);
    fs::write(desk.folder.path().join("shop/seaworthy.toml"), "migratoins = \"x\"\n").unwrap();
    let done = desk.run(&["check"]);
    assert_eq!(done.code, 2);
    assert!(done.error.contains("migratoins = \"x\"") && done.error.contains("Did you mean `migrations`?"));
}

#[test]
fn mistyped_arguments_go_to_standard_error_and_help_to_standard_output() {
    let desk = Desk::with(&["shop"]);
    let wrong = desk.run(&["check", "--formt", "json"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    assert!(wrong.error.contains("--format"));
    let help = desk.run(&["check", "--help"]);
    assert_eq!((help.code, help.error.as_str()), (0, ""));
    assert!(help.out.contains("Exit status"));
}

#[test]
fn signals_let_the_run_clean_up_and_have_their_own_exit_codes() {
    for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
        let mut desk = Desk::with(&["hangs"]);
        desk.signals = vec![signal];
        let done = desk.run(&["check"]);
        assert_eq!((done.code, done.out.as_str()), (code, ""));
        assert!(*desk.pipeline.cleaned.lock().unwrap());
    }
}

#[test]
fn a_reader_that_went_away_has_read_enough_but_a_full_disk_is_an_error() {
    let desk = Desk::with(&["blocked"]);
    let paper = Paper::default();
    assert_eq!(desk.run_to(&["check"], Box::new(Closed(io::ErrorKind::BrokenPipe)), &paper).code, 1);
    let full = desk.run_to(&["check"], Box::new(Closed(io::ErrorKind::StorageFull)), &paper);
    assert_eq!(full.code, 2);
    assert!(full.error.contains("the report cannot be printed"));
    assert!(desk.has("reports/blocked/readiness.json"), "the files are written all the same");
}

#[test]
fn reports_that_cannot_be_written_are_an_error_after_the_report_is_told() {
    let desk = Desk::with(&["shop"]);
    fs::write(desk.folder.path().join("file"), "").unwrap();
    let done = desk.run(&["check", "--out", "file"]);
    assert_eq!(done.code, 2);
    assert!(done.out.contains("READY") && done.error.contains("--out DIR"), "{}", done.error);
}

#[test]
fn init_writes_once_and_replaces_only_when_told() {
    let desk = Desk::with(&["shop"]);
    let path = desk.folder.path().join("shop/seaworthy.toml");
    assert_eq!(desk.run(&["init", "shop"]).code, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "name = \"shop\"\n");
    fs::write(&path, "name = \"mine\"\n").unwrap();
    let again = desk.run(&["init", "shop"]);
    assert_eq!(again.code, 2);
    assert!(again.error.contains("--force"));
    assert_eq!(desk.run(&["init", "shop", "--print"]).out, "name = \"mine\"\n");
    fs::write(&path, "name = \"other\" # by hand\n").unwrap();
    assert_eq!(desk.run(&["init", "shop", "--force"]).code, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "name = \"other\"\n");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn init_needs_one_system() {
    assert!(Desk::with(&["a", "b"]).run(&["init"]).error.contains("that folder lists 2 systems"));
}

#[test]
fn plan_says_what_would_run_and_why() {
    let desk = Desk::with(&["ready"]);
    let done = desk.run(&["plan", "--only", "rls,isolation"]);
    assert_eq!(done.code, 0, "{}", done.error);
    in_snapshots(|| insta::assert_snapshot!("cli_plan", done.out));
    let verbose = desk.run(&["plan", "--verbose"]).out;
    assert!(verbose.contains("nothing of another tenant's comes back"), "{verbose}");
    assert_eq!(desk.run(&["plan", "--only", "nonsense"]).code, 2);
}

#[test]
fn explain_tells_one_check_a_family_or_all() {
    let desk = Desk::with(&["shop"]);
    assert!(desk.run(&["explain", "rls/not-enabled"]).out.contains("Without it every grant is a leak."));
    assert_eq!(desk.run(&["explain"]).out.lines().count(), 2);
    assert_eq!(desk.run(&["explain", "rls"]).out.lines().count(), 1);
    assert_eq!(desk.run(&["explain", "rls/not-enabeld"]).code, 2);
}
