//! What the harness costs, beside the floor under it and as schemas grow: `cargo bench`. Prints tables and asserts nothing:
//! docs/benchmarks.md says what is aimed at.
//!
//! `cargo bench -- floor`, `families`, `growth`, `memory` or `start` measures that alone.

mod floor;
mod schema;
mod stages;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};
use floor::Recorder;
use seaworthy::run::{Only, Selection};
use seaworthy::verdict::Family;
use stages::{Stage, Timed, local_server, peak_memory, run, run_only};

type Outcome = Result<(), Box<dyn Error>>;

const SIZES: [usize; 3] = [50, 200, 800];
/// How often each thing is measured; what is told is the median, or the best where others on the machine only slow it down.
const ROUNDS: usize = 5;
const GROWTH_ROUNDS: usize = 3;
/// The argument of the child process whose memory is measured.
const CHILD: &str = "--check-generated";

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(place) = arguments.iter().position(|argument| argument == CHILD) {
        return child(arguments.get(place + 1).ok_or("how many tables?")?.parse()?).await;
    }
    // `cargo test --all-targets` runs benchmarks too, without this.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured but by `cargo bench`");
        return Ok(());
    }
    let named: Vec<&str> = arguments.iter().map(String::as_str).filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.contains(&name);
    if wanted("start") {
        start().await?;
    }
    if wanted("floor") {
        floor(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/raptorflow")).await?;
    }
    if wanted("families") {
        families(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/raptorflow")).await?;
    }
    if wanted("growth") {
        growth().await?;
    }
    if wanted("memory") {
        memory()?;
    }
    Ok(())
}

/// How long the local provider takes to a server that answers, with a cached cluster.
async fn start() -> Outcome {
    local_server().await?.stop().await?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let server = local_server().await?;
        times.push(began.elapsed());
        server.stop().await?;
    }
    let mut table = table(&["start of the local provider, cached", "median", "best", "aim"]);
    table.add_row(["".to_owned(), milliseconds(median(&times)), milliseconds(best(&times)), "< 300 ms".to_owned()]);
    println!("{table}\n");
    Ok(())
}

/// A run beside its statements sent by psql.
async fn floor(folder: &Path) -> Outcome {
    let recorder = Recorder::install()?;
    let (mut runs, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // A new server for each: none works on what another has left.
        let server = local_server().await?;
        runs.push(run(folder, &server, &|event, anchor| recorder.hear(event, anchor)).await?);
        floors.push(recorder.take()?);
        server.stop().await?;
    }
    let (Some(first), Some(floor)) = (runs.first(), floors.first()) else { return Ok(()) };
    let title = format!("{}, {} statements", first.record.run.system, floor.statements);
    let mut table = table(&[&title, "run", "of it computing", "psql", "ratio", "aim"]);
    let ratio = |run: Duration, floor: Duration| format!("{:.2}", run.as_secs_f64() / floor.as_secs_f64());
    for (index, Stage { name, .. }) in first.stages.iter().enumerate() {
        let of_runs = |part: fn(&Stage) -> Duration| {
            median(&runs.iter().filter_map(|run| run.stages.get(index)).map(part).collect::<Vec<_>>())
        };
        let run = of_runs(|stage| stage.wall);
        let floor = median(&floors.iter().filter_map(|floor| floor.times.get(index).copied()).collect::<Vec<_>>());
        let computing = of_runs(|stage| stage.computing);
        table.add_row([
            name.clone(),
            milliseconds(run),
            milliseconds(computing),
            milliseconds(floor),
            ratio(run, floor),
            String::new(),
        ]);
    }
    let run = median(&runs.iter().map(Timed::wall).collect::<Vec<_>>());
    let computing = median(&runs.iter().map(Timed::computing).collect::<Vec<_>>());
    let floor = median(&floors.iter().map(|floor| floor.times.iter().sum()).collect::<Vec<_>>());
    table.add_row([
        "all".to_owned(),
        milliseconds(run),
        milliseconds(computing),
        milliseconds(floor),
        ratio(run, floor),
        "≤ 1.5".to_owned(),
    ]);
    println!("{table}\n");
    Ok(())
}

/// Every family beside isolation alone, in turns.
async fn families(folder: &Path) -> Outcome {
    let isolation = || Selection { only: vec![Only::Family(Family::Isolation)], ..Selection::default() };
    let (mut whole, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (selection, times) in [(Selection::default(), &mut whole), (isolation(), &mut alone)] {
            let server = local_server().await?;
            times.push(run_only(folder, &server, selection, &|_, _| {}).await?.wall());
            server.stop().await?;
        }
    }
    let (whole, alone) = (median(&whole), median(&alone));
    let mut table = table(&["raptorflow", "every family", "isolation alone", "ratio", "aim"]);
    let ratio = format!("{:.2}", whole.as_secs_f64() / alone.as_secs_f64());
    table.add_row(["".to_owned(), milliseconds(whole), milliseconds(alone), ratio, "< 2".to_owned()]);
    println!("{table}\n");
    Ok(())
}

/// The time for a table, as schemas grow.
async fn growth() -> Outcome {
    let mut best_of: Vec<Option<Timed>> = SIZES.map(|_| None).into();
    for _ in 0..GROWTH_ROUNDS {
        for (size, best) in SIZES.into_iter().zip(&mut best_of) {
            let folder = generated(size)?;
            let server = local_server().await?;
            let timed = run(folder.path(), &server, &|_, _| {}).await?;
            server.stop().await?;
            if best.as_ref().is_none_or(|best| timed.wall() < best.wall()) {
                *best = Some(timed);
            }
        }
    }
    let mut table =
        table(&["generated schema", "verdict", "run", "of it computing", "a table", "against 50 tables", "aim"]);
    let mut first = None;
    for (size, timed) in SIZES.into_iter().zip(best_of.iter().flatten()) {
        let each = timed.wall().as_secs_f64() * 1000.0 / size as f64;
        let least = *first.get_or_insert(each);
        table.add_row([
            format!("{size} tables"),
            format!("{:?}", timed.record.run.verdict).to_lowercase(),
            milliseconds(timed.wall()),
            milliseconds(timed.computing()),
            format!("{each:.1} ms"),
            format!("{:.2}", each / least),
            "≤ 1.3".to_owned(),
        ]);
        for stage in &timed.stages {
            let each = stage.wall.as_secs_f64() * 1000.0 / size as f64;
            let name = format!("  {}", stage.name);
            table.add_row([
                name,
                String::new(),
                milliseconds(stage.wall),
                milliseconds(stage.computing),
                format!("{each:.1} ms"),
            ]);
        }
    }
    println!("{table}\n");
    Ok(())
}

/// The most memory that a run of the largest schema takes, measured in a process of its own.
fn memory() -> Outcome {
    let mut table = table(&["memory at most", "harness", "aim"]);
    for size in SIZES {
        let output = Command::new(std::env::current_exe()?).args([CHILD, &size.to_string()]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let peak: f64 = text.trim().parse().map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let aim = if Some(&size) == SIZES.last() { "< 250 MiB" } else { "" };
        table.add_row([format!("{size} tables"), format!("{peak:.0} MiB"), aim.to_owned()]);
    }
    println!("{table}\n");
    Ok(())
}

async fn child(size: usize) -> Outcome {
    let folder = generated(size)?;
    let server = local_server().await?;
    let timed = run(folder.path(), &server, &|_, _| {}).await?;
    // As the command line does it.
    let _written = serde_json::to_string(&timed.record)?;
    server.stop().await?;
    println!("{}", peak_memory().ok_or("the system does not tell the memory of a process")?);
    Ok(())
}

/// A folder with a schema of this many tables.
fn generated(tables: usize) -> Result<tempfile::TempDir, Box<dyn Error>> {
    let folder = tempfile::Builder::new().prefix("generated-").tempdir()?;
    schema::write(folder.path(), tables)?;
    if let Some(kept) = std::env::var_os("SEAWORTHY_BENCH_KEEP").map(PathBuf::from) {
        schema::write(&kept.join(tables.to_string()), tables)?;
    }
    Ok(folder)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn best(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}
