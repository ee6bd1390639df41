//! A provider that cannot serve says what is missing and how to get it, and only `auto` tries another.

use std::process::Command;

use crate::child::{Holder, error_of};

#[test]
fn local_without_programs_says_where_it_looked_and_what_to_do() {
    let error = error_of("local", |command| {
        command.env("SEAWORTHY_PG_BIN", "/nowhere");
    });
    assert!(error.contains("SEAWORTHY_PG_BIN is /nowhere") && error.contains("Install PostgreSQL 15 to 18"), "{error}");
}

/// A limit on the size of files stands for a full disk: what is written is refused.
#[test]
fn a_full_disk_is_told_in_the_words_of_the_program_that_met_it() {
    if seaworthy_has_no_local_server() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let error = error_of("local", |command| {
        let program = command.get_program().to_owned();
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let variables: Vec<_> =
            command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
        *command = Command::new("/bin/sh");
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "sh"])
            .arg(program)
            .args(arguments)
            .envs(variables)
            .env("XDG_CACHE_HOME", home.path())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped());
    });
    assert!(error.contains("initdb could not make a database cluster"), "{error}");
    assert!(error.contains("Its last words") && error.to_lowercase().contains("too large"), "{error}");
}

fn seaworthy_has_no_local_server() -> bool {
    let mut holder = Holder::start("local", |_| {});
    let ready = holder.wait_for("ready").is_some();
    holder.process.kill().unwrap();
    holder.process.wait().unwrap();
    if !ready {
        println!("skipped: local: {}", holder.said("error"));
    }
    !ready
}

#[cfg(feature = "docker")]
#[test]
fn docker_without_a_daemon_or_an_image_fails_and_names_no_other_provider() {
    let refused = error_of("docker", |command| {
        command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    });
    assert!(refused.contains("no Postgres by docker") && refused.contains("Start Docker"), "{refused}");
}

#[cfg(feature = "docker")]
#[test]
fn auto_goes_on_where_docker_does_not_answer_and_says_so() {
    let mut holder = Holder::start("auto", |command| {
        command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    });
    if holder.wait_for("ready").is_none() {
        println!("skipped: auto: {}", holder.said("error"));
        return;
    }
    assert_ne!(holder.said("provider"), "docker");
    assert!(
        holder.said("reason").contains("not docker (the Docker daemon cannot be reached"),
        "{}",
        holder.said("reason")
    );
    holder.signal("-TERM");
    holder.process.wait().unwrap();
}

#[cfg(not(feature = "download"))]
#[test]
fn a_provider_that_is_not_built_in_says_how_to_build_it_in() {
    let error = error_of("download", |_| {});
    assert!(error.contains("--features download"), "{error}");
}
