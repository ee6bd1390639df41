//! A role to stand for the application, where the schema has policies and nobody but the owner to whom they could apply.

use std::collections::BTreeSet;

use super::{Session, SqlError};
use crate::catalog::{Catalog, quote_identifier, quote_literal};

/// Its name. It goes with the run, as every role that a system makes.
const NAME: &str = "seaworthy_application";

/// Makes the role: it owns nothing, bypasses nothing, and may read and write the tables of every schema in which there is a policy.
///
/// # Errors
/// When the server refuses, as one does to a login that may make no roles.
pub async fn make_application_role(session: &mut Session, catalog: &Catalog) -> Result<&'static str, SqlError> {
    let role = quote_identifier(NAME);
    // One that a killed run left behind will do.
    let mut sql = format!(
        "do $$ begin if not exists (select from pg_catalog.pg_roles where rolname = {}) then create role {role} nologin; end if; end $$",
        quote_literal(NAME)
    );
    for schema in schemas_with_policies(catalog) {
        let schema = quote_identifier(schema);
        for grant in [
            format!("grant usage on schema {schema} to {role}"),
            format!("grant select, insert, update, delete on all tables in schema {schema} to {role}"),
            format!("grant usage, select on all sequences in schema {schema} to {role}"),
        ] {
            sql.push_str("; ");
            sql.push_str(&grant);
        }
    }
    session.run(&sql).await.map(|_| NAME)
}

/// Whether anything in the schema is for policies to decide.
#[must_use]
pub fn has_policies(catalog: &Catalog) -> bool {
    !schemas_with_policies(catalog).is_empty()
}

fn schemas_with_policies(catalog: &Catalog) -> BTreeSet<&str> {
    let ruled = catalog.tables.iter().filter(|table| table.row_security && !table.policies.is_empty());
    ruled.map(|table| table.name.schema.as_str()).collect()
}
