//! Who holds which privileges.

pub mod harness_bypasses_rls;
