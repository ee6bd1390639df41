//! A run with a clock on each of its stages.

use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use seaworthy::postgres::provision::{ProviderChoice, ProvisionOptions, Server};
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

/// Checks the system in this folder on `server`, from its empty database to its record. `tell` hears of each stage too.
pub(crate) async fn run(folder: &Path, server: &Server, tell: &(dyn Fn(&str) + Sync)) -> Result<Timed, Box<dyn Error>> {
    let anchor = server.create_database().await?;
    let request = CheckRequest {
        targets: find_targets(&[folder.to_owned()], Path::new("."))?,
        selection: Selection::default(),
        server: ServerRequest { postgres: anchor.url().to_owned(), image: None },
        seed: DEFAULT_SEED,
    };
    let marks: Mutex<Vec<(String, Instant, Duration)>> = Mutex::default();
    let mark = |event: Event| {
        if let Event::Stage(text) = event
            && let Some((_, name)) = text.split_once(": ")
        {
            tell(name);
            if let Ok(mut marks) = marks.lock() {
                marks.push((name.to_owned(), Instant::now(), computed()));
            }
        }
    };
    let (_interrupter, interrupt) = interrupt();
    let runs = Harness.check(&request, &mark, &interrupt).await?;
    let ended = (Instant::now(), computed());
    server.drop_database(anchor).await?;
    let record = runs.into_iter().next().ok_or("no system was checked")?.outcome?;
    let marks = marks.into_inner().unwrap_or_default();
    let ends = marks.iter().skip(1).map(|(_, at, computed)| (*at, *computed)).chain([ended]);
    let stages = marks
        .iter()
        .zip(ends)
        .map(|((name, began, before), (end, after))| Stage {
            name: name.clone(),
            wall: end.duration_since(*began),
            computing: after.saturating_sub(*before),
        })
        .collect();
    Ok(Timed { stages, record })
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
