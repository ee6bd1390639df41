//! `privileges/definer-function-exposed`: no client calls a SECURITY DEFINER function without need. One that runs a text of its caller's
//! as a statement is proved to; what the others reach, `isolation/function-leaks` finds out by calling them, so that here they are a warning.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, actors, behind_gateway};
use super::invocation::{asks_caller, call, names, object_of, revocation, serves_tables, taken};
use crate::catalog::{Function, Volatility};
use crate::probe::{Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/definer-function-exposed",
        family: Family::Privileges,
        severity: Severity::Error,
        title: "A function that runs with its owner's rights is called by no client without need",
        help: "A SECURITY DEFINER function runs past row security, and EXECUTE is granted to everybody unless it is revoked. One that runs a text which its caller gives hands the caller the whole database: critical. One that does not ask who calls it answers everybody alike: a warning, since calling it showed nothing of another tenant's, or isolation/function-leaks says what. Revoke EXECUTE, or move it to a schema that the API does not expose; a helper that policies call stays callable.",
        example: example!("privileges/definer-function-exposed"),
    },
    plan,
};

const EXPECTED: &str = "no client may call it, or it asks who calls";
/// What shows that a text was run as a statement, and by whom.
const STATEMENT: &str = "select set_config('seaworthy.ran', 'yes', true)";
const WATCH: &str = "select coalesce(current_setting('seaworthy.ran', true), '')";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Function(function) = *subject else { return Vec::new() };
    let exposed = scene.intent.exposed_schemas.contains(&function.name.schema);
    if function.is_trigger || function.is_aggregate || !exposed {
        return Vec::new();
    }
    let object = object_of(function);
    let settle = |status: Status, why: &str| {
        vec![Case::settled(object.clone(), Vec::new(), EXPECTED, Finding::new(status, why))]
    };
    if !function.security_definer {
        return settle(Status::NotApplicable, "it runs with its caller's own rights");
    }
    let callers: Vec<Principal> =
        actors(scene).into_iter().filter(|actor| scene.catalog.may_execute(&actor.role, function)).collect();
    if callers.is_empty() {
        return settle(Status::Pass, "no client may call it: EXECUTE is granted to none");
    }
    let probes = probes(scene, function, &callers);
    let judge = if serves_tables(scene, function) {
        judge_helper
    } else if asks_caller(scene, function) {
        judge_asking
    } else if touches_nothing(scene, function) {
        judge_harmless
    } else {
        judge_open
    };
    vec![Case {
        object,
        tables: Vec::new(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(revocation(scene, function)),
    }]
}

/// Calls with a statement for each argument that takes a text, where the body runs what it puts together.
fn probes(scene: &Scene<'_>, function: &Function, callers: &[Principal]) -> Vec<SqlProbe> {
    if !names(&function.source.to_lowercase(), "execute") {
        return Vec::new();
    }
    let texts: Vec<usize> = taken(function)
        .iter()
        .enumerate()
        .filter(|(_, (_, data_type))| data_type.is_text())
        .map(|(place, _)| place)
        .collect();
    // An anonymous caller shows more than a signed-in one, behind a gateway above all.
    let callers = callers.iter().rev().take(if behind_gateway(scene) { 2 } else { 1 });
    callers
        .flat_map(|caller| texts.iter().map(move |place| (caller, *place)))
        .map(|(caller, place)| {
            let attempt = Attempt {
                topic: "run a statement of the caller's",
                shape: "a statement for an argument",
                prepare: Vec::new(),
                statements: vec![call(function, "select", Some((place, STATEMENT)))],
                observe: vec![WATCH.to_owned()],
                signal: Signal::Change,
            };
            attempt.by(Part::Attack, caller)
        })
        .collect()
}

/// Whether the function changes nothing by its own word, names no table and puts no statement together. A volatile one may yet send something
/// somewhere.
fn touches_nothing(scene: &Scene<'_>, function: &Function) -> bool {
    let source = function.source.to_lowercase();
    let calls_others = scene.catalog.functions.iter().any(|other| {
        other.oid != function.oid
            && scene.intent.is_own_schema(&other.name.schema)
            && super::invocation::calls(&source, &other.name.name)
    });
    function.volatility != Volatility::Volatile
        && !names(&source, "execute")
        && !calls_others
        && !scene.catalog.tables.iter().any(|table| names(&source, &table.name.name))
}

/// That a statement of the caller's was run, if it was.
fn ran(case: &Case, outcomes: &[Outcome]) -> Option<Finding> {
    let breach = outcomes.iter().position(Outcome::changed)?;
    let role = case.probes.get(breach).map(|probe| probe.principal.role.clone()).unwrap_or_default();
    let summary = format!("{role} has any statement run with the rights of the function's owner, past row security");
    let finding = Finding::new(Status::Fail, summary).at(Severity::Critical);
    Some(finding.observed(describe(outcomes.get(breach))).shown_by([breach]))
}

fn judge_helper(case: &Case, outcomes: &[Outcome]) -> Finding {
    ran(case, outcomes).unwrap_or_else(|| {
        Finding::new(
            Status::Pass,
            "policies or columns call it, so that clients must be able to: see isolation/function-leaks",
        )
    })
}

fn judge_asking(case: &Case, outcomes: &[Outcome]) -> Finding {
    ran(case, outcomes).unwrap_or_else(|| Finding::new(Status::Pass, "it asks who calls: see isolation/function-leaks"))
}

fn judge_harmless(case: &Case, outcomes: &[Outcome]) -> Finding {
    ran(case, outcomes).unwrap_or_else(|| Finding::new(Status::Pass, "it names no table"))
}

fn judge_open(case: &Case, outcomes: &[Outcome]) -> Finding {
    ran(case, outcomes).unwrap_or_else(|| {
        Finding::new(
            Status::Fail,
            "clients may call it, it runs with its owner's rights, and it does not ask who calls: see isolation/function-leaks for what comes back",
        )
        .at(Severity::Warning)
    })
}
