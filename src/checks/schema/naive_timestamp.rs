//! `schema/naive-timestamp`: times are stored with their zone.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, alter_column, is_type, of_columns};
use crate::catalog::{Column, Table, quote_identifier};
use crate::tenancy::words;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/naive-timestamp",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "Times carry their zone",
        help: "`timestamp` stores what a clock showed and not which clock: two servers, or one across a change to summer time, read different moments out of it, and `now()` is cut to the session's zone on the way in. Use `timestamptz`, which stores the moment itself. What is meant as wall-clock time (a shop opens at nine, wherever it is) says so in its name: `local_time`.",
        example: example!("schema/naive-timestamp"),
    },
    plan,
};

const EXPECTED: &str = "every time is timestamptz";

fn plan(_: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let concerns = |column: &Column| is_type(column, "timestamp") || is_type(column, "timestamptz");
    of_columns(subject, EXPECTED, "each time carries its zone", concerns, look)
}

fn look(table: &Table, column: &Column) -> Option<Defect> {
    if !is_type(column, "timestamp") || is_wall_clock(column) {
        return None;
    }
    let name = quote_identifier(&column.name);
    let fix = alter_column(table, &column.name, &format!("type timestamptz using {name} at time zone 'UTC'"));
    Some(Defect::new(&column.name, format!("{} is timestamp without time zone", column.name), fix))
}

/// Whether a name says that the time is meant as a clock shows it.
fn is_wall_clock(column: &Column) -> bool {
    words(&column.name).iter().any(|word| matches!(word.as_str(), "local" | "wall" | "naive"))
}
