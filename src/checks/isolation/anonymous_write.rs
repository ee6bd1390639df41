//! `isolation/anonymous-write`: somebody who is not signed in inserts into, changes and deletes no tenant's rows, and no reference
//! data.

use super::super::scene::{Scene, Subject, object_of, privilege_for};
use super::super::statement::{Attempt, deletes, insert_columns, inserts, updates};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use super::tenant_table::anonymous;
use crate::catalog::quote_identifier;
use crate::tenancy::{Command, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{FreshRow, Principal, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/anonymous-write",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "Nobody writes a tenant's rows without signing in",
        help: "Anyone on the internet with the public key changes the table. Give its policies a `TO authenticated`, tie them to the tenant key, and revoke INSERT, UPDATE and DELETE from the anonymous role.",
        example: example!("isolation/anonymous-write"),
    },
    plan,
};

const EXPECTED: &str = "nothing of any tenant changes by somebody who is not signed in";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    let Some(nobody) = anonymous(scene) else {
        let finding = Finding::new(Status::NotApplicable, "no role stands for somebody who is not signed in");
        return vec![target.settled(EXPECTED, finding)];
    };
    let Some(row) = target.row else { return vec![target.without_row(scene, EXPECTED)] };
    let mut probes = Vec::new();
    let mut meant = Vec::new();
    for command in [Command::Insert, Command::Update, Command::Delete] {
        if target.intent.public.contains(&command) {
            continue;
        }
        let topic = format!("{} tenant A's rows", command.as_str());
        if target.is_tied() && scene.meant(target.table, command) {
            meant.push(topic.clone());
        }
        probes.extend(attempts(scene, &target, nobody, row, command, &topic));
    }
    if probes.is_empty() {
        return vec![target.open(EXPECTED)];
    }
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant, optional: Vec::new() },
        fix: Some(format!(
            "revoke insert, update, delete on {} from {};",
            target.table.name.quoted(),
            quote_identifier(&nobody.role)
        )),
    }]
}

fn attempts<'a>(
    scene: &Scene<'a>,
    target: &TenantTable<'a>,
    nobody: &'a Principal,
    row: &StoredRow,
    command: Command,
    topic: &str,
) -> Vec<crate::probe::SqlProbe> {
    let attackers = [nobody];
    let mut attempt = Attempt {
        table: target.table,
        topic,
        attackers: &attackers,
        owners: &target.owners,
        observe: vec![target.state.clone()],
    };
    let role = scene.statement_role(&nobody.role, privilege_for(command), target.table);
    let shapes = match command {
        Command::Update => updates(scene, target.table, row, role),
        Command::Delete => deletes(scene, target.table, row),
        Command::Select => Vec::new(),
        Command::Insert => {
            let Some((owners, state, fresh)) = insertion(scene, target) else { return Vec::new() };
            let columns = insert_columns(scene, target.table, &fresh.values, role);
            attempt.observe = vec![state];
            return Attempt { owners: &owners, ..attempt }
                .probes(scene, &inserts(target.table, &columns, &fresh.values, &fresh.prepare));
        }
    };
    attempt.probes(scene, &shapes)
}

type Insertion<'a> = (Vec<&'a Principal>, String, &'a FreshRow);

fn insertion<'a>(scene: &Scene<'a>, target: &TenantTable<'a>) -> Option<Insertion<'a>> {
    let whole = scene.whole_state(target.table);
    if !target.is_tied() || matches!(target.intent.tie.value, Tie::Root(_)) {
        let fresh = scene.world.rows.get(&target.table.name)?.fresh.first()?;
        return Some((target.owners.clone(), whole, fresh));
    }
    let victim = scene.insertion_victim(&target.table.name)?;
    let fresh = scene.fresh(&target.table.name, victim)?;
    Some((scene.owners(&target.table.name, victim), whole, fresh))
}
