//! `rls/not-forced`: no client role owns a table, or is a member of the role that does, unless row security is forced on it: owners
//! bypass it otherwise (Postgres documentation, 5.9). That is a rule of the server and needs no probe.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{settled, table_of};
use crate::catalog::Table;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/not-forced",
        family: Family::Rls,
        severity: Severity::Error,
        title: "Row security holds for the role that the application acts as",
        help: "The application acts as the table's owner, or as a member of it. Owners bypass row security unless it is forced, so the policies do nothing. Force it, or better, let the tables belong to a role that no client acts as: an owner can switch row security off again.",
        example: example!("rls/not-forced", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "no client role owns the table or is a member of its owner, or row security is forced";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = table_of(subject) else { return Vec::new() };
    vec![settled(table, EXPECTED, finding(scene, table)).with_fix(format!(
        "alter table {} force row level security; -- or give the table to a role that no client acts as",
        table.name.quoted()
    ))]
}

fn finding(scene: &Scene<'_>, table: &Table) -> Finding {
    if !table.row_security {
        return Finding::new(Status::NotApplicable, "row security is off: rls/not-enabled is about that");
    }
    if table.force_row_security {
        return Finding::new(Status::Pass, "row security is forced, on the owner too");
    }
    if scene.member_role().is_none() {
        return Finding::no_clients();
    }
    let owning: Vec<&str> =
        scene.client_roles().filter(|role| scene.catalog.effective_roles(role).contains(&table.owner)).collect();
    let Some(role) = owning.first() else {
        return Finding::new(Status::Pass, format!("{}, which owns it, is no role of a client", table.owner));
    };
    let how = if **role == table.owner {
        "owns it".to_owned()
    } else {
        format!("is a member of {}, which owns it", table.owner)
    };
    Finding::new(
        Status::Fail,
        format!("{role} {how}, and row security is not forced: its policies do not hold for {role}"),
    )
}
