//! `schema/reserved-name`: no table or column is named by a word that SQL has reserved.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, cases, designed};
use crate::catalog::quote_identifier;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/reserved-name",
        family: Family::Schema,
        severity: Severity::Info,
        title: "No name is a reserved word",
        help: "A table named `user` or `order` must be quoted wherever it is written, and where somebody forgets it the statement fails, or worse: `select * from user` succeeds, and returns the name of the database role. Take another word (`app_users`, `orders`, `position`).",
        example: example!("schema/reserved-name"),
    },
    plan,
};

const EXPECTED: &str = "no name is a reserved word";

/// Postgres documentation, appendix C: reserved, and reserved but for functions and types.
const RESERVED: &str = "\
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column \
    concurrently constraint create cross current_catalog current_date current_role current_schema current_time \
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from \
    full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit \
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references \
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true union \
    unique user using variadic verbose when where window with";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    let name = table.name.quoted();
    let mut defects = Vec::new();
    if is_reserved(&table.name.name) {
        let summary = format!("the table is named {}, a reserved word", table.name.name);
        defects.push(Defect::new("name", summary, format!("alter table {name} rename to …;")));
    }
    defects.extend(table.columns.iter().filter(|column| is_reserved(&column.name)).map(|column| {
        let fix = format!("alter table {name} rename column {} to …;", quote_identifier(&column.name));
        Defect::new(&column.name, format!("{} is a reserved word", column.name), fix)
    }));
    cases(table, EXPECTED, defects, "no name in it is a reserved word")
}

fn is_reserved(name: &str) -> bool {
    RESERVED.split(' ').any(|word| word == name)
}
