//! What executing as somebody else does. The attacker is always a fully valid member of another tenant, or a signed-in
//! stranger, or nobody; the expected outcome comes from the tenancy model.

pub mod anonymous_read;
pub mod anonymous_write;
pub mod cascade_crosses_tenants;
pub mod client_setting_trusted;
pub mod cross_tenant_delete;
pub mod cross_tenant_insert;
pub mod cross_tenant_read;
pub mod cross_tenant_update;
pub mod definer_view_leaks;
pub mod foreign_key_crosses_tenants;
pub mod foreign_key_oracle;
mod function_arguments;
pub mod function_leaks;
pub mod membership_self_granted;
pub mod missing_claims_admitted;
pub mod owner_locked_out;
pub mod partition_bypass;
pub mod policy_recursion;
pub mod privilege_column_writable;
pub mod public_bucket_lists;
pub mod realtime_delete_leaks_key;
pub mod realtime_publishes_unprotected;
pub mod second_membership_breaks;
pub mod storage_object_crosses_tenants;
pub mod stored_reference_crosses_tenants;
pub mod tenant_key_reassigned;
mod tenant_table;
pub mod trigger_crosses_tenants;
pub mod uniqueness_oracle;
pub mod unreachable_tenant_data;
mod view_columns;
pub mod view_write_crosses;

pub(in crate::checks) use privilege_column_writable::quoted_texts;
pub use tenant_table::TenantTable;
