use std::fmt;
use std::fs;
use std::str::FromStr;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// The process that something belongs to, so that a later run can tell what a dead one left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    host: String,
    process: i32,
    started: String,
}

impl Owner {
    /// This process.
    pub(super) fn current() -> Self {
        let process = Pid::this().as_raw();
        Self { host: host(), process, started: started(process).unwrap_or_else(|| "unknown".to_owned()) }
    }

    /// Whether the owner has certainly ended. Of another machine, or another container's, nothing is certain.
    pub(super) fn is_gone(&self) -> bool {
        if self.host != host() {
            return false;
        }
        if kill(Pid::from_raw(self.process), None) == Err(Errno::ESRCH) {
            return true;
        }
        // The number may have been given to another process since.
        self.started != "unknown" && started(self.process).is_some_and(|started| started != self.started)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.host, self.process, self.started)
    }
}

impl FromStr for Owner {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let (Some(host), Some(process), Some(started)) = (words.next(), words.next(), words.next()) else {
            return Err(());
        };
        let process = process.parse::<i32>().ok().filter(|process| *process > 0).ok_or(())?;
        Ok(Self { host: host.to_owned(), process, started: started.to_owned() })
    }
}

/// The machine's name, and the space that process numbers are counted in: containers often share the former.
fn host() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let space = fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
    format!("{name}/{space}").split_whitespace().collect()
}

/// When a process began, in a form that no other process with its number shares; `None` where that cannot be told.
fn started(process: i32) -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The command's name stands in brackets and may hold anything; the state and 18 numbers come after it.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return Some("ended".to_owned());
    }
    let since_boot = fields.nth(18)?;
    Some(format!("{}.{since_boot}", boot.trim()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_running_owner_is_not_gone_and_survives_being_written_down() {
        let owner = Owner::current();
        assert!(!owner.is_gone());
        assert_eq!(owner.to_string().parse::<Owner>().unwrap(), owner);
    }

    #[test]
    fn an_ended_process_is_gone_and_so_is_one_whose_number_was_given_away() {
        let mut child = Command::new("true").spawn().unwrap();
        let ended = Owner { process: i32::try_from(child.id()).unwrap(), ..Owner::current() };
        child.wait().unwrap();
        assert!(ended.is_gone());
        if cfg!(target_os = "linux") {
            let reused = Owner { started: "another-boot.1".to_owned(), ..Owner::current() };
            assert!(reused.is_gone());
        }
    }

    #[test]
    fn nothing_is_said_of_another_machine() {
        let elsewhere = Owner { host: "elsewhere/pid".to_owned(), process: i32::MAX, ..Owner::current() };
        assert!(!elsewhere.is_gone());
        assert!("only two".parse::<Owner>().is_err());
        assert!("host -1 start".parse::<Owner>().is_err());
    }
}
