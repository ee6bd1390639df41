//! `privileges/column-grant-shadowed`: no grant on single columns is made void by a grant on the whole table. Needs no probe: the
//! privilege on a table is the privilege on each of its columns (Postgres documentation, GRANT).

use super::super::scene::{Scene, Subject, object_of, part_of};
use super::super::{Case, Check, Finding};
use super::clients::{is_clients, role_in_sql, roles_in_sql, word};
use crate::catalog::{Privilege, Table, quote_identifier};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/column-grant-shadowed",
        family: Family::Privileges,
        severity: Severity::Warning,
        title: "What is granted by column is not granted on the whole table too",
        help: "Somebody listed the columns that a role may read or write, and the role holds the privilege on the whole table beside it: the list limits nothing. The same goes for `revoke update (role) on profiles`, which takes nothing away while the table's grant stands. Revoke the privilege on the table, which takes the columns' with it, and grant the columns again.",
        example: example!("privileges/column-grant-shadowed"),
    },
    plan,
};

const EXPECTED: &str = "a privilege is granted on the table or on columns, not on both";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _) | Subject::View(table)) = *subject else {
        return Vec::new();
    };
    let mut pairs: Vec<(&str, Privilege)> = table
        .column_grants
        .iter()
        .filter(|grant| is_clients(scene, &grant.grantee))
        .map(|grant| (grant.grantee.as_str(), grant.privilege))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let shadowed: Vec<Case> =
        pairs.into_iter().filter_map(|(grantee, privilege)| case(scene, table, grantee, privilege)).collect();
    if !shadowed.is_empty() {
        return shadowed;
    }
    let finding = Finding::new(Status::Pass, "no grant on columns stands beside one on the table");
    vec![Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding)]
}

fn case(scene: &Scene<'_>, table: &Table, grantee: &str, privilege: Privilege) -> Option<Case> {
    let mut effective = scene.catalog.effective_roles(grantee);
    effective.retain(|role| *role != table.owner);
    let holders: Vec<&String> = table
        .grants
        .iter()
        .filter(|grant| grant.privilege == privilege && effective.contains(&grant.grantee))
        .map(|grant| &grant.grantee)
        .collect();
    if holders.is_empty() {
        return None;
    }
    let listed: Vec<&str> = table
        .column_grants
        .iter()
        .filter(|grant| grant.grantee == grantee && grant.privilege == privilege)
        .map(|grant| grant.column.as_str())
        .collect();
    let word = word(privilege);
    let summary = format!(
        "{grantee} may {word} every column: the grant on {} limits nothing beside the one on the whole table",
        listed.join(", ")
    );
    let columns: Vec<String> = listed.iter().map(|column| quote_identifier(column)).collect();
    let name = table.name.quoted();
    let fix = format!(
        "revoke {word} on {name} from {};\ngrant {word} ({}) on {name} to {};",
        roles_in_sql(holders),
        columns.join(", "),
        role_in_sql(grantee)
    );
    let object = part_of(table, format!("{word} by {grantee}"));
    let finding = Finding::new(Status::Fail, summary);
    Some(Case::settled(object, vec![table.name.to_string()], EXPECTED, finding).with_fix(fix))
}
