use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::{RunError, Selection};
use crate::checks::judge::{is_needed, judge};
use crate::checks::scene::{Scene, Subject};
use crate::checks::{Case, Finding, REGISTRY};
use crate::postgres::{Executor, Session};
use crate::probe::{Outcome, Refusal, SqlProbe};
use crate::verdict::{CheckInfo, CheckResult, Event, Evidence, Status, fingerprint};
use crate::world::PrincipalKind;

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Of whom.
    pub(super) scene: Scene<'a>,
    /// Which checks and tables.
    pub(super) selection: &'a Selection,
    /// Tables that are left alone, by their full names, each with the reason.
    pub(super) left_alone: &'a BTreeMap<String, String>,
}

/// Asks every selected check about every subject, with one worker for each session. Subjects are handed out as workers come free; the
/// results come back in the order of the subjects, whoever worked on them.
pub(super) async fn probe(
    asked: Asked<'_>,
    sessions: Vec<Session>,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Vec<CheckResult>, RunError> {
    let subjects = asked.scene.subjects();
    tell(Event::Probing { total: subjects.len() });
    let next = AtomicUsize::new(0);
    let workers = sessions.into_iter().map(|session| work(asked, &subjects, &next, session, tell));
    let mut found: Vec<(usize, Vec<CheckResult>)> =
        futures_util::future::try_join_all(workers).await?.into_iter().flatten().collect();
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().flat_map(|(_, results)| results).collect())
}

async fn work(
    asked: Asked<'_>,
    subjects: &[Subject<'_>],
    next: &AtomicUsize,
    session: Session,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Vec<(usize, Vec<CheckResult>)>, RunError> {
    let mut executor = Executor::new(session, asked.scene.world).await?;
    let mut found = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(subject) = subjects.get(index) else { break };
        let results = ask(asked, subject, &mut executor).await?;
        for result in &results {
            tell(Event::Judged { status: result.status });
        }
        tell(Event::Probed(1));
        found.push((index, results));
    }
    executor.into_session().await.close().await;
    Ok(found)
}

/// Every selected check about one subject. The same probe under two checks is run once.
async fn ask(asked: Asked<'_>, subject: &Subject<'_>, executor: &mut Executor) -> Result<Vec<CheckResult>, RunError> {
    let Asked { scene, selection, left_alone } = asked;
    let mut known: HashMap<String, Outcome> = HashMap::new();
    let mut results = Vec::new();
    for check in REGISTRY.iter().filter(|check| selection.takes_check(check.info.id)) {
        for case in (check.plan)(&scene, subject) {
            if !selected(selection, &case) {
                continue;
            }
            let case = unless_left_alone(case, left_alone);
            let began = Instant::now();
            let outcomes = run_case(&case, executor, &mut known).await?;
            let finding = judge(&case, &outcomes);
            let duration = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            results.push(result_of(&check.info, &case, &outcomes, finding, duration));
        }
    }
    Ok(results)
}

/// The case, or where it is about nothing but tables that are left alone, why it is not asked.
fn unless_left_alone(case: Case, left_alone: &BTreeMap<String, String>) -> Case {
    let reasons: Option<Vec<&String>> = case.tables.iter().map(|table| left_alone.get(table)).collect();
    let Some(reason) = reasons.as_ref().and_then(|reasons| reasons.first()) else { return case };
    let finding = Finding::new(Status::NotApplicable, format!("left alone, as seaworthy.toml says: {reason}"));
    Case::settled(case.object, case.tables, case.expected, finding)
}

/// Whether a case is about a selected table.
pub(super) fn selected(selection: &Selection, case: &Case) -> bool {
    let named = |table: &String| {
        selection
            .tables
            .iter()
            .any(|name| name == table || table.rsplit_once('.').is_some_and(|(_, last)| last == name))
    };
    selection.tables.is_empty() || case.tables.iter().any(named)
}

async fn run_case(
    case: &Case,
    executor: &mut Executor,
    known: &mut HashMap<String, Outcome>,
) -> Result<Vec<Outcome>, RunError> {
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(case.probes.len());
    for (index, probe) in case.probes.iter().enumerate() {
        if !is_needed(case, &outcomes, index) {
            outcomes.push(Outcome::Skipped);
            continue;
        }
        let unset = probe.principal.kind == PrincipalKind::Unset;
        let key = format!("{}{}", if unset { "-- on a new connection\n" } else { "" }, probe.script());
        let outcome = match known.get(&key) {
            Some(outcome) => outcome.clone(),
            None if overruns(known) >= PATIENCE => out_of_patience(),
            None => {
                let outcome = executor.execute(probe).await;
                if let Outcome::Lost(message) = &outcome {
                    return Err(RunError::ServerLost { message: message.clone() });
                }
                known.insert(key, outcome.clone());
                outcome
            }
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Probes about one subject that may run into the time limit before the rest is left unproven: a policy that never answers must
/// not hold up the run.
const PATIENCE: usize = 2;

fn overruns(known: &HashMap<String, Outcome>) -> usize {
    let overran = |outcome: &&Outcome| matches!(outcome, Outcome::Invalid(refusal) if refusal.sqlstate == "57014");
    known.values().filter(overran).count()
}

fn out_of_patience() -> Outcome {
    Outcome::Invalid(Refusal {
        sqlstate: "57014".to_owned(),
        message: format!("not run, since {PATIENCE} probes about this ran into the time limit"),
        detail: None,
        constraint: None,
    })
}

fn result_of(info: &CheckInfo, case: &Case, outcomes: &[Outcome], finding: Finding, duration_ms: u64) -> CheckResult {
    let evidence = finding
        .evidence
        .iter()
        .filter_map(|index| Some(evidence_of(case.probes.get(*index)?, outcomes.get(*index))))
        .collect();
    let shown = finding.evidence.first().and_then(|index| case.probes.get(*index));
    let failed = finding.status == Status::Fail;
    CheckResult {
        check: info.id.to_owned(),
        fingerprint: fingerprint(info.id, &case.object),
        object: case.object.clone(),
        tables: case.tables.clone(),
        status: finding.status,
        severity: finding.severity.unwrap_or(info.severity),
        summary: finding.summary,
        expected: case.expected.clone(),
        observed: finding.observed,
        evidence,
        consequences: Vec::new(),
        cause: None,
        repro: shown.filter(|_| failed).map(SqlProbe::script),
        fix: case.fix.clone().filter(|_| failed),
        source: finding.source,
        baseline: None,
        waiver: None,
        duration_ms,
    }
}

fn evidence_of(probe: &SqlProbe, outcome: Option<&Outcome>) -> Evidence {
    Evidence {
        part: probe.part.as_str().to_owned(),
        principal: probe.principal.name.clone(),
        role: probe.principal.role.clone(),
        claims: probe.principal.settings.iter().cloned().collect(),
        statement: probe
            .earlier
            .iter()
            .map(|step| format!("-- first, as {}\n{};\n", step.principal.name, step.statement))
            .chain([probe.act.text()])
            .collect(),
        shape: probe.shape.clone(),
        response: crate::checks::judge::describe(outcome),
    }
}
