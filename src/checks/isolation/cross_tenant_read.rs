//! `isolation/cross-tenant-read`: whole-table SELECT, by id, through row locks, counts, aggregates, samples, a plan prepared
//! before the role switch, COPY TO. Whatever comes back must tell nothing of the victim's rows: no canary, no key.

use super::super::fix;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, Shape, reads, without_triggers};
use super::super::{Case, Check, Judge};
use super::TenantTable;
use crate::catalog::{Table, quote_identifier};
use crate::probe::{Act, Part, SqlProbe, Step};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/cross-tenant-read",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user reads another tenant's rows",
        help: "A valid user of another tenant sees rows that are not theirs: every customer can read every other's data. Tie the SELECT policy to the tenant key, for example `using (workspace_id in (select id from workspaces where user_id = (select auth.uid())))`. If everybody is meant to read the table, say so: `public = [\"select\"]` or `shared = [\"select\"]` under `[tables.NAME]`.",
        example: example!("isolation/cross-tenant-read"),
    },
    plan,
};

const EXPECTED: &str = "no row of another tenant comes back";
const TOPIC: &str = "read tenant A's rows";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if target.is_open(Command::Select) {
        return vec![target.open(EXPECTED)];
    }
    let Some(role) = scene.member_role() else { return vec![target.without_clients(EXPECTED)] };
    let needles = scene.needles(target.table, VICTIM);
    if target.row.is_none() || needles.is_empty() {
        return vec![target.without_row(scene, EXPECTED)];
    }
    let mut shapes = reads(scene, target.table, target.row, role, &needles);
    let put_aside = put_aside(target.table);
    if !put_aside.is_empty() {
        let whole = shapes.iter().find(|shape| shape.name == "whole table").cloned();
        shapes.extend(whole.map(|whole| Shape {
            name: "whole table, its rows put aside",
            prepare: put_aside,
            ..whole
        }));
    }
    let attempt = Attempt {
        table: target.table,
        topic: TOPIC,
        attackers: &target.attackers,
        owners: &target.owners,
        observe: Vec::new(),
    };
    let mut probes = attempt.probes(scene, &shapes);
    probes.extend(prepared_by_owner(&target, &attempt, &shapes));
    let meant = scene.meant(target.table, Command::Select).then(|| TOPIC.to_owned());
    vec![
        Case {
            object: object_of(target.table),
            tables: target.tables(),
            expected: EXPECTED.to_owned(),
            probes,
            judge: Judge::BesideControls { meant: meant.into_iter().collect(), optional: Vec::new() },
            fix: fix::policies(scene, target.table, &[Command::Select]),
        }
        .doubted(target.intent.likely_audience()),
    ]
}

/// Statements that mark every row deleted or archived, where the table keeps such rows: a policy may treat them otherwise.
fn put_aside(table: &Table) -> Vec<String> {
    const WORDS: [&str; 5] = ["deleted", "archived", "trashed", "removed", "hidden"];
    let marks: Vec<String> = table
        .columns
        .iter()
        .filter(|column| column.is_writable())
        .filter(|column| {
            let name = column.name.to_lowercase();
            WORDS.iter().any(|word| name.contains(word)) && !name.ends_with("by")
        })
        .filter_map(|column| {
            let value = match column.data_type.unwrapped().name.as_str() {
                "timestamptz" | "timestamp" | "date" => "now() - interval '1 hour'",
                "bool" => "true",
                _ => return None,
            };
            Some(format!("{} = {value}", quote_identifier(&column.name)))
        })
        .collect();
    if marks.is_empty() {
        return Vec::new();
    }
    without_triggers(vec![format!("update {} set {}", table.name.quoted(), marks.join(", "))])
}

/// A generic plan that the victim's member made, on a connection that the attacker gets next: a helper that is declared immutable, and
/// is not, was evaluated into it.
fn prepared_by_owner(target: &TenantTable<'_>, attempt: &Attempt<'_>, shapes: &[Shape]) -> Option<SqlProbe> {
    let (owner, attacker) = (target.owners.first()?, target.attackers.first()?);
    let whole = shapes.iter().find(|shape| shape.name == "whole table")?;
    let Act::Statements(statements) = &whole.act else { return None };
    let mut probe = attempt.probe(Part::Attack, attacker, whole);
    probe.shape = "prepared by the owner, on the same connection".to_owned();
    probe.prepare = vec!["deallocate all".to_owned(), "set local plan_cache_mode = force_generic_plan".to_owned()];
    let step = |statement: String| Step { principal: (*owner).clone(), statement };
    probe.earlier = vec![
        step(format!("prepare seaworthy_shared as {}", statements.first()?)),
        step("execute seaworthy_shared".to_owned()),
    ];
    probe.act = Act::statement("execute seaworthy_shared");
    Some(probe)
}
