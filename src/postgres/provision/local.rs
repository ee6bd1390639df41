use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::super::Session;
use super::ProvisionError;
use super::account::{Account, command};
use super::binaries::Binaries;
use super::cluster::{ClusterCache, SUPERUSER};
use super::database::socket_url;
use super::work_directory::WorkDirectory;

const PORT: u16 = 5432;
const DEADLINE: Duration = Duration::from_secs(30);
/// A scratch server: nothing of it needs to survive a crash, and nothing may run that a run did not ask for.
const SETTINGS: [(&str, &str); 18] = [
    ("listen_addresses", ""),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("autovacuum", "off"),
    ("jit", "off"),
    ("shared_buffers", "64MB"),
    ("max_connections", "64"),
    ("max_wal_size", "2GB"),
    ("checkpoint_timeout", "1h"),
    // What Supabase has; without it a publication warns.
    ("wal_level", "logical"),
    // Shared memory in the data directory: it goes with it, even after SIGKILL.
    ("dynamic_shared_memory_type", "mmap"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    // Not the statements that fail: a run makes thousands fail, and reads their errors itself.
    ("log_min_messages", "log"),
    ("ssl", "off"),
    ("restart_after_crash", "off"),
    ("max_locks_per_transaction", "256"),
];

/// A server of this machine's own programs, reached through a socket in a private directory.
#[derive(Debug)]
pub(super) struct LocalServer {
    // Declared before the directory, so that the server ends before its files do.
    postmaster: Postmaster,
    directory: WorkDirectory,
    binaries: Binaries,
}

/// The server process; ends with the value.
#[derive(Debug)]
struct Postmaster(Child);

impl Drop for Postmaster {
    fn drop(&mut self) {
        let Ok(process) = i32::try_from(self.0.id()).map(Pid::from_raw) else { return };
        // It ends its children before itself. It keeps its number until it is waited for, so nobody else is hit.
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut signalled = false;
        while let Ok(None) = self.0.try_wait() {
            if Instant::now() > deadline {
                let _refused = self.0.kill();
                let _ended = self.0.wait();
                return;
            }
            if !signalled {
                signalled = kill(process, Signal::SIGQUIT).is_ok();
            }
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}

impl LocalServer {
    /// Finds programs and starts a server.
    pub(super) async fn start() -> Result<Self, ProvisionError> {
        let account = Account::for_server();
        if account.is_none() && geteuid().is_root() {
            return Err(ProvisionError::unavailable(
                "local",
                "Postgres refuses to run as root, and there is no account postgres or nobody to run it as",
                "Make one, or run as somebody else",
            ));
        }
        let finder = account.clone();
        let binaries = blocking(move || Binaries::find(finder.as_ref())).await?;
        Self::start_with(binaries, account).await
    }

    /// Starts a server of these programs.
    pub(super) async fn start_with(binaries: Binaries, account: Option<Account>) -> Result<Self, ProvisionError> {
        let cache = ClusterCache::of_user();
        let (mut server, cached) = Self::spawn(&binaries, &account, &cache).await?;
        match server.ready().await {
            Err(_) if cached => {
                drop(server);
                cache.forget(&binaries);
                let (mut server, _) = Self::spawn(&binaries, &account, &cache).await?;
                server.ready().await.map(|()| server)
            }
            result => result.map(|()| server),
        }
    }

    async fn spawn(
        binaries: &Binaries,
        account: &Option<Account>,
        cache: &ClusterCache,
    ) -> Result<(Self, bool), ProvisionError> {
        let (binaries, account, cache) = (binaries.clone(), account.clone(), cache.clone());
        blocking(move || {
            let directory = WorkDirectory::create(account.as_ref())?;
            let data = directory.path().join("data");
            let cached = cache.place(&binaries, account.as_ref(), &data)?;
            let postmaster = spawn_postmaster(&binaries, account.as_ref(), directory.path(), &data)?;
            Ok((Self { postmaster: Postmaster(postmaster), directory, binaries }, cached))
        })
        .await
    }

    /// Waits until it answers a query.
    async fn ready(&mut self) -> Result<(), ProvisionError> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Ok(mut session) = Session::connect_with(self.options()).await
                && session.run("SELECT 1").await.is_ok()
            {
                session.close().await;
                return Ok(());
            }
            if !matches!(self.postmaster.0.try_wait(), Ok(None)) {
                return Err(self.failure("PostgreSQL ended while it was starting"));
            }
            if Instant::now() > deadline {
                return Err(self.failure("PostgreSQL did not answer within 30 seconds"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn failure(&self, what: &str) -> ProvisionError {
        let log = fs::read_to_string(log_file(self.directory.path())).unwrap_or_default();
        let place = self.binaries.directory.display();
        ProvisionError::Start { what: format!("{what} (from {place})"), log }
    }

    /// How to connect to its `postgres` database.
    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .ssl_mode(PgSslMode::Disable)
            .socket(self.directory.path())
            .port(PORT)
            .username(SUPERUSER)
            .password("")
            .database("postgres")
    }

    /// The address of a database, for people.
    pub(super) fn url(&self, database: &str) -> String {
        socket_url(self.directory.path(), SUPERUSER, database)
    }

    /// What was found where, for the reason.
    pub(super) fn found(&self) -> String {
        format!("PostgreSQL {} in {}", self.binaries.version, self.binaries.directory.display())
    }

    /// Ends it and removes its files.
    pub(super) async fn stop(self) {
        let _stopped = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

fn spawn_postmaster(
    binaries: &Binaries,
    account: Option<&Account>,
    directory: &Path,
    data: &Path,
) -> Result<Child, ProvisionError> {
    let log = log_file(directory);
    let log = File::create(&log).map_err(ProvisionError::path("making", &log))?;
    let errors = log.try_clone().map_err(ProvisionError::io("opening the server's log"))?;
    let mut command = command(&binaries.postgres(), account);
    command.arg("-D").arg(data).arg("-k").arg(directory).arg("-p").arg(PORT.to_string());
    for (name, value) in SETTINGS {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    if binaries.has_library("pg_stat_statements") {
        command.args(["-c", "shared_preload_libraries=pg_stat_statements"]);
    }
    command
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(errors))
        // A group of its own, or Ctrl-C in the terminal would end it under our hands.
        .process_group(0)
        .spawn()
        .map_err(ProvisionError::path("running", &binaries.postgres()))
}

fn log_file(directory: &Path) -> PathBuf {
    directory.join("postgres.log")
}

/// Runs what waits for the disk or a process away from the other tasks.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProvisionError> + Send + 'static,
) -> Result<T, ProvisionError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ProvisionError::Io {
            doing: "starting a server".to_owned(),
            source: std::io::Error::other(error.to_string()),
        }),
    }
}
