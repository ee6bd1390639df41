use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{User, geteuid};

/// The account that a server runs as when root started us: Postgres refuses to run as root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Account {
    /// `None` where the server can run as we do, or where there is no other account.
    pub(super) fn for_server() -> Option<Self> {
        if !geteuid().is_root() {
            return None;
        }
        let found = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten())?;
        Some(Self { name: found.name, user: found.uid.as_raw(), group: found.gid.as_raw() })
    }
}

/// A program run as the account, with an environment that says nothing of other servers.
pub(super) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if speaks_of_postgres(&name) {
            command.env_remove(name);
        }
    }
    // Messages are read by us and printed next to our own.
    command.env("LC_ALL", "C");
    if let Some(account) = account {
        command.uid(account.user).gid(account.group).env("HOME", "/");
    }
    command
}

/// PGDATA, PGHOST, PGOPTIONS and their like.
fn speaks_of_postgres(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("PG"))
}
