use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error as DockerError;
use testcontainers::bollard::models::{ImageConfig, PortBinding};
use testcontainers::bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};

use super::super::Session;
use super::ProvisionError;
use super::owner::Owner;
use super::server::random_name;
use super::watchdog::Watchdog;

const PROVIDER: &str = "docker";
/// The image, instead of the official one.
const VARIABLE: &str = "SEAWORTHY_PG_IMAGE";
const DEFAULT_IMAGE: &str = "postgres:17-alpine";
/// Every container of ours carries its owner under this label.
pub(super) const LABEL: &str = "seaworthy.owner";
const PORT: u16 = 5432;
const PLENTY: i64 = 4 << 30;
/// How long the daemon may take to say that it is there.
const PING: Duration = Duration::from_secs(3);
const READY: Duration = Duration::from_secs(90);
/// As for a local server, so far as an image's own configuration is not in the way.
const SETTINGS: [&str; 6] = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "max_locks_per_transaction=256",
    "log_min_messages=log",
];

/// A server in a container of its own.
pub(super) struct DockerServer {
    removal: Removal,
    options: PgConnectOptions,
    password: String,
    image: String,
}

/// Removes the container, by its name, when it is dropped: from before it is made, whatever happens.
struct Removal {
    name: String,
    watchdog: Watchdog,
    removed: bool,
}

impl DockerServer {
    /// Starts a container. `patience` is how long an absent image may take to arrive.
    pub(super) async fn start(image: Option<&str>, patience: Duration) -> Result<Self, ProvisionError> {
        let image = image
            .map(str::to_owned)
            .or_else(|| std::env::var(VARIABLE).ok().filter(|image| !image.trim().is_empty()))
            .unwrap_or_else(|| DEFAULT_IMAGE.to_owned());
        let docker = connect().await?;
        let config = image_config(&docker, &image, patience).await?;
        let login = Login::of(&config);
        let name = random_name("seaworthy-");
        let mut removal = Removal { watchdog: Watchdog::over_container(&name), name, removed: false };
        let in_memory = has_plenty_of_memory(&docker).await;
        let started = request(&image, &config, &login, &removal.name, in_memory).start().await;
        let container = match started {
            Ok(container) => container,
            Err(error) => {
                let log = log_of(&docker, &removal.name).await;
                removal.now(&docker).await;
                return Err(ProvisionError::Start {
                    what: format!("the container of {image} did not start: {error}"),
                    log,
                });
            }
        };
        let place = place_of(&container).await;
        // Its own clean-up needs a runtime to be dropped in and reads TESTCONTAINERS_COMMAND; ours does neither.
        std::mem::forget(container);
        let (host, port) = match place {
            Ok(place) => place,
            Err(error) => {
                removal.now(&docker).await;
                return Err(error);
            }
        };
        let options = login.options(&host, port);
        let server = Self { removal, options, password: login.password, image };
        match server.ready(&docker).await {
            Ok(()) => Ok(server),
            Err(error) => {
                server.stop().await?;
                Err(error)
            }
        }
    }

    /// Waits for a query to succeed: a log line says less, since images start a server for their set-up first.
    async fn ready(&self, docker: &Docker) -> Result<(), ProvisionError> {
        let deadline = Instant::now() + READY;
        loop {
            let connecting = Session::connect_with(self.options.clone());
            let last = match tokio::time::timeout(Duration::from_secs(5), connecting).await {
                Ok(Ok(mut session)) => match session.run("SELECT 1").await {
                    Ok(_) => {
                        session.close().await;
                        return Ok(());
                    }
                    Err(error) => error.to_string(),
                },
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it does not answer".to_owned(),
            };
            let ended = match docker.inspect_container(&self.removal.name, None::<InspectContainerOptions>).await {
                Ok(container) => container.state.and_then(|state| state.running) == Some(false),
                Err(_) => true,
            };
            if ended || Instant::now() > deadline {
                let log = log_of(docker, &self.removal.name).await;
                let what =
                    if ended { "ended while it was starting".to_owned() } else { format!("is not ready: {last}") };
                return Err(ProvisionError::Start { what: format!("the container of {} {what}", self.image), log });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// The address of a database, for people. The password is of no use to anybody once the container is gone.
    pub(super) fn url(&self, database: &str) -> String {
        let (user, host, port) = (self.options.get_username(), self.options.get_host(), self.options.get_port());
        format!("postgres://{user}:{}@{host}:{port}/{database}", self.password)
    }

    pub(super) fn image(&self) -> &str {
        &self.image
    }

    /// Removes the container with its volumes.
    pub(super) async fn stop(mut self) -> Result<(), ProvisionError> {
        let docker = connect().await?;
        self.removal.now(&docker).await;
        Ok(())
    }
}

impl Removal {
    async fn now(&mut self, docker: &Docker) {
        self.removed = remove(docker, &self.name).await;
        if self.removed {
            self.watchdog.dismiss();
        }
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        if self.removed {
            return;
        }
        let name = self.name.clone();
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let docker = connect().await.ok()?;
                let removing = remove(&docker, &name);
                tokio::time::timeout(Duration::from_secs(10), removing).await.ok().filter(|removed| *removed)
            })
        });
        if let Ok(Some(_)) = removing.join() {
            self.watchdog.dismiss();
        }
        // Else the watchdog does it: its pipe closes with this value.
    }
}

/// Who to log in as, and where: an image may have a superuser of its own.
struct Login {
    user: String,
    database: String,
    password: String,
}

impl Login {
    fn of(config: &ImageConfig) -> Self {
        let user = variable(config, "POSTGRES_USER").unwrap_or_else(|| "postgres".to_owned());
        let database = variable(config, "POSTGRES_DB").unwrap_or_else(|| user.clone());
        Self { user, database, password: random_name("") }
    }

    fn options(&self, host: &str, port: u16) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .ssl_mode(PgSslMode::Prefer)
            .host(host)
            .port(port)
            .username(&self.user)
            .password(&self.password)
            .database(&self.database)
    }
}

/// A variable of the image's environment.
fn variable(config: &ImageConfig, name: &str) -> Option<String> {
    let mut variables = config.env.iter().flatten().filter_map(|line| line.split_once('='));
    variables.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn request(
    image: &str,
    config: &ImageConfig,
    login: &Login,
    name: &str,
    in_memory: bool,
) -> ContainerRequest<GenericImage> {
    let (repository, tag) = repository_and_tag(image);
    let request = GenericImage::new(repository, tag)
        .with_mapped_port(0, PORT.tcp())
        .with_container_name(name)
        .with_label(LABEL, Owner::current().to_string())
        .with_env_var("POSTGRES_PASSWORD", &login.password)
        .with_startup_timeout(READY);
    let request = match data_volume(config) {
        Some(path) if in_memory => request.with_mount(Mount::tmpfs_mount(path)),
        _ => request,
    };
    let request = match command_line(config) {
        Some(command) => request.with_cmd(command),
        None => request,
    };
    if !daemon_is_here() {
        return request;
    }
    request.with_host_config_modifier(|host| {
        let binding = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(String::new()) };
        host.port_bindings = Some(HashMap::from([(format!("{PORT}/tcp"), Some(vec![binding]))]));
    })
}

/// Where the data lie, if the image keeps them in a volume: what an image carries there itself must not be hidden.
fn data_volume(config: &ImageConfig) -> Option<String> {
    let path = variable(config, "PGDATA")?;
    let volumes = config.volumes.as_ref()?;
    volumes.iter().any(|volume| volume.trim_end_matches('/') == path.trim_end_matches('/')).then_some(path)
}

/// Whether the daemon's machine has memory enough to keep the data there: making files on a layered disk is slow.
async fn has_plenty_of_memory(docker: &Docker) -> bool {
    docker.info().await.is_ok_and(|info| info.mem_total.is_some_and(|bytes| bytes >= PLENTY))
}

/// Whether a port published on loopback can be reached: not from another machine, nor from inside another container.
fn daemon_is_here() -> bool {
    let elsewhere = std::env::var("DOCKER_HOST").is_ok_and(|host| !host.is_empty() && !host.starts_with("unix:"));
    !elsewhere && !std::path::Path::new("/.dockerenv").exists()
}

/// The image's own command with our settings added, where it is postgres: images put their configuration there.
fn command_line(config: &ImageConfig) -> Option<Vec<String>> {
    let mut command = config.cmd.clone().filter(|command| command.first().is_some_and(|first| first == "postgres"))?;
    for setting in SETTINGS {
        command.extend(["-c".to_owned(), setting.to_owned()]);
    }
    Some(command)
}

/// `registry:5000/postgres:17` → `registry:5000/postgres` and `17`.
fn repository_and_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, "latest"),
    }
}

async fn place_of(container: &ContainerAsync<GenericImage>) -> Result<(String, u16), ProvisionError> {
    let failed = |error: testcontainers::TestcontainersError| ProvisionError::Start {
        what: format!("the container's port cannot be told: {error}"),
        log: String::new(),
    };
    let port = container.get_host_port_ipv4(PORT.tcp()).await.map_err(failed)?;
    let host = container.get_host().await.map_err(failed)?.to_string();
    // The port is published for IPv4; localhost may mean IPv6 first.
    let host = if host == "localhost" { "127.0.0.1".to_owned() } else { host };
    Ok((host, port))
}

async fn connect() -> Result<Docker, ProvisionError> {
    let missing = |why: String| {
        let next = "Start Docker, or let this account use it (DOCKER_HOST says where it is)";
        ProvisionError::unavailable(PROVIDER, why, next)
    };
    let docker = docker_client_instance()
        .await
        .map_err(|error| missing(format!("the Docker daemon cannot be reached: {error}")))?;
    match tokio::time::timeout(PING, docker.ping()).await {
        Ok(Ok(_)) => Ok(docker),
        Ok(Err(error)) => Err(missing(format!("the Docker daemon cannot be reached: {}", cause(&error)))),
        Err(_) => Err(missing(format!("the Docker daemon did not answer within {} seconds", PING.as_secs()))),
    }
}

/// The innermost error: the outer ones say only that a request failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

async fn image_config(docker: &Docker, image: &str, patience: Duration) -> Result<ImageConfig, ProvisionError> {
    let inspected = match docker.inspect_image(image).await {
        Err(DockerError::DockerResponseServerError { status_code: 404, .. }) => {
            pull(image, patience).await?;
            docker.inspect_image(image).await
        }
        inspected => inspected,
    };
    let image = inspected.map_err(|error| ProvisionError::Start {
        what: format!("the image {image} cannot be inspected: {error}"),
        log: String::new(),
    })?;
    Ok(image.config.unwrap_or_default())
}

async fn pull(image: &str, patience: Duration) -> Result<(), ProvisionError> {
    let (repository, tag) = repository_and_tag(image);
    let why = match tokio::time::timeout(patience, GenericImage::new(repository, tag).pull_image()).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => cause(&error),
        Err(_) => format!("it did not arrive within {} seconds", patience.as_secs()),
    };
    Err(ProvisionError::unavailable(
        PROVIDER,
        format!("the image {image} is not here and cannot be pulled: {why}"),
        format!(
            "Run `docker pull {image}`, or name an image that is here with --pg-image or {VARIABLE} \
             (ci/build-postgres-image.sh makes one from Debian's packages)"
        ),
    ))
}

async fn log_of(docker: &Docker, name: &str) -> String {
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail("20").build();
    let lines =
        docker.logs(name, Some(options)).filter_map(|line| async move { line.ok().map(|line| line.to_string()) });
    let collecting = lines.collect::<Vec<String>>();
    tokio::time::timeout(PING, collecting).await.map(|lines| lines.concat()).unwrap_or_default()
}

/// Removes a container with its volumes; says whether it is gone.
async fn remove(docker: &Docker, name: &str) -> bool {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    match docker.remove_container(name, Some(options)).await {
        Ok(()) => true,
        // 404: never made or already removed; 409: being removed.
        Err(DockerError::DockerResponseServerError { status_code, .. }) => matches!(status_code, 404 | 409),
        Err(_) => false,
    }
}

/// Removes the containers of runs that died before they could, and says how many.
pub(super) async fn sweep() -> usize {
    let Ok(docker) = connect().await else { return 0 };
    let filters = HashMap::from([("label".to_owned(), vec![LABEL.to_owned()])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let mut removed = 0;
    for container in docker.list_containers(Some(options)).await.unwrap_or_default() {
        let owner = container
            .labels
            .as_ref()
            .and_then(|labels| labels.get(LABEL))
            .and_then(|owner| owner.parse::<Owner>().ok());
        if let (Some(id), Some(true)) = (container.id, owner.map(|owner| owner.is_gone()))
            && remove(&docker, &id).await
        {
            removed += 1;
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_split_at_its_tag_and_nowhere_else() {
        assert_eq!(repository_and_tag("postgres:17-alpine"), ("postgres", "17-alpine"));
        assert_eq!(repository_and_tag("registry:5000/postgres"), ("registry:5000/postgres", "latest"));
        assert_eq!(repository_and_tag("registry:5000/postgres:17"), ("registry:5000/postgres", "17"));
        assert_eq!(repository_and_tag("postgres@sha256:abc"), ("postgres@sha256", "abc"));
    }

    #[test]
    fn an_image_with_a_configuration_and_a_superuser_of_its_own_keeps_them() {
        let config = ImageConfig {
            cmd: Some(["postgres", "-D", "/etc/postgresql"].map(str::to_owned).to_vec()),
            env: Some(["POSTGRES_USER=supabase_admin", "POSTGRES_DB=postgres"].map(str::to_owned).to_vec()),
            ..ImageConfig::default()
        };
        let command = command_line(&config).unwrap_or_default();
        assert_eq!(command.get(..3), Some(["postgres", "-D", "/etc/postgresql"].map(str::to_owned).as_slice()));
        assert!(command.contains(&"fsync=off".to_owned()));
        let login = Login::of(&config);
        assert_eq!((login.user.as_str(), login.database.as_str()), ("supabase_admin", "postgres"));
        assert_eq!(data_volume(&config), None, "nothing says that its data are in a volume");
        let mut official = config.clone();
        official.env = Some(vec!["PGDATA=/var/lib/postgresql/data".to_owned()]);
        official.volumes = Some(vec!["/var/lib/postgresql/data".to_owned()]);
        assert_eq!(data_volume(&official).as_deref(), Some("/var/lib/postgresql/data"));
        let other = ImageConfig { cmd: Some(vec!["/start.sh".to_owned()]), ..ImageConfig::default() };
        assert_eq!(command_line(&other), None);
    }
}
