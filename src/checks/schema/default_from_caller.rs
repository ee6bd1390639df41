//! `schema/default-from-caller`: no primary key's default is whoever happens to insert the row.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, alter_column, cases, designed};
use crate::catalog::Column;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/default-from-caller",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "No key is taken from whoever inserts the row",
        help: "A primary key that defaults to auth.uid() or to a setting is null where a trusted server inserts the row, which then fails, and is somebody else's where an administrator does. Whoever makes the row knows whose it is: drop the default, and let a foreign key to the users table hold the value.",
        example: example!("schema/default-from-caller"),
    },
    plan,
};

const EXPECTED: &str = "the primary key is given, counted or random";

/// What an expression reads that depends on who asks.
const CALLER: [&str; 7] =
    ["auth.uid(", "auth.jwt(", "auth.email(", "current_setting(", "current_user", "session_user", "current_role"];

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    let Some(key) = &table.primary_key else { return Vec::new() };
    let of_key = |column: &&Column| key.columns.contains(&column.name);
    let defects = table.columns.iter().filter(of_key).filter_map(|column| {
        let default = column.default.as_deref()?;
        let lower = default.to_lowercase();
        CALLER.iter().any(|caller| lower.contains(caller)).then(|| {
            Defect::new(
                &column.name,
                format!("{} defaults to {default}: a row that a server inserts has none", column.name),
                alter_column(table, &column.name, "drop default"),
            )
        })
    });
    cases(table, EXPECTED, defects.collect(), "it does not depend on who inserts")
}
