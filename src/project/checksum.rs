use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::settings::SystemSettings;
use crate::trial::Checksum;

use super::files::{entries, read_text, relative};
use super::layout::is_sql;
use super::{Project, ProjectError};

/// What a file of checksums says about the migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checksums {
    /// Each migration that it says something about, by path.
    pub files: BTreeMap<String, Checksum>,
    /// Files that it lists and that are gone, each with the file of checksums.
    pub gone: Vec<(String, String)>,
}

impl Checksums {
    /// What it says about the migration of this path.
    #[must_use]
    pub fn of(&self, path: &str) -> Checksum {
        self.files.get(path).cloned().unwrap_or(Checksum::NotKept)
    }
}

/// Compares the migrations with the file of checksums that the settings name, else with `atlas.sum` beside them.
///
/// # Errors
/// When the file cannot be read, or is none of checksums.
pub fn checksums(project: &Project, settings: &SystemSettings) -> Result<Checksums, ProjectError> {
    if let Some(named) = &settings.migrations.checksums {
        return declared(project, named);
    }
    let first = project.migrations.iter().find(|migration| migration.version.is_some());
    let folder = first.and_then(|migration| project.root.join(&migration.path).parent().map(Path::to_owned));
    match folder.filter(|folder| folder.join("atlas.sum").is_file()) {
        Some(folder) => atlas(project, &folder),
        None => Ok(Checksums::default()),
    }
}

/// Lines as `sha256sum` writes them: the hash, a space, a space or an asterisk, the path.
fn declared(project: &Project, named: &str) -> Result<Checksums, ProjectError> {
    let path = project.root.join(named);
    let mut recorded = BTreeMap::new();
    for (index, line) in read_text(&path)?.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (hash, file) = line.split_once(' ').unwrap_or((line, ""));
        let file = file.trim_start_matches([' ', '*']).trim_start_matches("./").trim_end();
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) || file.is_empty() {
            let problem = "is no SHA-256 with a path behind it";
            return Err(ProjectError::Checksums { path, line: index + 1, problem });
        }
        recorded.insert(file.to_owned(), hash.to_ascii_lowercase());
    }
    let mut found = Checksums::default();
    for migration in &project.migrations {
        let checksum = match recorded.remove(&migration.path) {
            Some(hash) if hash == hexadecimal(&read(&project.root.join(&migration.path))?) => {
                Checksum::Same(named.to_owned())
            }
            Some(_) => Checksum::Changed(named.to_owned()),
            None => Checksum::NotListed(named.to_owned()),
        };
        found.files.insert(migration.path.clone(), checksum);
    }
    let gone = recorded.into_keys().filter(|file| !project.root.join(file).exists());
    found.gone = gone.map(|file| (file, named.to_owned())).collect();
    Ok(found)
}

/// `atlas.sum`: behind a hash of the whole, a line a file, whose hash goes on from the file's before it.
fn atlas(project: &Project, folder: &Path) -> Result<Checksums, ProjectError> {
    let path = folder.join("atlas.sum");
    let name = relative(&path, &project.root);
    let place = |file: &str| relative(&folder.join(file), &project.root);
    let mut found = Checksums::default();
    for migration in &project.migrations {
        found.files.insert(migration.path.clone(), Checksum::NotListed(name.clone()));
    }
    let mut running = Sha256::new();
    let mut lost = leaves_out(folder)?.then(|| "a file asks Atlas to leave it out of the sum".to_owned());
    for (index, line) in read_text(&path)?.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let Some((file, hash)) = line.rsplit_once(" h1:") else {
            let problem = "is no file with its hash (`name h1:…`)";
            return Err(ProjectError::Checksums { path, line: index + 1, problem });
        };
        let checksum = match &lost {
            Some(reason) => Checksum::Unknown(reason.clone()),
            None if !folder.join(file).is_file() => {
                lost = Some(format!("{file}, which comes before it, is gone"));
                found.gone.push((place(file), name.clone()));
                continue;
            }
            None => {
                running.update(file.as_bytes());
                running.update(read(&folder.join(file))?);
                if STANDARD.encode(running.clone().finalize()) == hash.trim() {
                    Checksum::Same(name.clone())
                } else {
                    lost = Some(format!("{file}, which comes before it, has changed"));
                    Checksum::Changed(name.clone())
                }
            }
        };
        if let Some(known) = found.files.get_mut(&place(file)) {
            *known = checksum;
        }
    }
    Ok(found)
}

/// Whether a file carries Atlas' directive to be left out, with which sums of several versions differ.
fn leaves_out(folder: &Path) -> Result<bool, ProjectError> {
    for entry in entries(folder)?.iter().filter(|entry| !entry.folder && is_sql(&entry.name)) {
        if read_text(&entry.path)?.contains("atlas:sum") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(path: &PathBuf) -> Result<Vec<u8>, ProjectError> {
    std::fs::read(path).map_err(|source| ProjectError::Unreadable { path: path.clone(), source })
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::project::discover;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let project = discover(folder.path(), &SystemSettings::default()).unwrap();
        (folder, project)
    }

    fn of(files: &[(&str, &str)]) -> Vec<Checksum> {
        let (_folder, project) = project(files);
        let found = checksums(&project, &SystemSettings::default()).unwrap();
        project.migrations.iter().map(|migration| found.of(&migration.path)).collect()
    }

    #[test]
    fn a_sum_of_atlas_goes_on_from_file_to_file() {
        let (one, two) = ("create table a ();", "create table b ();");
        let first = STANDARD.encode(Sha256::digest(format!("1_a.sql{one}")));
        let second = STANDARD.encode(Sha256::digest(format!("1_a.sql{one}2_b.sql{two}")));
        let sum = format!("h1:whole\n1_a.sql h1:{first}\n2_b.sql h1:{second}\n");
        let same = Checksum::Same("migrations/atlas.sum".to_owned());
        let files =
            |one: &str| of(&[("migrations/1_a.sql", one), ("migrations/2_b.sql", two), ("migrations/atlas.sum", &sum)]);
        assert_eq!(files(one), [same.clone(), same]);
        let changed = files("create table c ();");
        assert_eq!(changed[0], Checksum::Changed("migrations/atlas.sum".to_owned()));
        assert!(matches!(changed[1], Checksum::Unknown(_)));
    }

    #[test]
    fn lines_of_sha256sum_are_compared_file_by_file() {
        let (folder, project) = project(&[("migrations/1_a.sql", "select 1;"), ("migrations/2_b.sql", "select 2;")]);
        let hash = hexadecimal(b"select 1;");
        let settings = |text: &str| {
            std::fs::write(folder.path().join("sums"), text).unwrap();
            let mut settings = SystemSettings::default();
            settings.migrations.checksums = Some("sums".to_owned());
            settings
        };
        let text = format!("# applied\n{hash}  migrations/1_a.sql\n{hash} *migrations/2_b.sql\n{hash}  gone.sql\n");
        let found = checksums(&project, &settings(&text)).unwrap();
        assert_eq!(found.of("migrations/1_a.sql"), Checksum::Same("sums".to_owned()));
        assert_eq!(found.of("migrations/2_b.sql"), Checksum::Changed("sums".to_owned()));
        assert_eq!(found.gone, [("gone.sql".to_owned(), "sums".to_owned())]);
        let error = checksums(&project, &settings("nonsense\n")).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}
