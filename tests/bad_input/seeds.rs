//! Seeds and files of checksums that are not what they should be.

use crate::program::{Project, SOUND};

fn seeded(seed: &[u8]) -> Project {
    Project::with(&[("schema.sql", SOUND.as_bytes()), ("seed.sql", seed)])
}

const WORKSPACE: &str = "insert into auth.users (id) values ('10000000-0000-4000-8000-000000000001');
insert into public.workspaces (user_id, name) values ('10000000-0000-4000-8000-000000000001', 'Acme');
";

#[test]
fn a_seed_that_is_not_there() {
    Project::with(&[("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", b"seed = \"sead.sql\"\n")])
        .check(&[])
        .refused(2, &["seaworthy.toml:1:8", "there is no seed `sead.sql`"]);
    Project::with(&[("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", b"[seed]\npath = \"sead.sql\"\n")])
        .check(&[])
        .refused(2, &["seaworthy.toml:2:8", "there is no seed `sead.sql`"]);
}

#[test]
fn a_seed_that_is_not_utf_8() {
    seeded(b"insert into public.workspaces (name) values ('caf\xe9');\n").check(&[]).refused(2, &["seed.sql", "UTF-8"]);
}

#[test]
fn a_seed_that_fails_in_the_middle_is_a_finding_and_leaves_nothing_of_itself() {
    let seed = format!("{WORKSPACE}select 1 / 0;\n");
    let done = seeded(seed.as_bytes()).check(&["--format", "json"]);
    done.concluded(1, &["seed.sql:3 does not run: division by zero", "22012", "isolation/cross-tenant-read"]);
}

#[test]
fn a_seed_that_does_not_parse_or_never_ends() {
    seeded(b"insert into (").check(&["--format", "json"]).concluded(1, &["seed.sql:1 does not run", "42601"]);
    seeded(b"insert into public.workspaces (name) values ('open")
        .check(&["--format", "json"])
        .concluded(1, &["seed.sql:1"]);
}

#[test]
fn a_seed_that_is_empty_seeds_nothing_and_does_not_block() {
    seeded(b"").check(&["--format", "json"]).concluded(0, &["nothing is seeded"]);
    seeded(b"-- to be written\n").check(&["--format", "json"]).concluded(0, &["nothing is seeded"]);
}

#[test]
fn a_seed_that_changes_the_schema_or_drops_a_table_does_not_break_the_run() {
    let done = seeded(b"drop table public.notes;\n").check(&["--format", "json"]);
    assert!(matches!(done.code, Some(0 | 1)), "{done:?}");
}

#[test]
fn a_required_row_of_a_column_that_is_not_there() {
    let settings = b"[tables.notes]\nrequired = [{ boddy = \"x\" }]\n";
    Project::with(&[("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", settings)])
        .check(&[])
        .refused(2, &["boddy", "body"]);
}

#[test]
fn a_required_value_that_its_column_cannot_hold_is_a_finding() {
    let settings = b"[tables.notes]\nrequired = [{ id = \"no uuid\" }]\n";
    Project::with(&[("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", settings)])
        .check(&["--format", "json"])
        .concluded(1, &["seed/required-row-missing", "no row can have id = no uuid"]);
}

#[test]
fn a_file_of_checksums_that_is_none() {
    let files = |sums: &'static [u8]| {
        Project::with(&[
            ("migrations/001_schema.sql", SOUND.as_bytes()),
            ("seaworthy.toml", b"[migrations]\nchecksums = \"sums\"\n"),
            ("sums", sums),
        ])
    };
    files(b"nonsense\n").check(&[]).refused(2, &["line 1", "no SHA-256"]);
    files(b"\xff\xfe\n").check(&[]).refused(2, &["UTF-8"]);
    Project::with(&[("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", b"[migrations]\nchecksums = \"sums\"\n")])
        .check(&[])
        .refused(2, &["there is no file `sums`"]);
}
