//! A run with a clock on each of its stages.

use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use seaworthy::postgres::provision::{Database, ProviderChoice, ProvisionOptions, Server};
use seaworthy::run::{
    CheckRequest, DEFAULT_SEED, Harness, Pipeline, Selection, ServerRequest, find_targets, interrupt,
};
use seaworthy::verdict::{Event, RunRecord};

/// What a run took.
#[derive(Debug)]
pub(crate) struct Timed {
    /// Its stages in order: what is done, how long it took, and how much of that this process computed.
    pub(crate) stages: Vec<Stage>,
    pub(crate) record: RunRecord,
}

#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) wall: Duration,
    pub(crate) computing: Duration,
}

impl Timed {
    pub(crate) fn wall(&self) -> Duration {
        self.stages.iter().map(|stage| stage.wall).sum()
    }

    pub(crate) fn computing(&self) -> Duration {
        self.stages.iter().map(|stage| stage.computing).sum()
    }
}

/// A server of this machine's programs.
pub(crate) async fn local_server() -> Result<Server, Box<dyn Error>> {
    let options = ProvisionOptions { choice: ProviderChoice::Local, ..ProvisionOptions::default() };
    Ok(Server::start(&options, &|_| {}).await?)
}

/// As [`run_only`], with every check.
pub(crate) async fn run(
    folder: &Path,
    server: &Server,
    tell: &(dyn Fn(&Event, &Database) + Sync),
) -> Result<Timed, Box<dyn Error>> {
    run_only(folder, server, Selection::default(), tell).await
}

/// Checks the system in this folder on `server`, from its empty database to its record. `tell` hears everything that the run
/// tells, with the run standing still: what `tell` does is not counted.
pub(crate) async fn run_only(
    folder: &Path,
    server: &Server,
    selection: Selection,
    tell: &(dyn Fn(&Event, &Database) + Sync),
) -> Result<Timed, Box<dyn Error>> {
    let anchor = server.create_database().await?;
    let request = CheckRequest {
        targets: find_targets(&[folder.to_owned()], Path::new("."))?,
        selection,
        server: ServerRequest { postgres: anchor.url().to_owned(), image: None },
        seed: DEFAULT_SEED,
    };
    let clock: Mutex<Clock> = Mutex::default();
    let hear = |event: Event| {
        let Ok(mut clock) = clock.lock() else { return };
        let heard = (Instant::now(), computed());
        clock.pass(heard);
        tell(&event, &anchor);
        if let Event::Stage(text) = event
            && let Some((_, name)) = text.split_once(": ")
        {
            clock.stages.push(Stage { name: name.to_owned(), wall: Duration::ZERO, computing: Duration::ZERO });
        }
        clock.since = Some((Instant::now(), computed()));
    };
    let (_interrupter, interrupt) = interrupt();
    let runs = Harness.check(&request, &hear, &interrupt).await?;
    let ended = (Instant::now(), computed());
    let mut clock = clock.into_inner().unwrap_or_default();
    clock.pass(ended);
    server.drop_database(anchor).await?;
    let record = runs.into_iter().next().ok_or("no system was checked")?.outcome?;
    Ok(Timed { stages: clock.stages, record })
}

/// Stands still while the run does.
#[derive(Debug, Default)]
struct Clock {
    stages: Vec<Stage>,
    since: Option<(Instant, Duration)>,
}

impl Clock {
    /// Counts the time until now to the stage that is being worked on.
    fn pass(&mut self, (now, computed): (Instant, Duration)) {
        if let (Some(stage), Some((since, before))) = (self.stages.last_mut(), self.since) {
            stage.wall += now.duration_since(since);
            stage.computing += computed.saturating_sub(before);
        }
    }
}

/// The processor time of this process so far, all its threads together; zero where the system does not tell.
fn computed() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The most memory that this process ever had, in MiB.
pub(crate) fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
