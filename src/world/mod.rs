//! The world of a run: tenants, the people who act, and rows that satisfy every constraint, with canaries in them.

mod constants;
mod draft;
mod entropy;
mod identity;
mod model;
mod naming;
mod order;
mod pattern;
mod people;
mod plan;
mod pool;
mod rules;
mod value;
mod variant;
mod wanted;

pub use model::{FreshRow, Gap, Principal, PrincipalKind, Standing, StoredRow, TableRows, Tenant, Values, World};

/// SQL cut into pieces, for checks that read what a definition says.
pub(crate) mod reading {
    pub(crate) use super::constants::{Token, tokens};
}

/// What `postgres::populate` makes the world with.
pub(crate) mod making {
    pub(crate) use super::constants::{Constants, identifiers};
    pub(crate) use super::draft::{
        Attempt, Cells, Clash, Draft, Ground, MadeRow, Store, Taken, assemble, assemble_distinct, options,
        shares_identity, slots, turn,
    };
    pub(crate) use super::entropy::Entropy;
    pub(crate) use super::identity::{principals, settings_of};
    pub(crate) use super::naming::joins_people;
    pub(crate) use super::order::{Node, Step, order};
    pub(crate) use super::people::{People, membership_of};
    pub(crate) use super::plan::{Context, Reference, TablePlan, barest_first, chance_combinations, near_combinations};
    pub(crate) use super::pool::guesses;
    pub(crate) use super::rules::Question;
    pub(crate) use super::value::{Cell, Spot, cell};
    pub(crate) use super::variant::Variant;
    pub(crate) use super::wanted::{Sort, Wishes, metadata_keys};
}
