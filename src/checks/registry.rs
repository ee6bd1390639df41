use super::{Check, isolation, migrations, privileges, rls, schema};
use crate::verdict::CheckInfo;

/// Every check: the one list, in the order of the ids.
pub const REGISTRY: &[Check] = &[
    isolation::anonymous_read::CHECK,
    isolation::anonymous_write::CHECK,
    isolation::cascade_crosses_tenants::CHECK,
    isolation::client_setting_trusted::CHECK,
    isolation::cross_tenant_delete::CHECK,
    isolation::cross_tenant_insert::CHECK,
    isolation::cross_tenant_read::CHECK,
    isolation::cross_tenant_update::CHECK,
    isolation::definer_view_leaks::CHECK,
    isolation::foreign_key_crosses_tenants::CHECK,
    isolation::foreign_key_oracle::CHECK,
    isolation::function_leaks::CHECK,
    isolation::membership_self_granted::CHECK,
    isolation::missing_claims_admitted::CHECK,
    isolation::owner_locked_out::CHECK,
    isolation::partition_bypass::CHECK,
    isolation::policy_recursion::CHECK,
    isolation::privilege_column_writable::CHECK,
    isolation::public_bucket_lists::CHECK,
    isolation::realtime_delete_leaks_key::CHECK,
    isolation::realtime_publishes_unprotected::CHECK,
    isolation::second_membership_breaks::CHECK,
    isolation::storage_object_crosses_tenants::CHECK,
    isolation::stored_reference_crosses_tenants::CHECK,
    isolation::tenant_key_reassigned::CHECK,
    isolation::trigger_crosses_tenants::CHECK,
    isolation::uniqueness_oracle::CHECK,
    isolation::unreachable_tenant_data::CHECK,
    isolation::view_write_crosses::CHECK,
    migrations::does_not_apply::CHECK,
    migrations::duplicate_version::CHECK,
    migrations::out_of_order::CHECK,
    privileges::harness_bypasses_rls::CHECK,
    rls::not_enabled::CHECK,
    rls::policies_but_disabled::CHECK,
    schema::check_not_enforced::CHECK,
    schema::function_does_not_compile::CHECK,
    schema::updated_at_not_maintained::CHECK,
    schema::view_does_not_run::CHECK,
];

/// Everything that is known of every check, in the order of their ids.
#[must_use]
pub fn every_check() -> Vec<CheckInfo> {
    REGISTRY.iter().map(|check| check.info).collect()
}
