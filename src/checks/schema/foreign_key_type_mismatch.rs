//! `schema/foreign-key-type-mismatch`: a foreign key's column can hold every value of the key that it refers to.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, alter_column, cases, designed};
use crate::catalog::{Column, DataType, ForeignKey, Table};
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/foreign-key-type-mismatch",
        family: Family::Schema,
        severity: Severity::Error,
        title: "A foreign key has the type of the key that it refers to",
        help: "An `integer` that refers to a `bigint` works until the parent's key passes 2,147,483,647; from then on no row can refer to a new parent, and every insert fails. A shorter text likewise. A wider type holds every value, yet the two are compared through a cast: that is a warning. Give both columns one type.",
        example: example!("schema/foreign-key-type-mismatch"),
    },
    plan,
};

const EXPECTED: &str = "both sides of a foreign key have one type";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    if table.foreign_keys.is_empty() {
        return Vec::new();
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut defects = Vec::new();
    for key in &table.foreign_keys {
        for (column, referenced) in pairs(scene, table, key) {
            if let Some(defect) =
                defect(table, key, column, referenced).filter(|_| !seen.contains(&column.name.as_str()))
            {
                seen.push(&column.name);
                defects.push(defect);
            }
        }
    }
    cases(table, EXPECTED, defects, "each foreign key has the type of what it refers to")
}

fn pairs<'a>(scene: &Scene<'a>, table: &'a Table, key: &ForeignKey) -> Vec<(&'a Column, &'a Column)> {
    let Some(parent) = scene.catalog.table(&key.referenced_table) else { return Vec::new() };
    let columns = key.columns.iter().zip(&key.referenced_columns);
    columns.filter_map(|(column, referenced)| Some((table.column(column)?, parent.column(referenced)?))).collect()
}

fn defect(table: &Table, key: &ForeignKey, column: &Column, referenced: &Column) -> Option<Defect> {
    let (own, theirs) = (column.data_type.unwrapped(), referenced.data_type.unwrapped());
    let fit = fit(own, theirs)?;
    let summary = format!(
        "{} is {}, the {} of {} that it refers to is {}{}",
        column.name,
        own.formatted,
        referenced.name,
        key.referenced_table,
        theirs.formatted,
        if fit == Fit::TooSmall { ": it cannot hold every key" } else { "" }
    );
    let fix = alter_column(table, &column.name, &format!("type {}", theirs.formatted));
    let mut defect = Defect::new(&column.name, summary, fix);
    if fit == Fit::Differs {
        defect.finding = defect.finding.at(Severity::Warning);
    }
    Some(defect)
}

/// How two types that are not the same fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// The referring one cannot hold every value.
    TooSmall,
    /// It can, or so it seems.
    Differs,
}

/// `None` where the types are as good as the same.
fn fit(own: &DataType, theirs: &DataType) -> Option<Fit> {
    let width = |data_type: &DataType| match data_type.name.as_str() {
        "int2" => Some(2),
        "int4" => Some(4),
        "int8" => Some(8),
        _ => None,
    };
    if let (Some(own), Some(theirs)) = (width(own), width(theirs)) {
        return match own - theirs {
            0 => None,
            difference if difference < 0 => Some(Fit::TooSmall),
            _ => Some(Fit::Differs),
        };
    }
    if own.is_text() && theirs.is_text() {
        // Text of any length holds every text; folding case makes two keys one.
        let padded = |data_type: &DataType| matches!(data_type.name.as_str(), "bpchar" | "citext" | "name");
        return match (length(own), length(theirs)) {
            (Some(own), None) if own < MAXIMUM_NAME => Some(Fit::TooSmall),
            (Some(own), Some(theirs)) if own < theirs => Some(Fit::TooSmall),
            _ => (own.name != theirs.name && (padded(own) || padded(theirs))).then_some(Fit::Differs),
        };
    }
    (own.name != theirs.name || own.schema != theirs.schema).then_some(Fit::Differs)
}

/// A text key is no longer than this in practice.
const MAXIMUM_NAME: u32 = 255;

/// The most characters that a text type holds, where it says.
fn length(data_type: &DataType) -> Option<u32> {
    let (_, rest) = data_type.formatted.split_once('(')?;
    rest.split_once(')')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::TypeKind;

    fn of(name: &str, formatted: &str) -> DataType {
        let schema = "pg_catalog".to_owned();
        DataType { formatted: formatted.to_owned(), name: name.to_owned(), schema, kind: TypeKind::Base }
    }

    #[test]
    fn what_holds_every_value_only_differs() {
        let (int, bigint) = (of("int4", "integer"), of("int8", "bigint"));
        assert_eq!(fit(&int, &bigint), Some(Fit::TooSmall));
        assert_eq!(fit(&bigint, &int), Some(Fit::Differs));
        assert_eq!(fit(&bigint, &bigint), None);
        let (short, long) = (of("varchar", "character varying(8)"), of("varchar", "character varying(20)"));
        assert_eq!(fit(&short, &long), Some(Fit::TooSmall));
        assert_eq!(fit(&long, &short), None);
        let text = of("text", "text");
        assert_eq!(fit(&short, &text), Some(Fit::TooSmall));
        assert_eq!(fit(&text, &short), None);
        assert_eq!(fit(&of("citext", "citext"), &text), Some(Fit::Differs));
    }
}
