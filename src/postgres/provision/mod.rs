//! Getting a Postgres server to work on, and giving it back: a container, this machine's own programs, fetched ones,
//! an engine inside this process, or somebody's server. Whatever a run started is gone when it ends, however it ends.

mod account;
mod auto;
mod binaries;
mod capabilities;
mod choice;
mod cluster;
mod database;
#[cfg(feature = "docker")]
mod docker;
#[cfg(feature = "download")]
mod download;
#[cfg(feature = "embedded")]
mod embedded;
mod engine;
mod error;
mod local;
mod owner;
#[cfg(feature = "embedded")]
mod relay;
mod roles;
mod server;
mod signal;
mod url;
mod watchdog;
mod work_directory;

pub use capabilities::{Capabilities, capabilities};
pub use choice::{ProviderChoice, ServerUrl};
pub use database::Database;
pub use error::ProvisionError;
pub use server::{ProvisionOptions, Server};
pub use signal::{Interruption, interrupted};
