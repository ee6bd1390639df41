//! Arguments that name nothing.

use crate::program::{Project, SOUND, finish};

#[test]
fn names_that_name_nothing_are_refused_with_the_nearest() {
    let project = Project::sql(SOUND);
    project.check(&["--only", "isolatoin"]).refused(2, &["Did you mean `isolation`?"]);
    project.check(&["--only", "isolation/cross-tenant-raed"]).refused(2, &["isolation/cross-tenant-read"]);
    project.check(&["--system", "shop"]).refused(2, &["there is no system `shop`"]);
    let wrong = finish(project.command(&["check", "--postgres", "dokcer"]));
    wrong.refused(2, &["it can be auto, docker, local, download, embedded"]);
}

#[test]
fn a_table_that_matches_nothing_is_not_ready() {
    let done = Project::sql(SOUND).check(&["--table", "ntoes"]);
    done.concluded(3, &["EMPTY"]);
    assert!(!done.out.contains("READY"), "{done:?}");
}

#[test]
fn a_known_table_beside_an_unknown_one_does_not_hide_it() {
    let done = Project::sql(SOUND).check(&["--table", "notes", "--table", "ntoes"]);
    assert!(done.out.contains("ntoes") || done.error.contains("ntoes"), "{done:?}");
}

#[test]
fn an_address_that_nobody_answers_at() {
    let project = Project::sql(SOUND);
    let done = finish(project.command(&["check", "--postgres", "postgres://me:geheim@127.0.0.1:1/db"]));
    done.refused(2, &["127.0.0.1"]);
    assert!(!done.error.contains("geheim"), "passwords are never printed: {done:?}");
}
