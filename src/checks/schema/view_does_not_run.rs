//! `schema/view-does-not-run`: every view answers a read, and every materialized view a refresh: what it calls is there, its owner may read what
//! it reads, its subqueries give one row where one is wanted.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::{Case, Check, Finding, Judge};
use super::harness::{harness, probe};
use crate::catalog::{RelationKind, Table};
use crate::probe::{Act, Outcome, Part, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/view-does-not-run",
        family: Family::Schema,
        severity: Severity::Error,
        title: "Every view can be read",
        help: "A view keeps its tables from being dropped, not its functions from breaking: a body that names what is gone, a subquery that gives two rows, an owner who lost a privilege show when somebody reads it. Mend what the error names, or drop the view.",
        example: example!("schema/view-does-not-run"),
    },
    plan,
};

const EXPECTED: &str = "somebody can read it: the harness, the service role or a member";
/// Enough to evaluate every expression on several rows.
const LIMIT: &str = "limit 200";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    match *subject {
        Subject::View(view) if scene.intent.is_own_schema(&view.name.schema) => {
            vec![case(scene, view, vec![view.name.to_string()])]
        }
        // Those that no client can name have no row in the matrix.
        Subject::Database => scene
            .catalog
            .tables
            .iter()
            .filter(|view| matches!(view.kind, RelationKind::View | RelationKind::MaterializedView))
            .filter(|view| scene.intent.is_own_schema(&view.name.schema))
            .filter(|view| !scene.intent.exposed_schemas.contains(&view.name.schema))
            .map(|view| case(scene, view, Vec::new()))
            .collect(),
        _ => Vec::new(),
    }
}

fn case(scene: &Scene<'_>, view: &Table, tables: Vec<String>) -> Case {
    if view.kind == RelationKind::Foreign {
        let finding = Finding::new(Status::NotApplicable, "its rows are on another server, which is not there");
        return Case::settled(object_of(view), tables, EXPECTED, finding);
    }
    let owner = scene
        .world
        .principals
        .iter()
        .find(|principal| principal.kind == PrincipalKind::Member && principal.is_of(VICTIM));
    let mut readers = vec![harness(scene)];
    readers.extend(scene.service().filter(|service| !service.role.is_empty()).cloned());
    readers.extend(owner.cloned());
    Case {
        object: object_of(view),
        tables,
        expected: EXPECTED.to_owned(),
        probes: readers.iter().map(|reader| read(view, reader)).collect(),
        judge: Judge::Own(judge),
        fix: Some(format!(
            "-- mend what the error names, or:\ndrop {} {};",
            if view.kind == RelationKind::MaterializedView { "materialized view" } else { "view" },
            view.name.quoted()
        )),
    }
}

/// A materialized view is computed anew by its owner, whoever reads it.
fn read(view: &Table, reader: &Principal) -> SqlProbe {
    let select = format!("select * from {} {LIMIT}", view.name.quoted());
    let probe = probe(Part::Attack, "read the view", "whole rows", reader, select.clone());
    if view.kind != RelationKind::MaterializedView || !reader.role.is_empty() {
        return probe;
    }
    let refresh = format!("refresh materialized view {}", view.name.quoted());
    SqlProbe { shape: "after a refresh".to_owned(), act: Act::Statements(vec![refresh, select]), ..probe }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    // A refresh by the harness decides for a materialized view: others read what was stored.
    let decisive =
        if case.probes.first().is_some_and(|probe| probe.shape == "after a refresh") { 1 } else { outcomes.len() };
    let asked = outcomes.get(..decisive).unwrap_or(outcomes);
    if let Some(index) = asked.iter().position(|outcome| outcome.rows().is_some()) {
        let who = case.probes.get(index).map(|probe| probe.principal.name.clone()).unwrap_or_default();
        return Finding::new(Status::Pass, format!("{who} can read it")).shown_by([index]);
    }
    let refused = asked.iter().position(|outcome| matches!(outcome, Outcome::Refused(_)));
    match refused {
        Some(index) => Finding::new(Status::Fail, "reading it ends in an error for everybody")
            .observed(describe(outcomes.get(index)))
            .shown_by([index]),
        None => Finding::new(Status::Unproven, "whether it can be read is not known: the read was given up")
            .at(Severity::Warning)
            .observed(describe(outcomes.first()))
            .shown_by((!outcomes.is_empty()).then_some(0)),
    }
}
