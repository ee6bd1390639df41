//! The command line. It turns arguments into requests, drives a [`Pipeline`], and shows what came of it.

mod arguments;
mod check;
mod console;
mod explain;
mod init;
mod plan;
mod progress;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use miette::Diagnostic;
use tokio::sync::mpsc::UnboundedReceiver;

use self::arguments::{Arguments, Command};
use crate::report::WriteError;
use crate::run::{Pipeline, Signal, TargetError, signals};

pub use console::Console;

/// What the process exits with where the tool or its configuration failed.
const FAILED: u8 = 2;

/// How long threads may take to end after a command has ended.
const GRACE: Duration = Duration::from_secs(5);

/// Why a command gave up.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Failure {
    /// The systems cannot be told.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Target(#[from] TargetError),
    /// A value on the command line names nothing.
    #[error("{message}")]
    UnknownName {
        message: String,
        #[help]
        help: String,
    },
    /// The pipeline failed as a whole.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(Box<dyn Diagnostic + Send + Sync>),
    /// A report could not be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
    /// A file could not be written.
    #[error("{} cannot be written: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// There is one already.
    #[error("{} is there already", .path.display())]
    #[diagnostic(help("`--force` replaces it; `--print` shows what would be written."))]
    Exists { path: PathBuf },
    /// The report could not be printed.
    #[error("the report cannot be printed: {0}")]
    Output(io::Error),
    /// The record has no JSON form.
    #[error("the record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A signal ended the command.
    #[error("stopped")]
    Stopped(Signal),
}

/// The whole program: reads the arguments of this process, runs the command, and says what to exit with.
pub fn main(pipeline: &impl Pipeline) -> ExitCode {
    let mut console = Console::of_process();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.say(&format!("seaworthy cannot start its threads: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let code = runtime.block_on(async {
        match signals() {
            Ok(mut signals) => run(std::env::args_os(), pipeline, &mut console, &mut signals).await,
            Err(error) => {
                console.say(&format!("seaworthy cannot listen for signals: {error}"));
                FAILED
            }
        }
    });
    runtime.shutdown_timeout(GRACE);
    ExitCode::from(code)
}

/// Runs one command and returns what to exit with.
pub async fn run(
    arguments: impl IntoIterator<Item = OsString>,
    pipeline: &impl Pipeline,
    console: &mut Console,
    signals: &mut UnboundedReceiver<Signal>,
) -> u8 {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error, console),
    };
    let outcome = match parsed.command {
        Command::Check(arguments) => check::run(arguments, pipeline, console, signals).await,
        Command::Plan(arguments) => plan::run(arguments, pipeline, console, signals).await,
        Command::Init(arguments) => init::run(arguments, pipeline, console, signals).await,
        Command::Explain(arguments) => explain::run(&arguments, &pipeline.checks(), console),
    };
    match outcome {
        Ok(code) => code,
        Err(Failure::Stopped(signal)) => signal.exit_code(),
        Err(failure) => {
            console.complain(&failure);
            FAILED
        }
    }
}

/// Help and version are asked for and go to standard output; mistakes go to standard error.
fn refuse(error: &clap::Error, console: &mut Console) -> u8 {
    let text = error.render();
    if error.use_stderr() {
        console.say(text.to_string().trim_end());
    } else {
        let text = if console.colour { text.ansi().to_string() } else { text.to_string() };
        if console.print(&text).is_err() {
            return FAILED;
        }
    }
    u8::try_from(error.exit_code()).unwrap_or(FAILED)
}
