use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, Pid, access, geteuid};

use super::ProvisionError;
use super::account::Account;
use super::owner::Owner;
use super::watchdog::Watchdog;

const PREFIX: &str = "seaworthy-";
/// Files in memory, on Linux; small in a container unless asked for.
const MEMORY: &str = "/dev/shm";
const PLENTY: u64 = 2 << 30;
/// Says whose the directory is.
const OWNER: &str = "owner";
/// Lists directories elsewhere that go with this one, a line each.
const ALSO: &str = "also";

/// A private directory for a server's files: gone with the value, with the process, or at the next run.
#[derive(Debug)]
pub(super) struct WorkDirectory {
    path: PathBuf,
    watchdog: Watchdog,
}

impl WorkDirectory {
    /// Makes one that the account can write to.
    pub(super) fn create(account: Option<&Account>) -> Result<Self, ProvisionError> {
        let base = base();
        let path = tempfile::Builder::new()
            .prefix(PREFIX)
            // Whoever can enter can reach the socket, and the server asks nobody for a password.
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&base)
            .map_err(ProvisionError::path("making a private directory in", &base))?
            .keep();
        let directory = Self { watchdog: Watchdog::over_directory(&path), path };
        let file = directory.path.join(OWNER);
        fs::write(&file, Owner::current().to_string()).map_err(ProvisionError::path("writing", &file))?;
        if let Some(account) = account {
            chown(&directory.path, Some(account.user), Some(account.group))
                .map_err(ProvisionError::path("giving away", &directory.path))?;
        }
        Ok(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Has a directory elsewhere removed with this one.
    #[cfg(feature = "embedded")]
    pub(super) fn also_remove(&self, other: &Path) -> io::Result<()> {
        fs::write(self.path.join(ALSO), format!("{}\n", other.display()))
    }
}

impl Drop for WorkDirectory {
    fn drop(&mut self) {
        remove(&self.path);
        self.watchdog.dismiss();
    }
}

/// Where the directories are made: in memory where there is plenty (making the files of a cluster on a disk takes longer
/// than all the rest of a start), unless somebody named a place.
fn base() -> PathBuf {
    let memory = Path::new(MEMORY);
    if std::env::var_os("TMPDIR").is_none() && available(memory).is_some_and(|bytes| bytes >= PLENTY) {
        return memory.to_owned();
    }
    temporary()
}

/// A socket's path has room for 107 bytes, so a deep TMPDIR is of no use.
fn temporary() -> PathBuf {
    let named = std::env::temp_dir();
    if named.as_os_str().len() <= 70 { named } else { PathBuf::from("/tmp") }
}

/// The room in a directory that we can write to.
fn available(directory: &Path) -> Option<u64> {
    access(directory, AccessFlags::W_OK | AccessFlags::X_OK).ok()?;
    let system = statvfs(directory).ok()?;
    Some((system.blocks_available() as u64).saturating_mul(system.fragment_size() as u64))
}

/// Removes what runs left behind that died before they could, and says how many.
pub(super) fn sweep() -> usize {
    let bases = BTreeSet::from([PathBuf::from(MEMORY), temporary()]);
    let entries = bases.iter().filter_map(|base| fs::read_dir(base).ok()).flatten().flatten();
    let left = entries.map(|entry| entry.path()).filter(|path| is_left_over(path));
    left.inspect(|path| {
        stop_server_in(path);
        remove(path);
    })
    .count()
}

fn is_left_over(path: &Path) -> bool {
    let named = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    let users = [Some(geteuid().as_raw()), Account::for_server().map(|account| account.user)];
    if !named || !metadata.is_dir() || !users.contains(&Some(metadata.uid())) {
        return false;
    }
    match fs::read_to_string(path.join(OWNER)) {
        Ok(owner) => owner.parse::<Owner>().is_ok_and(|owner| owner.is_gone()),
        // One that was just made has none yet.
        Err(_) => metadata.modified().is_ok_and(|modified| {
            SystemTime::now().duration_since(modified).is_ok_and(|age| age > Duration::from_secs(600))
        }),
    }
}

fn stop_server_in(directory: &Path) {
    let Ok(file) = fs::read_to_string(directory.join("data").join("postmaster.pid")) else { return };
    let Some(process) = file.lines().next().and_then(|line| line.trim().parse::<i32>().ok()) else { return };
    // The number may have been given to another process since.
    if process > 1 && command_line(process).is_some_and(|line| line.contains(&*directory.to_string_lossy())) {
        stop_process(Pid::from_raw(process));
    }
}

fn command_line(process: i32) -> Option<String> {
    if let Ok(line) = fs::read(format!("/proc/{process}/cmdline")) {
        return Some(String::from_utf8_lossy(&line).replace('\0', " "));
    }
    let output = Command::new("ps").args(["-o", "command=", "-p", &process.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Has a postmaster stop at once with its children; insists after five seconds.
fn stop_process(process: Pid) {
    let _refused = kill(process, Signal::SIGQUIT);
    let deadline = Instant::now() + Duration::from_secs(5);
    while kill(process, None) != Err(Errno::ESRCH) {
        if Instant::now() > deadline {
            let _refused = kill(process, Signal::SIGKILL);
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn remove(path: &Path) {
    if let Ok(others) = fs::read_to_string(path.join(ALSO)) {
        for other in others.lines() {
            let _gone = fs::remove_dir_all(other);
        }
    }
    // A server that is just ending may still write a file while its directory is being removed.
    for _ in 0..5 {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => std::thread::sleep(Duration::from_millis(50)),
            _ => return,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_directory_goes_with_its_value() {
        let directory = WorkDirectory::create(None).unwrap();
        let path = directory.path().to_owned();
        assert!(path.join(OWNER).is_file());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700, "somebody else can enter");
        assert!(!is_left_over(&path));
        drop(directory);
        assert!(!path.exists());
    }

    #[test]
    fn a_dead_owner_s_directory_is_swept_and_a_living_one_s_is_not() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let mine = WorkDirectory::create(None).unwrap();
        let left = tempfile::Builder::new().prefix(PREFIX).tempdir_in(base()).unwrap().keep();
        let words = Owner::current().to_string();
        let mut words: Vec<&str> = words.split(' ').collect();
        let ended = child.id().to_string();
        *words.get_mut(1).unwrap() = &ended;
        fs::write(left.join(OWNER), words.join(" ")).unwrap();
        assert!(sweep() >= 1);
        assert!(!left.exists());
        assert!(mine.path().exists());
    }
}
