//! Everything that talks to a Postgres server: getting one, bringing a schema onto it, reading it back, running probes.

mod application_role;
mod execute;
pub mod introspect;
pub mod migrate;
pub mod populate;
pub mod provision;
pub mod rehearse;
mod sent;
mod session;
pub mod stand_ins;
pub mod supabase;

pub use application_role::{has_policies, make_application_role};
pub use execute::Executor;
pub use sent::{Sent, listen};
pub use session::{Session, SqlError, StatementResult};
