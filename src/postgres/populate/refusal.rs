//! What a refusal means for the row that was refused.

use crate::catalog::Table;
use crate::postgres::SqlError;
use crate::world::making::TablePlan;

/// Why a row was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This column must not be null.
    Null(String),
    /// These columns do not meet a rule.
    Rule { name: String, columns: Vec<String> },
    /// These columns hold what another row holds already.
    Taken { name: String, columns: Vec<String>, exact: bool },
    /// These columns overlap another row's.
    Overlap { name: String, columns: Vec<String> },
    /// The row referred to is not there.
    Dangling { name: String, columns: Vec<String> },
    /// A text is longer than its column.
    TooLong,
    /// A trigger, a privilege or something else that the columns do not tell.
    Other,
}

impl Refusal {
    /// Reads the error; a refusal that speaks of another table comes from a trigger.
    pub(super) fn of(error: &SqlError, plan: &TablePlan<'_>) -> Self {
        let table = plan.table;
        let own = error.table.as_ref().is_none_or(|name| *name == table.name.name);
        let constraint = error.constraint.clone().unwrap_or_default();
        match error.sqlstate.as_deref() {
            Some("23502") if own => error.column.clone().map_or(Self::Other, Self::Null),
            Some("23514") => Self::rule(error, plan, &constraint),
            Some("23505") if own => {
                let (columns, exact) = unique_columns(table, &constraint);
                if columns.is_empty() { Self::Other } else { Self::Taken { name: constraint, columns, exact } }
            }
            Some("23P01") => {
                let exclusion = table.exclusions.iter().find(|exclusion| exclusion.name == constraint);
                exclusion.map_or(Self::Other, |exclusion| Self::Overlap {
                    name: constraint.clone(),
                    columns: mentioned(table, &exclusion.definition),
                })
            }
            Some("23503") => {
                let key = plan.references.iter().find(|reference| reference.name == constraint);
                key.map_or(Self::Other, |key| Self::Dangling { name: constraint.clone(), columns: key.columns.clone() })
            }
            Some("22001") => Self::TooLong,
            _ => Self::Other,
        }
    }

    fn rule(error: &SqlError, plan: &TablePlan<'_>, constraint: &str) -> Self {
        let named = plan.rules.iter().find(|rule| rule.name == constraint);
        // A domain's rule goes by the constraint's own name; the message names the domain. A partition's goes by none.
        let of_domain = || {
            plan.rules
                .iter()
                .find(|rule| rule.name.strip_prefix("domain ").is_some_and(|name| error.message.contains(name)))
        };
        let of_partition = || {
            let no_place = error.message.contains("no partition");
            plan.rules.iter().find(|rule| no_place && rule.name.starts_with("the partitions of"))
        };
        named
            .or_else(of_domain)
            .or_else(of_partition)
            .map_or(Self::Other, |rule| Self::Rule { name: rule.name.clone(), columns: rule.columns.clone() })
    }
}

/// The columns of a unique constraint or index, those of its expressions and predicate too, and whether they are a plain key.
fn unique_columns(table: &Table, name: &str) -> (Vec<String>, bool) {
    if let Some(key) = table.primary_key.iter().chain(&table.uniques).find(|key| key.name == name) {
        return (key.columns.clone(), true);
    }
    let Some(index) = table.indexes.iter().find(|index| index.name == name) else {
        // A partition's index has a name of its own: it is its parent's primary key, most likely.
        return (table.key_columns().to_vec(), true);
    };
    let plain: Option<Vec<String>> = index.columns.iter().cloned().collect();
    match plain {
        Some(columns) if index.predicate.is_none() => (columns, true),
        _ => (mentioned(table, &index.definition), false),
    }
}

/// The columns that a definition mentions.
fn mentioned(table: &Table, definition: &str) -> Vec<String> {
    let words = crate::world::making::identifiers(definition);
    table.columns.iter().map(|column| column.name.clone()).filter(|name| words.contains(name)).collect()
}

/// The refusal in one line, for a gap.
pub(super) fn reason(error: &SqlError) -> String {
    let constraint = error.constraint.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    // "Failing row contains …" is long and says nothing about the cause.
    let detail = error.detail.as_ref().filter(|detail| !detail.starts_with("Failing row"));
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    without_uuids(&format!("{constraint}{}{detail}", error.message))
}

/// A key that a default drew differs from run to run; what is told of a run does not.
fn without_uuids(text: &str) -> String {
    let is_uuid = |word: &str| {
        let digits = |character: char| character.is_ascii_hexdigit() || character == '-';
        word.len() == 36 && word.chars().all(digits) && word.matches('-').count() == 4
    };
    let parts = text.split_inclusive(|character: char| !(character.is_ascii_hexdigit() || character == '-'));
    parts
        .map(|part| {
            let word = part.trim_end_matches(|character: char| !(character.is_ascii_hexdigit() || character == '-'));
            if is_uuid(word) { part.replacen(word, "…", 1) } else { part.to_owned() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_no_key_that_was_drawn() {
        let text = "pile 58b27e9b-b92f-4f20-ad94-abc654342cfe has (5b) no stone-cafe";
        assert_eq!(without_uuids(text), "pile … has (5b) no stone-cafe");
    }
}
