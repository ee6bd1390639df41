use std::path::{Path, PathBuf};

use super::files::{read_text, relative};
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
