//! This test program again, as a process of its own that holds a server: to be killed, or to be given an environment.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use seaworthy::postgres::provision::{ProvisionOptions, Server, interrupted};

const PROVIDER: &str = "SEAWORTHY_TEST_PROVIDER";

/// Not a test: what the tests run as a child.
#[test]
#[ignore = "the other tests run it as a process"]
fn holds_a_server_until_it_is_told_to_end() {
    let Ok(choice) = std::env::var(PROVIDER) else { return };
    let options = ProvisionOptions { choice: choice.parse().unwrap(), ..ProvisionOptions::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let told = tokio::spawn(interrupted());
        let server = match Server::start(&options, &|_| {}).await {
            Ok(server) => server,
            Err(error) => {
                println!("\nerror={}", error.to_string().replace('\n', " / "));
                return;
            }
        };
        let database = server.create_database().await.unwrap();
        println!("\nprovider={}", server.provider());
        println!("reason={}", server.reason());
        println!("url={}", database.url());
        println!("ready=");
        let interruption = told.await.unwrap();
        server.stop().await.unwrap();
        println!("stopped={}", interruption.exit_code());
    });
}

/// A child process and what it says, line by line.
pub(crate) struct Holder {
    pub(crate) process: Child,
    lines: BufReader<ChildStdout>,
    said: Vec<(String, String)>,
}

impl Holder {
    /// Starts one; the command can be given a different environment first.
    pub(crate) fn start(provider: &str, adjust: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "child::holds_a_server_until_it_is_told_to_end", "--ignored", "--nocapture"])
            .env(PROVIDER, provider)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        adjust(&mut command);
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines, said: Vec::new() }
    }

    /// Reads on until it says this word, and returns what stands after it; `None` where it ends before.
    pub(crate) fn wait_for(&mut self, word: &str) -> Option<String> {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if let Some((name, value)) = line.trim_end().split_once('=') {
                self.said.push((name.to_owned(), value.to_owned()));
                if name == word {
                    return Some(value.to_owned());
                }
            }
            line.clear();
        }
        None
    }

    /// What it has said so far after this word.
    pub(crate) fn said(&self, word: &str) -> &str {
        self.said.iter().find(|(name, _)| name == word).map_or("", |(_, value)| value)
    }

    pub(crate) fn signal(&self, name: &str) {
        let process = self.process.id().to_string();
        assert!(Command::new("kill").args([name, &process]).status().unwrap().success());
    }
}

/// Runs a child to its end and returns the error that it met.
pub(crate) fn error_of(provider: &str, adjust: impl FnOnce(&mut Command)) -> String {
    let mut holder = Holder::start(provider, adjust);
    let error = holder.wait_for("error").unwrap_or_else(|| panic!("{provider} did not fail"));
    holder.process.wait().unwrap();
    error
}
