//! Looking for what a server may leave behind.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use seaworthy::postgres::provision::{ProviderChoice, ProvisionOptions, Server};

/// Starts a server, or says why not: where a provider is absent its tests are skipped, but not in CI.
pub(crate) async fn start(choice: &str) -> Option<Server> {
    start_with(ProvisionOptions { choice: choice.parse().unwrap(), ..ProvisionOptions::default() }).await
}

pub(crate) async fn start_with(options: ProvisionOptions) -> Option<Server> {
    match Server::start(&options, &|_| {}).await {
        Ok(server) => Some(server),
        Err(error) => {
            let needed = options.choice != ProviderChoice::Download;
            assert!(!(needed && in_ci()), "{} must be there in CI: {error}", options.choice);
            println!("skipped: {}: {error}", options.choice);
            None
        }
    }
}

pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The directory of a server's socket, from a database's address.
pub(crate) fn directory_of(url: &str) -> PathBuf {
    let parameters = url.split_once("?host=").unwrap().1;
    PathBuf::from(parameters.split('&').next().unwrap())
}

/// The number of the server process in a directory.
pub(crate) fn postmaster_in(directory: &Path) -> u32 {
    let file = std::fs::read_to_string(directory.join("data/postmaster.pid")).unwrap();
    file.lines().next().unwrap().trim().parse().unwrap()
}

/// The processes whose command line speaks of this, as `ps` lists them; ours and `ps` left out.
pub(crate) fn processes_about(text: &str) -> Vec<String> {
    let output = Command::new("ps").args(["-A", "-ww", "-o", "pid=,command="]).output().unwrap();
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    listed.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// The containers of the process with this number.
#[cfg(feature = "docker")]
pub(crate) fn containers_of(process: u32) -> Vec<String> {
    let format = "{{.Names}} {{.Label \"seaworthy.owner\"}}";
    let output = Command::new("docker")
        .args(["ps", "--all", "--filter", "label=seaworthy.owner", "--format", format])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let owned = |line: &&str| line.split(' ').nth(2) == Some(&process.to_string());
    listed.lines().filter(owned).map(str::to_owned).collect()
}

/// Waits for something to come true.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(crate) fn assert_directory_is_gone(directory: &Path) {
    assert!(!directory.exists(), "{} is still there", directory.display());
    let text = directory.display().to_string();
    eventually(&format!("a process speaks of {text}: {:?}", processes_about(&text)), || {
        processes_about(&text).is_empty()
    });
}
