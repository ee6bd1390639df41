//! A throw-away local cluster, shared by the tests that run at the same time and gone with the last of them.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use seaworthy::postgres::Session;
use tempfile::TempDir;

/// A running server.
#[derive(Debug)]
pub(crate) struct Cluster {
    server: Child,
    folder: TempDir,
}

static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
static DATABASES: AtomicUsize = AtomicUsize::new(0);

impl Cluster {
    /// The running one, or a new one.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap();
        if let Some(cluster) = shared.upgrade() {
            return cluster;
        }
        let cluster = Arc::new(Self::start());
        *shared = Arc::downgrade(&cluster);
        cluster
    }

    fn start() -> Self {
        let binaries = binaries();
        let folder = TempDir::with_prefix("seaworthy-test").unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if let Some(user) = unprivileged() {
            for path in [folder.path(), &data] {
                std::os::unix::fs::chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
        }
        let initialized = command(&binaries, "initdb")
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(initialized.success(), "initdb fails");
        let server = command(&binaries, "postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-h", "", "-F", "-c", "full_page_writes=off", "-c", "wal_level=logical"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { server, folder }
    }

    /// A session on a database of its own, with what every Supabase project has (as far as tests need it) and this schema.
    pub(crate) async fn supabase(&self, sql: &str) -> Session {
        let mut session = self.connect("postgres").await;
        session.run(SUPABASE_ROLES).await.unwrap();
        session.close().await;
        self.database(&format!("{SUPABASE}\n{sql}")).await
    }

    /// A session on a database of its own, with this schema on it.
    pub(crate) async fn database(&self, sql: &str) -> Session {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let mut session = self.connect("postgres").await;
        session.run(&format!("create database {name}")).await.unwrap();
        session.close().await;
        let mut session = self.connect(&name).await;
        session.run(sql).await.unwrap();
        session
    }

    async fn connect(&self, database: &str) -> Session {
        let url = format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().display());
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match Session::connect(&url).await {
                Ok(session) => return session,
                Err(error) => assert!(Instant::now() < deadline, "the server does not answer: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Roles belong to the whole cluster: the first test makes them.
const SUPABASE_ROLES: &str = "
    begin;
    select pg_advisory_xact_lock(1);
    do $$ begin
        if not exists (select from pg_roles where rolname = 'authenticator') then
            create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
            create role authenticator noinherit login; grant anon, authenticated, service_role to authenticator;
        end if;
    end $$;
    commit;";

/// The parts of a Supabase project that schemas refer to.
const SUPABASE: &str = "
    create schema auth; create schema storage; create schema extensions;
    create table auth.users (id uuid primary key, email text, raw_app_meta_data jsonb, raw_user_meta_data jsonb);
    create function auth.uid() returns uuid language sql stable as
        $$ select nullif(current_setting('request.jwt.claims', true)::json ->> 'sub', '')::uuid $$;
    create function auth.jwt() returns jsonb language sql stable as
        $$ select current_setting('request.jwt.claims', true)::jsonb $$;
    create function auth.role() returns text language sql stable as
        $$ select current_setting('request.jwt.claims', true)::json ->> 'role' $$;
    create table storage.buckets (id text primary key, name text);
    create table storage.objects (id uuid primary key, bucket_id text references storage.buckets, name text, owner uuid);
    alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
    grant usage on schema public, auth to anon, authenticated, service_role;";

impl Drop for Cluster {
    fn drop(&mut self) {
        let _sent = kill(Pid::from_raw(self.server.id().cast_signed()), Signal::SIGQUIT);
        let _ended = self.server.wait();
    }
}

fn command(binaries: &Path, program: &str) -> Command {
    let mut command = Command::new(binaries.join(program));
    command.current_dir("/");
    if let Some(user) = unprivileged() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

/// Postgres refuses to run as root.
fn unprivileged() -> Option<User> {
    geteuid().is_root().then(|| User::from_name("postgres").unwrap().or(User::from_name("nobody").unwrap()).unwrap())
}

fn binaries() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").is_file())
        .expect("initdb is on no path: install PostgreSQL")
}
