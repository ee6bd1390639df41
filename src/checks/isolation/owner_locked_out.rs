//! `isolation/owner-locked-out`: the rightful owner can do each command that the model grants. What the model does not say is
//! found out by trying: a command that no client can do and that nothing opens to one counts as the service role's alone.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, Shape, deletes, insert_columns, inserts, reads, updates};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::probe::{Outcome, Part, SqlProbe};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/owner-locked-out",
        family: Family::Isolation,
        severity: Severity::Error,
        title: "The rightful owner can do what the model grants",
        help: "A policy means to open the table to its owners, and keeps them out: usually it compares the wrong column or claim. Compare with the tenant key. If no client is meant to do it, drop the policy or say `client_commands = [...]` under `[tables.NAME]`; if the policy asks for a state that made rows do not have, set `[tables.NAME.values]`.",
        example: example!("isolation/owner-locked-out", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "the rightful owner reads, inserts, updates and deletes where the model grants it";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() {
        let finding = Finding::new(Status::NotApplicable, "reference data has no owner among the tenants");
        return vec![target.settled(EXPECTED, finding)];
    }
    if scene.member_role().is_none() {
        return vec![target.without_clients(EXPECTED)];
    }
    if target.row.is_none() {
        return vec![target.without_row(scene, EXPECTED)];
    }
    let meant: Vec<Command> = [Command::Select, Command::Insert, Command::Update, Command::Delete]
        .into_iter()
        .filter(|command| scene.meant(target.table, *command))
        .collect();
    if meant.is_empty() {
        let finding = Finding::new(
            Status::NotApplicable,
            "no client is meant to use this table: nothing is granted and opened to one, so it counts as the service role's alone",
        );
        return vec![target.settled(EXPECTED, finding)];
    }
    let fix = fix::policies(scene, target.table, &meant);
    let probes = meant.into_iter().flat_map(|command| tries(scene, &target, command)).collect();
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix,
    }]
}

fn tries(scene: &Scene<'_>, target: &TenantTable<'_>, command: Command) -> Vec<SqlProbe> {
    let (Some(role), Some(row)) = (scene.member_role(), target.row) else { return Vec::new() };
    let mut observe = Vec::new();
    let mut owners = target.owners.clone();
    let shapes: Vec<Shape> = match command {
        Command::Select => reads(scene, target.table, target.row, role, &scene.needles(target.table, VICTIM)),
        Command::Update => updates(scene, target.table, row, role),
        Command::Delete => deletes(scene, target.table, row),
        Command::Insert => {
            let Some(victim) = scene.insertion_victim(&target.table.name) else { return Vec::new() };
            let Some(fresh) = scene.fresh(&target.table.name, victim) else { return Vec::new() };
            owners = scene.owners(&target.table.name, victim);
            observe = vec![scene.whole_state(target.table)];
            inserts(
                target.table,
                &insert_columns(scene, target.table, &fresh.values, role),
                &fresh.values,
                &fresh.prepare,
            )
        }
    };
    if matches!(command, Command::Update | Command::Delete) {
        observe = vec![target.state.clone()];
    }
    let attempt = Attempt { table: target.table, topic: command.as_str(), attackers: &[], owners: &owners, observe };
    let main: Vec<Shape> =
        shapes.into_iter().filter(|shape| shape.main || shape.name == "by id, another column").collect();
    attempt.probes(scene, &main)
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let shown = |part: Part, topic: &str| {
        case.probes
            .iter()
            .zip(outcomes)
            .position(|(probe, outcome)| probe.part == part && probe.topic == topic && probe.signal.shows(outcome))
    };
    let mut topics: Vec<&str> = case.probes.iter().map(|probe| probe.topic.as_str()).collect();
    topics.dedup();
    let (mut managed, mut kept_out, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
    for topic in topics {
        match (shown(Part::Control, topic), shown(Part::Service, topic)) {
            (Some(index), _) => managed.push((topic, index)),
            (None, Some(index)) => kept_out.push((topic, index)),
            (None, None) => unclear.push(topic),
        }
    }
    let owner_try =
        |topic: &str| case.probes.iter().position(|probe| probe.part == Part::Control && probe.topic == topic);
    if let Some((topic, service)) = kept_out.first() {
        let tried = owner_try(topic);
        let topics: Vec<&str> = kept_out.iter().map(|(topic, _)| *topic).collect();
        return Finding::new(
            Status::Fail,
            format!(
                "no member of the tenant can {} its own rows, though a grant and a policy open that to members",
                topics.join(", ")
            ),
        )
        .observed(describe(tried.and_then(|index| outcomes.get(index))))
        .shown_by(tried.into_iter().chain([*service]));
    }
    if let Some(topic) = unclear.first() {
        let tried = owner_try(topic);
        return Finding::new(
            Status::Unproven,
            format!("neither the owner nor the service role can {topic}: the statement says nothing"),
        )
        .observed(describe(tried.and_then(|index| outcomes.get(index))))
        .shown_by(tried);
    }
    let commands: Vec<&str> = managed.iter().map(|(topic, _)| *topic).collect();
    Finding::new(Status::Pass, format!("the rightful owner can {}", commands.join(", ")))
        .shown_by(managed.iter().map(|(_, index)| *index))
}
