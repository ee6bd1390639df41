//! `isolation/missing-claims-admitted`: a signed-in role whose claims are missing, empty or nonsense sees nothing and changes
//! nothing; and is denied cleanly, not by an error of the policy.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::reference::tie_columns;
use super::super::scene::{Scene, Subject, VICTIM, key_condition, object_of, part_of};
use super::super::statement::{Attempt, Shape, deletes, insert_columns, inserts, reads, updates, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use super::cross_tenant_insert::landing;
use crate::catalog::quote_identifier;
use crate::probe::{Needles, Outcome, Part, SqlProbe};
use crate::tenancy::{Command, TableRole};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/missing-claims-admitted",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "Missing or malformed claims admit nobody",
        help: "A token without a subject, or a connection whose context was never set, sees tenants' rows: usually `auth.uid() is null or …`, `coalesce(…, true)`, or an empty string that compares equal. Make the absence of identity a denial. An error in place of a denial is reported as a warning: `current_setting('app.tenant_id', true)` with `nullif(…, '')` gives null and denies.",
        example: example!("isolation/missing-claims-admitted"),
    },
    plan,
};

const EXPECTED: &str = "nothing is visible, nothing changes, and the denial is clean";
const READ: &str = "read tenant A's rows";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() {
        return Vec::new();
    }
    let Some(role) = scene.member_role() else { return vec![target.without_clients(EXPECTED)] };
    let Some(row) = target.row else { return vec![target.without_row(scene, EXPECTED)] };
    let malformed: Vec<&Principal> = scene
        .world
        .principals
        .iter()
        .filter(|principal| matches!(principal.kind, PrincipalKind::Malformed | PrincipalKind::Unset))
        .collect();
    let mut probes = Vec::new();
    let mut meant = Vec::new();
    let mut ask = |command: Command, topic: &str, shapes: &[Shape], owners: &[&Principal], observe: Vec<String>| {
        // Whether others than the owner are meant to read it is asked with better tokens.
        let likely = command == Command::Select && target.intent.likely_audience().is_some();
        if !target.is_open(command) && !likely {
            let attempt = Attempt { table: target.table, topic, attackers: &malformed, owners, observe };
            probes.extend(attempt.probes(scene, shapes));
            meant.extend(scene.meant(target.table, command).then(|| topic.to_owned()));
        }
    };
    let main = |shapes: Vec<Shape>| shapes.into_iter().filter(|shape| shape.main).collect::<Vec<_>>();
    let needles: Needles = scene.needles(target.table, VICTIM);
    if !needles.is_empty() {
        let whole = reads(scene, target.table, None, role, &needles);
        ask(Command::Select, READ, &main(whole), &target.owners, Vec::new());
    }
    if let Some(unnamed) = unnamed(scene, &target, row) {
        let mut whole = main(reads(scene, target.table, None, role, &needles));
        for shape in &mut whole {
            shape.name = "whole table, where a column for a user is null";
            shape.prepare.clone_from(&unnamed);
        }
        ask(Command::Select, READ, &whole, &target.owners, Vec::new());
    }
    let state = vec![target.state.clone()];
    ask(
        Command::Update,
        "update tenant A's rows",
        &main(updates(scene, target.table, row, role)),
        &target.owners,
        state.clone(),
    );
    ask(Command::Delete, "delete tenant A's rows", &main(deletes(scene, target.table, row)), &target.owners, state);
    if let Some(victim) = scene.insertion_victim(&target.table.name)
        && let Some(fresh) = scene.fresh(&target.table.name, victim)
        && let Some(landed) = landing(scene, target.table, target.intent, victim, fresh)
    {
        let columns = insert_columns(scene, target.table, &fresh.values, role);
        let shapes = main(inserts(target.table, &columns, &fresh.values, &fresh.prepare));
        let owners = scene.owners(&target.table.name, victim);
        ask(Command::Insert, "insert a row of tenant A's", &shapes, &owners, vec![landed]);
    }
    if probes.is_empty() {
        return vec![target.open(EXPECTED)];
    }
    vec![
        Case {
            object: object_of(target.table),
            tables: target.tables(),
            expected: EXPECTED.to_owned(),
            probes,
            judge: Judge::BesideControls { meant, optional: Vec::new() },
            fix: fix::policies(scene, target.table, &[Command::Select]),
        },
        clean_denial(scene, &target, role, &malformed),
    ]
}

/// Statements that make null, in the victim's row, every column for a user that may be: null equals no identity where a policy says
/// `is not distinct from`.
fn unnamed(scene: &Scene<'_>, target: &TenantTable<'_>, row: &StoredRow) -> Option<Vec<String>> {
    let condition = key_condition(target.table, row, "t")?;
    let tie = tie_columns(target.intent);
    let people = scene.intent.users.as_ref().map(|(users, _)| users);
    let of_user = |column: &str| {
        target.table.foreign_keys.iter().any(|key| {
            key.columns == [column]
                && (people == Some(&key.referenced_table)
                    || scene.intent.table(&key.referenced_table).is_some_and(|parent| match parent.role {
                        TableRole::Profile => true,
                        TableRole::Root(root) => scene.users_are_tenants(root),
                        TableRole::Membership(_) | TableRole::Plain => false,
                    }))
        })
    };
    let nulls: Vec<String> = target
        .table
        .columns
        .iter()
        .filter(|column| !column.not_null && !tie.contains(&column.name.as_str()) && of_user(&column.name))
        .map(|column| format!("{} = null", quote_identifier(&column.name)))
        .collect();
    (!nulls.is_empty()).then(|| {
        without_triggers(vec![format!(
            "update {} as t set {} where {condition}",
            target.table.name.quoted(),
            nulls.join(", ")
        )])
    })
}

/// A second case, so that an unclean denial stands beside a proven one and does not hide it.
fn clean_denial(scene: &Scene<'_>, target: &TenantTable<'_>, role: &str, malformed: &[&Principal]) -> Case {
    let shapes: Vec<Shape> = reads(scene, target.table, None, role, &Needles::default()).into_iter().take(1).collect();
    let attempt =
        Attempt { table: target.table, topic: READ, attackers: malformed, owners: &target.owners, observe: Vec::new() };
    let probes: Vec<SqlProbe> = attempt.probes(scene, &shapes);
    Case {
        object: part_of(target.table, "clean denial"),
        tables: target.tables(),
        expected: "missing claims are a denial, not an error".to_owned(),
        probes,
        judge: Judge::Own(judge_denial),
        fix: fix::policies(scene, target.table, &[Command::Select]),
    }
}

fn judge_denial(case: &Case, outcomes: &[Outcome]) -> Finding {
    // A subject of nonsense fails in the identity function itself, before any policy, and a gateway lets no such token through: what
    // counts is that identity is not there at all.
    let absent = |principal: &Principal| principal.settings.iter().all(|(_, value)| value.is_empty());
    let unclean = case.probes.iter().zip(outcomes).position(|(probe, outcome)| {
        probe.part == Part::Attack
            && absent(&probe.principal)
            && matches!(outcome, Outcome::Refused(refusal) if refusal.sqlstate != "42501")
    });
    match unclean {
        Some(index) => Finding::new(Status::Fail, "the policy ends in an error instead of a denial")
            .at(Severity::Warning)
            .observed(describe(outcomes.get(index)))
            .shown_by([index]),
        None => Finding::new(Status::Pass, "missing claims are a plain denial").at(Severity::Warning),
    }
}
