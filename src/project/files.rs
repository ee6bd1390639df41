use std::path::{Path, PathBuf};

use super::ProjectError;

/// Folders that hold other people's code, or what a build made.
const PASSED_OVER: [&str; 9] =
    ["node_modules", "target", "dist", "build", "vendor", "venv", "__pycache__", "coverage", "bower_components"];

/// The text of a file, as Postgres could take it.
pub(super) fn read_text(path: &Path) -> Result<String, ProjectError> {
    let bytes = std::fs::read(path).map_err(|source| ProjectError::Unreadable { path: path.to_owned(), source })?;
    let at_line = |offset: usize, what: String| ProjectError::NotUtf8 {
        path: path.to_owned(),
        line: bytes.iter().take(offset).filter(|&&byte| byte == b'\n').count() + 1,
        what,
    };
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        return Err(at_line(offset, "a NUL byte (a file in UTF-16 has many)".to_owned()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let offset = error.valid_up_to();
        at_line(offset, format!("the byte 0x{:02x}", bytes.get(offset).copied().unwrap_or_default()))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
}

/// A file or a folder within a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Its name.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Whether it is a folder.
    pub(super) folder: bool,
}

/// What is in a folder, by name. A folder that is not there is empty.
pub(super) fn entries(folder: &Path) -> Result<Vec<Entry>, ProjectError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |source| ProjectError::Unreadable { path: folder.to_owned(), source };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name() else { continue };
        all.push(Entry { name: name.to_string_lossy().into_owned(), folder: path.is_dir(), path });
    }
    all.sort();
    Ok(all)
}

/// The folders within a folder that may belong to the project.
pub(super) fn own_folders(folder: &Path) -> Vec<Entry> {
    // A folder below that may not be listed is no reason to give up: it is not the one that was named.
    let all = entries(folder).unwrap_or_default();
    let own = |entry: &Entry| {
        entry.folder
            && !entry.name.starts_with('.')
            && !PASSED_OVER.contains(&entry.name.as_str())
            && !entry.path.is_symlink()
    };
    all.into_iter().filter(own).collect()
}

/// `path` as the project's reports name it: relative to `root`, with `/`.
pub(super) fn relative(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_another_encoding_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latin.sql");
        std::fs::write(&path, b"select 1;\n-- caf\xe9\n").unwrap();
        let text = read_text(&path).unwrap_err().to_string();
        assert!(text.contains("line 2") && text.contains("0xe9"), "{text}");
        std::fs::write(&path, b"s\0e\0l\0").unwrap();
        assert!(read_text(&path).unwrap_err().to_string().contains("NUL"));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bom.sql");
        std::fs::write(&path, "\u{feff}select 1").unwrap();
        assert_eq!(read_text(&path).unwrap(), "select 1");
    }
}
