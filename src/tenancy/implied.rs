use super::{singular, words};
use crate::catalog::{Catalog, QualifiedName, Table};

/// A reference that no constraint declares: the column is named after another table's key and has its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImpliedReference {
    /// The table.
    pub table: QualifiedName,
    /// The column.
    pub column: String,
    /// The tables that it may mean, each with its key: several schemas may have one of the name.
    pub targets: Vec<(QualifiedName, String)>,
}

/// The references that names and types alone imply. A column beside one that names the sort of thing (`subject_id` and `subject_type`)
/// refers to several tables, and is left out.
#[must_use]
pub fn implied_references(catalog: &Catalog) -> Vec<ImpliedReference> {
    let mut found = Vec::new();
    for table in catalog.tables.iter().filter(|table| table.holds_rows() && table.parent.is_none()) {
        for column in &table.columns {
            let declared = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
            let Some(stem) = stem(&column.name).filter(|_| !declared) else { continue };
            if names_a_sort(table, &stem) {
                continue;
            }
            let targets: Vec<(QualifiedName, String)> = catalog
                .tables
                .iter()
                .filter(|target| target.holds_rows() && target.parent.is_none() && target.name != table.name)
                .filter(|target| last_singular(&words(&target.name.name)) == last_singular(&stem))
                .filter_map(|target| {
                    let [key] = target.primary_key.as_ref()?.columns.as_slice() else { return None };
                    let same = target.column(key)?.data_type.unwrapped().name == column.data_type.unwrapped().name;
                    same.then(|| (target.name.clone(), key.clone()))
                })
                .collect();
            if !targets.is_empty() {
                found.push(ImpliedReference { table: table.name.clone(), column: column.name.clone(), targets });
            }
        }
    }
    found
}

/// `workspace_id`, `workspaceId` → `workspace`.
fn stem(column: &str) -> Option<Vec<String>> {
    let mut words = words(column);
    let last = words.pop()?;
    (["id", "uuid"].contains(&last.as_str()) && !words.is_empty()).then_some(words)
}

fn names_a_sort(table: &Table, stem: &[String]) -> bool {
    table.columns.iter().any(|column| {
        let words = words(&column.name);
        words
            .strip_prefix(stem)
            .is_some_and(|rest| matches!(rest, [sort] if ["type", "kind", "table"].contains(&sort.as_str())))
    })
}

/// The words with the last one in the singular.
fn last_singular(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_the_name_of_a_column() {
        let same = |column: &str, table: &str| {
            stem(column).map(|stem| last_singular(&stem)) == Some(last_singular(&words(table)))
        };
        assert!(same("workspace_id", "workspaces") && same("workspaceId", "Workspace"));
        assert!(same("company_id", "companies") && same("address_id", "addresses") && same("status_id", "status"));
        assert!(same("user_group_uuid", "user_groups") && same("person_id", "people"));
        assert!(!same("paid", "pas") && !same("id", "ids") && !same("workspace", "workspaces"));
    }
}
