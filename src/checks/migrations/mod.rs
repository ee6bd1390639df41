//! What was found while the migrations were applied.

pub mod does_not_apply;
pub mod duplicate_version;
pub mod out_of_order;
