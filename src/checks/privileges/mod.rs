//! Who holds which privileges.

pub mod auth_schema_exposed;
pub mod bypassrls_reachable;
mod clients;
pub mod column_grant_shadowed;
pub mod create_on_schema;
pub mod default_privileges_open;
pub mod definer_function_exposed;
pub mod harness_bypasses_rls;
mod invocation;
pub mod monitoring_role_granted;
pub mod mutable_search_path;
pub mod owner_is_client;
pub mod references_or_trigger_granted;
pub mod secret_column_readable;
mod secret_names;
pub mod truncate_granted;
