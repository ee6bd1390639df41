use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::conclusion::Concluded;

/// A file through which the processes of one nextest run share one run of ours.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    folder: PathBuf,
    name: String,
}

/// The right to be the one that runs, or to read what another one ran.
pub(super) struct Lock {
    // Held for as long as the file is open.
    _file: File,
    conclusions: PathBuf,
}

/// Nobody comes back for the results of a nextest run after so long.
const KEPT: Duration = Duration::from_secs(60 * 60 * 24);

impl Shared {
    /// The meeting place of this nextest run, program and settings below `temporary`. `None` where there is no folder that
    /// is ours alone: then every process runs by itself.
    pub(super) fn of(temporary: &Path, run: &str, settings: &str) -> Option<Self> {
        let folder = private_folder(temporary)?;
        sweep(&folder);
        let program = std::env::current_exe().unwrap_or_default();
        let directory = std::env::current_dir().unwrap_or_default();
        let text = format!("{run}\n{}\n{}\n{settings}", program.display(), directory.display());
        let name = Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Some(Self { folder, name })
    }

    /// Waits until no other process runs.
    pub(super) async fn lock(&self) -> io::Result<Lock> {
        let path = self.folder.join(format!("{}.lock", self.name));
        let conclusions = self.folder.join(format!("{}.json", self.name));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        // The system gives the lock back when its holder dies.
        let file =
            tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await.map_err(io::Error::other)??;
        Ok(Lock { _file: file, conclusions })
    }
}

impl Lock {
    /// What another process ran. A file that cannot be read is as none: the run is done again.
    pub(super) fn read(&self) -> Option<Vec<Concluded>> {
        serde_json::from_slice(&fs::read(&self.conclusions).ok()?).ok()
    }

    pub(super) fn write(&self, concluded: &[Concluded]) -> io::Result<()> {
        let folder = self.conclusions.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(concluded)?)?;
        file.persist(&self.conclusions).map_err(|error| error.error)?;
        Ok(())
    }
}

/// A folder that nobody else can write to: results that others could lay down prove nothing.
#[cfg(unix)]
fn private_folder(temporary: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    let user = nix::unistd::Uid::effective();
    let folder = temporary.join(format!("seaworthy-nextest-{user}"));
    // That it is there already is the usual case; whether it is right is looked at below.
    let _already_there = fs::DirBuilder::new().mode(0o700).create(&folder);
    let metadata = fs::symlink_metadata(&folder).ok()?;
    let is_ours = metadata.is_dir() && metadata.uid() == user.as_raw() && metadata.mode() & 0o077 == 0;
    is_ours.then_some(folder)
}

/// Elsewhere the temporary folder is the user's own.
#[cfg(not(unix))]
fn private_folder(temporary: &Path) -> Option<PathBuf> {
    let folder = temporary.join("seaworthy-nextest");
    fs::create_dir_all(&folder).ok()?;
    Some(folder)
}

/// Removes what earlier nextest runs left.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            // Another process may have been faster.
            let _gone = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn concluded() -> Vec<Concluded> {
        vec![Concluded { system: "shop".to_owned(), record: None, error: Some("gone".to_owned()) }]
    }

    #[tokio::test]
    async fn what_one_process_ran_the_others_of_its_nextest_run_read() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Shared::of(folder.path(), "run-1", "seaworthy.toml").unwrap().lock().await.unwrap();
        assert_eq!(lock.read(), None);
        lock.write(&concluded()).unwrap();
        drop(lock);
        let read = |run: &str, settings: &str| Shared::of(folder.path(), run, settings).unwrap();
        assert_eq!(read("run-1", "seaworthy.toml").lock().await.unwrap().read(), Some(concluded()));
        assert_eq!(read("run-2", "seaworthy.toml").lock().await.unwrap().read(), None);
        assert_eq!(read("run-1", "other.toml").lock().await.unwrap().read(), None);
    }

    #[tokio::test]
    async fn only_one_process_runs_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared::of(folder.path(), "run-1", "s").unwrap();
        let first = shared.lock().await.unwrap();
        let waiting = tokio::time::timeout(Duration::from_millis(50), shared.lock()).await;
        assert!(waiting.is_err(), "the second waits");
        drop(first);
        assert!(shared.lock().await.is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_to_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared::of(folder.path(), "run-1", "s").unwrap();
        fs::set_permissions(&shared.folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Shared::of(folder.path(), "run-1", "s").is_none());
    }
}
