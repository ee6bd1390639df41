//! The floor under a run: the statements that it sent, sent again by psql, in one session, with nobody reading answers or
//! thinking in between.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use seaworthy::postgres::provision::Database;
use seaworthy::postgres::{Sent, listen};
use seaworthy::project::split;
use seaworthy::verdict::Event;

/// The stage that is replayed on a clone of what it began with; those before it are replayed from an empty database.
const PROBING: &str = "probing";
/// The stage in whose replay no foreign key and no trigger counts: keys that the server made are other ones now. The floor is
/// somewhat too low there, never too high.
const MAKING: &str = "making";

#[derive(Debug, Default)]
struct Recording {
    stages: Vec<(String, Vec<Kept>)>,
    subjects: usize,
    clone: Option<String>,
    times: Vec<Duration>,
    failure: Option<String>,
}

#[derive(Debug, Clone)]
struct Kept {
    session: u64,
    database: String,
    sql: String,
    data: Option<String>,
}

/// Keeps what a run sends, and replays it when the last probe is done and everything still stands: its roles, and a clone of
/// its database made before the first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Recording>>);

/// A run's floor.
#[derive(Debug, Clone)]
pub(crate) struct Floor {
    /// How long each stage took.
    pub(crate) times: Vec<Duration>,
    /// Statements in all.
    pub(crate) statements: usize,
}

impl Recorder {
    /// Listens to this process from now on.
    pub(crate) fn install() -> Result<Self, Box<dyn Error>> {
        let recorder = Self::default();
        let keeper = recorder.clone();
        let keep = move |sent: Sent<'_>| {
            if let Some((_, stage)) = keeper.recording().stages.last_mut() {
                stage.push(Kept {
                    session: sent.session,
                    database: sent.database.to_owned(),
                    sql: sent.sql.to_owned(),
                    data: sent.data.map(|data| String::from_utf8_lossy(data).into_owned()),
                });
            }
        };
        if listen(keep) { Ok(recorder) } else { Err("somebody listens already".into()) }
    }

    /// Hears what a run tells.
    pub(crate) fn hear(&self, event: &Event, anchor: &Database) {
        let mut recording = self.recording();
        let done = match event {
            Event::Stage(text) => text.split_once(": ").map_or(Ok(()), |(_, name)| recording.begin(name, anchor)),
            Event::Probing { total } => {
                recording.subjects = *total;
                Ok(())
            }
            Event::Probed(count) => {
                recording.subjects = recording.subjects.saturating_sub(*count);
                if recording.subjects == 0 { recording.replay(anchor) } else { Ok(()) }
            }
            Event::Note(_) | Event::Judged { .. } => Ok(()),
        };
        if let Err(error) = done {
            recording.failure = Some(error.to_string());
        }
    }

    /// The floor of the run that is over.
    pub(crate) fn take(&self) -> Result<Floor, Box<dyn Error>> {
        let recording = std::mem::take(&mut *self.recording());
        if let Some(failure) = recording.failure {
            return Err(failure.into());
        }
        let texts = recording.stages.iter().flat_map(|(_, sent)| sent);
        let statements = texts.map(|sent| split(&sent.sql).len().max(1)).sum();
        Ok(Floor { times: recording.times, statements })
    }

    fn recording(&self) -> std::sync::MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    fn begin(&mut self, stage: &str, anchor: &Database) -> Result<(), Box<dyn Error>> {
        if stage == PROBING {
            let mut sent = self.stages.iter().flat_map(|(_, sent)| sent).map(|sent| &sent.database);
            let database = sent.rfind(|database| *database != anchor.name()).ok_or("nothing was sent")?.clone();
            let clone = format!("{database}_floor");
            create(anchor, &clone, &format!("template \"{database}\""))?;
            self.clone = Some(clone);
        }
        self.stages.push((stage.to_owned(), Vec::new()));
        Ok(())
    }

    fn replay(&mut self, anchor: &Database) -> Result<(), Box<dyn Error>> {
        let clone = self.clone.clone().ok_or("probing began without a stage")?;
        let empty = format!("{clone}_empty");
        create(anchor, &empty, "template template0")?;
        let (before, probing): (Vec<_>, Vec<_>) = self.stages.iter().partition(|(name, _)| name != PROBING);
        for (stages, database) in [(before, &empty), (probing, &clone)] {
            let url = anchor.url().replace(anchor.name(), database);
            let folder = tempfile::tempdir()?;
            std::fs::write(folder.path().join("floor.sql"), script(&stages, anchor, folder.path())?)?;
            self.times.extend(time(folder, &url)?);
            let gone = format!("drop database \"{database}\" with (force)");
            psql(anchor.url()).args(["--command", &gone]).status()?;
        }
        Ok(())
    }
}

/// A psql script. A text of several statements stays one message (`\;`), as it was sent; a session's texts stay together, since
/// sessions work side by side. What is said to the server about databases is left out: the floor has its own.
fn script(stages: &[&(String, Vec<Kept>)], anchor: &Database, folder: &Path) -> Result<String, Box<dyn Error>> {
    let (mut script, mut files) = (String::new(), 0);
    for (name, sent) in stages {
        let making = name.starts_with(MAKING);
        script.push_str("\\echo `date +%s%N`\n");
        let mut sent: Vec<&Kept> = sent.iter().filter(|sent| sent.database != anchor.name()).collect();
        sent.sort_by_key(|sent| sent.session);
        let mut session = 0;
        for text in sent {
            if text.session != session {
                session = text.session;
                script.push_str("rollback;\ndiscard all;\n");
                if making {
                    script.push_str("set session_replication_role = replica;\n");
                }
            }
            let statements = split(&text.sql);
            let whole: Vec<&str> = statements.iter().map(|statement| statement.text).collect();
            match &text.data {
                None => writeln!(script, "{};", whole.join("\\;\n"))?,
                // From a file: where COPY is refused, psql would take rows in the script for statements.
                Some(data) => {
                    files += 1;
                    let file = folder.join(format!("{files}.copy"));
                    std::fs::write(&file, data)?;
                    let copy =
                        text.sql.replace('\n', " ").replace(" from stdin", &format!(" from '{}'", file.display()));
                    writeln!(script, "\\{copy}")?;
                }
            }
        }
    }
    script.push_str("rollback;\n\\echo `date +%s%N`\n");
    Ok(script)
}

/// Runs the script in a folder; how long each part between two of its time stamps took.
fn time(folder: tempfile::TempDir, url: &str) -> Result<Vec<Duration>, Box<dyn Error>> {
    let file = folder.path().join("floor.sql");
    let output = psql(url).args([Path::new("--output=/dev/null"), Path::new("--file"), &file]).output()?;
    if std::env::var_os("SEAWORTHY_BENCH_KEEP").is_some() {
        std::fs::write(folder.path().join("errors"), &output.stderr)?;
        println!("kept in {}", folder.keep().display());
    }
    if !output.status.success() {
        return Err(format!("psql ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let times: Vec<u64> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    Ok(times.windows(2).map(|pair| Duration::from_nanos(pair[1].saturating_sub(pair[0]))).collect())
}

fn create(anchor: &Database, name: &str, options: &str) -> Result<(), Box<dyn Error>> {
    let statement = format!("create database \"{name}\" {options}");
    // A session that was just closed may linger at the template.
    for _ in 0..40 {
        if psql(anchor.url()).args(["--command", &statement]).output()?.status.success() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("`{statement}` is refused").into())
}

/// The program itself: what Debian puts on the PATH is a script around it.
fn psql(url: &str) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut programs: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin/psql")).filter(|program| program.is_file()).collect();
    programs.sort();
    let mut command = Command::new(programs.pop().unwrap_or_else(|| PathBuf::from("psql")));
    command.args(["--no-psqlrc", "--quiet", "--dbname", url]);
    command
}
