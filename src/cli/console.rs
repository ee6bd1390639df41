use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::path::PathBuf;

use anstream::{AutoStream, ColorChoice};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::report::visible;

/// Where a command reads its directory from and writes to: the report to `out`, everything else to `error`.
pub struct Console {
    /// Standard output.
    pub out: Box<dyn Write>,
    /// Standard error.
    pub error: Box<dyn Write>,
    /// Whether `out` takes colours.
    pub colour: bool,
    /// The columns of `out`.
    pub width: usize,
    /// Whether a person watches `error`, so that progress may be drawn there.
    pub interactive: bool,
    /// What relative paths start from.
    pub directory: PathBuf,
}

/// Without a terminal, lines are made for a page of this width.
const PAGE_WIDTH: usize = 100;

/// Nobody reads lines longer than this.
const WIDEST: usize = 200;

impl Console {
    /// The console of this process. Colours stay off where the output is no terminal or `NO_COLOR` is set.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            out: Box::new(io::stdout()),
            error: Box::new(io::stderr()),
            colour: AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            width: width(),
            interactive: io::stderr().is_terminal(),
            directory: PathBuf::from("."),
        }
    }

    /// Writes the report. A reader that went away (`| head`) has read enough.
    ///
    /// # Errors
    /// When the output cannot take it.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes a line for the person, beside the report.
    pub fn say(&mut self, text: &str) {
        // There is nowhere left to complain to.
        let _unheard = writeln!(self.error, "{text}");
    }

    /// Shows an error with its place and what to do. Names from schemas and files in it cannot act on the terminal.
    pub fn complain(&mut self, diagnostic: &dyn Diagnostic) {
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(self.width);
        let mut text = String::new();
        if handler.render_report(&mut text, diagnostic).is_err() {
            text = diagnostic.to_string();
        }
        for line in text.trim_end().lines() {
            self.say(&visible(line));
        }
    }
}

fn width() -> usize {
    let from_variable = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal_size::terminal_size()
        .filter(|_| io::stdout().is_terminal())
        .map(|(width, _)| usize::from(width.0))
        .or_else(from_variable)
        .unwrap_or(PAGE_WIDTH)
        .min(WIDEST)
}
