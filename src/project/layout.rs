use std::path::{Path, PathBuf};

use super::files::{Entry, entries, own_folders, relative};
use super::version::{compare_versions, leading_version};
use super::{ProjectError, Tool};

/// Where migrations lie, by tool: the first of these that holds any is taken.
pub(super) const PLACES: [&str; 24] = [
    "supabase/migrations",
    "migrations",
    "db/migrations",
    "database/migrations",
    "sql/migrations",
    "prisma/migrations",
    "drizzle/migrations",
    "drizzle",
    "src/main/resources/db/migration",
    "src/main/resources/db/migrations",
    "src/main/resources/db",
    "db/migration",
    "src/migrations",
    "src/db/migrations",
    "src/drizzle",
    "src/db/drizzle",
    "internal/database/migrations",
    "internal/db/migrations",
    "schema/migrations",
    "postgres/migrations",
    "supabase/schemas",
    "db",
    "sql",
    "schema",
];

/// How many of [`PLACES`] hold migrations and nothing else.
const FOR_MIGRATIONS_ALONE: usize = 20;

/// How deep below the folder a system is looked for, where it has none itself.
const DEEPEST: usize = 4;

/// The migrations of one folder, in the order of their tool.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The folder.
    pub(super) folder: PathBuf,
    /// The tool.
    pub(super) tool: Tool,
    /// The files.
    pub(super) files: Vec<FoundFile>,
    /// Files that were left out, each with why.
    pub(super) notes: Vec<String>,
}

/// One migration, not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundFile {
    /// Its file.
    pub(super) path: PathBuf,
    /// What the tool orders by: a file's name, a folder's where each migration has one.
    pub(super) name: String,
    /// The version.
    pub(super) version: Option<String>,
    /// The file that goes back.
    pub(super) down: Option<PathBuf>,
}

/// The folder with migrations that `base` has, or is.
pub(super) fn find_in(base: &Path) -> Result<Option<Found>, ProjectError> {
    let mut taken: Option<Found> = None;
    for (index, place) in PLACES.iter().enumerate() {
        // The last places hold SQL for many purposes: where migrations were found, they are not worth a word.
        if taken.is_some() && index >= FOR_MIGRATIONS_ALONE {
            break;
        }
        let Some(found) = read_folder(&base.join(place))? else { continue };
        match &mut taken {
            None => taken = Some(found),
            Some(taken) => {
                let first = relative(&taken.folder, base);
                taken.notes.push(format!("{place} was passed over: the migrations are taken from {first}"));
            }
        }
    }
    if taken.is_some() { Ok(taken) } else { read_folder(base) }
}

/// The folders below `base` that are systems: the shallowest ones.
pub(super) fn find_below(base: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let mut level = own_folders(base);
    for _ in 0..DEEPEST {
        // Supabase projects first: a monorepo's other folders hold SQL for many purposes.
        for places in [&PLACES[..1], &PLACES[1..FOR_MIGRATIONS_ALONE]] {
            let mut systems = Vec::new();
            for entry in &level {
                for place in places {
                    if read_folder(&entry.path.join(place))?.is_some() {
                        systems.push(entry.path.clone());
                        break;
                    }
                }
            }
            if !systems.is_empty() {
                return Ok(systems);
            }
        }
        level = level.iter().flat_map(|entry| own_folders(&entry.path)).collect();
    }
    Ok(Vec::new())
}

/// The migrations that lie in `folder` itself; `None` where it holds none.
pub(super) fn read_folder(folder: &Path) -> Result<Option<Found>, ProjectError> {
    let all = entries(folder)?;
    if folder.join("meta/_journal.json").is_file() {
        let journal = super::discover::read_journal(folder)?;
        return Ok((!journal.files.is_empty()).then_some(journal));
    }
    let mut found = Found { folder: folder.to_owned(), tool: Tool::Plain, files: Vec::new(), notes: Vec::new() };
    if let Some((tool, files)) = folder_each(&all) {
        found.tool = tool;
        found.files = files;
    } else {
        let sql: Vec<&Entry> = all.iter().filter(|entry| !entry.folder && is_sql(&entry.name)).collect();
        found.tool = named_tool(folder, &sql);
        found.files = match found.tool {
            Tool::Flyway => flyway(&sql),
            Tool::Supabase => supabase(folder, &sql, &mut found.notes),
            _ => up_files(&sql),
        };
    }
    Ok((!found.files.is_empty()).then_some(found))
}

/// One folder a migration, as Prisma and Diesel do.
fn folder_each(all: &[Entry]) -> Option<(Tool, Vec<FoundFile>)> {
    let with = |tool: Tool, file: &str, down: &str| {
        let holds = |entry: &&Entry| entry.folder && entry.path.join(file).is_file();
        let files: Vec<FoundFile> = all
            .iter()
            .filter(holds)
            .map(|entry| FoundFile {
                path: entry.path.join(file),
                name: entry.name.clone(),
                version: leading_version(&entry.name).map(str::to_owned),
                down: Some(entry.path.join(down)).filter(|path| path.is_file()),
            })
            .collect();
        (!files.is_empty()).then_some((tool, files))
    };
    with(Tool::Prisma, "migration.sql", "down.sql").or_else(|| with(Tool::Diesel, "up.sql", "down.sql"))
}

/// The tool that the names speak of.
fn named_tool(folder: &Path, sql: &[&Entry]) -> Tool {
    if sql.iter().any(|entry| flyway_parts(&entry.name).is_some_and(|(kind, _)| kind == 'V')) {
        Tool::Flyway
    } else if is_in_supabase(folder) {
        Tool::Supabase
    } else if sql.iter().any(|entry| way(&entry.name) == Way::Up) {
        Tool::UpDown
    } else {
        Tool::Plain
    }
}

fn is_in_supabase(folder: &Path) -> bool {
    let parent = folder.parent();
    folder.file_name().is_some_and(|name| name == "migrations" || name == "schemas")
        && parent.is_some_and(|parent| {
            parent.file_name().is_some_and(|name| name == "supabase") || parent.join("config.toml").is_file()
        })
}

pub(super) fn is_sql(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
}

/// Which way a file of SQL goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
    Unsaid,
}

fn way(name: &str) -> Way {
    let lower = name.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if ends(&[".up.sql", "_up.sql"]) {
        Way::Up
    } else if ends(&[".down.sql", "_down.sql", ".undo.sql", ".rollback.sql", "_rollback.sql"])
        || ["down.sql", "rollback.sql"].contains(&lower.as_str())
    {
        Way::Down
    } else {
        Way::Unsaid
    }
}

/// The name without what tells the way, so that the two halves meet.
fn stem(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let endings =
        [".up.sql", "_up.sql", ".down.sql", "_down.sql", ".undo.sql", ".rollback.sql", "_rollback.sql", ".sql"];
    let ending = endings.iter().find(|ending| lower.ends_with(*ending)).map_or(0, |ending| ending.len());
    name.get(..name.len() - ending).unwrap_or(name).to_owned()
}

/// Whether a file in a folder of migrations fills tables for development.
pub(super) fn is_seed(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower == "seed.sql" || lower == "seeds.sql" || lower.ends_with(".seed.sql")
}

/// Files that go up or do not say, each with the one that goes back, by version.
pub(super) fn up_files(sql: &[&Entry]) -> Vec<FoundFile> {
    let downs: Vec<&&Entry> = sql.iter().filter(|entry| way(&entry.name) == Way::Down).collect();
    let mut files: Vec<FoundFile> = sql
        .iter()
        .filter(|entry| way(&entry.name) != Way::Down && !is_seed(&entry.name))
        .map(|entry| FoundFile {
            path: entry.path.clone(),
            name: entry.name.clone(),
            version: leading_version(&entry.name).map(str::to_owned),
            down: downs.iter().find(|down| stem(&down.name) == stem(&entry.name)).map(|down| down.path.clone()),
        })
        .collect();
    files.sort_by(|left, right| {
        let order = match (&left.version, &right.version) {
            (Some(one), Some(other)) => compare_versions(one, other),
            // Files without a number (`schema.sql`) come behind those with one, as `ls` lists them.
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        order.then_with(|| left.name.cmp(&right.name))
    });
    files
}

/// By name, as the CLI does; it takes no file without a version.
fn supabase(folder: &Path, sql: &[&Entry], notes: &mut Vec<String>) -> Vec<FoundFile> {
    let mut files = up_files(sql);
    files.sort_by(|left, right| left.name.cmp(&right.name));
    let declarative = folder.file_name().is_some_and(|name| name == "schemas");
    if declarative || files.iter().all(|file| file.version.is_none()) {
        return files;
    }
    let (numbered, rest): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.version.is_some());
    for file in rest {
        let path = relative(&file.path, folder);
        notes.push(format!("{path} was left out: the Supabase CLI takes no migration without a version in its name"));
    }
    numbered
}

/// The kind of a Flyway file (`V`, `R`, `U`) and its version.
fn flyway_parts(name: &str) -> Option<(char, String)> {
    let (head, _) = name.split_once("__")?;
    let kind = head.chars().next().filter(|kind| ['V', 'R', 'U', 'B'].contains(kind))?;
    let version = head.get(1..)?;
    let digits = |sign: char| sign.is_ascii_digit() || sign == '.' || sign == '_';
    let fits = if kind == 'R' { version.is_empty() } else { !version.is_empty() && version.chars().all(digits) };
    fits.then(|| (kind, version.replace('_', ".")))
}

/// Versioned files by version, then repeatable ones by name; undo files go back.
fn flyway(sql: &[&Entry]) -> Vec<FoundFile> {
    let parsed: Vec<(&&Entry, char, String)> = sql
        .iter()
        .filter_map(|entry| flyway_parts(&entry.name).map(|(kind, version)| (entry, kind, version)))
        .collect();
    let mut files: Vec<(&char, FoundFile)> = Vec::new();
    for (entry, kind, version) in parsed.iter().filter(|(_, kind, _)| ['V', 'R'].contains(kind)) {
        let undo = parsed.iter().find(|(_, other, same)| *other == 'U' && same == version && *kind == 'V');
        files.push((
            kind,
            FoundFile {
                path: entry.path.clone(),
                name: entry.name.clone(),
                version: (*kind == 'V').then(|| version.clone()),
                down: undo.map(|(undo, _, _)| undo.path.clone()),
            },
        ));
    }
    files.sort_by(|(left_kind, left), (right_kind, right)| {
        let versions =
            compare_versions(left.version.as_deref().unwrap_or_default(), right.version.as_deref().unwrap_or_default());
        right_kind.cmp(left_kind).then(versions).then_with(|| left.name.cmp(&right.name))
    });
    files.into_iter().map(|(_, file)| file).collect()
}
