use std::path::{Path, PathBuf};

use super::files::{entries, read_text, relative};
use super::layout::is_sql;
use super::token::{Kind, tokens};
use super::{ProjectError, Seed, SqlFile, SupabaseConfig};

/// Where a seed lies by custom.
const PLACES: [&str; 7] = [
    "supabase/seed.sql",
    "seed.sql",
    "seeds.sql",
    "db/seed.sql",
    "db/seeds.sql",
    "prisma/seed.sql",
    "database/seed.sql",
];

/// The seed that lies in its customary place, or where `supabase/config.toml` says.
pub(super) fn find(
    root: &Path,
    supabase: Option<(&Path, &SupabaseConfig)>,
    migrations: &Path,
) -> Result<Option<Seed>, ProjectError> {
    if let Some((folder, config)) = supabase {
        if !config.seed_enabled {
            return Ok(None);
        }
        if let Some(paths) = &config.seed_paths {
            return read(&globbed(folder, paths), root);
        }
    }
    let within = ["seed.sql", "seeds.sql"].iter().map(|name| migrations.join(name));
    let places = PLACES.iter().map(|place| root.join(place)).chain(within);
    let beside = supabase.map(|(folder, _)| folder.join("seed.sql"));
    let file = places.chain(beside).find(|path| path.is_file());
    read(&file.into_iter().collect::<Vec<_>>(), root)
}

/// A word on a folder of seeds that is not read, where there is one.
pub(super) fn unread_folder(root: &Path) -> Result<Option<String>, ProjectError> {
    for place in ["supabase/seeds", "db/seeds", "seeds"] {
        let folder = root.join(place);
        if folder.is_dir() && entries(&folder)?.iter().any(|entry| !entry.folder && is_sql(&entry.name)) {
            return Ok(Some(format!("{place} was not read: `seed = \"{place}\"` in seaworthy.toml makes it the seed")));
        }
    }
    Ok(None)
}

/// The files of these globs, in the order of the globs and by name within one.
pub(super) fn globbed(folder: &Path, globs: &[String]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for glob in globs {
        let pattern = folder.join(glob.trim_start_matches("./"));
        // A pattern that is none matches nothing, as with the CLI.
        let Ok(paths) = glob::glob(&pattern.to_string_lossy()) else { continue };
        for path in paths.flatten().filter(|path| path.is_file()) {
            if !files.contains(&path) {
                files.push(path);
            }
        }
    }
    files
}

/// Reads these files as a seed; `None` where there are none.
pub(super) fn read(paths: &[PathBuf], root: &Path) -> Result<Option<Seed>, ProjectError> {
    let files = paths
        .iter()
        .map(|path| Ok(SqlFile { path: relative(path, root), sql: read_text(path)? }))
        .collect::<Result<Vec<_>, ProjectError>>()?;
    Ok((!files.is_empty()).then_some(Seed { files }))
}

/// The constants that are texts in a file of SQL, and the lines of its COPY blocks, each with the line that it begins on.
#[must_use]
pub fn constants(sql: &str) -> Vec<(usize, String)> {
    let mut constants = Vec::new();
    for statement in super::split(sql) {
        let line_at = |offset: usize| {
            let before = statement.text.get(..offset).unwrap_or_default();
            statement.line + before.bytes().filter(|byte| *byte == b'\n').count()
        };
        let texts = tokens(statement.text).into_iter().filter(|token| matches!(token.kind, Kind::Text | Kind::Dollar));
        constants.extend(texts.filter_map(|token| Some((line_at(token.start), token.content()?.to_owned()))));
        let rows = statement.copy_data.unwrap_or_default().lines().enumerate();
        let first = line_at(statement.text.len()) + 1;
        constants.extend(rows.map(|(index, row)| (first + index, row.to_owned())));
    }
    constants
}
