//! `isolation/public-bucket-lists`: a public bucket serves each file by its address; its files cannot be listed by everybody.

use super::super::judge::describe;
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM};
use super::super::{Case, Check, Finding, Judge};
use super::storage_object_crosses_tenants::{bucket_object, bucket_rows};
use crate::catalog::quote_literal;
use crate::probe::{Act, Needles, Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::PrincipalKind;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/public-bucket-lists",
        family: Family::Isolation,
        severity: Severity::Warning,
        title: "Files of a public bucket cannot be listed by everybody",
        help: "Public buckets serve files by address without asking any policy, so a SELECT policy for everybody adds one thing alone: the list of every tenant's files. Drop it, or tie it to the folder's owner.",
        example: example!("isolation/public-bucket-lists"),
    },
    plan,
};

const EXPECTED: &str = "another tenant's files do not show in a listing";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Bucket(table, bucket) = *subject else { return Vec::new() };
    if !scene.world.public_buckets.contains(bucket) {
        return Vec::new();
    }
    let names: Vec<String> =
        bucket_rows(scene, bucket, VICTIM).filter_map(|row| row.values.get("name")?.clone()).collect();
    let signal = Signal::Rows(Needles { contained: names, whole: Vec::new() });
    let list = format!(
        "select o.name from {} as o where o.bucket_id = {} limit 4000",
        table.name.quoted(),
        quote_literal(bucket)
    );
    let lister = scene
        .world
        .principals
        .iter()
        .find(|principal| principal.kind == PrincipalKind::Member && principal.is_of(ATTACKER));
    let anonymous = scene.world.principal(PrincipalKind::Anonymous);
    let sides = lister.into_iter().chain(anonymous).map(|principal| (Part::Attack, principal));
    let probes = sides
        .chain(scene.service().map(|service| (Part::Service, service)))
        .map(|(part, principal)| SqlProbe {
            part,
            topic: "list the bucket".to_owned(),
            shape: "whole bucket".to_owned(),
            principal: principal.clone(),
            prepare: Vec::new(),
            earlier: Vec::new(),
            act: Act::statement(&list),
            observe: Vec::new(),
            signal: signal.clone(),
        })
        .collect();
    vec![Case {
        object: bucket_object(bucket),
        tables: vec![table.name.to_string()],
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(format!("update storage.buckets set public = false where id = {};", quote_literal(bucket))),
    }]
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let find = |part: Part| {
        case.probes.iter().zip(outcomes).position(|(probe, outcome)| probe.part == part && probe.signal.shows(outcome))
    };
    match (find(Part::Attack), find(Part::Service)) {
        (Some(breach), service) => Finding::new(Status::Fail, "everybody can list every tenant's files")
            .observed(describe(outcomes.get(breach)))
            .shown_by(std::iter::once(breach).chain(service)),
        (None, Some(service)) => {
            Finding::new(Status::Pass, "another tenant's files do not show in a listing").shown_by([service])
        }
        (None, None) => {
            Finding::new(Status::Unproven, "the control failed: not even the service role lists the bucket")
        }
    }
}
