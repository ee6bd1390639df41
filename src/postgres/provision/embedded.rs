use std::sync::mpsc;
use std::time::Duration;

use pglite_oxide::{PgliteServer, extensions};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::ProvisionError;
use super::database::socket_url;
use super::local::blocking;
use super::relay::Relay;
use super::work_directory::WorkDirectory;

const SUPERUSER: &str = "postgres";

/// Postgres in this process.
pub(super) struct EmbeddedServer {
    relay: Relay,
    engine: Option<PgliteServer>,
    directory: WorkDirectory,
}

impl EmbeddedServer {
    /// Starts an engine that knows these extensions, as far as it has them: later it learns no more.
    pub(super) async fn start(wanted: &[String]) -> Result<Self, ProvisionError> {
        let wanted: Vec<_> = wanted.iter().filter_map(|name| extensions::by_sql_name(name)).collect();
        blocking(move || {
            let directory = WorkDirectory::create(None)?;
            let failed = |what: String| ProvisionError::Start { what, log: String::new() };
            let socket = directory.path().join("engine");
            let engine = PgliteServer::builder()
                .temporary()
                .extensions(wanted)
                .username(SUPERUSER)
                .database("postgres")
                .relaxed_durability(true)
                // Not by TCP: its small packets would wait 40 ms for each other, and everybody on the machine could connect.
                .unix(&socket)
                .start()
                .map_err(|error| failed(format!("the embedded engine did not start: {error:#}")))?;
            directory
                .also_remove(engine.root())
                .map_err(ProvisionError::path("noting the engine's files in", directory.path()))?;
            let relay = Relay::start(directory.path(), socket)
                .map_err(ProvisionError::path("making a socket in", directory.path()))?;
            Ok(Self { relay, engine: Some(engine), directory })
        })
        .await
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .ssl_mode(PgSslMode::Disable)
            .socket(self.directory.path())
            .port(5432)
            .username(SUPERUSER)
            .password("")
            .database("postgres")
    }

    pub(super) fn url(&self, database: &str) -> String {
        socket_url(self.directory.path(), SUPERUSER, database)
    }

    /// Ends it and removes its files.
    pub(super) async fn stop(self) {
        let _stopped = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        self.relay.stop();
        let Some(engine) = self.engine.take() else { return };
        let (done, ended) = mpsc::channel();
        let stopping = std::thread::Builder::new().name("seaworthy-engine-stop".to_owned()).spawn(move || {
            let _failed = engine.shutdown();
            let _nobody_waits = done.send(());
        });
        // It finishes the statement at hand first, which may take for ever; its thread ends with the process.
        if stopping.is_ok() {
            let _late = ended.recv_timeout(Duration::from_secs(5));
        }
    }
}
