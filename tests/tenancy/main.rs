//! What a person would say about a schema is what is inferred.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod declared;
mod describe;
mod identity;
mod shapes;
#[path = "../support/mod.rs"]
mod support;
mod tables;
