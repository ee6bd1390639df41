//! Mistakes in `seaworthy.toml`, shown in their place.

use crate::program::{Project, SOUND};

fn settings(text: &str) -> Project {
    Project::with(&[("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", text.as_bytes())])
}

#[test]
fn an_unknown_key_is_shown_with_the_nearest_known_one() {
    settings("name = \"shop\"\nmigratoins = \"db\"\n")
        .check(&[])
        .refused(2, &["seaworthy.toml:2:1", "migratoins = \"db\"", "Did you mean `migrations`?"]);
}

#[test]
fn a_value_of_the_wrong_type_is_shown_in_its_place() {
    settings("migrations = 7\n").check(&[]).refused(2, &["seaworthy.toml:1:", "migrations = 7"]);
}

#[test]
fn a_file_that_is_no_toml() {
    settings("name = \n").check(&[]).refused(2, &["seaworthy.toml:1:"]);
}

#[test]
fn a_table_that_does_not_exist_is_named_with_the_nearest() {
    settings("[tables.notse]\npublic = [\"select\"]\n").check(&[]).refused(2, &["notse", "notes"]);
}

#[test]
fn a_column_that_does_not_exist_is_named() {
    let done = settings("[tables.notes]\ntenant_key = \"workspace\"\n").check(&[]);
    done.refused(2, &["workspace"]);
}

#[test]
fn a_system_that_is_listed_but_not_there() {
    Project::with(&[("seaworthy.toml", b"systems = [\"shop\"]\n")]).check(&[]).refused(2, &["shop"]);
}
