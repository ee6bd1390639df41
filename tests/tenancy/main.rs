//! What a person would say about a schema is what is inferred.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod declared;
mod describe;
mod identity;
mod shapes;
#[path = "../support/mod.rs"]
mod support;
mod tables;
