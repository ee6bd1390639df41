use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use postgresql_embedded::{PostgreSQL, Settings, VersionReq};

use super::ProvisionError;
use super::account::Account;
use super::binaries::Binaries;
use super::cluster::cache_directory;
use super::local::LocalServer;

const PROVIDER: &str = "download";
/// Another GitHub repository with releases laid out in the same way.
const VARIABLE: &str = "SEAWORTHY_PG_RELEASES";
const DEFAULT_RELEASES: &str = "https://github.com/theseus-rs/postgresql-binaries";
const VERSION: &str = "^17";

/// Fetches the programs, unless an earlier run did, and starts a server of them.
pub(super) async fn start() -> Result<LocalServer, ProvisionError> {
    let account = Account::for_server();
    let next = format!("Check the network, or name a copy of the releases on GitHub in {VARIABLE}");
    let failed = |error: String| ProvisionError::unavailable(PROVIDER, error, next.clone());
    let installation = installation_directory(account.as_ref())
        .ok_or_else(|| failed("there is no cache directory to keep the programs in (HOME is not set)".to_owned()))?;
    // Only the programs are wanted: a data directory that looks initialised is left alone.
    let data = tempfile::tempdir().map_err(ProvisionError::io("making a temporary directory"))?;
    fs::write(data.path().join("postgresql.conf"), "").map_err(ProvisionError::path("writing to", data.path()))?;
    let version = VersionReq::parse(VERSION).map_err(|error| failed(error.to_string()))?;
    let mut programs = PostgreSQL::new(Settings {
        releases_url: releases(),
        version,
        installation_dir: installation,
        password_file: data.path().join("password"),
        data_dir: data.path().to_owned(),
        host: "localhost".to_owned(),
        port: 0,
        username: "postgres".to_owned(),
        password: String::new(),
        temporary: false,
        timeout: None,
        configuration: HashMap::new(),
        trust_installation_dir: false,
        socket_dir: None,
    });
    programs.setup().await.map_err(|error| failed(format!("PostgreSQL {VERSION} cannot be fetched: {error}")))?;
    let settings = programs.settings();
    let directory = settings.binary_dir();
    if account.is_some() {
        // It was unpacked for our eyes alone, and the server runs as somebody else.
        let everybody = Permissions::from_mode(0o755);
        fs::set_permissions(&settings.installation_dir, everybody)
            .map_err(ProvisionError::path("opening", &settings.installation_dir))?;
    }
    let binaries = Binaries::probe(&directory, account.as_ref())
        .map_err(|why| failed(format!("{} cannot be used: {why}", directory.display())))?;
    LocalServer::start_with(binaries, account).await
}

fn releases() -> String {
    std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()).unwrap_or_else(|| DEFAULT_RELEASES.to_owned())
}

/// Root's own cache cannot be read by the account that the server runs as.
fn installation_directory(account: Option<&Account>) -> Option<PathBuf> {
    let cache = if account.is_some() { Some(PathBuf::from("/var/cache/seaworthy")) } else { cache_directory() };
    cache.map(|cache| cache.join("postgresql"))
}
