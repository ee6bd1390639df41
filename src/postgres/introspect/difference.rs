use std::collections::BTreeMap;
use std::fmt::Debug;

use super::fingerprint::canonical;
use crate::catalog::{Catalog, Table};

/// What tells `after` from `before`, in words; empty where they say the same. The order of columns says nothing here, nor do
/// the functions, by schema and signature, that `besides` names.
#[must_use]
pub fn differences(before: &Catalog, after: &Catalog, besides: &dyn Fn(&str, &str) -> bool) -> Vec<String> {
    let (before, after) = (canonical(before), canonical(after));
    let mut found = Vec::new();
    let tables = |catalog: &Catalog| {
        catalog.tables.iter().map(|table| (table.name.to_string(), orderless(table))).collect::<BTreeMap<_, _>>()
    };
    let (tables_before, tables_after) = (tables(&before), tables(&after));
    compare("table or view", &tables_before, &tables_after, &mut found);
    for (name, table) in &tables_before {
        if let Some(other) = tables_after.get(name).filter(|other| *other != table) {
            let parts = parts_that_differ(table, other);
            found.push(format!("{name} has other {}", parts.join(", ")));
        }
    }
    let functions = |catalog: &Catalog| {
        let own = catalog.functions.iter().filter(|function| !besides(&function.name.schema, &function.signature));
        own.map(|function| {
            (format!("{}.{}", function.name.schema, function.signature), sorted(&function.grants, function.clone()))
        })
        .collect::<BTreeMap<_, _>>()
    };
    let (functions_before, functions_after) = (functions(&before), functions(&after));
    compare("function", &functions_before, &functions_after, &mut found);
    changed("function", &functions_before, &functions_after, &mut found);
    let by_name = |names: Vec<(String, String)>| names.into_iter().collect::<BTreeMap<_, _>>();
    let others = |catalog: &Catalog| {
        [
            ("schema", by_name(catalog.schemas.iter().map(|one| (one.name.clone(), format!("{one:?}"))).collect())),
            (
                "publication",
                by_name(catalog.publications.iter().map(|one| (one.name.clone(), format!("{one:?}"))).collect()),
            ),
        ]
    };
    // One that stays behind may be others' too: CREATE EXTENSION IF NOT EXISTS does not say who made it.
    let gone = before.extensions.iter().filter(|name| !after.extensions.contains(name));
    found.extend(gone.map(|name| format!("the extension {name} is gone")));
    for ((kind, before), (_, after)) in others(&before).into_iter().zip(others(&after)) {
        compare(kind, &before, &after, &mut found);
        changed(kind, &before, &after, &mut found);
    }
    found
}

/// Columns by name: one that goes and comes back stands last, and that is all.
fn orderless(table: &Table) -> Table {
    let mut table = table.clone();
    table.columns.sort_by(|one, other| one.name.cmp(&other.name));
    table.columns.iter_mut().for_each(|column| column.position = 0);
    table.grants.sort_by_key(|grant| format!("{grant:?}"));
    table.column_grants.sort_by_key(|grant| format!("{grant:?}"));
    table
}

/// The function with its grants in a stable order.
fn sorted(grants: &[crate::catalog::Grant], mut function: crate::catalog::Function) -> crate::catalog::Function {
    let mut grants = grants.to_vec();
    grants.sort_by_key(|grant| format!("{grant:?}"));
    function.grants = grants;
    function
}

fn compare<One>(kind: &str, before: &BTreeMap<String, One>, after: &BTreeMap<String, One>, found: &mut Vec<String>) {
    let missing = before.keys().filter(|name| !after.contains_key(*name));
    found.extend(missing.map(|name| format!("the {kind} {name} is gone")));
    let added = after.keys().filter(|name| !before.contains_key(*name));
    found.extend(added.map(|name| format!("the {kind} {name} is there")));
}

fn changed<One: PartialEq>(
    kind: &str,
    before: &BTreeMap<String, One>,
    after: &BTreeMap<String, One>,
    found: &mut Vec<String>,
) {
    let differs = |(name, one): &(&String, &One)| after.get(*name).is_some_and(|other| other != *one);
    found.extend(before.iter().filter(differs).map(|(name, _)| format!("the {kind} {name} is another")));
}

fn parts_that_differ(one: &Table, other: &Table) -> Vec<&'static str> {
    let shown = |value: &dyn Debug| format!("{value:?}");
    let parts: [(&'static str, &dyn Debug, &dyn Debug); 12] = [
        ("columns", &one.columns, &other.columns),
        ("primary key", &one.primary_key, &other.primary_key),
        ("unique constraints", &one.uniques, &other.uniques),
        ("foreign keys", &one.foreign_keys, &other.foreign_keys),
        ("check constraints", &one.checks, &other.checks),
        ("indexes", &one.indexes, &other.indexes),
        ("policies", &one.policies, &other.policies),
        ("triggers", &one.triggers, &other.triggers),
        ("grants", &one.grants, &other.grants),
        ("column grants", &one.column_grants, &other.column_grants),
        ("comments", &one.comment, &other.comment),
        ("definition", &one.definition, &other.definition),
    ];
    let differing: Vec<&str> =
        parts.into_iter().filter(|(_, one, other)| shown(one) != shown(other)).map(|(part, _, _)| part).collect();
    if differing.is_empty() { vec!["properties"] } else { differing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Schema;

    #[test]
    fn what_is_gone_what_is_there_and_what_is_another_is_named() {
        let schema =
            |name: &str, owner: &str| Schema { name: name.to_owned(), grants: Vec::new(), owner: owner.to_owned() };
        let before = Catalog { schemas: vec![schema("a", "x"), schema("b", "x")], ..Catalog::default() };
        let after = Catalog { schemas: vec![schema("b", "y"), schema("c", "x")], ..Catalog::default() };
        let found = differences(&before, &after, &|_, _| false);
        assert_eq!(found, ["the schema a is gone", "the schema c is there", "the schema b is another"]);
        assert!(differences(&before, &before, &|_, _| false).is_empty());
    }
}
