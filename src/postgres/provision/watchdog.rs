use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A small shell process that outlives this one, however it dies (SIGKILL included), and then removes what it could
/// not: it waits on a pipe whose other end closes with us. Where no shell can be started there is none, and the next
/// run's sweep does the work.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Option<Child>,
}

/// `$1` is a work directory or empty, `$2` a container or empty. A line on the standard input calls it off.
const SCRIPT: &str = r#"
trap '' HUP INT TERM QUIT
read -r word
[ "$word" = done ] && exit 0
if [ -n "$2" ]; then
  docker rm -f -v "$2"
fi
if [ -n "$1" ]; then
  server=$(head -n 1 "$1/data/postmaster.pid")
  if [ -n "$server" ]; then
    kill -QUIT "$server"
    waited=0
    while kill -0 "$server" && [ "$waited" -lt 50 ]; do sleep 0.1; waited=$((waited + 1)); done
    kill -KILL "$server"
  fi
  if [ -f "$1/also" ]; then
    while read -r more; do rm -rf -- "$more"; done < "$1/also"
  fi
  rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
fi
"#;

impl Watchdog {
    /// Watches over a work directory, with the server in it.
    pub(super) fn over_directory(directory: &Path) -> Self {
        let mut command = shell();
        command.arg(directory).arg("");
        Self { shell: command.spawn().ok() }
    }

    /// Watches over a container.
    #[cfg(feature = "docker")]
    pub(super) fn over_container(name: &str) -> Self {
        let mut command = shell();
        command.arg("").arg(name);
        Self { shell: command.spawn().ok() }
    }

    /// Calls it off: everything has been removed.
    pub(super) fn dismiss(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            if let Some(mut words) = shell.stdin.take() {
                // A watchdog that is already gone needs no word.
                let _gone = words.write_all(b"done\n");
            }
            let _ended = shell.wait();
        }
    }
}

fn shell() -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", SCRIPT, "seaworthy-watchdog"])
        .current_dir("/")
        // A group of its own, or Ctrl-C in the terminal would reach it too.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
