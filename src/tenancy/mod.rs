//! Intent: who should be able to do what, read off keys and foreign keys, names and comments, and what a person wrote
//! down in `seaworthy.toml`; never off what policies allow.
//!
//! Policies and functions are read for how identity is passed (which claims, which settings). Beside that, a policy that opens reading in so
//! many words, on a table that is named like a publication, makes a leak there a warning (`infer/audience.rs`); it allows nothing.

mod error;
mod implied;
mod infer;
mod intent;
mod render;

pub use error::TenancyError;
pub use implied::{ImpliedReference, implied_references};
pub use infer::{Surroundings, infer};
pub(crate) use infer::{names_migrations, singular, table_words, words};
pub use intent::{
    Audience, ClientPlace, ClientWritten, Command, Identity, IdentityValue, Intent, JsonClaim, Membership, Origin,
    Ownership, Profile, Reasoned, Setting, TableIntent, TableRole, TenantIds, TenantRoot, Tie,
};
pub use render::render_settings;
