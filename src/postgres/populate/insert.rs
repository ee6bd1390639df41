//! INSERT statements, and what comes back.

use super::error::PopulateError;
use super::work::{Manner, Work};
use crate::catalog::{Table, quote_identifier, quote_literal};
use crate::postgres::{SqlError, StatementResult};
use crate::world::Values;
use crate::world::making::{Cell, Cells, Draft, MadeRow, TablePlan, settings_of};

/// A value as a literal without a type, so that the column's type decides.
pub(super) fn literal(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quote_literal)
}

/// An INSERT of these rows; columns that every row leaves to the server are not named.
pub(super) fn insert_sql(table: &Table, rows: &[&Cells]) -> String {
    let named = |name: &&str| rows.iter().any(|cells| cells.get(*name).is_some_and(|cell| *cell != Cell::Default));
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).filter(named).collect();
    if columns.is_empty() {
        return format!("insert into {} default values", table.name.quoted());
    }
    let value = |cells: &Cells, name: &str| match cells.get(name) {
        Some(Cell::Value { text, .. }) => literal(text.as_deref()),
        Some(Cell::Default) | None => "default".to_owned(),
    };
    let tuples: Vec<String> = rows
        .iter()
        .map(|cells| {
            let values: Vec<String> = columns.iter().map(|name| value(cells, name)).collect();
            format!("({})", values.join(", "))
        })
        .collect();
    let names: Vec<String> = columns.iter().map(|name| quote_identifier(name)).collect();
    format!("insert into {} ({}) values {}", table.name.quoted(), names.join(", "), tuples.join(", "))
}

/// The rows of a result as values by column.
pub(super) fn values_of(result: &StatementResult) -> Vec<Values> {
    let row = |row: &Vec<Option<String>>| result.columns.iter().cloned().zip(row.iter().cloned()).collect();
    result.rows.iter().map(row).collect()
}

/// `"a" = '1' and "b" is not distinct from …`: the row with these values in these columns; `None` where one is missing or null.
pub(super) fn where_equal(columns: &[String], values: &Values) -> Option<String> {
    let conditions: Option<Vec<String>> = columns
        .iter()
        .map(|name| {
            let text = values.get(name)?.as_deref()?;
            Some(format!("{} = {}", quote_identifier(name), quote_literal(text)))
        })
        .collect();
    conditions.filter(|conditions| !conditions.is_empty()).map(|conditions| conditions.join(" and "))
}

/// The values of cells that the row gives itself.
pub(super) fn given(cells: &Cells) -> Values {
    cells
        .iter()
        .filter_map(|(name, cell)| match cell {
            Cell::Value { text, .. } => Some((name.clone(), text.clone())),
            Cell::Default => None,
        })
        .collect()
}

/// A draft's row as it is in the database.
pub(super) fn made(draft: &Draft, cells: &Cells, values: Values) -> MadeRow {
    let canaries = cells
        .iter()
        .filter_map(|(name, cell)| match cell {
            // A trigger may have written something else.
            Cell::Value { canary: Some(canary), .. } => values
                .get(name)
                .and_then(Option::as_ref)
                .filter(|text| text.contains(canary.as_str()))
                .map(|_| (name.clone(), canary.clone())),
            _ => None,
        })
        .collect();
    MadeRow { tenant: draft.tenant, seat: draft.seat, listed: draft.listed, values, canaries }
}

impl Work<'_> {
    /// Statements before and after an insert that make it happen in this manner.
    pub(super) fn surroundings(&self, manner: Manner, draft: &Draft) -> (String, String) {
        match manner {
            Manner::Plain => (String::new(), String::new()),
            Manner::WithoutTriggers => (
                "set local session_replication_role = replica; ".to_owned(),
                "; set local session_replication_role = origin".to_owned(),
            ),
            Manner::Claims => {
                let first = draft.tenant.and_then(|tenant| self.people.first_of(tenant));
                let seat = draft.seat.or(first).or_else(|| self.people.outsider());
                let Some(seat) = seat.and_then(|seat| self.people.seats.get(seat)) else {
                    return (String::new(), String::new());
                };
                let settings = settings_of(self.intent, &self.people, seat);
                if settings.is_empty() {
                    return (String::new(), String::new());
                }
                let select = |value: &dyn Fn(&str) -> String| {
                    let call = |(name, text): &(String, String)| {
                        format!("set_config({}, {}, true)", quote_literal(name), value(text))
                    };
                    format!("select {}", settings.iter().map(call).collect::<Vec<_>>().join(", "))
                };
                (format!("{}; ", select(&quote_literal)), format!("; {}", select(&|_| "''".to_owned())))
            }
        }
    }

    /// Inserts one row; `None` where a trigger swallowed it.
    pub(super) async fn insert_one(
        &mut self,
        plan: &TablePlan<'_>,
        draft: &Draft,
        cells: &Cells,
        manner: Manner,
    ) -> Result<Result<Option<Values>, SqlError>, PopulateError> {
        let (before, after) = self.surroundings(manner, draft);
        let sql = format!("{before}{} returning *{after}", insert_sql(plan.table, &[cells]));
        let results = self.attempt(&plan.table.name, &sql).await?;
        let place = usize::from(!before.is_empty());
        Ok(results.map(|results| results.get(place).and_then(|result| values_of(result).into_iter().next())))
    }
}
