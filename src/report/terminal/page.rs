use owo_colors::{OwoColorize, Style};

use crate::report::text::{first_lines, visible, visible_lines};

/// Text for a terminal of some width, written from top to bottom.
pub(super) struct Page {
    text: String,
    width: usize,
    colour: bool,
}

/// The width of a field's label.
const LABEL: usize = 10;

/// Statements and answers longer than this are cut: the record has them whole.
const MOST_LINES: usize = 12;

impl Page {
    pub(super) fn new(width: usize, colour: bool) -> Self {
        Self { text: String::new(), width: width.max(40), colour }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn colour(&self) -> bool {
        self.colour
    }

    pub(super) fn paint(&self, text: &str, style: Style) -> String {
        if self.colour { text.style(style).to_string() } else { text.to_owned() }
    }

    /// A line that is printed as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading, with an empty line before it.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        let painted = self.paint(text, Style::new().bold().underline());
        self.line(&painted);
    }

    /// Prose, wrapped, with every line indented.
    pub(super) fn prose(&mut self, indent: usize, text: &str) {
        self.hanging(&" ".repeat(indent), &" ".repeat(indent), text);
    }

    /// Prose, wrapped: `first` before its first line, `rest` before the others.
    pub(super) fn hanging(&mut self, first: &str, rest: &str, text: &str) {
        let mut lead = first;
        for line in visible_lines(text) {
            let options = textwrap::Options::new(self.width).initial_indent(lead).subsequent_indent(rest);
            for line in textwrap::wrap(&line, options) {
                self.line(&line);
            }
            lead = rest;
        }
    }

    /// A labelled text, wrapped; nothing where the text is empty.
    pub(super) fn field(&mut self, indent: usize, label: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let lead = self.label(indent, label);
        self.hanging(&lead, &" ".repeat(indent + LABEL), text);
    }

    /// A labelled block whose lines are kept as they are, so that they can be copied; cut where it is long.
    pub(super) fn block(&mut self, indent: usize, label: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let mut lead = self.label(indent, label);
        for line in first_lines(visible_lines(text), MOST_LINES) {
            let full = format!("{lead}{line}");
            self.line(&full);
            lead = " ".repeat(indent + LABEL);
        }
    }

    fn label(&self, indent: usize, label: &str) -> String {
        format!("{}{}", " ".repeat(indent), self.paint(&format!("{label:<LABEL$}"), Style::new().dimmed()))
    }

    /// Parts of a heading line, neutralised, two spaces apart.
    pub(super) fn parts(&mut self, indent: usize, parts: &[(&str, Style)]) {
        let painted: Vec<String> = parts.iter().map(|(text, style)| self.paint(&visible(text), *style)).collect();
        let full = format!("{}{}", " ".repeat(indent), painted.join("  "));
        self.line(&full);
    }
}
