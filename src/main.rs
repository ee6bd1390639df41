//! The command line: see [`seaworthy::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    seaworthy::cli::main(&seaworthy::run::Harness)
}
