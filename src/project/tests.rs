#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::settings::{MigrationSettings, SeedSettings, SystemSettings};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn find(files: &[(&str, &str)]) -> Project {
    let folder = folder(files);
    discover(folder.path(), &SystemSettings::default()).unwrap()
}

fn refused(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let error = discover(folder.path(), &SystemSettings::default()).unwrap_err();
    let help = miette::Diagnostic::help(&error).map(|help| help.to_string()).unwrap_or_default();
    format!("{error}\n{help}")
}

fn paths(project: &Project) -> Vec<&str> {
    project.migrations.iter().map(|migration| migration.path.as_str()).collect()
}

#[test]
fn supabase_migrations_go_by_name_with_their_seed_and_config() {
    let project = find(&[
        ("supabase/migrations/20240102000000_b.sql", "select 2;"),
        ("supabase/migrations/20240101000000_a.sql", "select 1;"),
        ("supabase/migrations/notes.sql", "select broken"),
        ("supabase/seed.sql", "select 3;"),
        ("supabase/config.toml", "[api]\nschemas = ['public', 'app']"),
        ("supabase/roles.sql", "create role reader;"),
        ("prisma/migrations/1_x/migration.sql", "select 4;"),
    ]);
    assert_eq!(project.tool, Tool::Supabase);
    assert_eq!(
        paths(&project),
        ["supabase/roles.sql", "supabase/migrations/20240101000000_a.sql", "supabase/migrations/20240102000000_b.sql"]
    );
    assert_eq!(project.migrations[1].version.as_deref(), Some("20240101000000"));
    assert_eq!(project.seed.unwrap().files[0].path, "supabase/seed.sql");
    assert_eq!(project.supabase.unwrap().schemas.unwrap(), ["public", "app"]);
    assert!(project.notes.iter().any(|note| note.contains("notes.sql")), "{:?}", project.notes);
    assert!(project.notes.iter().any(|note| note.contains("prisma/migrations")), "{:?}", project.notes);
}

#[test]
fn the_supabase_folder_and_its_migrations_folder_are_the_same_system() {
    let files = [
        ("shop/supabase/migrations/20240101000000_a.sql", "select 1;"),
        ("shop/supabase/config.toml", ""),
        ("shop/supabase/seed.sql", "select 2;"),
    ];
    let folder = folder(&files);
    for path in ["shop", "shop/supabase", "shop/supabase/migrations"] {
        let project = discover(&folder.path().join(path), &SystemSettings::default()).unwrap();
        assert_eq!((project.tool, project.name.as_str()), (Tool::Supabase, "shop"), "{path}");
        assert!(project.supabase.is_some() && project.seed.is_some(), "{path}");
        assert_eq!(project.migrations.len(), 1, "{path}");
    }
}

#[test]
fn names_that_the_cli_orders_against_their_numbers_are_reported() {
    let project = find(&[
        ("supabase/migrations/10_c.sql", ""),
        ("supabase/migrations/9_b.sql", ""),
        ("supabase/migrations/9_a.sql", ""),
    ]);
    assert_eq!(
        project.problems,
        [
            ProjectProblem::DuplicateVersion {
                version: "9".to_owned(),
                files: vec!["supabase/migrations/9_a.sql".to_owned(), "supabase/migrations/9_b.sql".to_owned()],
            },
            ProjectProblem::OutOfOrder {
                file: "supabase/migrations/9_a.sql".to_owned(),
                after: "supabase/migrations/10_c.sql".to_owned(),
            },
        ]
    );
}

#[test]
fn up_and_down_files_meet_and_go_by_number() {
    let project = find(&[
        ("migrations/2_b.up.sql", ""),
        ("migrations/2_b.down.sql", "drop"),
        ("migrations/10_c.up.sql", ""),
        ("migrations/000001_a.up.sql", ""),
    ]);
    assert_eq!(project.tool, Tool::UpDown);
    assert_eq!(paths(&project), ["migrations/000001_a.up.sql", "migrations/2_b.up.sql", "migrations/10_c.up.sql"]);
    assert_eq!(project.migrations[1].down.as_ref().unwrap().path, "migrations/2_b.down.sql");
    assert!(project.migrations[0].down.is_none() && project.problems.is_empty());
}

#[test]
fn two_files_of_one_number_are_reported_whatever_their_zeros() {
    let project = find(&[("migrations/001_a.sql", ""), ("migrations/1_b.sql", "")]);
    assert!(matches!(&project.problems[..], [ProjectProblem::DuplicateVersion { version, .. }] if version == "1"));
}

#[test]
fn prisma_takes_a_folder_each() {
    let project = find(&[
        ("prisma/migrations/20240102_b/migration.sql", ""),
        ("prisma/migrations/20240101_a/migration.sql", ""),
        ("prisma/migrations/migration_lock.toml", ""),
    ]);
    assert_eq!(project.tool, Tool::Prisma);
    assert_eq!(paths(&project)[0], "prisma/migrations/20240101_a/migration.sql");
}

#[test]
fn diesel_takes_a_folder_each_with_the_way_back() {
    let project = find(&[
        ("migrations/2024-01-02-000000_b/up.sql", ""),
        ("migrations/2024-01-01-000000_a/up.sql", ""),
        ("migrations/2024-01-01-000000_a/down.sql", "drop"),
    ]);
    assert_eq!(project.tool, Tool::Diesel);
    assert!(project.migrations[0].down.is_some());
    assert_eq!(project.migrations[0].version.as_deref(), Some("2024-01-01-000000"));
    assert!(project.problems.is_empty());
}

#[test]
fn drizzle_goes_by_its_journal() {
    let journal = r#"{"entries": [{"idx": 0, "tag": "0001_second"}, {"idx": 1, "tag": "0000_first"}]}"#;
    let project = find(&[
        ("drizzle/meta/_journal.json", journal),
        ("drizzle/0000_first.sql", ""),
        ("drizzle/0001_second.sql", ""),
        ("drizzle/0002_stray.sql", ""),
    ]);
    assert_eq!(project.tool, Tool::Drizzle);
    assert_eq!(paths(&project), ["drizzle/0001_second.sql", "drizzle/0000_first.sql"]);
    assert!(project.notes[0].contains("0002_stray.sql"));
}

#[test]
fn a_journal_that_nobody_keeps_is_passed_over() {
    let project = find(&[
        ("drizzle/meta/_journal.json", r#"{"entries": [{"tag": "0000_gone"}]}"#),
        ("drizzle/0002_b.sql", ""),
        ("drizzle/0001_a.sql", ""),
    ]);
    assert_eq!(paths(&project), ["drizzle/0001_a.sql", "drizzle/0002_b.sql"]);
    assert!(project.notes[0].contains("0000_gone.sql") && project.notes[1].contains("by number"));
}

#[test]
fn a_journal_that_is_none_is_an_error() {
    let text = refused(&[("drizzle/meta/_journal.json", "{"), ("drizzle/0001_a.sql", "")]);
    assert!(text.contains("_journal.json") && text.contains("no JSON"), "{text}");
}

#[test]
fn flyway_applies_repeatable_files_last_and_undoes_nothing() {
    let place = "src/main/resources/db/migration";
    let files: Vec<(String, &str)> = ["V1_10__c.sql", "V1.2__b.sql", "V1__a.sql", "R__views.sql", "U1__a.sql"]
        .iter()
        .map(|name| (format!("{place}/{name}"), ""))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let project = find(&files);
    assert_eq!(project.tool, Tool::Flyway);
    let names: Vec<&str> = paths(&project).iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["V1__a.sql", "V1.2__b.sql", "V1_10__c.sql", "R__views.sql"]);
    assert!(project.migrations[0].down.as_ref().unwrap().path.ends_with("U1__a.sql"));
}

#[test]
fn goose_and_dbmate_are_told_by_their_markers() {
    let goose = find(&[("migrations/1_a.sql", "-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;")]);
    assert_eq!((goose.tool, goose.migrations[0].sql.trim_end()), (Tool::Goose, "-- +goose Up\nselect 1;"));
    assert!(goose.migrations[0].down.as_ref().unwrap().sql.contains("select 2"));
    let dbmate = find(&[("db/migrations/1_a.sql", "-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;")]);
    assert_eq!(dbmate.tool, Tool::Dbmate);
}

#[test]
fn dbmate_goes_by_name_as_text() {
    let up = "-- migrate:up\nselect 1;";
    let project = find(&[("db/migrations/9_a.sql", up), ("db/migrations/10_b.sql", up)]);
    assert_eq!(paths(&project), ["db/migrations/10_b.sql", "db/migrations/9_a.sql"]);
    assert!(matches!(project.problems.as_slice(), [ProjectProblem::OutOfOrder { .. }]), "{:?}", project.problems);
    let padded = find(&[("db/migrations/09_a.sql", up), ("db/migrations/10_b.sql", up)]);
    assert_eq!(paths(&padded), ["db/migrations/09_a.sql", "db/migrations/10_b.sql"]);
    assert!(padded.problems.is_empty(), "{:?}", padded.problems);
    // goose goes by number.
    let goose = "-- +goose Up\nselect 1;";
    let project = find(&[("migrations/9_a.sql", goose), ("migrations/10_b.sql", goose)]);
    assert_eq!(paths(&project), ["migrations/9_a.sql", "migrations/10_b.sql"]);
}

#[test]
fn a_folder_of_seeds_that_is_not_read_is_noted() {
    let said = |files: &[(&str, &str)]| find(files).notes.iter().any(|note| note.contains("seeds"));
    assert!(said(&[("migrations/1_a.sql", "select 1;"), ("db/seeds/people.sql", "select 2;")]));
    assert!(!said(&[("migrations/1_a.sql", "select 1;"), ("seeds/people.ts", "")]));
    assert!(!said(&[("migrations/1_a.sql", "select 1;"), ("seeds/a.sql", "select 2;"), ("seed.sql", "select 3;")]));
}

#[test]
fn bare_files_go_by_number_then_by_name_and_the_seed_is_none_of_them() {
    let project =
        find(&[("10_c.sql", ""), ("2_b.sql", ""), ("schema.sql", ""), ("policies.sql", ""), ("seed.sql", "insert")]);
    assert_eq!(project.tool, Tool::Plain);
    assert_eq!(paths(&project), ["2_b.sql", "10_c.sql", "policies.sql", "schema.sql"]);
    assert_eq!(project.seed.unwrap().files[0].sql, "insert");
}

#[test]
fn one_file_is_a_system() {
    let folder = folder(&[("shop.sql", "select 1;"), ("other.sql", "select 2;")]);
    let project = discover(&folder.path().join("shop.sql"), &SystemSettings::default()).unwrap();
    assert_eq!((project.name.as_str(), paths(&project)), ("shop", vec!["shop.sql"]));
}

#[test]
fn the_one_system_of_a_monorepo_is_found_below() {
    let project = find(&[
        ("apps/api/supabase/migrations/1_a.sql", "select 1;"),
        ("node_modules/x/supabase/migrations/1_a.sql", "select 1;"),
        ("package.json", "{}"),
    ]);
    assert_eq!((project.name.as_str(), project.migrations.len()), ("api", 1));
}

#[test]
fn several_systems_below_are_named() {
    let text = refused(&[("a/supabase/migrations/1_a.sql", ""), ("b/supabase/migrations/1_a.sql", "")]);
    assert!(text.contains("a, b") && text.contains(r#"systems = ["a", "b"]"#), "{text}");
}

#[test]
fn where_nothing_is_found_the_error_says_what_was_looked_for() {
    let text = refused(&[("prisma/schema.prisma", ""), ("readme.md", "")]);
    assert!(text.contains("supabase/migrations") && text.contains("prisma migrate dev"), "{text}");
    let gone = discover(Path::new("/nowhere/at/all"), &SystemSettings::default()).unwrap_err();
    assert!(gone.to_string().contains("/nowhere/at/all"));
}

#[test]
fn settings_name_the_migrations_the_seed_and_the_system() {
    let folder = folder(&[
        ("sql/01.sql", ""),
        ("migrations/1_a.sql", ""),
        ("seed.sql", ""),
        ("seeds/b.sql", "2"),
        ("seeds/a.sql", "1"),
    ]);
    let text = |text: &str| Some(text.to_owned());
    let migrations = |folder: &str| MigrationSettings { folder: text(folder), ..Default::default() };
    let seed = |path: &str| SeedSettings { path: text(path), ..Default::default() };
    let settings =
        SystemSettings { name: text("shop"), migrations: migrations("sql"), seed: seed("seeds"), ..Default::default() };
    let project = discover(folder.path(), &settings).unwrap();
    assert_eq!((project.name.as_str(), paths(&project)), ("shop", vec!["sql/01.sql"]));
    let seeds: Vec<String> = project.seed.unwrap().files.into_iter().map(|file| file.path).collect();
    assert_eq!(seeds, ["seeds/a.sql", "seeds/b.sql"]);

    let none = SystemSettings { seed: seed(""), ..Default::default() };
    assert_eq!(discover(folder.path(), &none).unwrap().seed, None);
    let wrong = SystemSettings { migrations: migrations("sqll"), ..Default::default() };
    assert!(discover(folder.path(), &wrong).unwrap_err().to_string().contains("`migrations = \"sqll\"`"));
}

#[test]
fn seed_paths_of_the_config_are_globs_and_can_be_switched_off() {
    let files = |config| {
        [
            ("supabase/migrations/1_a.sql", ""),
            ("supabase/seeds/b.sql", ""),
            ("supabase/seeds/a.sql", ""),
            ("supabase/seed.sql", ""),
            ("supabase/config.toml", config),
        ]
    };
    let on = find(&files("[db.seed]\nsql_paths = ['./seeds/*.sql']"));
    assert_eq!(on.seed.unwrap().files.len(), 2);
    let off = find(&files("[db.seed]\nenabled = false"));
    assert_eq!(off.seed, None);
}

#[test]
fn declared_schemas_serve_where_no_migration_is_written_yet() {
    let project = find(&[
        ("supabase/schemas/b.sql", ""),
        ("supabase/schemas/a.sql", ""),
        ("supabase/config.toml", "[db.migrations]\nschema_paths = ['./schemas/b.sql', './schemas/*.sql']"),
    ]);
    assert_eq!(paths(&project), ["supabase/schemas/b.sql", "supabase/schemas/a.sql"]);
}

#[test]
fn a_config_that_is_no_toml_is_a_note_not_an_end() {
    let project = find(&[("supabase/migrations/1_a.sql", ""), ("supabase/config.toml", "[api")]);
    assert!(project.supabase.is_some() && project.notes[0].contains("config.toml"));
}
