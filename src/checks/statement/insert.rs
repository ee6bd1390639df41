use super::Shape;
use crate::catalog::{Privilege, Table, quote_identifier, quote_literal};
use crate::checks::scene::Scene;
use crate::probe::{Act, Signal};
use crate::world::Values;

/// The columns of `values` that `role` may give, in the table's order; all of them where it may give none, so that the refusal is
/// the server's.
#[must_use]
pub fn insert_columns(scene: &Scene<'_>, table: &Table, values: &Values, role: &str) -> Vec<String> {
    let granted: Vec<&str> = scene
        .catalog
        .columns_allowed(role, Privilege::Insert, table)
        .into_iter()
        .map(|column| column.name.as_str())
        .collect();
    table
        .columns
        .iter()
        .filter(|column| column.is_writable() && values.contains_key(&column.name))
        .filter(|column| granted.is_empty() || granted.contains(&column.name.as_str()))
        .map(|column| column.name.clone())
        .collect()
}

/// `insert into table (columns) values (…)`.
#[must_use]
pub fn insert_statement(table: &Table, columns: &[String], values: &Values) -> String {
    if columns.is_empty() {
        return format!("insert into {} default values", table.name.quoted());
    }
    let names: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    format!(
        "insert into {} ({}) values ({})",
        table.name.quoted(),
        names.join(", "),
        literals(columns, values).join(", ")
    )
}

/// Inserts of one row, in every shape, each after what makes room for the row.
#[must_use]
pub fn inserts(table: &Table, columns: &[String], values: &Values, prepare: &[String]) -> Vec<Shape> {
    let plain = insert_statement(table, columns, values);
    let shape = |name: &'static str, main: bool, statement: String| Shape {
        name,
        main,
        prepare: prepare.to_vec(),
        act: Act::statement(statement),
        signal: Signal::Change,
    };
    let mut shapes = vec![
        shape("plain", true, plain.clone()),
        shape("returning", false, format!("{plain} returning *")),
        shape("on conflict do nothing", false, format!("{plain} on conflict do nothing")),
    ];
    if columns.is_empty() {
        return shapes;
    }
    if let Some((conflict, set)) = conflict_clause(table, columns) {
        shapes.push(shape(
            "on conflict do update",
            false,
            format!("{plain} on conflict ({conflict}) do update set {set}"),
        ));
    }
    let names: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    shapes.push(shape(
        "merge",
        false,
        format!(
            "merge into {} as t using (select 1) as s on false when not matched then insert ({}) values ({})",
            table.name.quoted(),
            names.join(", "),
            literals(columns, values).join(", ")
        ),
    ));
    shapes.push(Shape {
        name: "copy from",
        main: false,
        prepare: prepare.to_vec(),
        act: Act::CopyIn {
            statement: format!("copy {} ({}) from stdin", table.name.quoted(), names.join(", ")),
            data: copy_line(columns, values),
        },
        signal: Signal::Change,
    });
    shapes
}

fn literals(columns: &[String], values: &Values) -> Vec<String> {
    columns
        .iter()
        .map(|column| values.get(column).and_then(Option::as_deref).map_or_else(|| "null".to_owned(), quote_literal))
        .collect()
}

/// The primary key as conflict target, and an assignment of the first column given.
fn conflict_clause(table: &Table, columns: &[String]) -> Option<(String, String)> {
    let key = table.primary_key.as_ref()?;
    let target: Vec<String> = key.columns.iter().map(|column| quote_identifier(column)).collect();
    let column = columns.iter().find(|column| !key.columns.contains(column)).or_else(|| columns.first())?;
    Some((target.join(", "), format!("{0} = excluded.{0}", quote_identifier(column))))
}

/// One line of COPY's text format (Postgres documentation, COPY, "Text Format").
fn copy_line(columns: &[String], values: &Values) -> String {
    let fields: Vec<String> = columns
        .iter()
        .map(|column| match values.get(column).and_then(Option::as_deref) {
            None => "\\N".to_owned(),
            Some(value) => value.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r"),
        })
        .collect();
    format!("{}\n", fields.join("\t"))
}
