use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::prepare::{Found, Schema};
use super::request::CheckRequest;
use super::{Selection, Target, claims, sources};
use crate::checks::{every_check, trace};
use crate::postgres::migrate::Applied;
use crate::postgres::provision::Server;
use crate::tenancy::{Origin, Tie};
use crate::verdict::{
    CellStatus, CheckRecord, CheckResult, Column, ObjectKind, PostgresRecord, RunInfo, RunRecord, RunVerdict,
    SCHEMA_VERSION, Status, WaiverProblem, apply_waivers,
};
use crate::world::World;

/// What a record says beside its results.
pub(super) struct Circumstances<'a> {
    pub(super) server: &'a Server,
    pub(super) target: &'a Target,
    pub(super) found: &'a Found,
    pub(super) schema: &'a Schema,
    pub(super) world: &'a World,
    pub(super) request: &'a CheckRequest,
    pub(super) started: jiff::Timestamp,
}

/// The record of a system's run.
pub(super) fn record(circumstances: &Circumstances<'_>, mut results: Vec<CheckResult>, took: Duration) -> RunRecord {
    let Circumstances { target, schema, request, started, .. } = circumstances;
    let today = started.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let problems = apply_waivers(&mut results, &target.settings.waivers(), &today);
    mark_stand_ins(&mut results, &schema.applied);
    trace(&mut results);
    let sources = sources::read(&circumstances.found.project, &schema.applied);
    sources::locate(&mut results, &sources);
    results.sort_by(|left, right| {
        let key = |result: &CheckResult| {
            (
                !matches!(result.status, Status::Error | Status::Fail | Status::Unproven),
                result.severity,
                result.object.clone(),
                result.check.clone(),
            )
        };
        key(left).cmp(&key(right))
    });
    let everything = request.selection.is_everything();
    let missing = unmatched(&request.selection, &results);
    let verdict = match verdict(&results, schema) {
        // What was asked for was not all looked at.
        RunVerdict::Ready if !missing.is_empty() => RunVerdict::Empty,
        verdict => verdict,
    };
    let mut notes = notes(circumstances);
    notes.extend(missing.iter().map(|name| format!("--table {name} matches nothing that could be checked")));
    if !everything {
        notes.push("only a part was asked for: the verdict is about that part alone".to_owned());
        let failures = schema.applied.failures.len();
        if failures > 0 {
            notes.push(format!("{failures} migrations do not apply: what is checked is the schema without them"));
        }
    }
    notes.extend(problems.iter().filter(|_| everything).map(waiver_note));
    let claims = claims::judge(&target.settings.claims, &results, circumstances.found, schema, &sources);
    let asked: BTreeSet<&str> = results.iter().map(|result| result.check.as_str()).collect();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    RunRecord {
        schema_version: SCHEMA_VERSION.to_owned(),
        run: RunInfo {
            system: target.name.clone(),
            verdict,
            exit_code: verdict.exit_code(),
            started: started.to_string(),
            duration_ms,
            seed: request.seed,
            commit: commit(&target.folder),
            schema_fingerprint: schema.fingerprint.clone(),
            postgres: PostgresRecord {
                version: circumstances.server.version().to_owned(),
                provider: circumstances.server.provider().to_owned(),
                reason: circumstances.server.reason().to_owned(),
                stand_ins: schema.applied.stand_ins.iter().map(|stand_in| stand_in.extension.clone()).collect(),
            },
            profile: schema.intent.profile.as_str().to_owned(),
            default_privileges: schema.applied.default_privileges.as_str().to_owned(),
            notes,
        },
        checks: every_check().iter().filter(|info| asked.contains(info.id)).map(CheckRecord::from).collect(),
        matrix: matrix(&results),
        results,
        operations: BTreeMap::new(),
        release: claims,
    }
}

/// Cells that rest on an extension's stand-in say so.
fn mark_stand_ins(results: &mut [CheckResult], applied: &Applied) {
    for stand_in in &applied.stand_ins {
        for table in &stand_in.used_by {
            let name = table.to_string();
            for result in results.iter_mut().filter(|result| result.tables.contains(&name)) {
                if !result.observed.is_empty() {
                    result.observed.push_str("; ");
                }
                result.observed.push_str(&format!("rests on a stand-in for the extension {}", stand_in.extension));
            }
        }
    }
}

/// Blocked by what fails or is unproven at a severity that blocks; failed where nothing was left to check; empty where there was nothing.
fn verdict(results: &[CheckResult], schema: &Schema) -> RunVerdict {
    let blocks = |result: &CheckResult| match result.status {
        Status::Error => true,
        Status::Fail | Status::Unproven => result.severity.blocks(),
        Status::Pass | Status::NotApplicable | Status::Waived => false,
    };
    let of_files = |kind: ObjectKind| matches!(kind, ObjectKind::Migration | ObjectKind::Seed | ObjectKind::Database);
    let about_schema =
        results.iter().any(|result| !of_files(result.object.kind) && result.status != Status::NotApplicable);
    match (about_schema, schema.applied.failures.is_empty(), results.iter().any(blocks)) {
        (false, false, _) => RunVerdict::Failed,
        (_, _, true) => RunVerdict::Blocked,
        (false, true, false) => RunVerdict::Empty,
        (true, _, false) => RunVerdict::Ready,
    }
}

/// The tables asked for that no result is about.
fn unmatched<'a>(selection: &'a Selection, results: &[CheckResult]) -> Vec<&'a String> {
    let is_about = |table: &String, name: &String| {
        table == name || table.rsplit_once('.').is_some_and(|(_, last)| last == name.as_str())
    };
    let names = selection.tables.iter();
    names.filter(|name| !results.iter().any(|result| result.tables.iter().any(|table| is_about(table, name)))).collect()
}

fn matrix(results: &[CheckResult]) -> BTreeMap<String, BTreeMap<Column, CellStatus>> {
    let mut cells: BTreeMap<&str, BTreeMap<Column, Vec<&CheckResult>>> = BTreeMap::new();
    for result in results {
        let family = every_family(&result.check);
        let Some(column) = family else { continue };
        for table in &result.tables {
            cells.entry(table).or_default().entry(column).or_default().push(result);
        }
    }
    cells
        .into_iter()
        .map(|(table, columns)| {
            let statuses = columns
                .into_iter()
                .filter_map(|(column, results)| Some((column, CellStatus::of(results.into_iter())?)));
            (table.to_owned(), statuses.collect())
        })
        .collect()
}

fn every_family(check: &str) -> Option<Column> {
    let (family, _) = check.split_once('/')?;
    crate::verdict::Family::named(family)?.column()
}

/// What a reader of the verdict has to know.
fn notes(circumstances: &Circumstances<'_>) -> Vec<String> {
    let Circumstances { found, schema, world, .. } = circumstances;
    let mut notes = vec![format!("profile {}: {}", found.profile.as_str(), found.profile_reason)];
    for root in &schema.intent.roots {
        let origin = match root.origin {
            Origin::Inferred => "inferred",
            Origin::Declared => "declared",
        };
        notes.push(format!("tenants are the rows of {} ({origin}: {})", root.table, root.reason));
    }
    let untied: Vec<String> = schema
        .intent
        .tables
        .values()
        .filter(|table| table.tie.value == Tie::Untied)
        .filter(|table| schema.catalog.table(&table.table).is_some_and(|table| table.holds_rows()))
        .map(|table| table.table.to_string())
        .collect();
    if !untied.is_empty() {
        notes.push(format!("nothing ties these tables to a tenant: {}", untied.join(", ")));
    }
    if schema.intent.identity.member_roles.is_empty() {
        notes.push("no role that a client acts as is known: set [identity] member_roles".to_owned());
    }
    notes.extend(schema.application_role.map(|role| {
        format!("there are policies, and nobody but the owner for them to apply to: {role} was made, which may read and write the tables; name yours under [identity] member_roles. Whoever connects as the owner passes by policies that are not forced")
    }));
    notes.extend(
        schema
            .applied
            .stand_ins
            .iter()
            .map(|stand_in| format!("the extension {} is stood in for: {}", stand_in.extension, stand_in.reason)),
    );
    notes.extend(
        schema
            .seed_failures
            .iter()
            .map(|failure| format!("the seed does not run: {}:{}: {}", failure.file, failure.line, failure.message)),
    );
    notes.extend(schema.applied.notes.iter().cloned());
    notes.extend(found.project.notes.iter().cloned());
    notes.extend(
        world
            .gaps
            .iter()
            .map(|gap| format!("no row of {} could be made: {}; {} would help", gap.table, gap.reason, gap.setting)),
    );
    notes
}

fn waiver_note(problem: &WaiverProblem) -> String {
    match problem {
        WaiverProblem::Expired(waiver) => {
            format!(
                "the waiver of {} on {} expired on {}: the result stands",
                waiver.check, waiver.object, waiver.expires
            )
        }
        WaiverProblem::Unused(waiver) => {
            format!("the waiver of {} on {} matches nothing that failed: remove it", waiver.check, waiver.object)
        }
        WaiverProblem::NotAccepted(waiver) => format!(
            "the waiver of {} on {} does not say who accepted a critical result (accepted_by): the result stands",
            waiver.check, waiver.object
        ),
    }
}

/// The commit that the system's folder is at, where it is in a git repository.
fn commit(folder: &Path) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(["rev-parse", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
