use std::path::{Path, PathBuf};

use miette::Diagnostic;

use crate::settings::{self, FILE_NAME, SettingsError, SystemSettings};

/// One system to be checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name: the settings', else the folder's.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its settings, or the defaults.
    pub settings: SystemSettings,
}

/// The systems cannot be told.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum TargetError {
    /// A path leads nowhere.
    #[error("there is no such folder: {}", .0.display())]
    #[diagnostic(help("Give the folder of a system: one that holds supabase/, migrations/ or .sql files."))]
    NoSuchPath(PathBuf),
    /// A path leads to a file that is no settings file.
    #[error("{} is a file", .0.display())]
    #[diagnostic(help("Give the folder of a system, or its seaworthy.toml."))]
    NotAFolder(PathBuf),
    /// The settings cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Settings(#[from] SettingsError),
    /// A listed system lists systems.
    #[error("{} lists systems, and is itself listed in {}", .inner.display(), .outer.display())]
    #[diagnostic(help("List every system in one file, by its path."))]
    Nested {
        /// The listed folder.
        inner: PathBuf,
        /// The folder that lists it.
        outer: PathBuf,
    },
    /// Reports of two systems would overwrite each other.
    #[error("two systems are named `{name}`: {} and {}", .first.display(), .second.display())]
    #[diagnostic(help("Give one of them another `name` in its seaworthy.toml."))]
    SameName {
        /// The name.
        name: String,
        /// A folder.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

/// The systems below these paths: the one in a folder, or those that its `seaworthy.toml` lists. Without a path, those of
/// the working directory.
///
/// # Errors
/// When a path leads nowhere or settings cannot be used.
pub fn find_targets(paths: &[PathBuf], working_directory: &Path) -> Result<Vec<Target>, TargetError> {
    let here = [PathBuf::from(".")];
    let mut targets: Vec<Target> = Vec::new();
    for path in if paths.is_empty() { &here } else { paths } {
        for target in targets_at(&folder_of(path, working_directory)?)? {
            match targets.iter().find(|other| other.name == target.name) {
                Some(other) if is_same(&other.folder, &target.folder) => {}
                Some(other) => {
                    return Err(TargetError::SameName {
                        name: target.name,
                        first: other.folder.clone(),
                        second: target.folder,
                    });
                }
                None => targets.push(target),
            }
        }
    }
    Ok(targets)
}

fn folder_of(path: &Path, working_directory: &Path) -> Result<PathBuf, TargetError> {
    let full = if path == Path::new(".") { working_directory.to_owned() } else { working_directory.join(path) };
    if full.is_dir() {
        Ok(full)
    } else if full.file_name().is_some_and(|name| name == FILE_NAME) && full.is_file() {
        Ok(full.parent().map(Path::to_owned).unwrap_or_default())
    } else if full.exists() {
        Err(TargetError::NotAFolder(path.to_owned()))
    } else {
        Err(TargetError::NoSuchPath(path.to_owned()))
    }
}

fn targets_at(folder: &Path) -> Result<Vec<Target>, TargetError> {
    let project = settings::load(folder)?.unwrap_or_default();
    if project.systems.is_empty() {
        return Ok(vec![target(folder.to_owned(), project.system)]);
    }
    let listed = project.systems.iter().map(|system| {
        let inner = folder.join(system);
        let own = settings::load(&inner)?.unwrap_or_default();
        if own.systems.is_empty() {
            Ok(target(inner, own.system))
        } else {
            Err(TargetError::Nested { inner, outer: folder.to_owned() })
        }
    });
    listed.collect()
}

fn target(folder: PathBuf, settings: SystemSettings) -> Target {
    let name = settings.name.clone().unwrap_or_else(|| folder_name(&folder));
    Target { name, folder, settings }
}

/// The folder's own name, also where it is called `.` or `..`.
fn folder_name(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    full.file_name().map_or_else(|| "system".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn is_same(left: &Path, right: &Path) -> bool {
    match (left.canonicalize(), right.canonicalize()) {
        (Ok(left), Ok(right)) => left == right,
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;

    use super::*;

    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for system in ["systems/a", "systems/b"] {
            fs::create_dir_all(folder.path().join(system)).unwrap();
        }
        fs::write(folder.path().join(FILE_NAME), "systems = [\"systems/a\", \"systems/b\"]\n").unwrap();
        fs::write(folder.path().join("systems/b").join(FILE_NAME), "name = \"beta\"\nprofile = \"plain\"\n").unwrap();
        folder
    }

    fn names(targets: &[Target]) -> Vec<&str> {
        targets.iter().map(|target| target.name.as_str()).collect()
    }

    #[test]
    fn the_working_directory_lists_its_systems() {
        let project = project();
        let targets = find_targets(&[], project.path()).unwrap();
        assert_eq!(names(&targets), ["a", "beta"]);
        assert_eq!(targets[1].settings.profile.as_deref(), Some("plain"));
    }

    #[test]
    fn a_folder_without_settings_is_one_system() {
        let project = project();
        assert_eq!(names(&find_targets(&["systems/a".into()], project.path()).unwrap()), ["a"]);
    }

    #[test]
    fn a_settings_file_stands_for_its_folder_and_a_system_named_twice_is_checked_once() {
        let project = project();
        let paths = ["systems/b/seaworthy.toml".into(), "systems/b".into(), ".".into()];
        assert_eq!(names(&find_targets(&paths, project.path()).unwrap()), ["beta", "a"]);
    }

    #[test]
    fn paths_that_lead_nowhere_are_told_from_files() {
        let project = project();
        let find = |path: &str| find_targets(&[path.into()], project.path()).unwrap_err();
        assert!(matches!(find("nowhere"), TargetError::NoSuchPath(_)));
        fs::write(project.path().join("file.sql"), "").unwrap();
        assert!(matches!(find("file.sql"), TargetError::NotAFolder(_)));
    }

    #[test]
    fn two_systems_of_one_name_are_refused() {
        let project = project();
        fs::write(project.path().join("systems/b").join(FILE_NAME), "name = \"a\"\n").unwrap();
        assert!(matches!(find_targets(&[], project.path()), Err(TargetError::SameName { .. })));
    }

    #[test]
    fn lists_do_not_nest() {
        let project = project();
        fs::write(project.path().join("systems/b").join(FILE_NAME), "systems = [\"../a\"]\n").unwrap();
        assert!(matches!(find_targets(&[], project.path()), Err(TargetError::Nested { .. })));
    }
}
