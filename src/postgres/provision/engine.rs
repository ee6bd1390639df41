use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

#[cfg(feature = "docker")]
use super::docker::{self, DockerServer};
#[cfg(feature = "embedded")]
use super::embedded::EmbeddedServer;
use super::local::LocalServer;
use super::url::UrlServer;
use super::{ProviderChoice, ProvisionError, ProvisionOptions};
use crate::verdict::Event;

/// How long an image that was asked for may take to arrive.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// What runs the server.
pub(super) enum Engine {
    #[cfg(feature = "docker")]
    Docker(Box<DockerServer>),
    Local(LocalServer),
    #[cfg(feature = "download")]
    Download(LocalServer),
    #[cfg(feature = "embedded")]
    Embedded(EmbeddedServer),
    Url(Box<UrlServer>),
}

/// Starts the engine of one provider.
pub(super) async fn start(
    choice: &ProviderChoice,
    options: &ProvisionOptions,
    patience: Duration,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Engine, ProvisionError> {
    match choice {
        ProviderChoice::Docker => start_docker(options, patience, tell).await,
        ProviderChoice::Local => LocalServer::start().await.map(Engine::Local),
        ProviderChoice::Download => start_download().await,
        ProviderChoice::Embedded => start_embedded(options).await,
        ProviderChoice::Url(url) => UrlServer::new(url).map(|server| Engine::Url(Box::new(server))),
        // `auto` is a list of the others.
        ProviderChoice::Auto => Err(ProvisionError::NoneServes { tried: Vec::new() }),
    }
}

#[cfg(feature = "docker")]
async fn start_docker(
    options: &ProvisionOptions,
    patience: Duration,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Engine, ProvisionError> {
    let swept = docker::sweep().await;
    if swept > 0 {
        tell(Event::Note(format!("removed {swept} container(s) of interrupted runs")));
    }
    let server = DockerServer::start(options.image.as_deref(), patience).await?;
    Ok(Engine::Docker(Box::new(server)))
}

#[cfg(not(feature = "docker"))]
async fn start_docker(_: &ProvisionOptions, _: Duration, _: &(dyn Fn(Event) + Sync)) -> Result<Engine, ProvisionError> {
    Err(not_built_in("docker"))
}

#[cfg(feature = "download")]
async fn start_download() -> Result<Engine, ProvisionError> {
    super::download::start().await.map(Engine::Download)
}

#[cfg(not(feature = "download"))]
async fn start_download() -> Result<Engine, ProvisionError> {
    Err(not_built_in("download"))
}

#[cfg(feature = "embedded")]
async fn start_embedded(options: &ProvisionOptions) -> Result<Engine, ProvisionError> {
    EmbeddedServer::start(&options.extensions).await.map(Engine::Embedded)
}

#[cfg(not(feature = "embedded"))]
async fn start_embedded(_: &ProvisionOptions) -> Result<Engine, ProvisionError> {
    Err(not_built_in("embedded"))
}

#[cfg(not(all(feature = "docker", feature = "download", feature = "embedded")))]
fn not_built_in(provider: &'static str) -> ProvisionError {
    let next = format!("Build it in: cargo build --release --features {provider}");
    ProvisionError::unavailable(provider, "it is not built into this seaworthy", next)
}

impl Engine {
    pub(super) fn provider(&self) -> &'static str {
        match self {
            #[cfg(feature = "docker")]
            Self::Docker(_) => "docker",
            Self::Local(_) => "local",
            #[cfg(feature = "download")]
            Self::Download(_) => "download",
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => "embedded",
            Self::Url(_) => "url",
        }
    }

    /// How to connect to its maintenance database.
    pub(super) fn options(&self, run: &str) -> PgConnectOptions {
        let options = match self {
            #[cfg(feature = "docker")]
            Self::Docker(server) => server.options(),
            Self::Local(server) => server.options(),
            #[cfg(feature = "download")]
            Self::Download(server) => server.options(),
            #[cfg(feature = "embedded")]
            Self::Embedded(server) => server.options(),
            Self::Url(server) => server.options(),
        };
        options.application_name(&format!("seaworthy {run}"))
    }

    /// The address of a database, for people.
    pub(super) fn url(&self, database: &str) -> String {
        match self {
            #[cfg(feature = "docker")]
            Self::Docker(server) => server.url(database),
            Self::Local(server) => server.url(database),
            #[cfg(feature = "download")]
            Self::Download(server) => server.url(database),
            #[cfg(feature = "embedded")]
            Self::Embedded(server) => server.url(database),
            Self::Url(server) => server.url(database),
        }
    }

    /// What serves, in a few words.
    pub(super) fn found(&self, version: &str) -> String {
        match self {
            #[cfg(feature = "docker")]
            Self::Docker(server) => format!("PostgreSQL {version} in a container of {}", server.image()),
            Self::Local(server) => server.found(),
            #[cfg(feature = "download")]
            Self::Download(server) => server.found(),
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => format!("PostgreSQL {version} inside this process"),
            Self::Url(server) => format!("PostgreSQL {version} at {}", server.describe()),
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Url(server) => server.describe(),
            other => format!("the server ({})", other.provider()),
        }
    }

    pub(super) fn parallelism(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => 1,
            // Somebody else may be using it.
            Self::Url(_) => cores.min(4),
            _ => cores.min(16),
        }
    }

    /// Whether a session of ours may stay open beside the run's.
    pub(super) fn keeps_session(&self) -> bool {
        match self {
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => false,
            _ => true,
        }
    }

    /// How long a connection may take.
    pub(super) fn patience(&self) -> Duration {
        match self {
            // Each connection starts the engine anew, and waits for the one before it to end.
            #[cfg(feature = "embedded")]
            Self::Embedded(_) => Duration::from_secs(60),
            _ => Duration::from_secs(20),
        }
    }

    pub(super) async fn stop(self) -> Result<(), ProvisionError> {
        match self {
            #[cfg(feature = "docker")]
            Self::Docker(server) => server.stop().await,
            Self::Local(server) => {
                server.stop().await;
                Ok(())
            }
            #[cfg(feature = "download")]
            Self::Download(server) => {
                server.stop().await;
                Ok(())
            }
            #[cfg(feature = "embedded")]
            Self::Embedded(server) => {
                server.stop().await;
                Ok(())
            }
            Self::Url(_) => Ok(()),
        }
    }
}
