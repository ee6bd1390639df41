use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use tokio::sync::mpsc::UnboundedReceiver;

use super::arguments::Init;
use super::progress::Progress;
use super::{Console, Failure};
use crate::run::{InitRequest, Pipeline, Signal, Target, find_targets, interrupt, supervise};
use crate::settings::FILE_NAME;

/// Infers settings for one system and writes them.
pub(super) async fn run<P: Pipeline>(
    arguments: Init,
    pipeline: &P,
    console: &mut Console,
    signals: &mut UnboundedReceiver<Signal>,
) -> Result<u8, Failure> {
    let targets = find_targets(&[arguments.path], &console.directory)?;
    let [target] = <[Target; 1]>::try_from(targets).map_err(|targets| Failure::UnknownName {
        message: format!("that folder lists {} systems", targets.len()),
        help: "Give the folder of one of them.".to_owned(),
    })?;
    let path = target.folder.join(FILE_NAME);
    if path.exists() && !arguments.force && !arguments.print {
        return Err(Failure::Exists { path });
    }
    let request = InitRequest { target, server: arguments.server.request() };
    let progress = Progress::new(console.interactive, false);
    let (interrupter, interrupt) = interrupt();
    let tell = |event| progress.tell(&event);
    let work = pipeline.propose_settings(&request, &tell, &interrupt);
    let outcome = supervise(work, &interrupter, signals, |_| {}).await;
    progress.finish();
    let text = outcome.map_err(Failure::Stopped)?.map_err(|error| Failure::Run(Box::new(error)))?;
    if arguments.print {
        console.print(&text).map_err(Failure::Output)?;
    } else {
        write(&path, &text, arguments.force).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::Exists { path: path.clone() },
            _ => Failure::File { path: path.clone(), source },
        })?;
        console.say(&format!("Wrote {}: read it, and correct what is wrong.", path.display()));
    }
    Ok(0)
}

/// Somebody's file is never lost to half of ours: a new one is made only where there is none, an old one replaced whole.
fn write(path: &Path, text: &str, replace: bool) -> std::io::Result<()> {
    if !replace {
        return File::create_new(path)?.write_all(text.as_bytes());
    }
    let beside = path.with_extension("toml.new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path).inspect_err(|_| {
        // The error that matters is the one of the renaming.
        let _left_behind = fs::remove_file(&beside);
    })
}
