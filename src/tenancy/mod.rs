//! Intent: who should be able to do what, read off keys and foreign keys, names and comments, and what a person wrote
//! down in `seaworthy.toml`; never off what policies allow.
//!
//! Policies and functions are read for one thing alone: how identity is passed (which claims, which settings).

mod error;
mod infer;
mod intent;
mod render;

pub use error::TenancyError;
pub use infer::{Surroundings, infer};
pub(crate) use infer::{names_migrations, singular, table_words, words};
pub use intent::{
    ClientPlace, ClientWritten, Command, Identity, IdentityValue, Intent, JsonClaim, Membership, Origin, Ownership,
    Profile, Reasoned, Setting, TableIntent, TableRole, TenantIds, TenantRoot, Tie,
};
pub use render::render_settings;
