use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::settings::SystemSettings;

use super::alerts;
use super::files::{entries, read_text, relative};
use super::layout::{self, Found, FoundFile, PLACES, find_below, find_in, read_folder};
use super::version::compare_versions;
use super::{MigrationFile, Project, ProjectError, ProjectProblem, Seed, SqlFile, SupabaseConfig, Tool, marker, seed};

/// Finds a system's files in `folder` (or in the one file that it names), by the settings where they say, else by
/// the naming of the tools that people use.
///
/// # Errors
/// When there is nothing, no SQL, several systems, or a file that cannot be read as UTF-8.
pub fn discover(folder: &Path, settings: &SystemSettings) -> Result<Project, ProjectError> {
    if !folder.exists() {
        return Err(ProjectError::NoSuchPath { path: folder.to_owned() });
    }
    let absolute =
        folder.canonicalize().map_err(|source| ProjectError::Unreadable { path: folder.to_owned(), source })?;
    let (base, mut found) = locate(&absolute, settings)?;
    let supabase_folder = supabase_folder(&base, &found);
    let mut notes = found.notes.clone();
    let supabase = supabase_folder.as_deref().and_then(|folder| read_config(folder, &mut notes));
    let (mut migrations, tool) = read_migrations(&mut found, &base)?;
    if let Some(folder) = &supabase_folder {
        add_roles_and_schemas(folder, supabase.as_ref(), &found, &base, &mut migrations)?;
    }
    let seed = find_seed(&base, settings, supabase_folder.as_deref(), supabase.as_ref(), &found)?;
    if seed.is_none() && settings.seed.path.is_none() && supabase.as_ref().is_none_or(|config| config.seed_enabled) {
        notes.extend(seed::unread_folder(&base)?);
    }
    Ok(Project {
        name: settings.name.clone().unwrap_or_else(|| name_of(&absolute, &base)),
        alerts: alerts::read(&base, &settings.monitoring)?,
        seed,
        problems: problems(tool, &found, &base),
        notes,
        tool,
        migrations,
        supabase,
        root: base,
    })
}

/// The folder that is the system, and its migrations.
fn locate(path: &Path, settings: &SystemSettings) -> Result<(PathBuf, Found), ProjectError> {
    if path.is_file() {
        let base = path.parent().unwrap_or(path).to_owned();
        return Ok((base, single(path)));
    }
    if let Some(setting) = &settings.migrations.folder {
        return Ok((path.to_owned(), by_setting(path, setting)?));
    }
    if let Some(found) = find_in(path)? {
        return Ok((path.to_owned(), found));
    }
    let mut below = find_below(path)?;
    match (below.pop(), below.is_empty()) {
        (Some(only), true) => match find_in(&only)? {
            Some(mut found) => {
                found.notes.push(format!("the system was found below, in {}", relative(&only, path)));
                Ok((only, found))
            }
            None => Err(nothing(path)),
        },
        (Some(last), false) => {
            below.push(last);
            let candidates = below.iter().map(|one| relative(one, path)).collect();
            Err(ProjectError::SeveralSystems { path: path.to_owned(), candidates })
        }
        (None, _) => Err(nothing(path)),
    }
}

fn single(path: &Path) -> Found {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let file = FoundFile { path: path.to_owned(), name, version: None, down: None };
    let folder = path.parent().unwrap_or(path).to_owned();
    Found { folder, tool: Tool::Plain, files: vec![file], notes: Vec::new() }
}

fn by_setting(base: &Path, setting: &str) -> Result<Found, ProjectError> {
    let path = base.join(setting);
    if path.is_file() {
        return Ok(single(&path));
    }
    if !path.is_dir() {
        return Err(ProjectError::SettingNamesNothing { setting: "migrations", value: setting.to_owned(), path });
    }
    read_folder(&path)?.ok_or_else(|| nothing(&path))
}

fn nothing(path: &Path) -> ProjectError {
    let mut help = format!(
        "looked for {}, for .sql files in the folder itself, and for the same in the folders below; \
         `migrations = \"…\"` in seaworthy.toml names another place",
        PLACES.join(", ")
    );
    let elsewhere = [
        ("prisma/schema.prisma", "`prisma migrate dev` writes SQL from prisma/schema.prisma"),
        ("schema.prisma", "`prisma migrate dev` writes SQL from schema.prisma"),
        ("drizzle.config.ts", "`drizzle-kit generate` writes SQL from the Drizzle schema"),
        ("ormconfig.json", "TypeORM's migrations are code: write a schema with `pg_dump --schema-only`"),
        ("alembic.ini", "Alembic's migrations are code: `alembic upgrade head --sql` writes them as SQL"),
        ("manage.py", "Django's migrations are code: write a schema with `pg_dump --schema-only`"),
        ("config/database.yml", "Rails' migrations are code: write a schema with `pg_dump --schema-only`"),
        ("knexfile.js", "Knex' migrations are code: write a schema with `pg_dump --schema-only`"),
    ];
    for (file, advice) in elsewhere {
        if path.join(file).is_file() {
            help.push_str("; ");
            help.push_str(advice);
            break;
        }
    }
    ProjectError::NoMigrations { path: path.to_owned(), help }
}

/// `supabase/` of this system, also where the path given is that folder or the one with its migrations.
fn supabase_folder(base: &Path, found: &Found) -> Option<PathBuf> {
    let named = |path: &Path| path.file_name().is_some_and(|name| name == "supabase") && path.is_dir();
    let configured = |path: &Path| found.tool == Tool::Supabase && path.join("config.toml").is_file();
    [Some(base.join("supabase")), found.folder.parent().map(Path::to_owned), Some(base.to_owned())]
        .into_iter()
        .flatten()
        .find(|folder| named(folder) || configured(folder))
}

fn read_config(folder: &Path, notes: &mut Vec<String>) -> Option<SupabaseConfig> {
    match SupabaseConfig::read(&folder.join("config.toml"))? {
        Ok(config) => Some(config),
        Err(error) => {
            notes.push(format!("supabase/config.toml was not understood and counts as empty: {error}"));
            Some(SupabaseConfig { seed_enabled: true, ..SupabaseConfig::default() })
        }
    }
}

fn name_of(given: &Path, base: &Path) -> String {
    if given.is_file() {
        return given.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    }
    let names = base.ancestors().filter_map(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let general = |name: &String| !["supabase", "migrations"].contains(&name.as_str());
    names.into_iter().find(general).unwrap_or_else(|| "system".to_owned())
}

/// Reads the files, and learns from markers inside them whose they are.
fn read_migrations(found: &mut Found, base: &Path) -> Result<(Vec<MigrationFile>, Tool), ProjectError> {
    let mut tool = found.tool;
    let mut migrations = Vec::with_capacity(found.files.len());
    for file in &found.files {
        let path = relative(&file.path, base);
        let text = read_text(&file.path)?;
        let (sql, marked_down) = match marker::part(&text) {
            Some(marked) => {
                if tool == Tool::Plain {
                    tool = marked.tool;
                }
                (marked.up, marked.down)
            }
            None => (text, None),
        };
        let down = match (&file.down, marked_down) {
            (Some(down), _) => Some(SqlFile { path: relative(down, base), sql: read_text(down)? }),
            (None, Some(sql)) => Some(SqlFile { path: path.clone(), sql }),
            (None, None) => None,
        };
        migrations.push(MigrationFile { path, version: file.version.clone(), sql, down });
    }
    if tool == Tool::Dbmate {
        // dbmate goes by the names as text: `10_` runs before `9_`. All of them lie in one folder.
        found.files.sort_by(|left, right| left.name.cmp(&right.name));
        migrations.sort_by(|left, right| left.path.cmp(&right.path));
    }
    Ok((migrations, tool))
}

/// `roles.sql` runs before the migrations, and declared schemas stand in for migrations that are not there yet.
fn add_roles_and_schemas(
    folder: &Path,
    config: Option<&SupabaseConfig>,
    found: &Found,
    base: &Path,
    migrations: &mut Vec<MigrationFile>,
) -> Result<(), ProjectError> {
    let is_declared = found.folder.file_name().is_some_and(|name| name == "schemas");
    let declared = config.map(|config| seed::globbed(folder, &config.schema_paths)).unwrap_or_default();
    let plain = |path: &Path| -> Result<MigrationFile, ProjectError> {
        Ok(MigrationFile { path: relative(path, base), version: None, sql: read_text(path)?, down: None })
    };
    if is_declared && !declared.is_empty() {
        *migrations = declared.iter().map(|path| plain(path)).collect::<Result<_, _>>()?;
    }
    let roles = folder.join("roles.sql");
    if roles.is_file() && !migrations.iter().any(|migration| migration.path == relative(&roles, base)) {
        migrations.insert(0, plain(&roles)?);
    }
    Ok(())
}

fn find_seed(
    base: &Path,
    settings: &SystemSettings,
    supabase_folder: Option<&Path>,
    config: Option<&SupabaseConfig>,
    found: &Found,
) -> Result<Option<Seed>, ProjectError> {
    let Some(setting) = &settings.seed.path else {
        return seed::find(base, supabase_folder.zip(config), &found.folder);
    };
    if setting.is_empty() {
        return Ok(None);
    }
    let path = base.join(setting);
    if path.is_dir() {
        let files = entries(&path)?;
        let sql: Vec<PathBuf> =
            files.into_iter().filter(|entry| layout::is_sql(&entry.name)).map(|entry| entry.path).collect();
        return seed::read(&sql, base);
    }
    if !path.is_file() {
        return Err(ProjectError::SettingNamesNothing { setting: "seed", value: setting.clone(), path });
    }
    seed::read(&[path], base)
}

/// The migrations of a Drizzle folder, by its journal.
pub(super) fn read_journal(folder: &Path) -> Result<Found, ProjectError> {
    let journal = folder.join("meta/_journal.json");
    let wrong = |problem: String| ProjectError::Journal { path: journal.clone(), problem };
    let value: serde_json::Value =
        serde_json::from_str(&read_text(&journal)?).map_err(|error| wrong(format!("is no JSON: {error}")))?;
    let mut files = Vec::new();
    let mut notes = Vec::new();
    for entry in value.get("entries").and_then(serde_json::Value::as_array).into_iter().flatten() {
        let tag = entry.get("tag").and_then(serde_json::Value::as_str);
        let tag = tag.ok_or_else(|| wrong("has an entry without a tag".to_owned()))?;
        let path = folder.join(format!("{tag}.sql"));
        if !path.is_file() {
            notes.push(format!("Drizzle's journal names {tag}.sql, which does not exist"));
            continue;
        }
        let version = super::version::leading_version(tag).map(str::to_owned);
        files.push(FoundFile { path, name: tag.to_owned(), version, down: None });
    }
    let all = entries(folder)?;
    let sql: Vec<_> = all.iter().filter(|entry| !entry.folder && layout::is_sql(&entry.name)).collect();
    if files.is_empty() {
        // A journal that somebody stopped keeping: the files themselves are all there is.
        notes.push("Drizzle's journal lists none of the files: they are taken by number".to_owned());
        files = layout::up_files(&sql);
    }
    let stray = |name: &str| !layout::is_seed(name) && !files.iter().any(|file| file.path.ends_with(name));
    let left_out = sql.iter().filter(|entry| stray(&entry.name));
    notes.extend(left_out.map(|entry| format!("{} was left out: Drizzle's journal does not list it", entry.name)));
    Ok(Found { folder: folder.to_owned(), tool: Tool::Drizzle, files, notes })
}

fn problems(tool: Tool, found: &Found, base: &Path) -> Vec<ProjectProblem> {
    // Drizzle goes by its journal, Prisma by the whole name of the folder.
    if matches!(tool, Tool::Drizzle | Tool::Prisma) {
        return Vec::new();
    }
    let mut by_version: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in &found.files {
        if let Some(version) = &file.version {
            let version = if tool == Tool::Supabase { version.clone() } else { normal(version) };
            by_version.entry(version).or_default().push(relative(&file.path, base));
        }
    }
    let duplicates = by_version
        .into_iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|(version, files)| ProjectProblem::DuplicateVersion { version, files });
    let mut all: Vec<ProjectProblem> = duplicates.collect();
    for pair in found.files.windows(2) {
        let [before, behind] = pair else { continue };
        let (Some(one), Some(other)) = (&before.version, &behind.version) else { continue };
        if compare_versions(one, other).is_gt() {
            all.push(ProjectProblem::OutOfOrder {
                file: relative(&behind.path, base),
                after: relative(&before.path, base),
            });
        }
    }
    all
}

fn normal(version: &str) -> String {
    let bare = version.trim_start_matches('0');
    if bare.is_empty() { "0".to_owned() } else { bare.to_owned() }
}
