//! The rules that make a verdict worth something (ARCHITECTURE.md, "Why it is so"), each tried on a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bounds;
mod controls;
mod effects;
mod names;
mod probing_role;
mod sameness;
mod system;
