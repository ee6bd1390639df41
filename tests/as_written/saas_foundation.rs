use std::sync::OnceLock;

use crate::{Fault, Twins, assert_repaired, assert_reported, twins};

static TWINS: OnceLock<Twins> = OnceLock::new();

const FAULTS: &[Fault] = &[
    (
        "1. the profile's policy limits no field",
        &[
            ("isolation/privilege-column-writable", "public.users (subscription_tier)"),
            ("isolation/privilege-column-writable", "public.users (subscription_status)"),
            ("isolation/privilege-column-writable", "public.users (monthly_usage)"),
        ],
    ),
    (
        "2. an asset may be attached to another user's job",
        &[("schema/reference-not-tenant-tied", "public.assets (job_id)")],
    ),
    (
        "3. a definer function without a search path of its own",
        &[("privileges/mutable-search-path", "public.handle_new_user()")],
    ),
    (
        "4. service policies for everybody, several of them for one command",
        &[
            ("rls/applies-to-public", "public.users (Service role can manage users)"),
            ("rls/redundant-permissive-policies", "public.users"),
        ],
    ),
    (
        "5. email is unique across tenants, auth.uid() is asked for every row, a foreign key has no index",
        &[
            ("isolation/uniqueness-oracle", "public.users (email)"),
            ("indexes/auth-call-per-row", "public.jobs"),
            ("indexes/unindexed-foreign-key", "public.subscription_audit (subscription_id)"),
        ],
    ),
    ("6. one column is indexed twice", &[("indexes/duplicate", "public.subscriptions (idx_subscriptions_stripe_id)")]),
    (
        "7. clients hold TRUNCATE, and the seed is a comment",
        &[("privileges/truncate-granted", "public.jobs"), ("seed/does-not-run", "seed.sql")],
    ),
];

#[test]
fn every_known_fault_is_reported_by_a_check_that_names_it() {
    assert_reported(twins("saas_foundation", &TWINS), FAULTS);
}

#[test]
fn the_repaired_system_has_none_of_them() {
    assert_repaired(twins("saas_foundation", &TWINS), FAULTS);
}
