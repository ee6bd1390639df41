//! Bad input, as the real program meets it: a clear word on standard error, the right exit status, never a panic.
#![cfg(unix)]

mod arguments;
mod files;
mod program;
mod servers;
mod settings;
