use super::Shape;
use crate::catalog::{Privilege, RelationKind, Table, quote_identifier};
use crate::checks::scene::{Scene, key_condition, label_expression};
use crate::probe::{Act, Needles, Signal};
use crate::world::StoredRow;

/// A bound on what comes back; a made world is far smaller.
const LIMIT: &str = "limit 4000";

/// What `role` can read of a row: its label and every column that is granted to it; all where none is, so that the refusal is the
/// server's.
#[must_use]
pub(super) fn projection(scene: &Scene<'_>, table: &Table, role: &str, alias: &str) -> String {
    let granted = scene.catalog.columns_allowed(role, Privilege::Select, table);
    let readable: Vec<&str> = if granted.is_empty() {
        table.columns.iter().map(|column| column.name.as_str()).collect()
    } else {
        granted.iter().map(|column| column.name.as_str()).collect()
    };
    let label = table
        .key_columns()
        .iter()
        .all(|key| readable.contains(&key.as_str()))
        .then(|| label_expression(table, alias))
        .flatten();
    let columns = readable.iter().map(|column| format!("{}.{}", quote_identifier(alias), quote_identifier(column)));
    label.into_iter().chain(columns).collect::<Vec<_>>().join(", ")
}

/// Reads of `table` that would show `row` or any other row that `needles` tell of.
#[must_use]
pub fn reads(scene: &Scene<'_>, table: &Table, row: Option<&StoredRow>, role: &str, needles: &Needles) -> Vec<Shape> {
    let from = format!("{} as t", table.name.quoted());
    let columns = projection(scene, table, role, "t");
    let condition = row.and_then(|row| key_condition(table, row, "t"));
    let whole = format!("select {columns} from {from} {LIMIT}");
    let signal = Signal::Rows(needles.clone());
    let mut shapes = vec![shape("whole table", true, Act::statement(&whole), &signal)];
    if let Some(condition) = &condition {
        let by_id = format!("select {columns} from {from} where {condition}");
        shapes.push(shape("by id", true, Act::statement(&by_id), &signal));
        let count = format!("select count(*) from {from} where {condition}");
        shapes.push(shape("count by id", false, Act::statement(count), &Signal::Nonzero));
        if matches!(table.kind, RelationKind::Table | RelationKind::Partitioned) {
            shapes.push(shape("for update", false, Act::statement(format!("{by_id} for update")), &signal));
            shapes.push(shape("for share", false, Act::statement(format!("{by_id} for share")), &signal));
        }
    }
    if let Some(label) = label_expression(table, "t").filter(|_| columns.starts_with("'row '")) {
        let aggregate = format!("select unnest(array_agg({label})) from {from}");
        shapes.push(shape("aggregate", false, Act::statement(aggregate), &signal));
    }
    if table.holds_rows() {
        let sample = format!("select {columns} from {from} tablesample system (100) {LIMIT}");
        shapes.push(shape("tablesample", false, Act::statement(sample), &signal));
    }
    shapes.push(prepared(&whole, &signal));
    shapes.push(shape("copy to", false, Act::CopyOut(whole), &signal));
    shapes
}

fn shape(name: &'static str, main: bool, act: Act, signal: &Signal) -> Shape {
    Shape { name, main, prepare: Vec::new(), act, signal: signal.clone() }
}

/// A plan made while the harness, which bypasses row security, was acting, and run again by somebody else.
fn prepared(whole: &str, signal: &Signal) -> Shape {
    Shape {
        name: "prepared before the role switch",
        main: false,
        prepare: vec![
            "deallocate all".to_owned(),
            format!("prepare seaworthy_read as {whole}"),
            "execute seaworthy_read".to_owned(),
        ],
        act: Act::statement("execute seaworthy_read"),
        signal: signal.clone(),
    }
}
