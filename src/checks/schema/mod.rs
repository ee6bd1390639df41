//! What a schema should have, whoever reads it: keys, references, times, types and bounds, as the catalog says it and as executing
//! shows it.

mod body;
pub mod cascade_differs_from_declared;
pub mod char_type;
pub mod check_not_enforced;
mod defect;
pub mod enumeration_unchecked;
pub mod exception_swallowed;
pub mod float_money;
pub mod foreign_key_type_mismatch;
pub mod function_does_not_compile;
mod harness;
pub mod implied_foreign_key;
pub mod integer_key;
pub mod json_not_jsonb;
pub mod missing_comment;
pub mod missing_created_at;
pub mod missing_updated_at;
pub mod money_type;
pub mod naive_timestamp;
pub mod no_primary_key;
pub mod not_valid_constraint;
pub mod nullable_tenant_key;
pub mod reference_not_tenant_tied;
pub mod reserved_name;
mod rule;
mod sample;
pub mod serial_not_identity;
pub mod tenant_key_without_foreign_key;
mod timestamps;
pub mod trigger_disabled;
pub mod undeclared_relation;
pub mod updated_at_not_maintained;
pub mod view_does_not_run;
mod write;
