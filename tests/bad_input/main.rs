//! Bad input, as the real program meets it: a clear word on standard error, the right exit status, never a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(unix)]

mod alerts;
mod arguments;
mod files;
mod program;
mod seeds;
mod servers;
mod settings;
