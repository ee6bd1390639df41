use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ProvisionError;
use super::account::{Account, command};

/// The directory with `postgres` and `initdb` to use, instead of looking for one.
pub(super) const VARIABLE: &str = "SEAWORTHY_PG_BIN";
const SUPPORTED: std::ops::RangeInclusive<u32> = 15..=18;

/// Postgres programs on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    /// The directory that holds `postgres` and `initdb`.
    pub(super) directory: PathBuf,
    /// `15.13`, as the program says it.
    pub(super) version: String,
}

impl Binaries {
    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    /// Whether a library can be preloaded: it lies in one of the places that packagers use.
    pub(super) fn has_library(&self, name: &str) -> bool {
        let Some(root) = self.directory.parent() else { return false };
        let libraries = root.join("lib");
        let mut places = vec![libraries.clone(), libraries.join("postgresql")];
        places.extend(children(&libraries).into_iter().filter(|path| path.is_dir()));
        places.iter().any(|place| ["so", "dylib"].iter().any(|ending| place.join(format!("{name}.{ending}")).is_file()))
    }

    /// The programs in this directory, if they can be used.
    pub(super) fn probe(directory: &Path, account: Option<&Account>) -> Result<Self, String> {
        // A link leads to where the real programs and their libraries are.
        let postgres = directory.join("postgres").canonicalize().map_err(|_| "no postgres in it".to_owned())?;
        let directory = postgres.parent().unwrap_or(directory).to_owned();
        if !directory.join("initdb").is_file() {
            return Err("no initdb beside its postgres".to_owned());
        }
        let output = command(&postgres, account).arg("--version").output().map_err(|error| {
            let who = account.map(|account| format!(" as {}", account.name)).unwrap_or_default();
            format!("its postgres cannot be run{who}: {error}")
        })?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = version_in(&printed).ok_or_else(|| format!("its postgres says `{}`", printed.trim()))?;
        if SUPPORTED.contains(&version.1) {
            Ok(Self { directory, version: version.0 })
        } else {
            Err(format!("it is PostgreSQL {}; 15 to 18 will do", version.0))
        }
    }

    /// The best programs on this machine: the ones named in the environment, else on PATH, else where packages put
    /// them, newest first.
    pub(super) fn find(account: Option<&Account>) -> Result<Self, ProvisionError> {
        let next = format!("Install PostgreSQL 15 to 18 (Debian: postgresql), or say where it is with {VARIABLE}");
        if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
            let named = PathBuf::from(named);
            return Self::probe(&named, account).map_err(|why| {
                ProvisionError::unavailable("local", format!("{VARIABLE} is {}: {why}", named.display()), next)
            });
        }
        let mut refused = Vec::new();
        let places = on_path().into_iter().chain(where_packages_put_them());
        for place in places.map(Some).chain([None]) {
            // Asking Python costs most, so it comes last.
            let Some(place) = place.or_else(in_python_wheel) else { break };
            match Self::probe(&place, account) {
                Ok(found) => return Ok(found),
                Err(why) if place.join("postgres").exists() => refused.push(format!("{}: {why}", place.display())),
                Err(_) => {}
            }
        }
        let why =
            if refused.is_empty() { "no PostgreSQL programs on this machine".to_owned() } else { refused.join(", ") };
        Err(ProvisionError::unavailable("local", why, next))
    }
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)` → `15.13` and 15; `17beta1`, `18devel` too.
fn version_in(printed: &str) -> Option<(String, u32)> {
    let version = printed.split("(PostgreSQL)").nth(1)?.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((version.to_owned(), digits.parse().ok()?))
}

fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|place| place.join("postgres").is_file()).collect()
}

fn where_packages_put_them() -> Vec<PathBuf> {
    let mut places = Vec::new();
    // Debian, then Red Hat's, then Homebrew's, then Postgres.app.
    for (parent, prefix, below) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        let mut versions: Vec<(u32, PathBuf)> = children(Path::new(parent))
            .into_iter()
            .filter_map(|path| {
                let name = path.file_name()?.to_str()?;
                let number = name.strip_prefix(prefix)?.parse().ok()?;
                Some((number, path.join(below)))
            })
            .collect();
        versions.sort_by(|left, right| right.cmp(left));
        places.extend(versions.into_iter().map(|(_, path)| path));
    }
    places
}

/// The `pgserver` wheel carries native programs.
fn in_python_wheel() -> Option<PathBuf> {
    let question = "import importlib.util; print(importlib.util.find_spec('pgserver').submodule_search_locations[0])";
    let output =
        Command::new("python3").args(["-c", question]).output().ok().filter(|output| output.status.success())?;
    let package = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Some(package.join("pginstall").join("bin"))
}

fn children(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn install(directory: &Path, postgres: &str) {
        for name in ["postgres", "initdb"] {
            let file = directory.join(name);
            fs::write(&file, postgres).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn versions_are_read_as_packagers_print_them() {
        assert_eq!(version_in("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(("15.13".into(), 15)));
        assert_eq!(version_in("postgres (PostgreSQL) 18beta1\n"), Some(("18beta1".into(), 18)));
        assert_eq!(version_in("postgres: no such thing"), None);
    }

    #[test]
    fn a_directory_whose_programs_will_not_do_says_why() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Binaries::probe(directory.path(), None).unwrap_err().contains("no postgres"));
        fs::write(directory.path().join("postgres"), "").unwrap();
        assert!(Binaries::probe(directory.path(), None).unwrap_err().contains("no initdb"));
        install(directory.path(), "#!/bin/sh\necho 'postgres (PostgreSQL) 14.2'\n");
        assert!(Binaries::probe(directory.path(), None).unwrap_err().contains("PostgreSQL 14.2; 15 to 18"));
        install(directory.path(), "#!/bin/sh\necho 'postgres (PostgreSQL) 16.1'\n");
        assert_eq!(Binaries::probe(directory.path(), None).unwrap().version, "16.1");
    }

    #[test]
    fn a_link_leads_to_the_directory_of_the_real_programs() {
        let real = tempfile::tempdir().unwrap();
        let linked = tempfile::tempdir().unwrap();
        install(real.path(), "#!/bin/sh\necho 'postgres (PostgreSQL) 17.1'\n");
        std::os::unix::fs::symlink(real.path().join("postgres"), linked.path().join("postgres")).unwrap();
        let found = Binaries::probe(linked.path(), None).unwrap();
        assert_eq!(found.directory, real.path().canonicalize().unwrap());
    }
}
