//! The floor under a run: the statements that it sent, sent again by psql, in one session, with nobody reading answers or
//! thinking in between.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seaworthy::postgres::provision::Server;
use seaworthy::postgres::{Sent, listen};
use seaworthy::project::split;

/// What a run sent, in order, by stage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recording {
    stages: Vec<(String, Vec<Kept>)>,
}

#[derive(Debug, Clone, Default)]
struct Kept {
    session: u64,
    database: String,
    sql: String,
    data: Option<String>,
}

/// Keeps what sessions send while it is on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder {
    on: Arc<AtomicBool>,
    recording: Arc<Mutex<Recording>>,
}

impl Recorder {
    /// Listens to this process from now on.
    pub(crate) fn install() -> Result<Self, Box<dyn Error>> {
        let recorder = Self::default();
        let keeper = recorder.clone();
        if listen(move |sent| keeper.keep(sent)) { Ok(recorder) } else { Err("somebody listens already".into()) }
    }

    pub(crate) fn start(&self) {
        self.on.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stage(&self, name: &str) {
        if self.on.load(Ordering::Relaxed)
            && let Ok(mut recording) = self.recording.lock()
        {
            recording.stages.push((name.to_owned(), Vec::new()));
        }
    }

    fn keep(&self, sent: Sent<'_>) {
        if self.on.load(Ordering::Relaxed)
            && let Ok(mut recording) = self.recording.lock()
            && let Some((_, stage)) = recording.stages.last_mut()
        {
            stage.push(Kept {
                session: sent.session,
                database: sent.database.to_owned(),
                sql: sent.sql.to_owned(),
                data: sent.data.map(|data| String::from_utf8_lossy(data).into_owned()),
            });
        }
    }

    pub(crate) fn stop(&self) -> Recording {
        self.on.store(false, Ordering::Relaxed);
        self.recording.lock().map(|mut recording| std::mem::take(&mut *recording)).unwrap_or_default()
    }
}

impl Recording {
    /// The stages' names.
    pub(crate) fn stages(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().map(|(name, _)| name.as_str())
    }

    /// Statements in all.
    pub(crate) fn statements(&self) -> usize {
        self.stages.iter().flat_map(|(_, sent)| sent).map(|sent| split(&sent.sql).len().max(1)).sum()
    }

    /// A psql script. A text of several statements stays one message (`\;`), as it was sent; a session's texts stay together,
    /// since sessions work side by side. What is said to the server about databases is left out: the floor has one already.
    fn script(&self) -> String {
        let mut script = String::new();
        for (_, sent) in &self.stages {
            script.push_str("\\echo `date +%s%N`\n");
            let mut sent: Vec<&Kept> = sent.iter().filter(|sent| sent.database != "postgres").collect();
            sent.sort_by_key(|sent| sent.session);
            let mut session = 0;
            for text in sent {
                if text.session != session {
                    session = text.session;
                    script.push_str("rollback;\ndiscard all;\n");
                }
                let statements = split(&text.sql);
                let whole: Vec<&str> = statements.iter().map(|statement| statement.text).collect();
                let _infallible = writeln!(script, "{};", whole.join("\\;\n"));
                if let Some(data) = &text.data {
                    let _infallible = write!(script, "{data}{}\\.\n", if data.ends_with('\n') { "" } else { "\n" });
                }
            }
        }
        script.push_str("\\echo `date +%s%N`\n");
        script
    }

    /// Sends it all again to a new database of `server`; how long each stage took.
    pub(crate) async fn replay(&self, server: &Server) -> Result<Vec<Duration>, Box<dyn Error>> {
        let database = server.create_database().await?;
        let folder = tempfile::tempdir()?;
        let (script, errors) = (folder.path().join("floor.sql"), folder.path().join("errors"));
        std::fs::write(&script, self.script())?;
        let output = Command::new(psql())
            .args(["--no-psqlrc", "--quiet", "--output=/dev/null", "--file"])
            .args([script.as_os_str(), database.url().as_ref()])
            .stderr(Stdio::from(std::fs::File::create(&errors)?))
            .output()?;
        if std::env::var_os("SEAWORTHY_BENCH_KEEP").is_some() {
            println!("kept in {}", folder.keep().display());
        }
        if !output.status.success() {
            return Err(format!("psql ended with {}", output.status).into());
        }
        server.drop_database(database).await?;
        server.restore_roles().await?;
        let times: Vec<u64> =
            String::from_utf8(output.stdout)?.lines().filter_map(|line| line.trim().parse().ok()).collect();
        Ok(times.windows(2).map(|pair| Duration::from_nanos(pair[1].saturating_sub(pair[0]))).collect())
    }
}

/// The program itself: what Debian puts on the PATH is a script around it.
fn psql() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut programs: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin/psql")).filter(|program| program.is_file()).collect();
    programs.sort();
    programs.pop().unwrap_or_else(|| PathBuf::from("psql"))
}
