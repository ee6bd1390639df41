//! How Postgres names what has no name (`makeObjectName` and `ChooseRelationName` of its sources).

use super::ledger::Relation;
use super::reading::{LONGEST_NAME, cut};

/// The name that a constraint or index of `relation` gets: `table_columns_label`, numbered where it is taken.
pub(super) fn default_name(relation: &Relation, table: &str, columns: &[String], label: &str) -> String {
    let columns = columns.join("_");
    let numbered = |number: usize| if number == 0 { label.to_owned() } else { format!("{label}{number}") };
    (0..=relation.parts.len())
        .map(|number| fitting(table, &columns, &numbered(number)))
        .find(|name| !relation.is_taken(name))
        .unwrap_or_else(|| fitting(table, &columns, label))
}

/// The three parts in as many bytes as a name may have; the longer of the first two is cut.
fn fitting(table: &str, columns: &str, label: &str) -> String {
    let separators = if columns.is_empty() { 1 } else { 2 };
    let room = LONGEST_NAME.saturating_sub(label.len() + separators);
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let first = table.get(..cut(table, first)).unwrap_or_default();
    let second = columns.get(..cut(columns, second)).unwrap_or_default();
    if columns.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_as_postgres_makes_them() {
        let relation = Relation::default();
        assert_eq!(default_name(&relation, "t", &[], "pkey"), "t_pkey");
        assert_eq!(default_name(&relation, "t", &["a".to_owned(), "b".to_owned()], "fkey"), "t_a_b_fkey");
        let long = default_name(&relation, &"t".repeat(60), &["c".repeat(40)], "fkey");
        assert_eq!(long, format!("{}_{}_fkey", "t".repeat(29), "c".repeat(28)));
    }
}
