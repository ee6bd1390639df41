//! Files that are not there, or are not what they should be.

use crate::program::{Project, SOUND};

#[test]
fn a_path_that_leads_nowhere() {
    Project::with(&[]).check(&["nowhere"]).refused(2, &["there is no such folder: nowhere"]);
}

#[test]
fn a_path_that_leads_to_a_file() {
    Project::sql(SOUND).check(&["schema.sql"]).refused(2, &["schema.sql is a file", "Give the folder of a system"]);
}

#[test]
fn a_folder_without_sql() {
    let done = Project::with(&[("readme.txt", b"nothing")]).check(&[]);
    assert!(matches!(done.code, Some(2 | 3)), "{done:?}");
    assert!(done.error.contains(".sql"), "{done:?}");
}

#[test]
fn sql_that_does_not_parse_is_a_finding_with_its_line_and_the_rest_is_checked() {
    let project = Project::with(&[
        ("migrations/001_schema.sql", SOUND.as_bytes()),
        ("migrations/002_typo.sql", b"select 1;\ncreat table public.oops (id int);\n"),
    ]);
    let done = project.check(&["--format", "json"]);
    done.concluded(1, &["migrations/002_typo.sql:2 does not apply", "42601", "isolation/cross-tenant-read"]);
    assert!(done.out.contains("\"public.notes\""), "the rest is checked");
}

#[test]
fn sql_that_ends_in_the_middle_of_a_string() {
    Project::sql("select 'unfinished").check(&[]).refused(2, &[]);
}

#[test]
fn a_migration_that_fails_halfway_leaves_nothing_of_itself_and_the_rest_is_checked() {
    let project = Project::with(&[
        ("migrations/001_schema.sql", SOUND.as_bytes()),
        ("migrations/002_half.sql", b"create table public.half (id int);\nselect 1 / 0;\n"),
    ]);
    let done = project.check(&["--format", "json"]);
    done.concluded(1, &["migrations/002_half.sql:2 does not apply", "22012", "isolation/cross-tenant-read"]);
    assert!(!done.out.contains("\"public.half\""), "half a migration is none");
}

#[test]
fn two_files_with_one_version_are_a_finding_and_the_rest_is_checked() {
    let project = Project::with(&[
        ("supabase/migrations/20240101000000_schema.sql", SOUND.as_bytes()),
        ("supabase/migrations/20240101000000_other.sql", b"select 1;\n"),
    ]);
    let done = project.check(&["--format", "json"]);
    done.concluded(1, &["migrations/duplicate-version", "is borne by 2 files", "isolation/cross-tenant-read"]);
}

#[test]
fn a_file_that_is_not_utf_8() {
    Project::with(&[("migrations/001_latin.sql", b"select '\xe9t\xe9';\n")])
        .check(&[])
        .refused(2, &["001_latin.sql", "UTF-8"]);
}

/// Root reads every file: a folder in a file's place stands for one that cannot be read.
#[test]
fn a_migration_that_cannot_be_read() {
    let project = Project::with(&[("migrations/001_schema.sql", SOUND.as_bytes())]);
    std::fs::create_dir(project.path("migrations/002_folder.sql")).unwrap();
    let done = project.check(&[]);
    if done.code != Some(0) {
        done.refused(2, &["002_folder.sql"]);
    }
    std::fs::remove_dir(project.path("migrations/002_folder.sql")).unwrap();
    std::os::unix::fs::symlink("nowhere.sql", project.path("migrations/002_dangling.sql")).unwrap();
    project.check(&[]).refused(2, &["002_dangling.sql", "cannot be read"]);
}

#[test]
fn a_schema_with_no_tables_is_empty_and_not_ready() {
    Project::sql("select 1;\n").check(&[]).concluded(3, &["EMPTY"]);
}

#[test]
fn a_schema_without_any_tenant_is_never_ready() {
    let done = Project::sql("create table public.weather (id int primary key, degrees int not null);\n").check(&[]);
    assert!(matches!(done.code, Some(1 | 3)), "{done:?}");
    done.concluded(done.code.unwrap(), &["public.weather"]);
}

#[test]
fn reports_that_cannot_be_written() {
    let project = Project::sql(SOUND);
    std::fs::write(project.path("taken"), "a file").unwrap();
    let done = project.check(&["--out", "taken"]);
    done.refused(2, &["taken"]);
    assert!(done.out.contains("READY"), "the report is told all the same: {done:?}");
    project.check(&["--out", "/proc/seaworthy"]).refused(2, &["/proc/seaworthy"]);
}
