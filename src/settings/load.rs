use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::section::{Problems, Section};
use super::{Invalid, Problem, ProjectSettings, SettingsError, read};

/// The name of the settings file in a project's or system's folder.
pub const FILE_NAME: &str = "seaworthy.toml";

/// Reads the `seaworthy.toml` of `folder`; `None` where there is none.
///
/// # Errors
/// When the file cannot be read or says something that has no meaning; every mistake is reported at once, in place.
pub fn load(folder: &Path) -> Result<Option<ProjectSettings>, SettingsError> {
    let Some((name, text)) = read_text(folder)? else { return Ok(None) };
    let settings = parse(&name, &text)?;
    let problems = missing_paths(folder, &text, &settings);
    if problems.is_empty() { Ok(Some(settings)) } else { Err(Invalid::new(&name, &text, problems).into()) }
}

/// Reads the text of a settings file; `name` is what messages call it.
///
/// # Errors
/// As [`load`], but for paths, which are not looked at.
pub fn parse(name: &str, text: &str) -> Result<ProjectSettings, SettingsError> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problems = errors.iter().map(|error| syntax(error, text)).collect();
        return Err(Invalid::new(name, text, problems).into());
    }
    let problems = Problems::default();
    let settings = read::project(Section::new(document.get_ref(), document.span(), String::new(), &problems));
    let problems = problems.into_sorted();
    if problems.is_empty() { Ok(settings) } else { Err(Invalid::new(name, text, problems).into()) }
}

/// A mistake that only a later stage can see (a table that the schema does not have), shown at the deepest of `keys` that
/// the file of `folder` has: `["tables", "moves"]`. `None` where the file is gone or has none of them.
#[must_use]
pub fn blame(folder: &Path, keys: &[&str], message: &str, help: Option<&str>) -> Option<SettingsError> {
    let (name, text) = read_text(folder).ok()??;
    let document = DeTable::parse(&text).ok()?;
    let span = locate(document.get_ref(), keys)?;
    let problem = Problem::new(message.to_owned(), span, "here", help.map(str::to_owned));
    Some(Invalid::new(&name, &text, vec![problem]).into())
}

fn read_text(folder: &Path) -> Result<Option<(String, String)>, SettingsError> {
    let path = folder.join(FILE_NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SettingsError::Unreadable { path, source }),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(error) => Err(SettingsError::NotText { path, offset: error.utf8_error().valid_up_to() }),
    }
}

fn syntax(error: &toml::de::Error, text: &str) -> Problem {
    let end = text.len();
    let span = error.span().unwrap_or(end..end);
    Problem::new(format!("not TOML: {}", error.message()), span, "here", None)
}

/// Folders and files that the settings name and that are not there.
fn missing_paths(folder: &Path, text: &str, settings: &ProjectSettings) -> Vec<Problem> {
    let Ok(document) = DeTable::parse(text) else { return Vec::new() };
    let top = document.get_ref();
    let mut problems = Vec::new();
    let mut miss = |what: &str, name: &str, span: Option<Range<usize>>| {
        problems.push(Problem::new(
            format!("there is no {what} `{}`", name.escape_debug()),
            span.unwrap_or_default(),
            "not there",
            Some(format!("Paths are relative to {}.", folder.display())),
        ));
    };
    let listed = top.get("systems").and_then(|value| value.get_ref().as_array());
    for (index, name) in settings.systems.iter().enumerate() {
        if !folder.join(name).is_dir() {
            miss("folder", name, listed.and_then(|items| items.get(index)).map(toml::Spanned::span));
        }
    }
    // A key holds the path alone, or is a table with it.
    let span = |key: &str, inner: &str| {
        let value = top.get(key)?;
        let within = value.get_ref().as_table().and_then(|table| table.get(inner));
        Some(within.unwrap_or(value).span())
    };
    let migrations = &settings.system.migrations;
    if let Some(name) = migrations.folder.as_deref().filter(|name| !folder.join(name).is_dir()) {
        miss("folder", name, span("migrations", "folder"));
    }
    let rules = top.get("monitoring").and_then(|value| value.get_ref().as_table()).and_then(|table| table.get("rules"));
    let rules = rules.and_then(|value| value.get_ref().as_array());
    for (index, name) in settings.system.monitoring.rules.iter().flatten().enumerate() {
        let pattern = folder.join(name);
        let found = glob::glob(&pattern.to_string_lossy()).is_ok_and(|mut paths| paths.any(|path| path.is_ok()));
        if !found {
            miss("file", name, rules.and_then(|items| items.get(index)).map(toml::Spanned::span));
        }
    }
    if let Some(name) = migrations.checksums.as_deref().filter(|name| !folder.join(name).is_file()) {
        miss("file", name, span("migrations", "checksums"));
    }
    let seed = settings.system.seed.path.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = seed.filter(|name| !folder.join(name).exists()) {
        miss("seed", name, span("seed", "path"));
    }
    problems
}

fn locate(table: &DeTable<'_>, keys: &[&str]) -> Option<Range<usize>> {
    let (first, rest) = keys.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    let deeper = match value.get_ref() {
        DeValue::Table(table) => locate(table, rest),
        _ if rest.is_empty() => Some(value.span()),
        _ => None,
    };
    Some(deeper.unwrap_or_else(|| key.span()))
}
