//! Every provider of Postgres, started for real, and nothing of it left afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod child;
#[cfg(feature = "download")]
mod download;
mod ending;
mod refusal;
mod serving;
mod traces;
mod url;
