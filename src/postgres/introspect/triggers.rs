use serde::Deserialize;

use super::Tables;
use crate::catalog::{QualifiedName, Trigger};

/// A row of `triggers.sql`.
#[derive(Deserialize)]
pub(super) struct RawTrigger {
    table: u32,
    name: String,
    function: QualifiedName,
    enabled: bool,
    on_insert: bool,
    on_update: bool,
    on_delete: bool,
    for_each_row: bool,
    before: bool,
    definition: String,
}

pub(super) fn attach(tables: &mut Tables, raw: Vec<RawTrigger>) {
    for raw in raw {
        let Some(table) = tables.get(raw.table) else { continue };
        table.triggers.push(Trigger {
            name: raw.name,
            function: raw.function,
            enabled: raw.enabled,
            on_insert: raw.on_insert,
            on_update: raw.on_update,
            on_delete: raw.on_delete,
            for_each_row: raw.for_each_row,
            before: raw.before,
            definition: raw.definition,
        });
    }
}
