//! Proves, by executing, that a multi-tenant Postgres schema keeps its tenants apart.
//!
//! See ARCHITECTURE.md for the rooms and how data flows through them.

pub mod catalog;
pub mod postgres;
pub mod probe;
pub mod project;
pub mod settings;
pub mod tenancy;
pub mod verdict;
pub mod world;
