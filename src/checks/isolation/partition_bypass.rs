//! `isolation/partition-bypass`: partitions and inheritance children, named directly, show and give away nothing: a query of a child uses
//! the child's own row security, not its parent's.

use super::super::scene::{Scene, Subject, VICTIM, key_condition, label_expression, object_of};
use super::super::statement::Shape;
use super::super::statement::{Attempt, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::{Privilege, RelationKind, Table, quote_identifier};
use crate::probe::{Act, Needles, Signal};
use crate::tenancy::{Command, TableIntent};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/partition-bypass",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No partition is a way round its parent's policies",
        help: "Row security of a partitioned table holds for queries of the parent alone. Enable it on every partition too, or revoke the client roles' privileges on partitions (and keep them out of an exposed schema).",
        example: example!("isolation/partition-bypass"),
    },
    plan,
};

const EXPECTED: &str = "the child, named directly, shows and gives away nothing of another tenant's";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Partition(child, intent) = *subject else { return Vec::new() };
    let tables = vec![child.name.to_string(), intent.table.to_string()];
    let settle = |status: Status, why: &str| {
        vec![Case::settled(object_of(child), tables.clone(), EXPECTED, Finding::new(status, why))]
    };
    if !scene.is_tied(intent) {
        return settle(Status::NotApplicable, "its rows belong to no tenant");
    }
    let reachable = [Privilege::Select, Privilege::Update, Privilege::Delete]
        .into_iter()
        .any(|privilege| scene.client_roles().any(|role| scene.catalog.may(role, privilege, child)));
    if !reachable {
        return settle(Status::Pass, "no client role holds a privilege on it");
    }
    let Some(parent) = scene.catalog.table(&intent.table) else { return Vec::new() };
    let needles = scene.needles(parent, VICTIM);
    let (Some(_), false) = (scene.stored(&parent.name, VICTIM), needles.is_empty()) else {
        return settle(Status::Unproven, "no row could be made for two tenants");
    };
    let anonymous = scene.world.principals.iter().filter(|principal| principal.kind == PrincipalKind::Anonymous);
    let attackers: Vec<&Principal> = scene.attackers(VICTIM).into_iter().chain(anonymous).collect();
    let owners = scene.owners(&parent.name, VICTIM);
    let attempt = Attempt {
        table: child,
        topic: "reach tenant A's rows in the partition",
        attackers: &attackers,
        owners: &owners,
        observe: scene.state(parent, VICTIM).into_iter().collect(),
    };
    vec![Case {
        object: object_of(child),
        tables: tables.clone(),
        expected: EXPECTED.to_owned(),
        probes: attempt.probes(scene, &shapes(scene, (child, parent), intent, &needles)),
        judge: Judge::Own(|case, outcomes| {
            let finding = super::super::judge::beside_controls(case, outcomes, &[], &[]);
            // No made row landed in this partition: its privileges and row security are judged by rls/not-enabled.
            if finding.status == Status::Unproven {
                Finding::new(
                    Status::NotApplicable,
                    "no made row lands in this partition; rls/not-enabled judges whether it is protected",
                )
            } else {
                finding
            }
        }),
        fix: Some(format!("alter table {} enable row level security;", child.name.quoted())),
    }]
}

fn shapes(scene: &Scene<'_>, (child, parent): (&Table, &Table), intent: &TableIntent, needles: &Needles) -> Vec<Shape> {
    let prepare = inherited(scene, child, parent);
    let shape = |name: &'static str, statement: String, signal: Signal| Shape {
        name,
        main: true,
        prepare: prepare.clone(),
        act: Act::statement(statement),
        signal,
    };
    let label = label_expression(parent, "t").map(|label| format!("{label}, ")).unwrap_or_default();
    let mut shapes = Vec::new();
    if !intent.public.contains(&Command::Select) && !intent.shared.contains(&Command::Select) {
        let statement = format!("select {label}t.* from {} as t limit 4000", child.name.quoted());
        shapes.push(shape("whole partition", statement, Signal::Rows(needles.clone())));
    }
    let keyed = scene.world.stored_of(&parent.name, VICTIM).filter_map(|row| key_condition(parent, row, "t"));
    let condition = keyed.collect::<Vec<_>>().join(" or ");
    if !condition.is_empty() {
        shapes.push(shape(
            "delete by id",
            format!("delete from {} as t where {condition}", child.name.quoted()),
            Signal::Change,
        ));
    }
    shapes
}

/// Rows are routed into partitions, but not into inheritance children: there the victim's rows are put by hand.
fn inherited(scene: &Scene<'_>, child: &Table, parent: &Table) -> Vec<String> {
    if parent.kind != RelationKind::Table {
        return Vec::new();
    }
    let keyed = scene.world.stored_of(&parent.name, VICTIM).filter_map(|row| key_condition(parent, row, "t"));
    let condition = keyed.collect::<Vec<_>>().join(" or ");
    let columns: Vec<String> = parent
        .columns
        .iter()
        .filter(|column| column.is_writable())
        .map(|column| quote_identifier(&column.name))
        .collect();
    without_triggers(vec![format!(
        "insert into {0} ({2}) select {2} from only {1} as t where {condition}",
        child.name.quoted(),
        parent.name.quoted(),
        columns.join(", ")
    )])
}
