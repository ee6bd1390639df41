//! `isolation/cascade-crosses-tenants`: another tenant's DELETE of what it may delete removes or nulls nothing of the victim's.
//! The victim's own member first ties a row to the attacker's, or it refers to reference data already; then the attacker deletes.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::reference::{equalities, references, tie_columns};
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, key_condition, part_of};
use super::super::statement::without_triggers;
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{ForeignKey, ReferentialAction, Table};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe, Step};
use crate::tenancy::{Command, TableIntent, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/cascade-crosses-tenants",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "Deleting one's own rows removes nothing of another tenant's",
        help: "ON DELETE acts without asking row security: a user deletes a row of its own and rows of another tenant go with it. Keep references within the tenant (a key that carries it), and let no client delete rows that every tenant refers to.",
        example: example!("isolation/cascade-crosses-tenants", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "the other tenant's rows are the same before and after the delete";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || scene.member_role().is_none() {
        return Vec::new();
    }
    let acts = |key: &&ForeignKey| {
        matches!(key.on_delete, ReferentialAction::Cascade | ReferentialAction::SetNull | ReferentialAction::SetDefault)
    };
    let crossing = references(scene, target.table, target.intent);
    target
        .table
        .foreign_keys
        .iter()
        .filter(acts)
        .filter_map(|key| {
            let parent = scene.catalog.table(&key.referenced_table)?;
            let reference = crossing.iter().find(|reference| reference.key == key);
            match (reference, scene.intent.table(&parent.name).map(|intent| &intent.tie.value)) {
                (Some(reference), _) => {
                    let theirs = reference.to(scene.stored(&parent.name, ATTACKER)?)?;
                    Some(tied(scene, &target, key, parent, &theirs)?.doubted(reference.likely))
                }
                (None, Some(Tie::Global | Tie::Untied)) => shared(scene, &target, key, parent),
                (None, _) if is_open(scene, parent) => {
                    let row = scene.stored(&parent.name, ATTACKER)?;
                    let tie = tie_columns(target.intent);
                    let pairs = key.columns.iter().zip(&key.referenced_columns);
                    let theirs: Option<Vec<(String, String)>> = pairs
                        .filter(|(column, _)| !tie.contains(&column.as_str()))
                        .map(|(column, referenced)| Some((column.clone(), row.values.get(referenced)?.clone()?)))
                        .collect();
                    // What hangs on a publication goes with it.
                    let likely = scene.intent.table(&parent.name).and_then(TableIntent::likely_referred_to);
                    Some(tied(scene, &target, key, parent, &theirs?)?.doubted(likely))
                }
                (None, _) if takes_along(scene, &target, key, parent) => taken_along(scene, &target, key, parent),
                (None, _) => None,
            }
        })
        .collect()
}

/// The victim's member refers to the attacker's row, if it can; the attacker deletes that.
fn tied(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    key: &ForeignKey,
    parent: &Table,
    theirs: &[(String, String)],
) -> Option<Case> {
    let row = target.row?;
    let condition = key_condition(target.table, row, "t")?;
    let owner = *target.owners.first()?;
    let statement =
        format!("update {} as t set {} where {condition}", target.table.name.quoted(), equalities(theirs, None, ", "));
    let step = Step { principal: owner.clone(), statement };
    Some(case(scene, target, key, parent, scene.stored(&parent.name, ATTACKER)?, &[step]))
}

/// Whether a row of one user goes when another user, whom it may name but need not, goes. Where it must name the other, it is a
/// matter of both (a friendship); where users belong to tenants, people of one tenant name each other.
fn takes_along(scene: &Scene<'_>, target: &TenantTable<'_>, key: &ForeignKey, parent: &Table) -> bool {
    let root = scene.intent.root_of(&target.table.name);
    let optional = |column: &String| target.table.column(column).is_some_and(|column| !column.not_null);
    let tie = tie_columns(target.intent);
    root.is_some_and(|root| scene.users_are_tenants(root))
        && root == scene.intent.root_of(&parent.name)
        && key.on_delete == ReferentialAction::Cascade
        && key.columns.iter().all(optional)
        && !key.columns.iter().any(|column| tie.contains(&column.as_str()))
}

/// The harness ties the victim's row to the attacker, as whoever assigns people would; the attacker deletes itself.
fn taken_along(scene: &Scene<'_>, target: &TenantTable<'_>, key: &ForeignKey, parent: &Table) -> Option<Case> {
    let condition = key_condition(target.table, target.row?, "t")?;
    let attacker = scene.stored(&parent.name, ATTACKER)?;
    let theirs: Vec<(String, String)> = key
        .columns
        .iter()
        .zip(&key.referenced_columns)
        .map(|(column, referenced)| Some((column.clone(), attacker.values.get(referenced)?.clone()?)))
        .collect::<Option<_>>()?;
    let update =
        format!("update {} as t set {} where {condition}", target.table.name.quoted(), equalities(&theirs, None, ", "));
    let mut case = case(scene, target, key, parent, attacker, &[]);
    for probe in &mut case.probes {
        // Triggers and foreign keys are off: who may assign whom is asked elsewhere.
        probe.prepare = without_triggers(vec![update.clone()]);
    }
    Some(case)
}

/// Whether everybody may read, and so refer to, the rows of `table`.
fn is_open(scene: &Scene<'_>, table: &Table) -> bool {
    scene.intent.table(&table.name).is_some_and(|intent| {
        intent.public.contains(&Command::Select)
            || intent.shared.contains(&Command::Select)
            || intent.likely_audience().is_some()
    })
}

/// The victim's row refers to a row that is nobody's, or that everybody may read.
fn shared(scene: &Scene<'_>, target: &TenantTable<'_>, key: &ForeignKey, parent: &Table) -> Option<Case> {
    let row = target.row?;
    let referred = scene.world.rows.get(&parent.name)?.stored.iter().find(|candidate| {
        key.columns.iter().zip(&key.referenced_columns).all(|(column, referenced)| {
            row.values.get(column).is_some_and(Option::is_some)
                && row.values.get(column) == candidate.values.get(referenced)
        })
    })?;
    Some(case(scene, target, key, parent, referred, &[]))
}

fn case(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    key: &ForeignKey,
    parent: &Table,
    deleted: &StoredRow,
    earlier: &[Step],
) -> Case {
    let state = scene.state(target.table, VICTIM).unwrap_or_else(|| target.state.clone());
    let condition = key_condition(parent, deleted, "p").unwrap_or_else(|| "true".to_owned());
    let delete = format!("delete from {} as p where {condition}", parent.name.quoted());
    let probe = |part: Part, principal: &Principal, earlier: &[Step], signal: Signal| SqlProbe {
        part,
        topic: "delete a row that another tenant's row refers to".to_owned(),
        shape: "by id".to_owned(),
        principal: principal.clone(),
        prepare: Vec::new(),
        earlier: earlier.to_vec(),
        act: Act::statement(&delete),
        observe: vec![state.clone()],
        signal,
    };
    let attackers = scene.attackers(VICTIM);
    let mut probes: Vec<SqlProbe> =
        attackers.iter().take(2).map(|attacker| probe(Part::Attack, attacker, earlier, Signal::Change)).collect();
    probes.extend(
        scene.owners(&parent.name, ATTACKER).first().map(|owner| probe(Part::Control, owner, &[], Signal::Affected)),
    );
    probes.extend(scene.service().map(|service| probe(Part::Service, service, &[], Signal::Completes)));
    Case {
        object: part_of(target.table, key.columns.join(", ")),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(fix::without_cascade(target.table, key)),
    }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let find = |part: Part| {
        case.probes.iter().zip(outcomes).position(|(probe, outcome)| probe.part == part && probe.signal.shows(outcome))
    };
    if let Some(breach) = find(Part::Attack) {
        let who = case.probes.get(breach).map(|probe| probe.principal.name.clone()).unwrap_or_default();
        return Finding::new(Status::Fail, format!("{who} deletes a row and changes another tenant's"))
            .observed(describe(outcomes.get(breach)))
            .shown_by(std::iter::once(breach).chain(find(Part::Control)));
    }
    let attack = case.probes.iter().position(|probe| probe.part == Part::Attack);
    match (find(Part::Control), find(Part::Service)) {
        (Some(control), _) => {
            Finding::new(Status::Pass, "nothing of another tenant's goes with a row that its owner deletes")
                .observed(describe(attack.and_then(|index| outcomes.get(index))))
                .shown_by(attack.into_iter().chain([control]))
        }
        (None, Some(service)) => {
            Finding::new(Status::Pass, "no client can delete the row referred to; the service role can")
                .shown_by(attack.into_iter().chain([service]))
        }
        // Something else keeps the row for everybody: then nobody's delete cascades.
        (None, None) => {
            Finding::new(Status::NotApplicable, "nobody can delete the row referred to while others refer to it")
                .observed(describe(attack.and_then(|index| outcomes.get(index))))
                .shown_by(attack)
        }
    }
}
