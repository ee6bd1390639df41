//! `indexes/jsonb-without-gin`: a jsonb column that is searched by what it contains has a GIN index.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::expression::searched_by_content;
use super::{Fault, cases, kept_by_parent, table_of};
use crate::catalog::{Column, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/jsonb-without-gin",
        family: Family::Indexes,
        severity: Severity::Info,
        title: "A jsonb column that is searched by content has a GIN index",
        help: "A function, view or policy searches the column with @>, ?, ?|, ?&, @? or @@. Only a GIN index answers that: without one, each search reads and unpacks the column of every row. Create one; jsonb_path_ops is smaller where @> is all that is asked.",
        example: example!("indexes/jsonb-without-gin"),
    },
    plan,
};

const EXPECTED: &str = "a GIN index on each jsonb column that functions, views or policies search by content";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(table) = table_of(subject) else { return Vec::new() };
    let documents: Vec<&Column> =
        table.columns.iter().filter(|column| column.data_type.unwrapped().name == "jsonb").collect();
    if documents.is_empty() {
        return Vec::new();
    }
    if let Some(judged) = kept_by_parent(scene, table, EXPECTED) {
        return judged;
    }
    let bare = |column: &&&Column| !has_gin(table, &column.name);
    let fault = |column: &&Column| {
        let searcher = searcher(scene, table, &column.name)?;
        Some(Fault {
            part: column.name.clone(),
            summary: format!("{searcher} searches {} by content, and no GIN index serves that", column.name),
            fix: format!("create index on {} using gin ({});", table.name.quoted(), quote_identifier(&column.name)),
        })
    };
    let faults = documents.iter().filter(bare).filter_map(fault).collect();
    cases(table, EXPECTED, faults, "each jsonb column that is searched by content has a GIN index, or none is")
}

fn has_gin(table: &Table, column: &str) -> bool {
    table.indexes.iter().any(|index| {
        index.valid && index.method == "gin" && index.columns.iter().flatten().any(|indexed| indexed == column)
    })
}

/// What of the schema searches the column.
fn searcher(scene: &Scene<'_>, table: &Table, column: &str) -> Option<String> {
    let policy = table.policies.iter().find(|policy| {
        [&policy.using, &policy.check].into_iter().flatten().any(|text| searched_by_content(text, column))
    });
    if let Some(policy) = policy {
        return Some(format!("the policy {:?}", policy.name));
    }
    let about = |text: &str| text.contains(&table.name.name) && searched_by_content(text, column);
    let view = scene.catalog.tables.iter().find(|view| view.definition.as_deref().is_some_and(about));
    if let Some(view) = view {
        return Some(format!("the view {}", view.name));
    }
    let own = |schema: &str| scene.intent.is_own_schema(schema);
    let function =
        scene.catalog.functions.iter().find(|function| own(&function.name.schema) && about(&function.source));
    function.map(|function| format!("the function {}", function.name))
}
