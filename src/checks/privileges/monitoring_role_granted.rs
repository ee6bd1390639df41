//! `privileges/monitoring-role-granted`: no role that a client acts as, or logs in as, is a member of one of Postgres' own roles for
//! those who run a server. Needs no probe: what these roles may do is said in the Postgres documentation, 22.5.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::clients::role_in_sql;
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/monitoring-role-granted",
        family: Family::Privileges,
        severity: Severity::Error,
        title: "No client role is a member of Postgres' own roles",
        help: "pg_read_all_data and pg_write_all_data reach every table of every schema without a grant, pg_monitor and its kin show what others' sessions are running, pg_execute_server_program and the file roles end in the server's account. They are for those who run the server: revoke the membership.",
        example: example!("privileges/monitoring-role-granted"),
    },
    plan,
};

const EXPECTED: &str = "a member of none of Postgres' own roles";

/// Postgres' own roles, and what they let their members do.
const ROLES: &[(&str, &str)] = &[
    ("pg_read_all_data", "read every table of every schema without a grant"),
    ("pg_write_all_data", "write every table of every schema without a grant"),
    ("pg_read_server_files", "read files of the server"),
    ("pg_write_server_files", "write files of the server"),
    ("pg_execute_server_program", "run programs on the server"),
    ("pg_monitor", "see what other sessions run"),
    ("pg_read_all_stats", "see what other sessions run"),
    ("pg_read_all_settings", "read settings that only superusers see"),
    ("pg_stat_scan_tables", "lock tables while it scans them"),
    ("pg_signal_backend", "end other sessions"),
    ("pg_checkpoint", "force checkpoints"),
    ("pg_maintain", "lock and rewrite every table"),
    ("pg_create_subscription", "connect the server to others"),
    ("pg_use_reserved_connections", "take the connections kept for operators"),
];

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Database = subject else { return Vec::new() };
    let mut roles: Vec<&str> = scene.client_roles().chain(scene.intent.identity.login_role.as_deref()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles.into_iter().map(|role| case(scene, role)).collect()
}

fn case(scene: &Scene<'_>, role: &str) -> Case {
    let object = ObjectRef {
        kind: ObjectKind::Database,
        schema: String::new(),
        name: role.to_owned(),
        sub: Some("Postgres' own roles".to_owned()),
    };
    // What the login reaches through the role of the trusted servers is theirs, not its own.
    let effective = reached(scene, role);
    let held: Vec<&(&str, &str)> =
        ROLES.iter().filter(|(name, _)| effective.iter().any(|(one, _)| one == name)).collect();
    if held.is_empty() {
        let finding = Finding::new(Status::Pass, "it is a member of none");
        return Case::settled(object, Vec::new(), EXPECTED, finding);
    }
    let what: Vec<String> = held.iter().map(|(name, allows)| format!("{name}, and may {allows}")).collect();
    let through: Vec<String> = effective
        .iter()
        .filter(|(one, _)| held.iter().any(|(name, _)| one == name))
        .map(|(one, member)| format!("revoke {} from {};", role_in_sql(one), role_in_sql(member)))
        .collect();
    let finding = Finding::new(Status::Fail, format!("it is a member of {}", what.join("; of ")));
    Case::settled(object, Vec::new(), EXPECTED, finding).with_fix(through.join("\n"))
}

/// Every role that `role` is a member of, each with the member through which.
fn reached(scene: &Scene<'_>, role: &str) -> Vec<(String, String)> {
    let service = scene.intent.identity.service_role.as_deref();
    let mut reached: Vec<(String, String)> = Vec::new();
    let mut queue = vec![role.to_owned()];
    while let Some(member) = queue.pop() {
        for parent in scene.catalog.role(&member).map(|role| role.member_of.as_slice()).unwrap_or_default() {
            let known = reached.iter().any(|(one, through)| one == parent && *through == member);
            if !known && Some(parent.as_str()) != service {
                reached.push((parent.clone(), member.clone()));
                queue.push(parent.clone());
            }
        }
    }
    reached
}
