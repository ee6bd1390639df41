//! When a row was made or changed: which column says it, and what that lacks.

use super::super::scene::Scene;
use super::defect::{Defect, alter_column, guards};
use crate::catalog::{Column, Table, quote_identifier};
use crate::tenancy::words;
use crate::verdict::Severity;

/// A moment in a row's life.
pub(super) struct Moment {
    /// The column that a fix adds.
    pub(super) column: &'static str,
    /// Words of its names: `created_at`, `insertedOn`.
    pub(super) words: &'static [&'static str],
}

pub(super) const CREATED: Moment = Moment {
    column: "created_at",
    words: &["created", "inserted", "creation", "create", "added", "recorded", "logged"],
};
pub(super) const UPDATED: Moment =
    Moment { column: "updated_at", words: &["updated", "modified", "changed", "edited", "update", "modification"] };

/// The column whose name says that it holds this moment.
pub(super) fn named<'a>(table: &'a Table, moment: &Moment) -> Option<&'a Column> {
    const NO_TIME: [&str; 12] =
        ["by", "id", "user", "from", "in", "via", "ip", "name", "count", "reason", "with", "method"];
    table.columns.iter().find(|column| {
        let words = words(&column.name);
        let last = words.last().map(String::as_str).unwrap_or_default();
        let is_flag = matches!(column.data_type.unwrapped().name.as_str(), "bool" | "uuid");
        words.len() <= 3
            && !is_flag
            && !NO_TIME.contains(&last)
            && words.iter().any(|word| moment.words.contains(&word.as_str()))
    })
}

/// What a column that should hold a moment lacks; the type's zone is the affair of `schema/naive-timestamp`.
pub(super) fn lacks(scene: &Scene<'_>, table: &Table, column: &Column) -> Option<Defect> {
    let data_type = column.data_type.unwrapped();
    if !is_time(column) {
        let summary = format!("{} is {}: it does not hold a time with its zone", column.name, data_type.formatted);
        return Some(Defect::new(&column.name, summary, alter_column(table, &column.name, "type timestamptz using …")));
    }
    let filled = begins_now(column) || guards(scene, table, &column.name).any(|(trigger, _)| trigger.on_insert);
    let mut missing = Vec::new();
    let mut changes = Vec::new();
    let name = quote_identifier(&column.name);
    if !filled {
        missing.push("has no default");
        changes.push(format!("alter column {name} set default now()"));
    }
    if !column.not_null {
        missing.push("may be null");
        changes.push(format!("alter column {name} set not null"));
    }
    if missing.is_empty() {
        return None;
    }
    let fix = format!("alter table {} {};", table.name.quoted(), changes.join(", "));
    let mut defect = Defect::new(&column.name, format!("{} {}", column.name, missing.join(" and ")), fix);
    if column.not_null {
        // Whoever inserts has to say it: an object-relational mapper does.
        defect.finding = defect.finding.at(Severity::Info);
    }
    Some(defect)
}

/// The defect of a table that has no such column.
pub(super) fn missing(table: &Table, moment: &Moment, summary: &str) -> Defect {
    let fix =
        format!("alter table {} add column {} timestamptz not null default now();", table.name.quoted(), moment.column);
    Defect::new(moment.column, summary, fix)
}

/// Whether a column holds a time and is given the present one.
pub(super) fn is_stamped(column: &Column) -> bool {
    is_time(column) && begins_now(column)
}

fn is_time(column: &Column) -> bool {
    matches!(column.data_type.unwrapped().name.as_str(), "timestamp" | "timestamptz")
}

fn begins_now(column: &Column) -> bool {
    const NOW: [&str; 7] = [
        "now(",
        "current_timestamp",
        "clock_timestamp(",
        "statement_timestamp(",
        "transaction_timestamp(",
        "localtimestamp",
        "timeofday(",
    ];
    let default = column.default.as_deref().unwrap_or_default().to_lowercase();
    NOW.iter().any(|now| default.contains(now))
}
