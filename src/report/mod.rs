//! What people and machines read after a run. Every form is rendered from the [`crate::verdict::RunRecord`] alone.
//!
//! Names, values and server messages in a record come from schemas and rows that nobody vouches for: each form neutralises
//! what could act in it (escape sequences on a terminal, markup in Markdown).

mod digest;
mod explain;
mod files;
mod json;
mod markdown;
#[cfg(test)]
pub(crate) mod sample;
mod terminal;
mod text;

pub use explain::{check_index, check_page, explanation, listing};
pub use files::{FileFormat, UnknownFormat, WriteError, folder_name, write_files};
pub use json::{render as json, render_all as json_array};
pub use markdown::render as markdown;
pub use terminal::{Options as TerminalOptions, finding as terminal_finding, render as terminal};
pub use text::visible;
