//! However a run ends, nothing stays.

use std::time::Duration;

use crate::child::Holder;
use crate::traces::{assert_directory_is_gone, directory_of, eventually, in_ci, postmaster_in, processes_about, start};

/// A child that holds a server; `None`, with the reason printed, where the provider is absent.
fn holder(provider: &str) -> Option<Holder> {
    let mut holder = Holder::start(provider, |_| {});
    if holder.wait_for("ready").is_some() {
        return Some(holder);
    }
    assert!(!in_ci(), "{provider} must be there in CI: {}", holder.said("error"));
    println!("skipped: {provider}: {}", holder.said("error"));
    None
}

#[test]
fn ctrl_c_sigterm_and_sighup_end_a_local_server_in_order() {
    for (signal, code) in [("-INT", "130"), ("-TERM", "143"), ("-HUP", "129")] {
        let Some(mut holder) = holder("local") else { return };
        let directory = directory_of(holder.said("url"));
        holder.signal(signal);
        // Somebody impatient: it changes nothing.
        holder.signal(signal);
        assert_eq!(holder.wait_for("stopped").as_deref(), Some(code));
        assert_directory_is_gone(&directory);
        holder.process.wait().unwrap();
    }
}

#[test]
fn a_local_server_dies_with_a_run_that_is_killed() {
    let Some(mut holder) = holder("local") else { return };
    let directory = directory_of(holder.said("url"));
    assert!(!processes_about(&directory.display().to_string()).is_empty());
    holder.signal("-KILL");
    holder.process.wait().unwrap();
    eventually("the watchdog did not remove the directory", || !directory.exists());
    assert_directory_is_gone(&directory);
}

/// Where the watchdog dies too there is the next run.
#[tokio::test]
async fn the_next_run_removes_what_a_killed_one_left() {
    let Some(mut holder) = holder("local") else { return };
    let directory = directory_of(holder.said("url"));
    let text = directory.display().to_string();
    let watchdog = processes_about(&text).into_iter().find(|line| line.contains("seaworthy-watchdog")).unwrap();
    let watchdog = watchdog.split_whitespace().next().unwrap();
    assert!(std::process::Command::new("kill").args(["-KILL", watchdog]).status().unwrap().success());
    holder.signal("-KILL");
    holder.process.wait().unwrap();
    let postmaster = postmaster_in(&directory);
    assert!(!processes_about(&text).is_empty(), "the server {postmaster} should have been left behind");
    let server = start("local").await.unwrap();
    assert_directory_is_gone(&directory);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_of_a_statement_is_a_lost_connection() {
    let Some(server) = start("local").await else { return };
    let database = server.create_database().await.unwrap();
    let directory = directory_of(database.url());
    let mut session = database.connect().await.unwrap();
    let killed = postmaster_in(&directory).to_string();
    let killing = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::process::Command::new("kill").args(["-KILL", &killed]).status().await.unwrap()
    });
    let sleeping = tokio::time::timeout(Duration::from_secs(20), session.run("SELECT pg_sleep(60)"));
    let error = sleeping.await.expect("it hangs").unwrap_err();
    assert!(error.is_lost(), "{error:?}");
    assert!(killing.await.unwrap().success());
    let refused = tokio::time::timeout(Duration::from_secs(20), database.connect()).await.expect("it hangs");
    assert!(refused.unwrap_err().is_lost());
    assert!(server.create_database().await.is_err());
    server.stop().await.unwrap();
    assert_directory_is_gone(&directory);
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_engine_s_files_go_with_a_run_that_is_told_to_end_or_killed() {
    for signal in ["-TERM", "-KILL"] {
        let Some(mut holder) = holder("embedded") else { return };
        let directory = directory_of(holder.said("url"));
        let engine = std::fs::read_to_string(directory.join("also")).unwrap();
        let engine = std::path::Path::new(engine.trim());
        assert!(engine.exists());
        holder.signal(signal);
        holder.process.wait().unwrap();
        eventually("files were left", || !directory.exists() && !engine.exists());
    }
}

#[cfg(feature = "docker")]
mod docker {
    use super::{Holder, eventually, holder, in_ci, start};
    use crate::traces::containers_of;

    #[test]
    fn a_container_goes_with_a_run_that_is_told_to_end_or_killed() {
        for signal in ["-INT", "-TERM", "-KILL"] {
            let Some(mut holder) = holder("docker") else { return };
            let process = holder.process.id();
            assert_eq!(containers_of(process).len(), 1);
            holder.signal(signal);
            holder.process.wait().unwrap();
            eventually("the container was left", || containers_of(process).is_empty());
        }
    }

    /// Without a docker command the watchdog can do nothing; the next run can.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_next_run_removes_the_container_of_a_killed_one() {
        let mut holder = Holder::start("docker", |command| {
            command.env("PATH", "/nowhere");
        });
        if holder.wait_for("ready").is_none() {
            assert!(!in_ci(), "docker must be there in CI: {}", holder.said("error"));
            println!("skipped: docker: {}", holder.said("error"));
            return;
        }
        let process = holder.process.id();
        holder.signal("-KILL");
        holder.process.wait().unwrap();
        assert_eq!(containers_of(process).len(), 1);
        let server = start("docker").await.unwrap();
        assert!(containers_of(process).is_empty());
        server.stop().await.unwrap();
    }
}
