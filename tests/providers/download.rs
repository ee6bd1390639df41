//! Programs that were fetched before, since a test has no releases to fetch from.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::child::Holder;
use crate::traces::{assert_directory_is_gone, directory_of};

/// Links to a machine's own programs, where fetched ones would be.
fn pretend_fetched(installation: &Path) -> Option<()> {
    let found =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).next()?;
    let bin = installation.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    symlink(found.join("postgres"), bin.join("postgres")).ok()
}

#[test]
fn programs_that_were_fetched_before_serve_without_a_network() {
    // Root's server runs as somebody else, who cannot enter root's own cache.
    if nix::unistd::geteuid().is_root() {
        println!("skipped: download: as root the programs are kept in /var/cache, which a test leaves alone");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let installation: PathBuf = home.path().join("seaworthy/postgresql/17.0.0");
    if pretend_fetched(&installation).is_none() {
        println!("skipped: download: no programs on this machine to pretend with");
        return;
    }
    let mut holder = Holder::start("download", |command| {
        command.env("XDG_CACHE_HOME", home.path());
    });
    assert!(holder.wait_for("ready").is_some(), "{}", holder.said("error"));
    assert_eq!(holder.said("provider"), "download");
    let directory = directory_of(holder.said("url"));
    holder.signal("-TERM");
    assert!(holder.wait_for("stopped").is_some());
    assert_directory_is_gone(&directory);
    holder.process.wait().unwrap();
}
