use super::Shape;
use crate::catalog::{Column, Privilege, QualifiedName, Table, quote_identifier, quote_literal};
use crate::checks::isolation::quoted_texts;
use crate::checks::scene::{Scene, key_condition};
use crate::probe::{Act, Signal};
use crate::tenancy::Tie;
use crate::world::{StoredRow, Values};

/// A column that an ordinary update may set, with a value that differs from the row's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The column.
    pub column: String,
    /// The value, as text.
    pub value: String,
}

/// `"column" = 'value'`.
#[must_use]
pub fn assignment(column: &str, value: &str) -> String {
    format!("{} = {}", quote_identifier(column), quote_literal(value))
}

/// Columns of `table` that `role` may update without moving the row or raising itself, each with a value that `row` does not
/// have; the likeliest to be accepted first. Where the role may update none, columns that it may not.
#[must_use]
pub fn assignable(scene: &Scene<'_>, table: &Table, row: &StoredRow, role: &str) -> Vec<Assignment> {
    let bound = bound_columns(scene, table);
    let ordinary = |column: &&Column| {
        column.is_writable() && column.identity == crate::catalog::Identity::No && !bound.contains(&column.name)
    };
    let granted = scene.catalog.columns_allowed(role, Privilege::Update, table);
    let mut columns: Vec<&Column> = granted.iter().copied().filter(ordinary).collect();
    if columns.is_empty() {
        // Perhaps the one column that may be updated is one of privilege: an administrator sets others' roles.
        let elsewhere = whose_columns(scene, table);
        columns = granted
            .iter()
            .copied()
            .filter(|column| column.is_writable() && !elsewhere.contains(&column.name))
            .collect();
    }
    if columns.is_empty() {
        columns = table.columns.iter().filter(ordinary).collect();
    }
    columns.sort_by_key(|column| rank(table, column));
    columns
        .into_iter()
        .filter_map(|column| {
            let value = other_value(scene, table, column, row)?;
            Some(Assignment { column: column.name.clone(), value })
        })
        .collect()
}

/// Columns that say whose a row is, which row it is, what it refers to, or what its owner may.
fn bound_columns(scene: &Scene<'_>, table: &Table) -> Vec<String> {
    let mut bound = whose_columns(scene, table);
    if let Some(intent) = scene.intent.table(&table.name) {
        bound.extend(intent.privilege_columns.iter().map(|column| column.value.clone()));
    }
    bound
}

/// Columns that say whose a row is, which row it is, or what it refers to.
fn whose_columns(scene: &Scene<'_>, table: &Table) -> Vec<String> {
    let mut bound: Vec<String> = table.key_columns().to_vec();
    bound.extend(table.foreign_keys.iter().flat_map(|key| key.columns.iter().cloned()));
    bound.extend(table.uniques.iter().flat_map(|key| key.columns.iter().cloned()));
    bound.extend(
        table.indexes.iter().filter(|index| index.unique).flat_map(|index| index.columns.iter().flatten().cloned()),
    );
    if let Some(intent) = scene.intent.table(&table.name) {
        match &intent.tie.value {
            Tie::Key { column, .. } => bound.push(column.clone()),
            Tie::Through { columns, .. } => bound.extend(columns.iter().cloned()),
            Tie::Root(_) | Tie::Global | Tie::Untied => {}
        }
    }
    bound
}

fn rank(table: &Table, column: &Column) -> u8 {
    let checked = table.checks.iter().any(|check| check.columns.contains(&column.name));
    let kept = column.name.ends_with("_at");
    match (checked, kept) {
        (false, false) if column.data_type.is_text() => 0,
        (false, false) if column.data_type.is_json() => 1,
        (false, false) => 2,
        (true, false) => 3,
        (_, true) => 4,
    }
}

/// A value of another made row, else one made from the type.
fn other_value(scene: &Scene<'_>, table: &Table, column: &Column, row: &StoredRow) -> Option<String> {
    let current = row.values.get(&column.name).cloned().flatten();
    let checked = table.checks.iter().any(|check| check.columns.contains(&column.name));
    let plain = matches!(column.data_type.kind, crate::catalog::TypeKind::Base);
    if plain && !checked && column.data_type.is_text() && column.data_type.formatted == "text" {
        return Some("seaworthy was here".to_owned());
    }
    made_values(scene, &table.name, &column.name)
        .find(|value| Some(value) != current.as_ref())
        .or_else(|| listed_value(table, column, current.as_deref()))
        .or_else(|| typed_value(column, current.as_deref()))
}

/// Another of the texts that a CHECK lists: `relation in ('parent', 'child')`.
fn listed_value(table: &Table, column: &Column, current: Option<&str>) -> Option<String> {
    let of_column = table.checks.iter().filter(|check| check.columns == [column.name.clone()]);
    of_column
        .filter(|check| check.expression.contains("ANY (") || check.expression.contains(" = "))
        .flat_map(|check| quoted_texts(&check.expression))
        .find(|text| column.data_type.is_text() && Some(text.as_str()) != current)
}

fn made_values<'a>(scene: &'a Scene<'_>, table: &QualifiedName, column: &'a str) -> impl Iterator<Item = String> + 'a {
    let rows = scene.world.rows.get(table);
    let fresh = rows.into_iter().flat_map(|rows| &rows.fresh).map(|row| &row.values);
    let stored = rows.into_iter().flat_map(|rows| &rows.stored).map(|row| &row.values);
    fresh.chain(stored).filter_map(move |values: &Values| values.get(column).cloned().flatten())
}

fn typed_value(column: &Column, current: Option<&str>) -> Option<String> {
    if let crate::catalog::TypeKind::Enumeration(labels) = &column.data_type.unwrapped().kind {
        return labels.iter().find(|label| Some(label.as_str()) != current).cloned();
    }
    let value = match column.data_type.unwrapped().name.as_str() {
        "bool" => if current == Some("t") { "f" } else { "t" }.to_owned(),
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => {
            let number = current.and_then(|current| current.parse::<f64>().ok()).unwrap_or_default();
            format!("{}", number + 1.0)
        }
        "timestamptz" | "timestamp" => "2001-02-03 04:05:06".to_owned(),
        "date" => "2001-02-03".to_owned(),
        "json" | "jsonb" => "{\"seaworthy\": true}".to_owned(),
        "text" | "varchar" | "citext" | "bpchar" => "seaworthy".to_owned(),
        _ => return None,
    };
    Some(value)
}

/// Updates of `table` that would change `row`, in every shape.
#[must_use]
pub fn updates(scene: &Scene<'_>, table: &Table, row: &StoredRow, role: &str) -> Vec<Shape> {
    let candidates = assignable(scene, table, row, role);
    let (Some(first), Some(condition)) = (candidates.first(), key_condition(table, row, "t")) else {
        return candidates.first().map(|first| bare(table, first)).into_iter().collect();
    };
    let target = format!("{} as t", table.name.quoted());
    let set = assignment(&first.column, &first.value);
    let by_id = format!("update {target} set {set} where {condition}");
    let mut shapes = vec![
        bare(table, first),
        shape("by id", true, vec![by_id.clone()]),
        shape("returning", false, vec![format!("{by_id} returning *")]),
        shape("self-join", false, vec![self_join_update(table, &set, &condition)]),
        shape(
            "merge",
            false,
            vec![format!(
                "merge into {target} using (select 1) as s on {condition} when matched then update set {set}"
            )],
        ),
        shape(
            "where current of",
            false,
            vec![
                format!("declare seaworthy_cursor cursor for select * from {target} where {condition} for update"),
                "fetch next from seaworthy_cursor".to_owned(),
                format!("update {} set {set} where current of seaworthy_cursor", table.name.quoted()),
            ],
        ),
    ];
    shapes.extend(candidates.get(1).map(|second| {
        let set = assignment(&second.column, &second.value);
        shape("by id, another column", false, vec![format!("update {target} set {set} where {condition}")])
    }));
    shapes.extend(upsert(table, row, &set));
    shapes
}

/// An update whose condition is on another reading of the same table.
#[must_use]
pub(super) fn self_join_update(table: &Table, set: &str, condition: &str) -> String {
    let joined: Vec<String> =
        table.key_columns().iter().map(|key| format!("other.{0} = t.{0}", quote_identifier(key))).collect();
    format!(
        "update {0} as t set {set} from {0} as other where {1} and {condition}",
        table.name.quoted(),
        joined.join(" and ")
    )
}

/// No WHERE, no column read: no SELECT policy comes in.
fn bare(table: &Table, first: &Assignment) -> Shape {
    shape("bare", true, vec![format!("update {} set {}", table.name.quoted(), assignment(&first.column, &first.value))])
}

/// Inserts the victim's very row again, and updates on the clash.
fn upsert(table: &Table, row: &StoredRow, set: &str) -> Option<Shape> {
    let key = table.key_columns();
    if key.is_empty() {
        return None;
    }
    let columns: Vec<&Column> = table
        .columns
        .iter()
        .filter(|column| column.is_writable() && row.values.get(&column.name).is_some_and(Option::is_some))
        .collect();
    let names: Vec<String> = columns.iter().map(|column| quote_identifier(&column.name)).collect();
    let values: Vec<String> =
        columns.iter().filter_map(|column| row.values.get(&column.name)?.as_deref()).map(quote_literal).collect();
    let keys: Vec<String> = key.iter().map(|key| quote_identifier(key)).collect();
    let statement = format!(
        "insert into {} ({}) values ({}) on conflict ({}) do update set {set}",
        table.name.quoted(),
        names.join(", "),
        values.join(", "),
        keys.join(", ")
    );
    Some(shape("on conflict do update", false, vec![statement]))
}

fn shape(name: &'static str, main: bool, statements: Vec<String>) -> Shape {
    Shape { name, main, prepare: Vec::new(), act: Act::Statements(statements), signal: Signal::Change }
}
