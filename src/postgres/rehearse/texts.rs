use std::collections::BTreeMap;

use super::RehearsalError;
use crate::catalog::{Catalog, DataType, Table, TypeKind, quote_literal};
use crate::postgres::Session;
use crate::trial::{Filled, SeededText};

/// Rows of a table that are read, texts that are kept of each, and how much of a text: enough to see a habit.
const ROWS: usize = 2_000;
const TEXTS: usize = 100;
const LENGTH: usize = 1_000;

/// Texts that may name a person, in the tables that the seed filled: those with an `@`, or with as many digits as a telephone has.
///
/// # Errors
/// When the server is gone.
pub async fn seeded_texts(
    session: &mut Session,
    catalog: &Catalog,
    filled: &BTreeMap<String, Filled>,
) -> Result<Vec<SeededText>, RehearsalError> {
    let tables = catalog.tables.iter().filter(|table| filled.contains_key(&table.name.to_string()));
    let queries: Vec<String> = tables.filter_map(query).collect();
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let rows = session.rows(&queries.join(" union all ")).await?;
    let text = |row: Vec<Option<String>>| match <[Option<String>; 4]>::try_from(row) {
        Ok([Some(schema), Some(table), Some(column), Some(text)]) => Some(SeededText { schema, table, column, text }),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(text).collect())
}

fn query(table: &Table) -> Option<String> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .filter(|column| holds_text(&column.data_type))
        .map(|column| quote_literal(&column.name))
        .collect();
    if columns.is_empty() {
        return None;
    }
    Some(format!(
        "(select distinct {}, {}, cell.key, left(cell.value, {LENGTH}) \
            from (select to_jsonb(seaworthy_row) as row from {} as seaworthy_row limit {ROWS}) as seeded \
            cross join lateral jsonb_each_text(seeded.row) as cell \
            where cell.key in ({}) and cell.value ~ '@|[0-9]([ ()./-]*[0-9]){{6}}' order by 3, 4 limit {TEXTS})",
        quote_literal(&table.name.schema),
        quote_literal(&table.name.name),
        table.name.quoted(),
        columns.join(", ")
    ))
}

fn holds_text(data_type: &DataType) -> bool {
    let data_type = data_type.unwrapped();
    match &data_type.kind {
        TypeKind::Array(element) => holds_text(element),
        TypeKind::Composite(_) => true,
        _ => data_type.is_text() || data_type.is_json(),
    }
}
