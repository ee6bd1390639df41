use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::catalog::{Catalog, Grant, SettingOrigin};

/// Stands for any superuser: its name depends on who set the server up, not on the schema.
const ANY_SUPERUSER: &str = "(superuser)";

/// A hash of everything that the schema says, the same for the same schema on another server: object ids, the server's
/// version and the names of superusers do not count.
#[must_use]
pub fn schema_fingerprint(catalog: &Catalog) -> String {
    let text = format!("{:?}", canonical(catalog));
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
        // Writing to a string cannot fail.
        let _written = write!(hash, "{byte:02x}");
        hash
    })
}

/// The catalog without what depends on the server: object ids, its version, the names of superusers.
pub(super) fn canonical(catalog: &Catalog) -> Catalog {
    let mut canonical = catalog.clone();
    let superusers: Vec<String> =
        catalog.roles.iter().filter(|role| role.superuser).map(|role| role.name.clone()).collect();
    let anonymize = |name: &mut String| {
        if superusers.contains(name) {
            ANY_SUPERUSER.clone_into(name);
        }
    };
    let anonymize_grants = |grants: &mut Vec<Grant>| grants.iter_mut().for_each(|grant| anonymize(&mut grant.grantee));
    canonical.server_version = 0;
    canonical.roles.retain(|role| !role.superuser);
    canonical.settings.retain(|setting| setting.origin != SettingOrigin::Server);
    for table in &mut canonical.tables {
        table.oid = 0;
        anonymize(&mut table.owner);
        anonymize_grants(&mut table.grants);
        // Privileges that came with a later version of Postgres (MAINTAIN) say nothing about the schema.
        table.grants.retain(|grant| grant.grantee != table.owner);
        table.column_grants.iter_mut().for_each(|grant| anonymize(&mut grant.grantee));
    }
    for function in &mut canonical.functions {
        function.oid = 0;
        anonymize(&mut function.owner);
        anonymize_grants(&mut function.grants);
    }
    for schema in &mut canonical.schemas {
        anonymize(&mut schema.owner);
        anonymize_grants(&mut schema.grants);
    }
    for defaults in &mut canonical.default_privileges {
        anonymize(&mut defaults.owner);
        anonymize_grants(&mut defaults.grants);
    }
    canonical
}
