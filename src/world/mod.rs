//! The world of a run: tenants, the people who act, and rows that satisfy every constraint, with canaries in them.

mod model;

pub use model::{FreshRow, Gap, Principal, PrincipalKind, Standing, StoredRow, TableRows, Tenant, Values, World};
