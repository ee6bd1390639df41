//! `isolation/foreign-key-oracle`: a foreign key does not tell another tenant's user whether a row exists: a reference to the
//! victim's row and one to no row at all are answered alike.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::reference::{equalities, references, tie_columns, with_reference};
use super::super::scene::{ATTACKER, Scene, Subject, VACANT, VICTIM, part_of};
use super::super::statement::{insert_columns, insert_statement};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{DataType, ForeignKey};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/foreign-key-oracle",
        family: Family::Isolation,
        severity: Severity::Warning,
        title: "A foreign key tells nobody whether another tenant's row exists",
        help: "The answer to an insert differs between an id of another tenant and an id of nobody, so ids can be tried out. A key that carries the tenant, `foreign key (workspace_id, campaign_id)`, answers both alike.",
        example: example!("isolation/foreign-key-oracle"),
    },
    plan,
};

const EXPECTED: &str = "a reference to another tenant's row and one to no row are answered alike";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || scene.member_role().is_none() {
        return Vec::new();
    }
    let mut cases: Vec<Case> = references(scene, target.table, target.intent)
        .into_iter()
        .filter_map(|reference| {
            let theirs = reference.to(scene.stored(&reference.parent.name, VICTIM)?)?;
            let own = reference.to(scene.stored(&reference.parent.name, ATTACKER)?)?;
            case(scene, &target, reference.key, &theirs, &own)
        })
        .collect();
    cases.extend(people(scene, &target));
    cases
}

/// References to users: an id of somebody who has an account, beside one of nobody.
fn people(scene: &Scene<'_>, target: &TenantTable<'_>) -> Vec<Case> {
    let tie = tie_columns(target.intent);
    let of = |tenant: usize| {
        let mut users = scene.world.principals.iter().filter(move |principal| principal.is_of(tenant));
        users.find_map(|principal| principal.user_id.clone())
    };
    let (Some(theirs), Some(own), Some((users, _))) = (of(VICTIM), of(ATTACKER), &scene.intent.users) else {
        return Vec::new();
    };
    target
        .table
        .foreign_keys
        .iter()
        .filter(|key| key.referenced_table == *users)
        .filter_map(|key| {
            let [column] = key.columns.as_slice() else { return None };
            if tie.contains(&column.as_str()) {
                return None;
            }
            case(scene, target, key, &[(column.clone(), theirs.clone())], &[(column.clone(), own.clone())])
        })
        .collect()
}

fn case(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    key: &ForeignKey,
    theirs: &[(String, String)],
    own: &[(String, String)],
) -> Option<Case> {
    let nobodys = nobodys(target, theirs)?;
    let fresh = [ATTACKER, VACANT].into_iter().find_map(|tenant| scene.fresh(&target.table.name, tenant))?;
    let tenant = fresh.tenant?;
    let owners = scene.owners(&target.table.name, tenant);
    let role = scene.member_role()?;
    let make = |part: Part, shape: &str, reference: &[(String, String)]| {
        let values = with_reference(&fresh.values, reference);
        let columns = insert_columns(scene, target.table, &values, role);
        Some(SqlProbe {
            part,
            topic: "insert a row with the reference".to_owned(),
            shape: shape.to_owned(),
            principal: (*owners.first()?).clone(),
            prepare: fresh.prepare.clone(),
            earlier: Vec::new(),
            act: Act::statement(insert_statement(target.table, &columns, &values)),
            observe: vec![format!(
                "select count(*) from {} as t where {}",
                target.table.name.quoted(),
                equalities(reference, Some("t"), " and ")
            )],
            signal: Signal::Change,
        })
    };
    let carried = if tenant == ATTACKER { own.to_vec() } else { carried(&fresh.values, theirs)? };
    let probes = vec![
        make(Part::Attack, "a row of another tenant", theirs)?,
        make(Part::Attack, "a row of nobody", &nobodys)?,
        make(Part::Control, "a row of its own", &carried)?,
    ];
    Some(Case {
        object: part_of(target.table, key.columns.join(", ")),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: fix::kept_within_tenant(scene, target.table, key),
    })
}

fn carried(values: &crate::world::Values, like: &[(String, String)]) -> Option<Vec<(String, String)>> {
    like.iter().map(|(column, _)| Some((column.clone(), values.get(column)?.clone()?))).collect()
}

/// A reference that no row answers to.
fn nobodys(target: &TenantTable<'_>, theirs: &[(String, String)]) -> Option<Vec<(String, String)>> {
    theirs
        .iter()
        .map(|(column, _)| {
            let value = absent(&target.table.column(column)?.data_type)?;
            Some((column.clone(), value))
        })
        .collect()
}

fn absent(data_type: &DataType) -> Option<String> {
    let value = match data_type.unwrapped().name.as_str() {
        "uuid" => "0badf00d-0bad-4bad-8bad-0badf00d0bad",
        "int2" => "32003",
        "int4" | "int8" | "numeric" => "2000000003",
        "text" | "varchar" | "citext" => "seaworthy-no-such-row",
        _ => return None,
    };
    Some(value.to_owned())
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let [theirs, nobodys, own] = outcomes else { return Finding::new(Status::Error, "an outcome is missing") };
    if !case.probes.get(2).is_some_and(|probe| probe.signal.shows(own)) {
        return Finding::new(Status::NotApplicable, "no client can insert such a row, so none can try ids out")
            .shown_by([2]);
    }
    let answer = |outcome: &Outcome| match outcome {
        Outcome::Refused(refusal) => refusal.sqlstate.clone(),
        Outcome::Completed { .. } => "done".to_owned(),
        Outcome::Invalid(_) | Outcome::Lost(_) | Outcome::Skipped => "invalid".to_owned(),
    };
    if answer(theirs) == answer(nobodys) {
        return Finding::new(Status::Pass, "both are answered alike")
            .observed(describe(Some(theirs)))
            .shown_by([0, 1, 2]);
    }
    Finding::new(Status::Fail, "an id of another tenant and an id of nobody are answered differently")
        .observed(format!("another tenant's: {}; nobody's: {}", describe(Some(theirs)), describe(Some(nobodys))))
        .shown_by([0, 1, 2])
}
