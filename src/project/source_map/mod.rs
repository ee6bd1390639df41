//! Which line of which migration last defined an object. Each file is cut and parsed once, in the order in which the files were applied;
//! what is dropped goes, what is renamed moves, and what is only there if it was not before stays where it was.

mod block;
mod depth;
mod ledger;
mod lookup;
mod naming;
mod object;
mod privilege;
mod reader;
mod reading;
mod signature;
mod table;
#[cfg(test)]
mod tests;
mod value;

use ledger::Ledger;
use reader::Reader;

/// A file whose statements stand on the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Its path, as sources name it.
    pub path: &'a str,
    /// Its text.
    pub sql: &'a str,
    /// Where it stands in part: the line of the first statement that does not.
    pub before: Option<usize>,
}

/// Where each object was last defined.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceMap {
    ledger: Ledger,
}

impl SourceMap {
    /// Reads files in the order in which they were applied.
    #[must_use]
    pub fn read<'a>(files: impl IntoIterator<Item = Standing<'a>>) -> Self {
        let mut ledger = Ledger::default();
        for file in files {
            Reader::new(&mut ledger, file.path).file(file.sql, file.before);
        }
        Self { ledger }
    }
}
