//! Every provider of Postgres, started for real, and nothing of it left afterwards.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod child;
#[cfg(feature = "download")]
mod download;
mod ending;
mod refusal;
mod serving;
mod traces;
mod url;
