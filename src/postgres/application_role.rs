//! A role to stand for the application, where the schema has policies and nobody but the owner to whom they could apply.

use std::collections::BTreeSet;

use super::{Session, SqlError};
use crate::catalog::{Catalog, quote_identifier, quote_literal};
use crate::tenancy::Intent;

/// Its name. It goes with the run, as every role that a system makes.
const NAME: &str = "seaworthy_application";

/// Makes the role: it owns nothing and bypasses nothing. In every schema with a policy it reads all tables, and writes those whose rows
/// belong to tenants.
///
/// # Errors
/// When the server refuses, as one does to a login that may make no roles.
pub async fn make_application_role(
    session: &mut Session,
    catalog: &Catalog,
    intent: &Intent,
) -> Result<&'static str, SqlError> {
    let role = quote_identifier(NAME);
    // One that a killed run left behind will do.
    let mut statements = vec![format!(
        "do $$ begin if not exists (select from pg_catalog.pg_roles where rolname = {}) then create role {role} nologin; end if; end $$",
        quote_literal(NAME)
    )];
    for schema in schemas_with_policies(catalog) {
        let quoted = quote_identifier(schema);
        statements.push(format!("grant usage on schema {quoted} to {role}"));
        statements.push(format!("grant select on all tables in schema {quoted} to {role}"));
        statements.push(format!("grant usage, select on all sequences in schema {quoted} to {role}"));
        let tied = catalog.tables.iter().filter(|table| table.name.schema == schema && table.holds_rows());
        for table in tied.filter(|table| intent.root_of(&table.name).is_some()) {
            statements.push(format!("grant insert, update, delete on {} to {role}", table.name.quoted()));
        }
    }
    session.run(&statements.join("; ")).await.map(|_| NAME)
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
