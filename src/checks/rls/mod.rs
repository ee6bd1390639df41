//! What the catalog says about row security.

pub mod not_enabled;
pub mod policies_but_disabled;
