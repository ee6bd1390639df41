use std::collections::BTreeSet;

use super::prepare::{Found, Schema};
use crate::project::SourceMap;
use crate::settings::ClaimSettings;
use crate::verdict::{CheckResult, ObjectKind, ObjectRef, ReleaseLine, Status};

/// What a run makes of each claim that a document makes.
pub(super) fn judge(
    claims: &[ClaimSettings],
    results: &[CheckResult],
    found: &Found,
    schema: &Schema,
    sources: &SourceMap,
) -> Vec<ReleaseLine> {
    let line = |claim: &ClaimSettings| {
        let counted = claim.count.as_deref().zip(claim.is).map(|(what, expected)| {
            let count = count(what, found, schema, sources);
            let status = if count == expected { Status::Pass } else { Status::Fail };
            (status, format!("there are {count} {}", what.replace('-', " ")))
        });
        let checked = (counted.is_none() || !claim.checks.is_empty()).then(|| by_checks(&claim.checks, results));
        let parts: Vec<(Status, String)> = counted.into_iter().chain(checked).collect();
        let has = |status: Status| parts.iter().any(|(of_part, _)| *of_part == status);
        let status = match (has(Status::Fail), has(Status::Unproven)) {
            (true, _) => Status::Fail,
            (false, true) => Status::Unproven,
            (false, false) => Status::Pass,
        };
        let evidence = parts.into_iter().map(|(_, evidence)| evidence).collect::<Vec<_>>().join("; ");
        ReleaseLine { section: "claims".to_owned(), line: claim.says.clone(), status, evidence }
    };
    claims.iter().map(line).collect()
}

fn count(what: &str, found: &Found, schema: &Schema, sources: &SourceMap) -> usize {
    let own = || schema.catalog.tables.iter().filter(|table| schema.intent.is_own_schema(&table.name.schema));
    let policies = || own().flat_map(|table| table.policies.iter().map(move |policy| (table, policy)));
    match what {
        "migrations" => found.project.migrations.len(),
        "tables" => own().filter(|table| table.holds_rows() && table.parent.is_none()).count(),
        "policies" => policies().count(),
        _ => {
            let files = policies().filter_map(|(table, policy)| {
                let object = ObjectRef {
                    kind: ObjectKind::Table,
                    schema: table.name.schema.clone(),
                    name: table.name.name.clone(),
                    sub: Some(policy.name.clone()),
                };
                Some(sources.of(&object)?.file)
            });
            files.collect::<BTreeSet<String>>().len()
        }
    }
}

/// Refuted by what fails, unproven where something that would refute it is, or where nothing was asked at all. A family is refuted by
/// what blocks; a check that is named, by any failure.
fn by_checks(checks: &[String], results: &[CheckResult]) -> (Status, String) {
    let named = |result: &&CheckResult| {
        let family = result.check.split_once('/').map(|(family, _)| family);
        checks.is_empty() || checks.iter().any(|check| *check == result.check || family == Some(check))
    };
    let weighs = |result: &&&CheckResult| result.severity.blocks() || checks.contains(&result.check);
    let asked: Vec<&CheckResult> = results.iter().filter(named).collect();
    let of = |status: Status| -> Vec<&CheckResult> {
        asked.iter().filter(weighs).copied().filter(|result| result.status == status).collect()
    };
    let (failed, unproven, waived) = (of(Status::Fail), of(Status::Unproven), of(Status::Waived));
    let passed = asked.iter().filter(|result| result.status == Status::Pass).count();
    match (failed.as_slice(), unproven.as_slice(), waived.as_slice(), passed) {
        ([first, ..], ..) => (Status::Fail, told(first, failed.len(), "failed")),
        ([], [first, ..], ..) => (Status::Unproven, told(first, unproven.len(), "unproven")),
        ([], [], [first, ..], _) => (Status::Fail, told(first, waived.len(), "failed, and waived")),
        ([], [], [], 0) => (Status::Unproven, format!("nothing was run that could show it: {}", checks.join(", "))),
        ([], [], [], passed) => (Status::Pass, format!("{passed} results pass")),
    }
}

fn told(first: &CheckResult, count: usize, how: &str) -> String {
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    format!("{how}: {} on {} ({}){more}", first.check, first.object, first.summary)
}
