//! `schema/reference-not-tenant-tied`: a reference between tenants' rows stays within a tenant, whoever writes it. Where clients write it,
//! `isolation/foreign-key-crosses-tenants` tries them; this is about what servers alone write.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::reference::{Reference, equalities, references, with_reference};
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, key_condition, part_of};
use super::super::statement::{insert_columns, insert_statement};
use super::super::{Case, Check, Finding, Judge};
use super::write::{harness, insertion};
use crate::catalog::Table;
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/reference-not-tenant-tied",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "A reference that servers write stays within its tenant",
        help: "A foreign key asks whether the row exists, and not whose it is. No client can write this one, so no client can misuse it; a mistake of a server can: a job of one tenant with an asset of another, which joins then show to both. Let the key carry the tenant: `foreign key (workspace_id, job_id) references jobs (workspace_id, id)`, with a unique key on (workspace_id, id).",
        example: example!("schema/reference-not-tenant-tied"),
    },
    plan,
};

const EXPECTED: &str = "a reference to another tenant's row is refused, whoever writes it";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    references(scene, table, intent).iter().map(|reference| case(scene, table, reference)).collect()
}

fn case(scene: &Scene<'_>, table: &Table, reference: &Reference<'_>) -> Case {
    let object = part_of(table, reference.key.columns.join(", "));
    let tables = vec![table.name.to_string()];
    if reference.key.columns.iter().any(|column| reference.tie.contains(&column.as_str())) {
        let finding = Finding::new(Status::Pass, "the key carries the tenant");
        return Case::settled(object, tables, EXPECTED, finding);
    }
    Case {
        object,
        tables,
        expected: EXPECTED.to_owned(),
        probes: probes(scene, table, reference).unwrap_or_default(),
        judge: Judge::Own(judge),
        fix: Some(suggestion(scene, table, reference)),
    }
}

/// The key with the tenant in it; where one of the tables has no column for the tenant, it needs one first.
fn suggestion(scene: &Scene<'_>, table: &Table, reference: &Reference<'_>) -> String {
    fix::tied_foreign_key(scene, table, reference.key).unwrap_or_else(|| {
        format!(
            "-- give both {} and {} the tenant's column, and put it into the foreign key {}",
            table.name, reference.parent.name, reference.key.name
        )
    })
}

/// The harness refers to another tenant's row, and the owner to its own, each by insert and by update.
fn probes(scene: &Scene<'_>, table: &Table, reference: &Reference<'_>) -> Option<Vec<SqlProbe>> {
    let theirs = scene.stored(&reference.parent.name, VICTIM).and_then(|row| reference.to(row))?;
    let own = scene.stored(&reference.parent.name, ATTACKER).and_then(|row| reference.to(row))?;
    let harness = harness(scene)?;
    let owners = scene.owners(&table.name, ATTACKER);
    let observe =
        format!("select count(*) from {} as t where {}", table.name.quoted(), equalities(&theirs, Some("t"), " and "));
    let probe = |part: Part, principal: &Principal, shape: &str, statement: String| SqlProbe {
        part,
        topic: "write the reference".to_owned(),
        shape: shape.to_owned(),
        principal: principal.clone(),
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: Act::statement(statement),
        observe: if part == Part::Attack { vec![observe.clone()] } else { Vec::new() },
        signal: if part == Part::Attack { Signal::Change } else { Signal::Affected },
    };
    let mut probes = Vec::new();
    if let Some(fresh) = scene.fresh(&table.name, ATTACKER) {
        let make = |probe: SqlProbe| SqlProbe { prepare: fresh.prepare.clone(), ..probe };
        let kept = with_reference(&fresh.values, &own);
        probes.push(make(probe(Part::Service, &harness, "insert", insertion(table, &kept))));
        let crossing = insertion(table, &with_reference(&fresh.values, &theirs));
        probes.push(make(probe(Part::Attack, &harness, "insert", crossing)));
        let role = scene.member_role().unwrap_or_default();
        let columns = insert_columns(scene, table, &kept, role);
        if own.iter().all(|(column, _)| columns.contains(column)) {
            let statement = insert_statement(table, &columns, &kept);
            probes.extend(owners.iter().map(|owner| make(probe(Part::Control, owner, "insert", statement.clone()))));
        }
    }
    if let Some(condition) = scene.stored(&table.name, ATTACKER).and_then(|row| key_condition(table, row, "t")) {
        let set = |reference: &[(String, String)]| {
            format!("update {} as t set {} where {condition}", table.name.quoted(), equalities(reference, None, ", "))
        };
        probes.push(probe(Part::Service, &harness, "update", set(&own)));
        probes.push(probe(Part::Attack, &harness, "update", set(&theirs)));
        probes.extend(owners.iter().map(|owner| probe(Part::Control, owner, "update", set(&own))));
    }
    Some(probes)
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let shown = |part: Part| {
        let both = case.probes.iter().zip(outcomes);
        both.enumerate()
            .find(|(_, (probe, outcome))| probe.part == part && probe.signal.shows(outcome))
            .map(|found| found.0)
    };
    if let Some(client) = shown(Part::Control) {
        let why = "clients write it: isolation/foreign-key-crosses-tenants says whether they can cross tenants with it";
        return Finding::new(Status::NotApplicable, why).shown_by([client]);
    }
    match (shown(Part::Attack), shown(Part::Service)) {
        (Some(index), _) => Finding::new(
            Status::Fail,
            "no client can write it, and whoever can may refer to another tenant's row: the key does not carry the tenant",
        )
        .observed(describe(outcomes.get(index)))
        .shown_by([index]),
        (None, Some(service)) => {
            let refused = (0..case.probes.len())
                .find(|index| case.probes.get(*index).is_some_and(|probe| probe.part == Part::Attack));
            Finding::new(Status::Pass, "the database refuses a reference to another tenant's row, whoever writes it")
                .observed(describe(refused.and_then(|index| outcomes.get(index))))
                .shown_by(refused.into_iter().chain([service]))
        }
        (None, None) => Finding::new(
            Status::NotApplicable,
            "no row could be made to try it with; isolation/foreign-key-crosses-tenants says why",
        ),
    }
}
