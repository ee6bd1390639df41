//! A throw-away cluster from the Postgres binaries of this machine.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use seaworthy::postgres::Session;

/// A running server. The last test that holds it stops it.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    server: Mutex<Child>,
    databases: AtomicU32,
}

static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Cluster {
    /// The cluster that all tests share; `None`, said aloud, where this machine has no Postgres.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = shared.upgrade() {
            return Some(cluster);
        }
        let Some(binaries) = binaries() else {
            eprintln!("skipped: no initdb in PATH or /usr/lib/postgresql/*/bin");
            return None;
        };
        let cluster = Arc::new(Self::start(&binaries));
        *shared = Arc::downgrade(&cluster);
        Some(cluster)
    }

    fn start(binaries: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("sw-migrate").tempdir_in("/tmp").expect("a folder");
        let data = folder.path().join("data");
        let owner = nix::unistd::geteuid().is_root().then(|| {
            let user = nix::unistd::User::from_name("postgres").ok().flatten();
            user.or_else(|| nix::unistd::User::from_name("nobody").ok().flatten()).expect("an unprivileged user")
        });
        if let Some(user) = &owner {
            nix::unistd::chown(folder.path(), Some(user.uid), Some(user.gid)).expect("the folder changes hands");
        }
        let command = |program: &str| {
            let mut command = Command::new(binaries.join(program));
            command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
            if let Some(user) = &owner {
                command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            }
            command
        };
        let initialised = command("initdb")
            .args(["-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data)
            .status()
            .expect("initdb starts");
        assert!(initialised.success(), "initdb failed");
        let server = command("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"])
            .spawn()
            .expect("postgres starts");
        Self { folder, server: Mutex::new(server), databases: AtomicU32::new(0) }
    }

    /// A session on a fresh database.
    pub(crate) async fn database(&self) -> Session {
        let name = format!("migrate_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut administrator = self.connect("postgres").await;
        administrator.run(&format!("create database {name}")).await.expect("a database");
        administrator.close().await;
        self.connect(&name).await
    }

    /// Another session on the database of `session`.
    pub(crate) async fn again(&self, session: &mut Session) -> Session {
        let rows = session.rows("select current_database()").await.expect("a name");
        self.connect(rows[0][0].as_deref().expect("a name")).await
    }

    /// A session of another superuser on a fresh database.
    pub(crate) async fn as_other_superuser(&self) -> Session {
        let mut session = self.database().await;
        session.run("create role migrate_harness superuser login").await.expect("a role");
        let rows = session.rows("select current_database()").await.expect("a name");
        self.connect_as("migrate_harness", rows[0][0].as_deref().expect("a name")).await
    }

    async fn connect(&self, database: &str) -> Session {
        self.connect_as("postgres", database).await
    }

    async fn connect_as(&self, login: &str, database: &str) -> Session {
        let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
            .socket(self.folder.path())
            .username(login)
            .database(database);
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match Session::connect_with(options.clone()).await {
                Ok(session) => return session,
                Err(error) => assert!(Instant::now() < deadline, "the server does not answer: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        let id = i32::try_from(server.id()).expect("a process id");
        // SIGQUIT: stop now, the data is not kept.
        let _gone = nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGQUIT);
        let _status = server.wait();
    }
}

fn binaries() -> Option<PathBuf> {
    let in_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    installed.sort();
    in_path.chain(installed.into_iter().rev()).find(|folder| folder.join("initdb").is_file())
}
