use std::collections::BTreeMap;

use super::{RehearsalError, TableStates, counts};
use crate::catalog::{Catalog, QualifiedName, Table, quote_identifier, quote_literal};
use crate::postgres::{Session, SqlError};
use crate::tenancy::{ImpliedReference, implied_references};
use crate::trial::{ConstraintTrial, ReferenceTrial, RequiredRow, Stored};

/// Values that are given as examples of rows that refer to nothing.
const EXAMPLES: usize = 3;

/// Looks at every stored row (references that names imply are those of tables that are the system's `own`): does it refer to something, and does it keep to its table's constraints? A constraint that is not valid,
/// or was switched off while the rows went in, says nothing of them.
///
/// # Errors
/// When the server is gone.
pub async fn stored(
    session: &mut Session,
    catalog: &Catalog,
    states: &TableStates,
    own: &dyn Fn(&QualifiedName) -> bool,
    users: Option<&(QualifiedName, String)>,
) -> Result<Stored, RehearsalError> {
    let filled = |name: &QualifiedName| states.rows(&name.to_string()) > 0;
    let tables: Vec<&Table> = catalog
        .tables
        .iter()
        .filter(|table| table.holds_rows() && table.parent.is_none() && filled(&table.name))
        .collect();
    let mut references = declared(&tables);
    // What a platform's own tables imply is its own affair; of them the users alone are what others mean.
    let meant = |name: &QualifiedName| own(name) || users.is_some_and(|(users, _)| users == name);
    references.extend(implied(catalog, &|name| filled(name) && own(name), &meant));
    let queries: Vec<String> =
        references.iter().map(|reference| format!("select count(*) {}", reference.query)).collect();
    for (reference, orphans) in references.iter_mut().zip(counts(session, &queries).await?) {
        reference.orphans = orphans;
        if matches!(reference.orphans, Ok(count) if count > 0) {
            reference.examples = examples(session, reference).await?;
        }
        reference.query = format!("select * {};", reference.query);
    }
    let mut constraints = constraints(&tables);
    let queries: Vec<String> = constraints.iter().map(|one| format!("select count(*) {}", one.query)).collect();
    for (constraint, broken) in constraints.iter_mut().zip(counts(session, &queries).await?) {
        constraint.broken = broken;
        constraint.query = format!("select * {};", constraint.query);
    }
    Ok(Stored { references, constraints, required: Vec::new() })
}

fn declared(tables: &[&Table]) -> Vec<ReferenceTrial> {
    let of_table = |table: &&Table| {
        let key = |key: &crate::catalog::ForeignKey| {
            let parent = (&key.referenced_table, key.referenced_columns.as_slice());
            ReferenceTrial {
                table: table.name.to_string(),
                columns: key.columns.clone(),
                targets: vec![key.referenced_table.to_string()],
                constraint: Some(key.name.clone()),
                orphans: Ok(0),
                examples: Vec::new(),
                query: without_parent(&table.name, &key.columns, &[parent]),
            }
        };
        table.foreign_keys.iter().map(key).collect::<Vec<_>>()
    };
    tables.iter().flat_map(of_table).collect()
}

fn implied(
    catalog: &Catalog,
    refers: &dyn Fn(&QualifiedName) -> bool,
    meant: &dyn Fn(&QualifiedName) -> bool,
) -> Vec<ReferenceTrial> {
    let trial = |mut reference: ImpliedReference| {
        reference.targets.retain(|(target, _)| meant(target));
        let columns = vec![reference.column.clone()];
        let parents: Vec<(&QualifiedName, &[String])> =
            reference.targets.iter().map(|(target, key)| (target, std::slice::from_ref(key))).collect();
        (!parents.is_empty()).then(|| ReferenceTrial {
            table: reference.table.to_string(),
            query: without_parent(&reference.table, &columns, &parents),
            columns,
            targets: reference.targets.iter().map(|(target, _)| target.to_string()).collect(),
            constraint: None,
            orphans: Ok(0),
            examples: Vec::new(),
        })
    };
    implied_references(catalog).into_iter().filter(|reference| refers(&reference.table)).filter_map(trial).collect()
}

/// `from table where … and not exists …`: rows that refer, and to nothing in any of the parents.
fn without_parent(table: &QualifiedName, columns: &[String], parents: &[(&QualifiedName, &[String])]) -> String {
    let mut conditions: Vec<String> =
        columns.iter().map(|column| format!("referring.{} is not null", quote_identifier(column))).collect();
    for (parent, keys) in parents {
        let equal: Vec<String> = columns
            .iter()
            .zip(*keys)
            .map(|(column, key)| format!("referred.{} = referring.{}", quote_identifier(key), quote_identifier(column)))
            .collect();
        conditions.push(format!(
            "not exists (select 1 from {} as referred where {})",
            parent.quoted(),
            equal.join(" and ")
        ));
    }
    format!("from {} as referring where {}", table.quoted(), conditions.join(" and "))
}

async fn examples(session: &mut Session, reference: &ReferenceTrial) -> Result<Vec<String>, SqlError> {
    let shown: Vec<String> =
        reference.columns.iter().map(|column| format!("referring.{}::text", quote_identifier(column))).collect();
    let shown = shown.join(" || ', ' || ");
    let rows =
        session.rows(&format!("select distinct {shown} {} order by 1 limit {EXAMPLES}", reference.query)).await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

fn constraints(tables: &[&Table]) -> Vec<ConstraintTrial> {
    let mut found = Vec::new();
    for table in tables {
        let trial = |name: &str, rule: String, condition: String| ConstraintTrial {
            table: table.name.to_string(),
            name: name.to_owned(),
            rule,
            broken: Ok(0),
            query: format!("from {} where {condition}", table.name.quoted()),
        };
        found.extend(
            table
                .checks
                .iter()
                .map(|check| trial(&check.name, check.expression.clone(), format!("not ({})", check.expression))),
        );
        found.extend(table.columns.iter().filter(|column| column.not_null).map(|column| {
            trial(&column.name, "not null".to_owned(), format!("{} is null", quote_identifier(&column.name)))
        }));
    }
    found
}

/// Looks for the rows that are declared to be required: by table, of each row the values that tell it.
///
/// # Errors
/// When the server is gone.
pub async fn required_rows(
    session: &mut Session,
    wanted: &[(&Table, BTreeMap<String, String>)],
) -> Result<Vec<RequiredRow>, RehearsalError> {
    let query = |(table, values): &(&Table, BTreeMap<String, String>)| {
        let conditions: Vec<String> = values
            .iter()
            .map(|(column, value)| {
                let data_type = table.column(column).map(|column| &column.data_type);
                let of_type = match data_type {
                    Some(data_type) if data_type.is_json() => "jsonb".to_owned(),
                    Some(data_type) => data_type.formatted.clone(),
                    None => "text".to_owned(),
                };
                let column = quote_identifier(column);
                format!("{column}::{of_type} = {}::{of_type}", quote_literal(value))
            })
            .collect();
        format!("select count(*) from {} where {}", table.name.quoted(), conditions.join(" and "))
    };
    let queries: Vec<String> = wanted.iter().map(query).collect();
    let found = counts(session, &queries).await?;
    Ok(wanted
        .iter()
        .zip(found)
        .map(|((table, values), found)| RequiredRow { table: table.name.to_string(), values: values.clone(), found })
        .collect())
}
