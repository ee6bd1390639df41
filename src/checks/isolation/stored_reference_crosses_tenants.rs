//! `isolation/stored-reference-crosses-tenants`: no row that is stored, by the seed or a migration, refers across tenants.

use super::super::fix;
use super::super::judge::describe;
use super::super::scene::reference::{Reference, references};
use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{QualifiedName, quote_identifier};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::Tie;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/stored-reference-crosses-tenants",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No stored row refers to another tenant's row",
        help: "The data already crosses tenants: whatever joins, cascades or counts over the key does so too. Mend the rows, then make the key carry the tenant so that it cannot come back.",
        example: example!("isolation/stored-reference-crosses-tenants", ["schema.sql", "seed.sql"]),
    },
    plan,
};

const EXPECTED: &str = "every stored reference stays within its tenant";
/// Longer paths are left to the tables on the way.
const MAXIMUM_STEPS: usize = 6;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() {
        return Vec::new();
    }
    references(scene, target.table, target.intent)
        .iter()
        .filter_map(|reference| Some(case(scene, &target, reference)?.doubted(reference.likely)))
        .collect()
}

fn case(scene: &Scene<'_>, target: &TenantTable<'_>, reference: &Reference<'_>) -> Option<Case> {
    let service = scene.service()?;
    let here = tenant_of(scene, &target.table.name, "t", 0)?;
    let there = tenant_of(scene, &reference.parent.name, "p", 0)?;
    let joined: Vec<String> = reference
        .key
        .columns
        .iter()
        .zip(&reference.key.referenced_columns)
        .map(|(column, referenced)| format!("p.{} = t.{}", quote_identifier(referenced), quote_identifier(column)))
        .collect();
    let count = |operator: &str| {
        format!(
            "select count(*) from {} as t join {} as p on {} where ({here}) {operator} ({there})",
            target.table.name.quoted(),
            reference.parent.name.quoted(),
            joined.join(" and ")
        )
    };
    let probe = |part: Part, shape: &str, statement: String| SqlProbe {
        part,
        topic: "count stored references".to_owned(),
        shape: shape.to_owned(),
        principal: crate::world::Principal {
            role: String::new(),
            login_role: None,
            settings: Vec::new(),
            ..service.clone()
        },
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: Act::statement(statement),
        observe: Vec::new(),
        signal: Signal::Nonzero,
    };
    Some(Case {
        object: part_of(target.table, reference.key.columns.join(", ")),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes: vec![
            probe(Part::Attack, "across tenants", count("is distinct from")),
            probe(Part::Control, "within a tenant", count("=")),
        ],
        judge: Judge::Own(judge),
        fix: fix::kept_within_tenant(scene, target.table, reference.key),
    })
}

/// An expression for the tenant of a row of `table`.
fn tenant_of(scene: &Scene<'_>, table: &QualifiedName, alias: &str, depth: usize) -> Option<String> {
    if depth > MAXIMUM_STEPS {
        return None;
    }
    let intent = scene.intent.table(table)?;
    match &intent.tie.value {
        Tie::Root(root) => Some(format!("{alias}.{}::text", quote_identifier(&scene.intent.roots.get(*root)?.key))),
        Tie::Key { column, .. } => Some(format!("{alias}.{}::text", quote_identifier(column))),
        Tie::Through { columns, parent, parent_columns } => {
            let next = format!("{alias}{depth}");
            let inner = tenant_of(scene, parent, &next, depth + 1)?;
            let joined: Vec<String> = columns
                .iter()
                .zip(parent_columns)
                .map(|(column, parent_column)| {
                    format!("{next}.{} = {alias}.{}", quote_identifier(parent_column), quote_identifier(column))
                })
                .collect();
            Some(format!("(select {inner} from {} as {next} where {} limit 1)", parent.quoted(), joined.join(" and ")))
        }
        Tie::Global | Tie::Untied => None,
    }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let [across, within] = outcomes else { return Finding::new(Status::Error, "an outcome is missing") };
    let shows =
        |index: usize, outcome: &Outcome| case.probes.get(index).is_some_and(|probe| probe.signal.shows(outcome));
    if shows(0, across) {
        return Finding::new(Status::Fail, "stored rows refer to another tenant's rows")
            .observed(describe(Some(across)))
            .shown_by([0, 1]);
    }
    if !matches!((across, within), (Outcome::Completed { .. }, Outcome::Completed { .. })) {
        return Finding::new(Status::Unproven, "the references could not be counted")
            .observed(describe(Some(across)))
            .shown_by([0, 1]);
    }
    if shows(1, within) {
        Finding::new(Status::Pass, "every stored reference stays within its tenant").shown_by([0, 1])
    } else {
        Finding::new(Status::Pass, "no stored row carries this reference").shown_by([0, 1])
    }
}
