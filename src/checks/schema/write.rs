//! What the database takes: the harness itself writes a row with some columns replaced, and the same row as it was.

use super::super::scene::{Scene, key_condition};
use super::super::statement::insert_statement;
use crate::catalog::{Table, quote_identifier};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::world::{FreshRow, Principal, StoredRow, Values};

/// The topic of every write.
pub(super) const TOPIC: &str = "write a row";

/// Columns with the values that they are to have.
pub(super) type Replaced<'a> = &'a [(String, Option<String>)];

/// The harness: owner of everything, and no client.
pub(super) fn harness(scene: &Scene<'_>) -> Option<Principal> {
    let service = scene.service()?.clone();
    let name = "harness".to_owned();
    Some(Principal { name, role: String::new(), login_role: None, settings: Vec::new(), ..service })
}

/// Writes of a row with columns replaced, as a new one and in the place of a stored one, each before its control: the row as it
/// was. What `observe` counts shows that one got through.
pub(super) fn writes(scene: &Scene<'_>, table: &Table, replaced: Replaced<'_>, observe: &str) -> Vec<SqlProbe> {
    let Some(harness) = harness(scene) else { return Vec::new() };
    let rows = scene.world.rows.get(&table.name);
    let mut probes = Vec::new();
    if let Some(fresh) = rows.and_then(|rows| rows.fresh.first()) {
        let probe = |part, values: &Values| SqlProbe {
            prepare: fresh.prepare.clone(),
            ..probe(&harness, part, "insert", insertion(table, values), observe)
        };
        probes.push(probe(Part::Attack, &with(fresh, replaced)));
        probes.push(probe(Part::Service, &fresh.values));
    }
    let stored = rows.and_then(|rows| rows.stored.iter().find(|row| key_condition(table, row, "t").is_some()));
    if let Some(row) = stored {
        let update = |part, values: Replaced<'_>| {
            update(table, row, values).map(|statement| probe(&harness, part, "update", statement, observe))
        };
        let kept: Vec<_> =
            replaced.iter().map(|(column, _)| (column.clone(), row.values.get(column).cloned().flatten())).collect();
        probes.extend(update(Part::Attack, replaced));
        probes.extend(update(Part::Service, &kept));
    }
    probes
}

/// The fresh row with columns replaced.
pub(super) fn with(fresh: &FreshRow, replaced: Replaced<'_>) -> Values {
    let mut values = fresh.values.clone();
    values.extend(replaced.iter().cloned());
    values
}

/// An insert of every column that can be given.
pub(super) fn insertion(table: &Table, values: &Values) -> String {
    let given = table.columns.iter().filter(|column| column.is_writable() && values.contains_key(&column.name));
    let columns: Vec<String> = given.map(|column| column.name.clone()).collect();
    insert_statement(table, &columns, values)
}

fn update(table: &Table, row: &StoredRow, values: Replaced<'_>) -> Option<String> {
    let set: Vec<String> = values
        .iter()
        .map(|(column, value)| {
            let value = value.as_deref().map_or_else(|| "null".to_owned(), crate::catalog::quote_literal);
            format!("{} = {value}", quote_identifier(column))
        })
        .collect();
    let condition = key_condition(table, row, "t")?;
    Some(format!("update {} as t set {} where {condition}", table.name.quoted(), set.join(", ")))
}

fn probe(harness: &Principal, part: Part, shape: &str, statement: String, observe: &str) -> SqlProbe {
    SqlProbe {
        part,
        topic: TOPIC.to_owned(),
        shape: shape.to_owned(),
        principal: harness.clone(),
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: Act::statement(statement),
        observe: vec![observe.to_owned()],
        signal: if part == Part::Attack { Signal::Change } else { Signal::Affected },
    }
}

/// What the writes came to.
pub(super) enum Taken {
    /// The database took this one.
    Yes(usize),
    /// It refused this one, or undid it, where the row as it was is taken.
    No(usize),
    /// Nothing could be tried.
    Untried,
}

/// Reads the outcomes of [`writes`].
pub(super) fn taken(probes: &[SqlProbe], outcomes: &[Outcome]) -> Taken {
    let shows = |index: usize| match (probes.get(index), outcomes.get(index)) {
        (Some(probe), Some(outcome)) => probe.signal.shows(outcome),
        _ => false,
    };
    let is = |index: usize, part: Part| probes.get(index).is_some_and(|probe| probe.part == part);
    let attacks = || (0..probes.len()).filter(|index| is(*index, Part::Attack));
    if let Some(index) = attacks().find(|index| shows(*index)) {
        return Taken::Yes(index);
    }
    // The control of each write follows it. An insert says more than an update, which a guard of changes may refuse.
    match attacks().find(|index| is(index + 1, Part::Service) && shows(index + 1)) {
        Some(index) => Taken::No(index),
        None => Taken::Untried,
    }
}
