use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::{json, markdown};
use crate::verdict::RunRecord;

/// A form in which a report can be written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileFormat {
    /// The record itself: `readiness.json`.
    Json,
    /// For people and pull requests: `readiness.md`.
    Markdown,
}

/// A form that does not exist, or not yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFormat {
    /// Named in the design, not built.
    #[error("`{0}` reports are not built yet; what can be written is json, md")]
    NotBuilt(String),
    /// Not a form.
    #[error("there is no report form `{0}`; what can be written is json, md")]
    Unknown(String),
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WriteError {
    /// The file system refused.
    #[error("{} cannot be written: {source}", .path.display())]
    #[diagnostic(help("Choose another folder with `--out DIR`, or make room; an earlier report there is untouched."))]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The record has no JSON form.
    #[error("the record of {system} cannot be written as JSON: {source}")]
    Unwritable {
        /// The system.
        system: String,
        /// What the serializer said.
        source: serde_json::Error,
    },
}

impl FileFormat {
    /// Every form that can be written.
    pub const ALL: [Self; 2] = [Self::Json, Self::Markdown];

    /// As `--write` spells it, and the file's extension.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Markdown => "md",
        }
    }

    fn render(self, record: &RunRecord) -> Result<String, WriteError> {
        match self {
            Self::Json => json::render(record)
                .map_err(|source| WriteError::Unwritable { system: record.run.system.clone(), source }),
            Self::Markdown => Ok(markdown::render(record)),
        }
    }
}

impl FromStr for FileFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "json" => Ok(Self::Json),
            "md" | "markdown" => Ok(Self::Markdown),
            "html" | "junit" | "sarif" => Err(UnknownFormat::NotBuilt(name.to_owned())),
            _ => Err(UnknownFormat::Unknown(name.escape_debug().to_string())),
        }
    }
}

/// Writes `DIR/<system>/readiness.<extension>` for each form and returns the paths. Each file appears whole or not at all.
///
/// # Errors
/// When the file system refuses; an earlier file of that name is then as it was.
pub fn write_files(folder: &Path, record: &RunRecord, formats: &[FileFormat]) -> Result<Vec<PathBuf>, WriteError> {
    if formats.is_empty() {
        return Ok(Vec::new());
    }
    let folder = folder.join(folder_name(&record.run.system));
    fs::create_dir_all(&folder).map_err(|source| WriteError::Refused { path: folder.clone(), source })?;
    let mut paths = Vec::new();
    for format in formats {
        let path = folder.join(format!("readiness.{}", format.extension()));
        let text = format.render(record)?;
        replace(&folder, &path, &text).map_err(|source| WriteError::Refused { path: path.clone(), source })?;
        paths.push(path);
    }
    Ok(paths)
}

/// Written beside, then renamed: nobody ever reads half a report.
fn replace(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".readiness-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is its owner's alone; a report is as readable as any other file (the umask still counts).
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The name of a system as the name of a folder: letters, digits, `.`, `-` and `_` stay, the rest becomes `-`. A name that
/// had to change carries a part of its hash, so that two of them never share a folder.
#[must_use]
pub fn folder_name(system: &str) -> String {
    let mut name: String = system
        .chars()
        .map(|character| if character.is_alphanumeric() || "._-".contains(character) { character } else { '-' })
        .scan(0, |length, character| {
            *length += character.len_utf8();
            (*length <= LONGEST_NAME).then_some(character)
        })
        .collect();
    if name.starts_with('.') || name.ends_with('.') {
        name = name.replace('.', "-");
    }
    if is_reserved(&name) || name != system {
        let digest = Sha256::digest(system.as_bytes());
        name.push('-');
        for byte in digest.iter().take(4) {
            // Writing to a text does not fail.
            let _written = write!(name, "{byte:02x}");
        }
    }
    name
}

/// File systems take 255 bytes; this leaves room for the hash.
const LONGEST_NAME: usize = 100;

/// Names that mean a device on Windows, and the empty one.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    let numbered = ["com", "lpt"].iter().any(|device| {
        stem.strip_prefix(device).is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()))
    });
    name.is_empty() || numbered || ["con", "prn", "aux", "nul"].contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::report::sample;

    #[test]
    fn plain_names_stay() {
        for name in ["raptorflow", "agent_projects", "my-app.v2", "größe"] {
            assert_eq!(folder_name(name), name);
        }
    }

    #[test]
    fn hostile_names_stay_below_the_folder() {
        for name in ["..", ".", "", "/etc", "../../x", "a/b", "a\\b", "a\0b", ".git", "nul", "COM1", "x\n", "x."] {
            let folder = folder_name(name);
            assert_ne!(folder, name);
            let path = Path::new("reports").join(&folder);
            assert_eq!(path.components().count(), 2, "{name:?} became {folder:?}");
            assert!(!folder.starts_with('.') && !folder.contains(['/', '\\', '\0', '\n']), "{folder:?}");
        }
        assert!(folder_name(&"ä".repeat(500)).len() < 200);
    }

    #[test]
    fn two_hostile_names_never_share_a_folder() {
        assert_ne!(folder_name("a/b"), folder_name("a:b"));
        assert_ne!(folder_name("a/b"), folder_name("a-b"));
    }

    #[test]
    fn files_are_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let record = sample::blocked();
        write_files(folder.path(), &sample::ready(), &FileFormat::ALL).unwrap();
        let paths = write_files(folder.path(), &record, &FileFormat::ALL).unwrap();
        let text = fs::read_to_string(&paths[0]).unwrap();
        assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), record);
        let names = fs::read_dir(paths[0].parent().unwrap()).unwrap().count();
        assert_eq!(names, 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_report_is_readable_by_others_as_far_as_the_umask_lets() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let paths = write_files(folder.path(), &sample::ready(), &[FileFormat::Json]).unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&paths[0]), mode(&plain));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write_files(&file, &sample::ready(), &[FileFormat::Json]).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }

    #[test]
    fn forms_that_are_not_built_are_told_from_typing_errors() {
        assert_eq!("md".parse(), Ok(FileFormat::Markdown));
        let not_built = "html".parse::<FileFormat>().unwrap_err().to_string();
        assert_eq!(not_built, "`html` reports are not built yet; what can be written is json, md");
        for format in FileFormat::ALL {
            assert!(not_built.contains(format.extension()), "the message lists {format:?}");
        }
        assert!("pdf".parse::<FileFormat>().unwrap_err().to_string().starts_with("there is no report form `pdf`"));
    }
}
