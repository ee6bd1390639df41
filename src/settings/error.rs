use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

/// A `seaworthy.toml` that cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum SettingsError {
    /// The file is there but cannot be read.
    #[error("{} cannot be read: {source}", .path.display())]
    #[diagnostic(help("Settings are optional: make the file readable, or remove it to have everything inferred."))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not text.
    #[error("{} is not UTF-8: the first bad byte is at offset {offset}", .path.display())]
    #[diagnostic(help("TOML is UTF-8 text: save the file in that encoding."))]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where the text ends.
        offset: usize,
    },
    /// The file says something that has no meaning.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Invalid(Box<Invalid>),
}

/// The mistakes of one file, with its text so that they can be shown in place. There is at least one.
#[derive(Debug)]
pub struct Invalid {
    source: NamedSource<String>,
    problems: Vec<Problem>,
}

/// One mistake in a settings file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// Where.
    #[label("{label}")]
    pub span: SourceSpan,
    /// What to say at that place.
    pub label: String,
    /// What to do.
    #[help]
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn new(message: String, span: Range<usize>, label: impl Into<String>, help: Option<String>) -> Self {
        Self { message, span: span.into(), label: label.into(), help }
    }
}

impl Invalid {
    pub(super) fn new(name: &str, text: &str, problems: Vec<Problem>) -> Self {
        Self { source: NamedSource::new(name, text.to_owned()), problems }
    }

    /// The mistakes, in the order of the file.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn only(&self) -> Option<&Problem> {
        match self.problems.as_slice() {
            [problem] => Some(problem),
            _ => None,
        }
    }
}

impl From<Invalid> for SettingsError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(Box::new(invalid))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only() {
            Some(problem) => write!(formatter, "{}: {problem}", self.source.name()),
            None => write!(formatter, "{} has {} mistakes", self.source.name(), self.problems.len()),
        }
    }
}

impl std::error::Error for Invalid {}

impl Diagnostic for Invalid {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only().and_then(Diagnostic::labels)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only().and_then(Diagnostic::help)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self.only() {
            Some(_) => None,
            None => Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic))),
        }
    }
}
