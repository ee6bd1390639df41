use std::io::{self, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::visible;
use crate::verdict::{Event, Status};

/// Shows a run's events on standard error while it works: drawn for a person, a line for each note otherwise.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    stages: bool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    failed: usize,
    notes: Vec<String>,
}

impl Progress {
    /// `interactive`: somebody watches. `stages`: say each stage also where nobody does.
    pub(super) fn new(interactive: bool, stages: bool) -> Self {
        let bar = interactive.then(|| {
            let bar = ProgressBar::new_spinner().with_style(waiting());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, stages, seen: Mutex::default() }
    }

    pub(super) fn tell(&self, event: &Event) {
        match event {
            Event::Stage(stage) => self.stage(&visible(stage)),
            Event::Note(note) => self.note(&visible(note)),
            Event::Probing { total } => {
                if let Some(bar) = &self.bar {
                    bar.set_style(counting());
                    bar.set_position(0);
                    bar.set_length(u64::try_from(*total).unwrap_or(u64::MAX));
                }
            }
            Event::Probed(count) => {
                if let Some(bar) = &self.bar {
                    bar.inc(u64::try_from(*count).unwrap_or(0));
                }
            }
            Event::Judged { status } => self.judged(*status),
        }
    }

    fn stage(&self, stage: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_style(waiting());
                bar.set_message(stage.to_owned());
            }
            None if self.stages => say(stage),
            None => {}
        }
    }

    /// A note is told once, however many systems it holds for.
    fn note(&self, note: &str) {
        if let Ok(mut seen) = self.seen.lock() {
            if seen.notes.iter().any(|told| told == note) {
                return;
            }
            seen.notes.push(note.to_owned());
        }
        match &self.bar {
            Some(bar) => bar.println(note),
            None => say(note),
        }
    }

    fn judged(&self, status: Status) {
        if !matches!(status, Status::Fail | Status::Error) {
            return;
        }
        let (Some(bar), Ok(mut seen)) = (&self.bar, self.seen.lock()) else { return };
        seen.failed += 1;
        bar.set_prefix(format!("{} failed", seen.failed));
    }

    /// Leaves nothing of the drawing behind.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn say(line: &str) {
    // A standard error that is closed is no reason to stop.
    let _unheard = writeln!(io::stderr(), "{line}");
}

/// The templates are constants: one that does not parse would show at the first run, and the plain one serves then.
fn waiting() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn counting() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg} [{bar:30}] {pos}/{len} {prefix}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_parse() {
        assert!(ProgressStyle::with_template("{spinner} {wide_msg}").is_ok());
        assert!(ProgressStyle::with_template("{spinner} {msg} [{bar:30}] {pos}/{len} {prefix}").is_ok());
    }

    #[test]
    fn nothing_is_drawn_where_nobody_watches() {
        let progress = Progress::new(false, false);
        progress.tell(&Event::Probing { total: 3 });
        progress.tell(&Event::Probed(2));
        progress.tell(&Event::Judged { status: Status::Fail });
        assert!(progress.bar.is_none());
    }
}
