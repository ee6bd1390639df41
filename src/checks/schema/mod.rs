//! What the tables, functions and views are, as the catalog says it and as executing shows it.

mod body;
pub mod check_not_enforced;
pub mod function_does_not_compile;
mod harness;
mod rule;
mod sample;
pub mod updated_at_not_maintained;
pub mod view_does_not_run;
