//! Servers that refuse, are the wrong one, or go away.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seaworthy::postgres::provision::{Database, ProvisionOptions, Server};

use crate::program::{Done, Project, SOUND, finish};

async fn local() -> Option<Server> {
    let options = ProvisionOptions { choice: "local".parse().unwrap(), ..ProvisionOptions::default() };
    match Server::start(&options, &|_| ()).await {
        Ok(server) => Some(server),
        Err(error) => {
            assert!(std::env::var("CI").is_err(), "a local server must be there in CI: {error}");
            println!("skipped: {error}");
            None
        }
    }
}

fn directory(database: &Database) -> PathBuf {
    let (_, parameters) = database.url().split_once("?host=").unwrap();
    PathBuf::from(parameters.split('&').next().unwrap())
}

fn postmaster(directory: &Path) -> String {
    let file = fs::read_to_string(directory.join("data/postmaster.pid")).unwrap();
    file.lines().next().unwrap().to_owned()
}

/// Off the test's own runtime: the server under test must go on being served.
async fn check_at(project: Project, address: String) -> (Project, Done) {
    let run = move || {
        let done = finish(project.command(&["check", "--postgres", &address]));
        (project, done)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[test]
fn docker_that_does_not_answer() {
    let project = Project::sql(SOUND);
    let mut command = project.command(&["check", "--postgres", "docker"]);
    command.env("DOCKER_HOST", "unix:///nonexistent");
    finish(command).refused(2, &["docker"]);
}

#[test]
fn programs_of_an_unsupported_version() {
    let programs = tempfile::tempdir().unwrap();
    fs::set_permissions(programs.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["postgres", "initdb", "pg_ctl", "psql"] {
        let path = programs.path().join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{name} (PostgreSQL) 14.11'\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let project = Project::sql(SOUND);
    let mut command = project.command(&["check", "--postgres", "local"]);
    command.env("SEAWORTHY_PG_BIN", programs.path());
    finish(command).refused(2, &["14", "15 to 18"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_may_not_create_a_database() {
    let Some(server) = local().await else { return };
    let database = server.create_database().await.unwrap();
    let mut session = database.connect().await.unwrap();
    session.run("create role limited login").await.unwrap();
    session.close().await;
    let address = format!("postgres:///postgres?host={}&user=limited", directory(&database).display());
    let (_project, done) = check_at(Project::sql(SOUND), address).await;
    done.refused(2, &["limited"]);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_middle_of_a_run() {
    let Some(server) = local().await else { return };
    let database = server.create_database().await.unwrap();
    let directory = directory(&database);
    let address = format!("postgres:///postgres?host={}&user=postgres", directory.display());
    let slow = format!("{SOUND}\nselect pg_sleep(120);\n");
    let run = tokio::spawn(check_at(Project::sql(&slow), address));
    let mut session = database.connect().await.unwrap();
    let sleeping = "select 1 from pg_stat_activity where state = 'active' and wait_event = 'PgSleep'";
    let deadline = Instant::now() + Duration::from_secs(60);
    while session.run(sleeping).await.unwrap()[0].rows.is_empty() {
        assert!(Instant::now() < deadline, "the run never came to the migration that sleeps");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // At once, without a word to its clients.
    let killed = std::process::Command::new("kill").args(["-QUIT", &postmaster(&directory)]).status().unwrap();
    assert!(killed.success());
    let (project, done) = run.await.unwrap();
    done.refused(2, &[]);
    assert!(!done.error.trim().is_empty(), "{done:?}");
    assert!(!done.out.contains("READY") && !project.path("reports").exists(), "{done:?}");
    drop(session);
    // What it served is gone; that its end is not clean is to be expected.
    let _already_dead = server.stop().await;
}
