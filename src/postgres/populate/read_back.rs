//! Reads every row again at the end: triggers of later rows may have changed it.

use super::error::PopulateError;
use super::insert::{values_of, where_equal};
use super::work::Work;
use crate::catalog::{Generated, QualifiedName, quote_identifier, quote_literal};
use crate::world::making::MadeRow;
use crate::world::{StoredRow, Values};

/// Queries in one round trip.
const TOGETHER: usize = 40;

impl Work<'_> {
    pub(super) async fn read_back(&mut self) -> Result<(), PopulateError> {
        let store = std::mem::take(&mut self.store);
        let listed: Vec<(QualifiedName, Vec<MadeRow>)> = store
            .into_iter()
            .map(|(table, rows)| (table, rows.into_iter().filter(|row| row.listed).collect::<Vec<_>>()))
            .filter(|(table, rows)| self.is_told_of(table) && !rows.is_empty())
            .collect();
        for chunk in listed.chunks(TOGETHER) {
            let queries: Vec<String> = chunk.iter().map(|(table, rows)| self.query(table, rows)).collect();
            let results = self.frame("read the rows back", &queries.join("; ")).await?;
            let mut gone = Vec::new();
            for ((table, rows), result) in chunk.iter().zip(&results) {
                let found = values_of(result);
                let missing = rows.iter().filter(|row| self.same_row(table, row, &found).is_none());
                gone.extend(missing.filter_map(|row| self.put_back(table, row)));
                for row in rows {
                    let values = self.same_row(table, row, &found).unwrap_or_else(|| row.values.clone());
                    let stored = self.stored(row, values);
                    self.world.rows.entry(table.clone()).or_default().stored.push(stored);
                }
            }
            if !gone.is_empty() {
                let text = gone.join("; ");
                let guarded = format!(
                    "set local session_replication_role = replica; {text}; set local session_replication_role = origin"
                );
                // Without a superuser they stay away, and the controls will say so.
                if let Some((table, _)) = chunk.first() {
                    let _put_back = self.attempt(table, &guarded).await?;
                }
            }
        }
        Ok(())
    }

    /// The statement that puts back a row which a trigger of a later one has removed.
    fn put_back(&self, table: &QualifiedName, row: &MadeRow) -> Option<String> {
        let catalogued = self.catalog.table(table)?;
        let given: Vec<(String, String)> = catalogued
            .columns
            .iter()
            .filter(|column| column.generated == Generated::No)
            .filter_map(|column| {
                let literal = row.values.get(&column.name)?.as_deref().map_or_else(|| "null".to_owned(), quote_literal);
                Some((quote_identifier(&column.name), literal))
            })
            .collect();
        let (names, literals): (Vec<String>, Vec<String>) = given.into_iter().unzip();
        Some(format!(
            "insert into {} ({}) overriding system value values ({}) on conflict do nothing",
            table.quoted(),
            names.join(", "),
            literals.join(", ")
        ))
    }

    /// Tables that clients can name, and files, which they reach through an API of their own.
    fn is_told_of(&self, table: &QualifiedName) -> bool {
        self.intent.tables.contains_key(table) || (table.schema == "storage" && table.name == "objects")
    }

    fn key<'k>(&'k self, table: &QualifiedName) -> &'k [String] {
        let planned = self.plans.get(table).map(|plan| plan.table);
        planned.or_else(|| self.catalog.table(table)).map(|table| table.key_columns()).unwrap_or_default()
    }

    fn query(&self, table: &QualifiedName, rows: &[MadeRow]) -> String {
        let conditions: Vec<String> = rows.iter().filter_map(|row| self.condition(table, row)).collect();
        let condition = if conditions.is_empty() { "false".to_owned() } else { conditions.join(" or ") };
        format!("select * from {} where {condition}", table.quoted())
    }

    /// By its key, or by a canary where there is no key.
    fn condition(&self, table: &QualifiedName, row: &MadeRow) -> Option<String> {
        where_equal(self.key(table), &row.values).map(|condition| format!("({condition})")).or_else(|| {
            let (column, canary) = row.canaries.first()?;
            Some(format!("strpos({}::text, {}) > 0", quote_identifier(column), quote_literal(canary)))
        })
    }

    fn same_row(&self, table: &QualifiedName, row: &MadeRow, found: &[Values]) -> Option<Values> {
        let key = self.key(table);
        let same = |values: &&Values| {
            if key.is_empty() {
                row.canaries.first().is_some_and(|(column, canary)| {
                    values.get(column).and_then(Option::as_ref).is_some_and(|text| text.contains(canary.as_str()))
                })
            } else {
                key.iter().all(|name| values.get(name) == row.values.get(name))
            }
        };
        found.iter().find(same).cloned()
    }

    /// The row as the world tells of it, with the canaries that are still in it.
    fn stored(&self, row: &MadeRow, values: Values) -> StoredRow {
        let holds = |(column, canary): &&(String, String)| {
            values.get(column).and_then(Option::as_ref).is_some_and(|text| text.contains(canary.as_str()))
        };
        let mut canaries: Vec<String> = row.canaries.iter().filter(holds).map(|(_, canary)| canary.clone()).collect();
        let email = row.seat.and_then(|seat| self.people.seats.get(seat)).map(|seat| seat.email.clone());
        canaries.extend(email.filter(|email| values.values().flatten().any(|text| text == email)));
        canaries.sort();
        canaries.dedup();
        StoredRow { tenant: row.tenant, values, canaries }
    }
}
