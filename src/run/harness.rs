use std::collections::BTreeSet;
use std::time::Instant;

use super::prepare::{Found, find, left_alone, migrate, people};
use super::probing::{Asked, probe, selected};
use super::record::{Circumstances, record};
use super::rehearsal::Wanted;
use super::request::{
    CheckRequest, InitRequest, Pipeline, PlannedCheck, ServerRequest, Subject, SystemPlan, SystemRun,
};
use super::{Interrupt, RunError, Target};
use crate::checks::scene::Scene;
use crate::checks::{Case, REGISTRY, every_check};
use crate::postgres::Session;
use crate::postgres::migrate::named_extensions;
use crate::postgres::provision::{Database, ProvisionOptions, Server};
use crate::tenancy::{self, TableIntent};
use crate::verdict::{CheckInfo, Event, RunRecord};

/// The pipeline: provision, migrate, introspect, infer, populate, plan, execute, judge, record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Harness;

/// Sessions that probe at once, at the most: each has a clone of the database to itself.
const MAXIMUM_WORKERS: usize = 4;
/// A clone costs 40 ms: below this many subjects for each, it does not pay.
const SUBJECTS_PER_WORKER: usize = 12;

impl Pipeline for Harness {
    type Error = RunError;

    fn checks(&self) -> Vec<CheckInfo> {
        every_check()
    }

    async fn check(
        &self,
        request: &CheckRequest,
        tell: &(dyn Fn(Event) + Sync),
        interrupt: &Interrupt,
    ) -> Result<Vec<SystemRun<RunError>>, RunError> {
        let work = async |server: &Server| {
            let mut runs = Vec::new();
            for target in &request.targets {
                let outcome = check_one(server, target, request, tell).await;
                let lost = matches!(outcome, Err(RunError::ServerLost { .. }));
                let whole = outcome.is_ok();
                runs.push(SystemRun { system: target.name.clone(), outcome });
                if lost {
                    break;
                }
                // Roles are the server's: what one system made is not for the next to find.
                let restored = server.restore_roles().await;
                if whole {
                    restored?;
                }
            }
            Ok(runs)
        };
        on_server(&request.server, &request.targets, tell, interrupt, work).await
    }

    async fn plan(
        &self,
        request: &CheckRequest,
        tell: &(dyn Fn(Event) + Sync),
        interrupt: &Interrupt,
    ) -> Result<Vec<SystemPlan>, RunError> {
        let work = async |server: &Server| {
            let mut plans = Vec::new();
            for target in &request.targets {
                plans.push(plan_one(server, target, request, tell).await?);
                server.restore_roles().await?;
            }
            Ok(plans)
        };
        on_server(&request.server, &request.targets, tell, interrupt, work).await
    }

    async fn propose_settings(
        &self,
        request: &InitRequest,
        tell: &(dyn Fn(Event) + Sync),
        interrupt: &Interrupt,
    ) -> Result<String, RunError> {
        let work = async |server: &Server| {
            let found = find(&request.target)?;
            let schema = migrate(server, &request.target, &found, Wanted::default(), tell).await?;
            let text = tenancy::render_settings(&schema.intent, &schema.catalog);
            server.drop_database(schema.database).await?;
            Ok(text)
        };
        on_server(&request.server, std::slice::from_ref(&request.target), tell, interrupt, work).await
    }
}

/// Starts the server, does the work unless somebody interrupts, and stops the server whatever came of it.
async fn on_server<Output>(
    request: &ServerRequest,
    targets: &[Target],
    tell: &(dyn Fn(Event) + Sync),
    interrupt: &Interrupt,
    work: impl AsyncFnOnce(&Server) -> Result<Output, RunError>,
) -> Result<Output, RunError> {
    let mut extensions: Vec<String> = Vec::new();
    for target in targets {
        extensions.extend(named_extensions(&find(target)?.project));
    }
    extensions.sort();
    extensions.dedup();
    tell(Event::Stage("getting a Postgres".to_owned()));
    let choice = request.postgres.parse()?;
    let options = ProvisionOptions { choice, image: request.image.clone(), extensions };
    let server = interrupt.guard(Server::start(&options, tell)).await??;
    tell(Event::Note(format!("Postgres {} by {}: {}", server.version(), server.provider(), server.reason())));
    let outcome = interrupt.guard(work(&server)).await;
    let stopped = server.stop().await;
    let output = outcome??;
    stopped?;
    Ok(output)
}

async fn check_one(
    server: &Server,
    target: &Target,
    request: &CheckRequest,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<RunRecord, RunError> {
    let began = Instant::now();
    let started = jiff::Timestamp::now();
    let found = find(target)?;
    let schema = migrate(server, target, &found, Wanted::by(&request.selection), tell).await?;
    let world = people(&schema, target, request.seed, tell).await?;
    let scene = Scene { catalog: &schema.catalog, intent: &schema.intent, world: &world, trials: &schema.trials };
    tell(Event::Stage(format!("{}: probing", target.name)));
    let (sessions, clones) = sessions(server, &schema.database, scene.subjects().len()).await?;
    let left_alone = left_alone(&target.settings, &schema);
    let asked = Asked { scene, selection: &request.selection, left_alone: &left_alone };
    let results = probe(asked, sessions, tell).await?;
    for clone in clones {
        server.drop_database(clone).await?;
    }
    let circumstances =
        Circumstances { server, target, found: &found, schema: &schema, world: &world, request, started };
    let record = record(&circumstances, results, began.elapsed());
    server.drop_database(schema.database).await?;
    Ok(record)
}

/// As many sessions as pay, each on a clone of the database but the first; and the clones.
async fn sessions(
    server: &Server,
    database: &Database,
    subjects: usize,
) -> Result<(Vec<Session>, Vec<Database>), RunError> {
    let workers = server.parallelism().min(MAXIMUM_WORKERS).min(subjects / SUBJECTS_PER_WORKER).max(1);
    let mut clones = Vec::new();
    // Cloned before anybody connects: a template must have no sessions.
    for _ in 1..workers {
        clones.extend(server.clone_database(database).await?);
    }
    let mut sessions = vec![database.connect().await?];
    for clone in &clones {
        sessions.push(clone.connect().await?);
    }
    Ok((sessions, clones))
}

async fn plan_one(
    server: &Server,
    target: &Target,
    request: &CheckRequest,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<SystemPlan, RunError> {
    let found: Found = find(target)?;
    let schema = migrate(server, target, &found, Wanted::by(&request.selection), tell).await?;
    let world = people(&schema, target, request.seed, tell).await?;
    let scene = Scene { catalog: &schema.catalog, intent: &schema.intent, world: &world, trials: &schema.trials };
    let mut planned = BTreeSet::new();
    for subject in scene.subjects() {
        for check in REGISTRY.iter().filter(|check| request.selection.takes_check(check.info.id)) {
            let cases = (check.plan)(&scene, &subject).into_iter();
            for case in cases.filter(|case| selected(&request.selection, case)) {
                planned.extend(planned_checks(&target.name, check.info.id, &case));
            }
        }
    }
    server.drop_database(schema.database).await?;
    let chosen = |table: &&TableIntent| request.selection.takes_table(&table.table);
    let tables = schema
        .intent
        .tables
        .values()
        .filter(chosen)
        .map(|table| (table.table.to_string(), format!("{}: {}", schema.intent.whose(table), table.tie.reason)));
    Ok(SystemPlan { system: target.name.clone(), tables: tables.collect(), checks: planned.into_iter().collect() })
}

/// A case, once for each table in whose row it counts.
fn planned_checks(system: &str, check: &str, case: &Case) -> Vec<PlannedCheck> {
    let subjects: Vec<Subject> = if case.tables.is_empty() {
        vec![Subject::Object(case.object.to_string())]
    } else {
        case.tables.iter().cloned().map(Subject::Table).collect()
    };
    subjects
        .into_iter()
        .map(|subject| PlannedCheck {
            system: system.to_owned(),
            subject,
            check: check.to_owned(),
            object: case.object.to_string(),
            expected: case.expected.clone(),
            probes: case.probes.len(),
        })
        .collect()
}
