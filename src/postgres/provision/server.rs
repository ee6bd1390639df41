use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::super::{Session, SqlError};
use super::database::connect;
use super::engine::Engine;
use super::roles::Roles;
use super::url;
use super::{Database, ProviderChoice, ProvisionError, auto, engine, work_directory};
use crate::catalog::quote_identifier;
use crate::verdict::Event;

/// Every scratch database begins with this.
pub(super) const PREFIX: &str = "seaworthy_";

/// What server to get.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProvisionOptions {
    /// From where.
    pub choice: ProviderChoice,
    /// The container image, where it comes from Docker.
    pub image: Option<String>,
    /// The extensions that the migrations want: the embedded engine must be told at its start.
    pub extensions: Vec<String>,
}

/// A running server to make scratch databases on. Call [`Server::stop`] at the end; a server that is dropped instead
/// cleans up as well as it can, blocking, and one whose process is killed is cleaned up from outside.
pub struct Server {
    engine: Option<Engine>,
    reason: String,
    version: String,
    version_number: u32,
    run: String,
    made: AtomicU32,
    databases: Mutex<BTreeSet<String>>,
    roles: Roles,
    /// A session for our own statements; not kept where the server serves one connection at a time.
    session: tokio::sync::Mutex<Option<Session>>,
}

impl Server {
    /// Gets a server. What dead runs left behind is removed first.
    ///
    /// # Errors
    /// When the provider that was asked for does not serve (no other is tried), or under `auto` when none does.
    pub async fn start(options: &ProvisionOptions, tell: &(dyn Fn(Event) + Sync)) -> Result<Self, ProvisionError> {
        let swept = tokio::task::spawn_blocking(work_directory::sweep).await.unwrap_or_default();
        if swept > 0 {
            tell(Event::Note(format!("removed what {swept} interrupted run(s) left behind")));
        }
        let run = random_name("").chars().take(12).collect::<String>();
        if options.choice == ProviderChoice::Auto {
            return auto::start(options, &run, tell).await;
        }
        let engine = engine::start(&options.choice, options, engine::PATIENCE, tell).await?;
        Self::of(engine, "asked for".to_owned(), run, tell).await
    }

    /// Makes sure that the engine is one that we know, and notes what was there before us.
    pub(super) async fn of(
        engine: Engine,
        why: String,
        run: String,
        tell: &(dyn Fn(Event) + Sync),
    ) -> Result<Self, ProvisionError> {
        match Self::introduce(&engine, &run, tell).await {
            Ok((session, version, version_number, roles)) => {
                let session = engine.keeps_session().then_some(session);
                let reason = format!("{why}: {}", engine.found(&version));
                Ok(Self {
                    engine: Some(engine),
                    reason,
                    version,
                    version_number,
                    run,
                    made: AtomicU32::new(0),
                    databases: Mutex::default(),
                    roles,
                    session: tokio::sync::Mutex::new(session),
                })
            }
            Err(error) => {
                engine.stop().await?;
                Err(error)
            }
        }
    }

    async fn introduce(
        engine: &Engine,
        run: &str,
        tell: &(dyn Fn(Event) + Sync),
    ) -> Result<(Session, String, u32, Roles), ProvisionError> {
        let asking = ProvisionError::sql("asking the server for its version and roles");
        let mut session = connect(engine.options(run), engine.patience())
            .await
            .map_err(ProvisionError::sql(format!("connecting to {}", engine.describe())))?;
        let (version, number) = version(&mut session).await.map_err(asking)?;
        if !(150_000..190_000).contains(&number) {
            return Err(ProvisionError::UnsupportedVersion { provider: engine.provider(), version });
        }
        if let Engine::Url(_) = engine {
            url::prepare(&mut session, tell).await?;
        }
        let roles = Roles::read(&mut session).await.map_err(ProvisionError::sql("reading the server's roles"))?;
        Ok((session, version, number, roles))
    }

    /// Where it came from: `docker`, `local`, `download`, `embedded` or `url`.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        self.engine.as_ref().map_or("stopped", Engine::provider)
    }

    /// Why this one: what was tried before it and did not serve, and what serves now.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The server's version, `17.5`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The server's version as a number, `170005`.
    #[must_use]
    pub fn server_version_num(&self) -> u32 {
        self.version_number
    }

    /// How many sessions may be open at once. Where it is 1, a session must be closed before any other method that
    /// speaks to the server is called, or that method waits for it in vain.
    #[must_use]
    pub fn parallelism(&self) -> usize {
        self.engine.as_ref().map_or(1, Engine::parallelism)
    }

    /// Makes an empty scratch database.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_database(&self) -> Result<Database, ProvisionError> {
        // template0 is the same everywhere; somebody may have put anything into template1.
        self.make("TEMPLATE template0 ENCODING 'UTF8'", "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'").await
    }

    /// Makes a scratch database with all that another one holds. `None` where the engine cannot.
    ///
    /// # Errors
    /// When the server refuses; it does as long as somebody is connected to the other one, for which this waits a while.
    pub async fn clone_database(&self, template: &Database) -> Result<Option<Database>, ProvisionError> {
        let options = format!("TEMPLATE {}", quote_identifier(template.name()));
        self.make(&options, &options).await.map(Some)
    }

    async fn make(&self, options: &str, otherwise: &str) -> Result<Database, ProvisionError> {
        let engine = self.engine()?;
        let name = format!("{PREFIX}{}_{}", self.run, self.made.fetch_add(1, Ordering::Relaxed) + 1);
        let create = |options: &str| format!("CREATE DATABASE {} {options}", quote_identifier(&name));
        // Noted first: a run that is interrupted meanwhile does not learn whether it was made.
        self.databases().insert(name.clone());
        let mut sql = create(options);
        let mut tries = 0;
        loop {
            match self.administer(&sql).await {
                Ok(()) => break,
                // Somebody is still connected to the template: a session that was just closed may linger.
                Err(error) if error.sqlstate.as_deref() == Some("55006") && tries < 40 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                // The server's own locale does not go with UTF8.
                Err(error) if error.sqlstate.as_deref() == Some("22023") && sql != create(otherwise) => {
                    sql = create(otherwise);
                }
                Err(error) => {
                    self.databases().remove(&name);
                    return Err(ProvisionError::sql("creating a scratch database")(error));
                }
            }
        }
        let url = engine.url(&name);
        Ok(Database::new(name, engine.options(&self.run), url, engine.patience()))
    }

    /// Drops a scratch database, whoever is still connected to it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn drop_database(&self, database: Database) -> Result<(), ProvisionError> {
        self.drop_by_name(database.name()).await
    }

    async fn drop_by_name(&self, name: &str) -> Result<(), ProvisionError> {
        self.administer(&drop_statement(name))
            .await
            .map_err(ProvisionError::sql(format!("dropping the scratch database {name}")))?;
        self.databases().remove(name);
        Ok(())
    }

    /// Undoes what migrations did to the server's roles, which belong to no database: drops those that came since the
    /// start, and gives the others their settings back. To be called when the scratch databases that use them are
    /// dropped.
    ///
    /// # Errors
    /// When a role cannot be dropped, since something outside the scratch databases depends on it.
    pub async fn restore_roles(&self) -> Result<(), ProvisionError> {
        let engine = self.engine()?;
        let doing = "undoing what was done to the server's roles";
        let mut kept = self.session.lock().await;
        let mut session = match kept.take() {
            Some(session) => session,
            None => connect(engine.options(&self.run), engine.patience()).await.map_err(ProvisionError::sql(doing))?,
        };
        let left = self.roles.restore(&mut session).await.map_err(ProvisionError::sql(doing))?;
        if engine.keeps_session() {
            *kept = Some(session);
        } else {
            session.close().await;
        }
        if left.is_empty() { Ok(()) } else { Err(ProvisionError::LeftOver { what: left.join("; ") }) }
    }

    /// Ends the server: afterwards its container, process, files, scratch databases and new roles are gone.
    ///
    /// # Errors
    /// When something could not be removed; the error names it.
    pub async fn stop(mut self) -> Result<(), ProvisionError> {
        let mut result = Ok(());
        if matches!(self.engine, Some(Engine::Url(_))) {
            let names: Vec<String> = self.databases().iter().cloned().collect();
            for name in names {
                result = self.drop_by_name(&name).await.and(result);
            }
            result = self.restore_roles().await.and(result);
        }
        if let Some(session) = self.session.lock().await.take() {
            session.close().await;
        }
        match self.engine.take() {
            // What is left is named; to try it all again while being dropped would not help.
            Some(engine) => engine.stop().await.and(result),
            None => result,
        }
    }

    /// Runs one statement on the maintenance database.
    async fn administer(&self, sql: &str) -> Result<(), SqlError> {
        let Some(engine) = self.engine.as_ref() else { return Ok(()) };
        let mut kept = self.session.lock().await;
        if let Some(mut session) = kept.take() {
            match session.run(sql).await {
                // It broke, or belongs to an async runtime that has ended: another one may do.
                Err(error) if error.is_lost() => {}
                result => {
                    *kept = Some(session);
                    return result.map(|_| ());
                }
            }
        }
        let mut session = connect(engine.options(&self.run), engine.patience()).await?;
        let result = session.run(sql).await.map(|_| ());
        if engine.keeps_session() {
            *kept = Some(session);
        } else {
            session.close().await;
        }
        result
    }

    fn engine(&self) -> Result<&Engine, ProvisionError> {
        self.engine
            .as_ref()
            .ok_or_else(|| ProvisionError::Start { what: "the server has been stopped".to_owned(), log: String::new() })
    }

    fn databases(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.databases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Server")
            .field("provider", &self.provider())
            .field("version", &self.version)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The other engines take their databases with them as they are dropped.
        let Some(engine @ Engine::Url(_)) = self.engine.take() else { return };
        let (options, roles) = (engine.options(&self.run), self.roles.clone());
        let names: Vec<String> = self.databases().iter().cloned().collect();
        let cleaning = std::thread::spawn(move || clean_up(options, &names, &roles));
        // What this cannot do the next run does.
        let _unclean = cleaning.join();
    }
}

fn clean_up(options: PgConnectOptions, names: &[String], roles: &Roles) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let cleaning = async {
        let mut session = Session::connect_with(options).await?;
        for name in names {
            session.run(&drop_statement(name)).await?;
        }
        roles.restore(&mut session).await?;
        session.close().await;
        Ok::<(), SqlError>(())
    };
    let _late = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), cleaning).await });
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_identifier(name))
}

async fn version(session: &mut Session) -> Result<(String, u32), SqlError> {
    let rows = session.rows("SELECT current_setting('server_version'), current_setting('server_version_num')").await?;
    let mut row = rows.into_iter().flatten().flatten();
    let version = row.next().unwrap_or_default();
    let number = row.next().and_then(|number| number.parse().ok()).unwrap_or_default();
    // Packagers add their own words after the number.
    Ok((version.split_whitespace().next().unwrap_or_default().to_owned(), number))
}

/// A name that nobody else has, and that nobody can guess: the hasher's keys come from the operating system.
pub(super) fn random_name(prefix: &str) -> String {
    let now = std::time::SystemTime::now();
    let (first, second) = (RandomState::new().hash_one(now), RandomState::new().hash_one((now, std::process::id())));
    format!("{prefix}{first:016x}{second:016x}")
}
