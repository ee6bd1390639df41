use super::super::super::scene::{Scene, VICTIM};
use super::super::super::statement::{deletes, insert_columns, insert_statement, updates};
use super::super::body::Body;
use super::super::harness::{harness, probe};
use super::{CALLED, CALLED_DYNAMIC, FIRED, surroundings};
use crate::catalog::{Argument, ArgumentMode, DataType, Function, Table, TypeKind, quote_literal};
use crate::probe::{Act, Part, SqlProbe};

/// What a rollback does not undo, or what takes its time. A function that names one is not called.
const NOT_CALLED: [&str; 14] = [
    "copy",
    "program",
    "system",
    "pg_sleep",
    "pg_sleep_for",
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_read_file",
    "pg_ls_dir",
    "lo_import",
    "lo_export",
    "dblink",
    "dblink_exec",
];

/// Calls of the function: with nulls and with a usual value for each argument; of a trigger function by writes to its tables.
pub(super) fn probes(scene: &Scene<'_>, function: &Function, body: &Body, fired_by: &[&Table]) -> Vec<SqlProbe> {
    if body.asks_what_is_there() {
        return Vec::new();
    }
    if function.is_trigger {
        return fired_by.iter().take(2).flat_map(|table| writes(scene, function, table)).collect();
    }
    let reachable = Body::of(&scene.reachable_source(function));
    if NOT_CALLED.iter().any(|word| reachable.words().contains(word)) {
        return Vec::new();
    }
    let inputs: Vec<&Argument> = function
        .arguments
        .iter()
        .filter(|argument| matches!(argument.mode, ArgumentMode::In | ArgumentMode::InOut | ArgumentMode::Variadic))
        .collect();
    if inputs.iter().any(|argument| argument.data_type.kind == TypeKind::Pseudo) {
        return Vec::new();
    }
    let topic = if body.dynamic || reachable.dynamic { CALLED_DYNAMIC } else { CALLED };
    let mut shapes = vec![("with usual values", call(function, &inputs, &usual))];
    if !inputs.is_empty() {
        shapes.push(("with nulls", call(function, &inputs, &|_| None)));
    }
    let make = |(shape, statement): (&str, String)| SqlProbe {
        prepare: surroundings(scene, function, false),
        ..probe(Part::Attack, topic, shape, &harness(scene), statement)
    };
    shapes.into_iter().map(make).collect()
}

fn call(function: &Function, inputs: &[&Argument], value: &dyn Fn(&DataType) -> Option<String>) -> String {
    let given: Vec<String> = inputs
        .iter()
        .map(|argument| {
            let value = value(&argument.data_type).as_deref().map_or_else(|| "null".to_owned(), quote_literal);
            let variadic = if argument.mode == ArgumentMode::Variadic { "variadic " } else { "" };
            format!("{variadic}{value}::{}", argument.data_type.formatted)
        })
        .collect();
    let called = format!("{}({})", function.name.quoted(), given.join(", "));
    if function.is_procedure { format!("call {called}") } else { format!("select {called} limit 5") }
}

/// A value that a type usually takes; null where none is known.
fn usual(data_type: &DataType) -> Option<String> {
    let value = match &data_type.kind {
        TypeKind::Domain { base, .. } => return usual(base),
        TypeKind::Enumeration(labels) => return labels.first().cloned(),
        TypeKind::Array(_) => "{}",
        TypeKind::Range(_) => "empty",
        TypeKind::Multirange(_) => "{}",
        TypeKind::Composite(_) | TypeKind::Pseudo => return None,
        TypeKind::Base => match data_type.name.as_str() {
            "uuid" => "00000000-0000-4000-8000-000000000001",
            "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => "1",
            "text" | "varchar" | "bpchar" | "citext" | "name" => "seaworthy",
            "bool" => "true",
            "json" | "jsonb" => "{}",
            "timestamptz" | "timestamp" => "2024-01-02 03:04:05",
            "date" => "2024-01-02",
            "time" | "timetz" => "03:04:05",
            "interval" => "1 day",
            "inet" => "192.0.2.1",
            _ => return None,
        },
    };
    Some(value.to_owned())
}

/// An insert, an update and a delete of a made row, as the triggers that call the function want them.
fn writes(scene: &Scene<'_>, function: &Function, table: &Table) -> Vec<SqlProbe> {
    let mut statements: Vec<(&str, Vec<String>, Act)> = Vec::new();
    let wanted = |on: fn(&crate::catalog::Trigger) -> bool| {
        table.triggers.iter().any(|trigger| trigger.enabled && trigger.function == function.name && on(trigger))
    };
    let rows = scene.world.rows.get(&table.name);
    let row = rows.and_then(|rows| rows.stored.first());
    if let Some(row) = row.filter(|_| wanted(|trigger| trigger.on_update)) {
        let by_id = updates(scene, table, row, "").into_iter().find(|shape| shape.name == "by id");
        statements.extend(by_id.map(|shape| ("an update", shape.prepare, shape.act)));
    }
    if let Some(row) = row.filter(|_| wanted(|trigger| trigger.on_delete)) {
        let by_id = deletes(scene, table, row).into_iter().find(|shape| shape.name == "by id");
        statements.extend(by_id.map(|shape| ("a delete", shape.prepare, shape.act)));
    }
    let fresh =
        rows.and_then(|rows| rows.fresh.iter().find(|row| row.tenant == Some(VICTIM)).or_else(|| rows.fresh.first()));
    if let Some(fresh) = fresh.filter(|_| wanted(|trigger| trigger.on_insert)) {
        let columns = insert_columns(scene, table, &fresh.values, "");
        let statement = insert_statement(table, &columns, &fresh.values);
        statements.push(("an insert", fresh.prepare.clone(), Act::statement(statement)));
    }
    statements
        .into_iter()
        .map(|(shape, prepare, act)| {
            let prepare = prepare.into_iter().chain(surroundings(scene, function, false)).collect();
            let base = probe(Part::Attack, FIRED, format!("{shape} of {}", table.name), &harness(scene), String::new());
            SqlProbe { prepare, act, ..base }
        })
        .collect()
}
