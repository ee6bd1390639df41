use serde::Deserialize;

use super::{IntrospectError, Tables};
use crate::catalog::{Check, Exclusion, ForeignKey, KeyConstraint, QualifiedName, ReferentialAction, Table};

/// A row of `constraints.sql`.
#[derive(Deserialize)]
pub(super) struct RawConstraint {
    table: u32,
    name: String,
    kind: String,
    columns: Option<Vec<String>>,
    nulls_not_distinct: bool,
    referenced_table: Option<QualifiedName>,
    referenced_columns: Option<Vec<String>>,
    on_delete: String,
    on_update: String,
    deferrable: bool,
    initially_deferred: bool,
    validated: bool,
    enforced: bool,
    expression: Option<String>,
    definition: Option<String>,
}

pub(super) fn attach(tables: &mut Tables, raw: Vec<RawConstraint>) -> Result<(), IntrospectError> {
    for raw in raw {
        if let Some(table) = tables.get(raw.table) {
            constraint(table, raw)?;
        }
    }
    Ok(())
}

fn constraint(table: &mut Table, raw: RawConstraint) -> Result<(), IntrospectError> {
    let columns = raw.columns.unwrap_or_default();
    match raw.kind.as_str() {
        "p" => {
            table.primary_key =
                Some(KeyConstraint { name: raw.name, columns, nulls_not_distinct: raw.nulls_not_distinct });
        }
        "u" => {
            table.uniques.push(KeyConstraint { name: raw.name, columns, nulls_not_distinct: raw.nulls_not_distinct })
        }
        "f" => {
            let Some(referenced_table) = raw.referenced_table else {
                return Err(IntrospectError::unknown("a foreign key to nothing, ", raw.name));
            };
            table.foreign_keys.push(ForeignKey {
                name: raw.name,
                columns,
                referenced_table,
                referenced_columns: raw.referenced_columns.unwrap_or_default(),
                on_delete: ReferentialAction::try_from(raw.on_delete.as_str())?,
                on_update: ReferentialAction::try_from(raw.on_update.as_str())?,
                deferrable: raw.deferrable,
                initially_deferred: raw.initially_deferred,
                validated: raw.validated,
                enforced: raw.enforced,
            });
        }
        "c" => table.checks.push(Check {
            name: raw.name,
            expression: raw.expression.unwrap_or_default(),
            columns,
            validated: raw.validated,
        }),
        "x" => {
            table.exclusions.push(Exclusion { name: raw.name, columns, definition: raw.definition.unwrap_or_default() })
        }
        other => return Err(IntrospectError::unknown("a constraint of kind", other)),
    }
    Ok(())
}

impl TryFrom<&str> for ReferentialAction {
    type Error = IntrospectError;

    /// Reads `pg_constraint.confdeltype` and `confupdtype`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "a" => Self::NoAction,
            "r" => Self::Restrict,
            "c" => Self::Cascade,
            "n" => Self::SetNull,
            "d" => Self::SetDefault,
            other => return Err(IntrospectError::unknown("a referential action of kind", other)),
        })
    }
}
