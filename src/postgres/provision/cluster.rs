use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::ProvisionError;
use super::account::{Account, command};
use super::binaries::Binaries;

/// The name of the superuser of every cluster that we make, as Supabase and the official images have it.
pub(super) const SUPERUSER: &str = "postgres";
const STAGING: &str = "making-";
const ARGUMENTS: [&str; 7] = [
    "--username=postgres",
    // The socket lies in a directory that nobody else can enter.
    "--auth=trust",
    "--encoding=UTF8",
    "--lc-messages=C",
    "--no-sync",
    "--no-instructions",
    // 1 MB instead of 16: an initialised cluster is copied at every start.
    "--wal-segsize=1",
];

/// Initialised clusters, kept from run to run. Without a cache directory each run initialises its own.
#[derive(Debug, Clone)]
pub(super) struct ClusterCache {
    directory: Option<PathBuf>,
}

impl ClusterCache {
    /// The one in the user's cache directory.
    pub(super) fn of_user() -> Self {
        Self { directory: cache_directory().map(|cache| cache.join("clusters")) }
    }

    /// Makes an initialised cluster at `data`; says whether it came from the cache.
    pub(super) fn place(
        &self,
        binaries: &Binaries,
        account: Option<&Account>,
        data: &Path,
    ) -> Result<bool, ProvisionError> {
        let cached = self.entry(binaries);
        if let Some(cached) = cached.as_ref().filter(|cached| is_cluster(cached)) {
            if copy_tree(cached, data, account).is_ok() {
                return Ok(true);
            }
            // It may have been half removed by hand, or the disk is full: initdb tells which.
            let _gone = fs::remove_dir_all(data);
        }
        initialise(binaries, account, data)?;
        if let Some(cached) = cached {
            // A run without a cache is slower, nothing more.
            let _unkept = keep(data, &cached);
        }
        Ok(false)
    }

    /// Drops the cluster that these programs made: it does not start.
    pub(super) fn forget(&self, binaries: &Binaries) {
        let Some(entry) = self.entry(binaries) else { return };
        // Renamed first: another run may be reading it, and must find all of it or nothing.
        let aside = entry.with_file_name(format!("{STAGING}{}", unique()));
        if fs::rename(&entry, &aside).is_ok() {
            let _gone = fs::remove_dir_all(aside);
        }
    }

    fn entry(&self, binaries: &Binaries) -> Option<PathBuf> {
        let directory = self.directory.as_ref()?;
        let metadata = fs::metadata(binaries.postgres()).ok()?;
        let mut hash = Sha256::new();
        for part in [
            binaries.directory.to_string_lossy().into_owned(),
            binaries.version.clone(),
            format!("{} {} {}", metadata.len(), metadata.mtime(), metadata.mtime_nsec()),
            ARGUMENTS.join(" "),
        ] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let key: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Some(directory.join(format!("{}-{key}", binaries.version)))
    }
}

/// The user's directory for what can be made again.
pub(super) fn cache_directory() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("seaworthy"))
}

fn is_cluster(path: &Path) -> bool {
    path.join("PG_VERSION").is_file() && path.join("global").join("pg_control").is_file()
}

fn initialise(binaries: &Binaries, account: Option<&Account>, data: &Path) -> Result<(), ProvisionError> {
    let mut said = String::new();
    // Not every system has C.UTF-8; C does everything but tell letters beyond ASCII.
    for locale in ["C.UTF-8", "C"] {
        let output = command(&binaries.initdb(), account)
            .arg("--pgdata")
            .arg(data)
            .args(ARGUMENTS)
            .arg(format!("--locale={locale}"))
            .output()
            .map_err(ProvisionError::path("running", &binaries.initdb()))?;
        if output.status.success() {
            return Ok(());
        }
        said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !said.contains("locale") {
            break;
        }
    }
    let directory = data.parent().unwrap_or(data).display();
    Err(ProvisionError::Start { what: format!("initdb could not make a database cluster in {directory}"), log: said })
}

/// Puts a copy into the cache, whole or not at all.
fn keep(data: &Path, cached: &Path) -> io::Result<()> {
    let Some(parent) = cached.parent() else { return Ok(()) };
    fs::create_dir_all(parent)?;
    remove_abandoned(parent);
    let staging = parent.join(format!("{STAGING}{}", unique()));
    let kept = copy_tree(data, &staging, None).and_then(|()| {
        // Something unusable may lie there; a whole cluster of another run may not be touched.
        if !is_cluster(cached) && cached.exists() {
            fs::remove_dir_all(cached)?;
        }
        fs::rename(&staging, cached)
    });
    if kept.is_err() {
        let _gone = fs::remove_dir_all(&staging);
    }
    kept
}

/// Copies that died half-way.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let old = |modified: SystemTime| {
            SystemTime::now().duration_since(modified).is_ok_and(|age| age > Duration::from_secs(3600))
        };
        let abandoned = entry.metadata().and_then(|metadata| metadata.modified()).is_ok_and(old);
        if abandoned && entry.file_name().to_string_lossy().starts_with(STAGING) {
            let _gone = fs::remove_dir_all(entry.path());
        }
    }
}

fn unique() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos())
}

/// Copies a tree of files and directories, some files at a time, and gives it to the account.
fn copy_tree(from: &Path, to: &Path, account: Option<&Account>) -> io::Result<()> {
    let mut files = Vec::new();
    copy_directories(from, to, account, &mut files)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let share = files.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let copying: Vec<_> =
            files.chunks(share).map(|files| scope.spawn(move || copy_files(files, account))).collect();
        copying.into_iter().try_for_each(|copied| match copied.join() {
            Ok(result) => result,
            Err(_) => Err(io::Error::other("copying stopped")),
        })
    })
}

fn copy_directories(
    from: &Path,
    to: &Path,
    account: Option<&Account>,
    files: &mut Vec<(PathBuf, PathBuf)>,
) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o700))?;
    give(to, &fs::metadata(to)?, account)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_directories(&entry.path(), &target, account, files)?;
        } else {
            files.push((entry.path(), target));
        }
    }
    Ok(())
}

fn copy_files(files: &[(PathBuf, PathBuf)], account: Option<&Account>) -> io::Result<()> {
    for (from, to) in files {
        fs::copy(from, to)?;
        if account.is_some() {
            give(to, &fs::metadata(to)?, account)?;
        }
    }
    Ok(())
}

fn give(path: &Path, metadata: &Metadata, account: Option<&Account>) -> io::Result<()> {
    match account {
        Some(account) if metadata.uid() != account.user => chown(path, Some(account.user), Some(account.group)),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::super::work_directory::WorkDirectory;
    use super::*;

    /// A work directory, a cache of its own, and programs to make clusters with; `None` where there are none.
    fn workshop() -> Option<(WorkDirectory, tempfile::TempDir, ClusterCache, Binaries, Option<Account>)> {
        let account = Account::for_server();
        let binaries = Binaries::find(account.as_ref()).inspect_err(|error| println!("skipped: {error}")).ok()?;
        let home = tempfile::tempdir().unwrap();
        let cache = ClusterCache { directory: Some(home.path().join("clusters")) };
        Some((WorkDirectory::create(account.as_ref()).unwrap(), home, cache, binaries, account))
    }

    #[test]
    fn the_second_cluster_comes_from_the_cache_and_an_unusable_one_is_made_again() {
        let Some((work, _home, cache, binaries, account)) = workshop() else { return };
        let place = |name: &str| cache.place(&binaries, account.as_ref(), &work.path().join(name)).unwrap();
        assert!(!place("first"), "nothing is cached yet");
        assert!(place("second"));
        assert!(is_cluster(&work.path().join("second")));
        fs::remove_file(cache.entry(&binaries).unwrap().join("PG_VERSION")).unwrap();
        assert!(!place("third"), "a cluster without its version is not used");
        assert!(place("fourth"), "and is replaced");
        cache.forget(&binaries);
        assert!(!place("fifth"));
    }

    #[test]
    fn a_cache_that_cannot_be_written_costs_time_and_nothing_else() {
        let Some((work, home, _, binaries, account)) = workshop() else { return };
        let file = home.path().join("a file where a directory should be");
        fs::write(&file, "").unwrap();
        let cache = ClusterCache { directory: Some(file.join("clusters")) };
        assert!(!cache.place(&binaries, account.as_ref(), &work.path().join("data")).unwrap());
        assert!(is_cluster(&work.path().join("data")));
    }

    #[test]
    fn initdb_failing_is_told_in_its_own_words() {
        let Some((_work, home, cache, binaries, account)) = workshop() else { return };
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let error = cache.place(&binaries, account.as_ref(), &file.join("data")).unwrap_err().to_string();
        assert!(error.contains("initdb could not") && error.contains("Its last words"), "{error}");
    }
}
