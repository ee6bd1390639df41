use serde::Deserialize;

use super::Tables;
use crate::catalog::Index;

/// A row of `indexes.sql`.
#[derive(Deserialize)]
pub(super) struct RawIndex {
    table: u32,
    name: String,
    columns: Option<Vec<Option<String>>>,
    elements: Option<Vec<String>>,
    included: Option<Vec<String>>,
    method: String,
    unique: bool,
    primary: bool,
    constraint: bool,
    valid: bool,
    predicate: Option<String>,
    nulls_not_distinct: bool,
    definition: String,
}

pub(super) fn attach(tables: &mut Tables, raw: Vec<RawIndex>) {
    for raw in raw {
        let Some(table) = tables.get(raw.table) else { continue };
        table.indexes.push(Index {
            name: raw.name,
            columns: raw.columns.unwrap_or_default(),
            elements: raw.elements.unwrap_or_default(),
            included: raw.included.unwrap_or_default(),
            method: raw.method,
            unique: raw.unique,
            primary: raw.primary,
            constraint: raw.constraint,
            valid: raw.valid,
            predicate: raw.predicate,
            nulls_not_distinct: raw.nulls_not_distinct,
            definition: raw.definition,
        });
    }
}
