use super::{Check, isolation, migrations, privileges, rls, seed};
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
    migrations::changed_after_apply::CHECK,
    migrations::destructive::CHECK,
    migrations::does_not_apply::CHECK,
    migrations::duplicate_version::CHECK,
    migrations::locks_table::CHECK,
    migrations::no_rollback::CHECK,
    migrations::not_repeatable::CHECK,
    migrations::out_of_order::CHECK,
    migrations::rollback_differs::CHECK,
    privileges::harness_bypasses_rls::CHECK,
    rls::not_enabled::CHECK,
    rls::policies_but_disabled::CHECK,
    seed::constraint_violated::CHECK,
    seed::does_not_run::CHECK,
    seed::not_idempotent::CHECK,
    seed::orphan::CHECK,
    seed::real_looking_person::CHECK,
    seed::required_row_missing::CHECK,
    seed::runs_in_production::CHECK,
];

/// Everything that is known of every check, in the order of their ids.
#[must_use]
pub fn every_check() -> Vec<CheckInfo> {
    REGISTRY.iter().map(|check| check.info).collect()
}
