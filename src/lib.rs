//! Proves, by executing, that a multi-tenant Postgres schema keeps its tenants apart.
//!
//! See ARCHITECTURE.md for the rooms and how data flows through them.

pub mod cargo_test;
pub mod catalog;
pub mod checks;
pub mod cli;
pub mod postgres;
pub mod probe;
pub mod project;
pub mod report;
pub mod run;
pub mod settings;
#[cfg(test)]
mod snapshots;
pub mod tenancy;
pub mod trial;
pub mod verdict;
pub mod world;
