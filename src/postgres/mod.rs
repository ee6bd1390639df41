//! Everything that talks to a Postgres server: getting one, bringing a schema onto it, reading it back, running probes.

pub mod introspect;
pub mod populate;
mod session;

pub use session::{Session, SqlError, StatementResult};
