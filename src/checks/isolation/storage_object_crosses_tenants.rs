//! `isolation/storage-object-crosses-tenants`: files of one tenant, in each bucket and under each convention of paths, are neither seen nor
//! replaced nor removed by another's user, and none are put into its folders.

use super::super::scene::{Scene, Subject, VICTIM};
use super::super::statement::{Attempt, Shape};
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::{QualifiedName, Table, quote_identifier, quote_literal};
use crate::probe::{Act, Needles, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};
use crate::world::{Principal, PrincipalKind, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/storage-object-crosses-tenants",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user reaches another tenant's files",
        help: "Policies on storage.objects that name the bucket alone let every signed-in user read, replace and delete every file in it. Tie them to the path as well: `(storage.foldername(name))[1] = (select auth.uid())::text`.",
        example: example!("isolation/storage-object-crosses-tenants"),
    },
    plan,
};

const EXPECTED: &str = "another tenant's files are neither seen nor changed";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Bucket(table, bucket) = *subject else { return Vec::new() };
    let rows: Vec<&StoredRow> = bucket_rows(scene, bucket, VICTIM).collect();
    let tables = vec![table.name.to_string()];
    if rows.is_empty() || scene.member_role().is_none() {
        let finding = Finding::new(Status::Unproven, "no file could be made in this bucket");
        return vec![Case::settled(bucket_object(bucket), tables, EXPECTED, finding)];
    }
    let anonymous = scene.world.principals.iter().filter(|principal| principal.kind == PrincipalKind::Anonymous);
    let attackers: Vec<&Principal> = scene.attackers(VICTIM).into_iter().chain(anonymous).collect();
    let mut probes = Vec::new();
    for row in rows {
        probes.extend(tries(scene, table, (bucket, row), &attackers));
    }
    vec![Case {
        object: bucket_object(bucket),
        tables,
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant: Vec::new(), optional: Vec::new() },
        fix: Some(owners_alone(scene, bucket)),
    }]
}

fn tries(
    scene: &Scene<'_>,
    table: &Table,
    (bucket, row): (&str, &StoredRow),
    attackers: &[&Principal],
) -> Vec<SqlProbe> {
    let Some(name) = row.values.get("name").cloned().flatten() else { return Vec::new() };
    let owners: Vec<&Principal> = scene
        .world
        .principals
        .iter()
        .filter(|principal| principal.kind == PrincipalKind::Member && principal.is_of(VICTIM))
        .take(2)
        .collect();
    let this = format!("o.bucket_id = {} and o.name = {}", quote_literal(bucket), quote_literal(&name));
    let target = table.name.quoted();
    let state = format!("select count(*), md5(coalesce(string_agg(o::text, '|'), '')) from {target} as o where {this}");
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let planted = format!("{folder}/seaworthy-planted.txt");
    let count = format!(
        "select count(*) from {target} as o where o.bucket_id = {} and o.name = {}",
        quote_literal(bucket),
        quote_literal(&planted)
    );
    let shape = |name: &'static str, statement: String, signal: Signal| Shape {
        name,
        main: true,
        prepare: Vec::new(),
        act: Act::statement(statement),
        signal,
    };
    let mut probes = Vec::new();
    let mut ask = |topic: &str, observe: Vec<String>, shape: Shape| {
        let attempt = Attempt { table, topic, attackers, owners: &owners, observe };
        probes.extend(attempt.probes(scene, &[shape]));
    };
    if !scene.world.public_buckets.contains(bucket) {
        let signal = Signal::Rows(Needles { contained: vec![name.clone()], whole: Vec::new() });
        ask(
            "read tenant A's files",
            Vec::new(),
            shape(
                "whole bucket",
                format!("select o.name from {target} as o where o.bucket_id = {} limit 4000", quote_literal(bucket)),
                signal,
            ),
        );
    }
    let rename = format!("update {target} as o set metadata = '{{\"seaworthy\": true}}' where {this}");
    ask("replace tenant A's files", vec![state.clone()], shape("by name", rename, Signal::Change));
    let bare = format!("update {target} set metadata = '{{\"seaworthy\": true}}'");
    ask("replace tenant A's files", vec![state.clone()], shape("bare", bare, Signal::Change));
    let remove = format!("delete from {target} as o where {this}");
    let mut removal = shape("by name", remove, Signal::Change);
    // Supabase lets SQL delete objects only where this is set.
    removal.prepare = vec!["set local storage.allow_delete_query = 'true'".to_owned()];
    let mut bare = shape("bare", format!("delete from {target}"), Signal::Change);
    bare.prepare.clone_from(&removal.prepare);
    ask("delete tenant A's files", vec![state.clone()], removal);
    ask("delete tenant A's files", vec![state], bare);
    let plant = format!(
        "insert into {target} (bucket_id, name) values ({}, {})",
        quote_literal(bucket),
        quote_literal(&planted)
    );
    ask("put a file into tenant A's folder", vec![count], shape("plain", plant, Signal::Change));
    probes
}

/// The files that a tenant has in a bucket.
pub(super) fn bucket_rows<'a>(
    scene: &Scene<'a>,
    bucket: &str,
    tenant: usize,
) -> impl Iterator<Item = &'a StoredRow> + use<'a> {
    let objects = QualifiedName::new("storage", "objects");
    let bucket = Some(bucket.to_owned());
    scene.world.stored_of(&objects, tenant).filter(move |row| row.values.get("bucket_id").cloned().flatten() == bucket)
}

/// A bucket, as results name it.
pub(super) fn bucket_object(bucket: &str) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Bucket, schema: String::new(), name: bucket.to_owned(), sub: None }
}

/// Files lie in a folder of their user's, and each of its policies asks for that.
fn owners_alone(scene: &Scene<'_>, bucket: &str) -> String {
    let role = quote_identifier(scene.member_role().unwrap_or_default());
    let rule =
        format!("bucket_id = {} and (storage.foldername(name))[1] = (select auth.uid())::text", quote_literal(bucket));
    format!(
        "-- in place of the policies on storage.objects that name {bucket}\ncreate policy {} on storage.objects for all to {role}\n  using ({rule}) with check ({rule});",
        quote_identifier(&format!("own files in {bucket}"))
    )
}
