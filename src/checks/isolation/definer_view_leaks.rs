//! `isolation/definer-view-leaks`: a view, a chain of views, a materialized view or a foreign table shows another tenant's user
//! nothing of the victim's: no canary, no key; and where it shows sums and counts alone, the same with the victim's rows and without.

use std::collections::HashSet;

use super::super::judge::describe;
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, object_of};
use super::super::statement::without_triggers;
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::{Privilege, RelationKind, Table, quote_identifier};
use crate::probe::{Act, Needles, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/definer-view-leaks",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No view shows another tenant's rows",
        help: "A view reads its tables as its owner, past their row security, unless it says `with (security_invoker = true)` (Postgres 15); a materialized view holds everybody's rows and has no row security at all. Set security_invoker, filter by the caller, or revoke SELECT.",
        example: example!("isolation/definer-view-leaks"),
    },
    plan,
};

const EXPECTED: &str = "nothing of another tenant's rows shows, itself or in a sum";
/// A key shorter than this could be any number in the view.
const TELLING_KEY: usize = 16;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::View(view) = *subject else { return Vec::new() };
    let tables = vec![view.name.to_string()];
    let intent = scene.intent.table(&view.name);
    let declared = |command: Command| intent.is_some_and(|intent| intent.public.contains(&command));
    let shared = intent.is_some_and(|intent| intent.shared.contains(&Command::Select));
    if declared(Command::Select) {
        let finding = Finding::new(Status::NotApplicable, "the model lets everybody read it");
        return vec![Case::settled(object_of(view), tables, EXPECTED, finding)];
    }
    let readable =
        scene.client_roles().any(|role| !scene.catalog.columns_allowed(role, Privilege::Select, view).is_empty());
    if !readable {
        let finding = Finding::new(Status::Pass, "no client may read it: SELECT is granted to none");
        return vec![Case::settled(object_of(view), tables, EXPECTED, finding)];
    }
    let sources = scene.source_tables(view);
    let foreign =
        |table: &&Table| !scene.intent.is_own_schema(&table.name.schema) && scene.intent.root_of(&table.name).is_none();
    if !sources.is_empty() && sources.iter().all(foreign) {
        let finding =
            Finding::new(Status::NotApplicable, "it reads no table of the system: see privileges/auth-schema-exposed");
        return vec![Case::settled(object_of(view), tables, EXPECTED, finding)];
    }
    let needles = needles(scene);
    if needles.is_empty() {
        let finding = Finding::new(Status::NotApplicable, "no tenant has rows that it could show");
        return vec![Case::settled(object_of(view), tables, EXPECTED, finding)];
    }
    let anonymous = scene.world.principals.iter().filter(|principal| principal.kind == PrincipalKind::Anonymous);
    let attackers: Vec<&Principal> =
        if shared { anonymous.collect() } else { scene.attackers(VICTIM).into_iter().chain(anonymous).collect() };
    let mut probes = Vec::new();
    for attacker in attackers {
        probes
            .extend([WITH, AGAIN, WITHOUT].map(|shape| probe(scene, view, (Part::Attack, attacker), shape, &needles)));
    }
    let root_members = scene
        .world
        .principals
        .iter()
        .filter(|principal| principal.kind == PrincipalKind::Member && principal.is_of(VICTIM));
    for (part, principal) in root_members
        .take(1)
        .map(|owner| (Part::Control, owner))
        .chain(scene.service().map(|service| (Part::Service, service)))
    {
        probes.extend([WITH, WITHOUT].map(|shape| probe(scene, view, (part, principal), shape, &needles)));
    }
    vec![Case {
        object: object_of(view),
        tables,
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(if scene.runs_as_caller(view) { judge_invoker } else { judge }),
        fix: Some(mended(scene, view)),
    }]
}

const WITH: &str = "with the victim's rows there";
const AGAIN: &str = "the same once more";
const WITHOUT: &str = "with the victim's rows gone";

/// What only the victim's rows hold, in any table that is not open to everybody.
fn needles(scene: &Scene<'_>) -> Needles {
    let mut needles = Needles::default();
    for table in scene.catalog.tables.iter().filter(|table| scene.intent.root_of(&table.name).is_some()) {
        let open = scene
            .intent
            .table(&table.name)
            .is_some_and(|intent| intent.public.contains(&Command::Select) || intent.shared.contains(&Command::Select));
        if open {
            continue;
        }
        for row in scene.world.stored_of(&table.name, VICTIM) {
            needles.contained.extend(row.canaries.iter().cloned());
            let keys = table.key_columns().iter().filter_map(|key| row.values.get(key)?.clone());
            needles.contained.extend(keys.filter(|key| key.len() >= TELLING_KEY));
        }
    }
    // A key that the attacker's own rows hold too tells nothing.
    let own: HashSet<&str> = scene
        .world
        .rows
        .values()
        .flat_map(|rows| &rows.stored)
        .filter(|row| row.tenant == Some(ATTACKER))
        .flat_map(|row| row.values.values().flatten().map(String::as_str))
        .collect();
    needles.contained.retain(|needle| !own.contains(needle.as_str()));
    needles.contained.sort();
    needles.contained.dedup();
    needles
}

fn probe(
    scene: &Scene<'_>,
    view: &Table,
    (part, principal): (Part, &Principal),
    shape: &str,
    needles: &Needles,
) -> SqlProbe {
    let role = scene.member_role().unwrap_or_default();
    let granted = scene.catalog.columns_allowed(role, Privilege::Select, view);
    let columns: Vec<String> = if granted.is_empty() {
        vec!["v.*".to_owned()]
    } else {
        granted.iter().map(|column| format!("v.{}", quote_identifier(&column.name))).collect()
    };
    SqlProbe {
        part,
        topic: "read the view".to_owned(),
        shape: shape.to_owned(),
        principal: principal.clone(),
        prepare: prepare(scene, view, shape == WITHOUT),
        earlier: Vec::new(),
        act: Act::statement(format!("select {} from {} as v limit 4000", columns.join(", "), view.name.quoted())),
        observe: Vec::new(),
        signal: Signal::Rows(needles.clone()),
    }
}

/// A materialized view shows what was there when it was last refreshed.
fn prepare(scene: &Scene<'_>, view: &Table, without: bool) -> Vec<String> {
    let mut statements = Vec::new();
    if without {
        let sources = scene.source_tables(view);
        let deletes = sources.iter().filter_map(|table| {
            let condition = scene.intent.belongs_to(&table.name, "t", &scene.ids(VICTIM))?;
            Some(format!("delete from {} as t where {condition}", table.name.quoted()))
        });
        statements.extend(without_triggers(deletes.collect()));
    }
    if view.kind == RelationKind::MaterializedView {
        statements.push(format!("refresh materialized view {}", view.name.quoted()));
    }
    statements
}

/// A view that reads with its caller's own rights, down to the tables: what it could show is proved on them, even where no made row
/// meets its conditions.
fn judge_invoker(case: &Case, outcomes: &[Outcome]) -> Finding {
    let finding = judge(case, outcomes);
    if finding.status != Status::Unproven {
        return finding;
    }
    Finding {
        summary: "reads with its caller's own rights: what it can show is proved on its tables".to_owned(),
        status: Status::Pass,
        ..finding
    }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let shows = |index: usize| {
        case.probes.get(index).zip(outcomes.get(index)).is_some_and(|(probe, outcome)| probe.signal.shows(outcome))
    };
    let indexes = |part: Part| {
        (0..case.probes.len()).filter(move |index| case.probes.get(*index).is_some_and(|probe| probe.part == part))
    };
    let name = |index: usize| case.probes.get(index).map(|probe| probe.principal.name.clone()).unwrap_or_default();
    if let Some(breach) = indexes(Part::Attack).find(|index| shows(*index)) {
        let control = indexes(Part::Control).chain(indexes(Part::Service)).find(|index| shows(*index));
        return Finding::new(Status::Fail, format!("{} reads another tenant's rows through the view", name(breach)))
            .observed(describe(outcomes.get(breach)))
            .shown_by(std::iter::once(breach).chain(control));
    }
    for trio in indexes(Part::Attack).collect::<Vec<_>>().chunks(3) {
        let [with, again, without] = trio else { continue };
        let rows = |index: &usize| outcomes.get(*index).and_then(sorted_rows);
        let (Some(first), Some(second), Some(third)) = (rows(with), rows(again), rows(without)) else { continue };
        if first == second && first != third {
            return Finding::new(
                Status::Fail,
                format!("{} sees a difference when another tenant's rows are gone", name(*with)),
            )
            .observed(format!(
                "with them: {}; without: {}",
                describe(outcomes.get(*with)),
                describe(outcomes.get(*without))
            ))
            .shown_by([*with, *without]);
        }
    }
    let sensitive = |part: Part| {
        let probes: Vec<usize> = indexes(part).collect();
        let [with, without] = probes.as_slice() else { return None };
        let differ = outcomes.get(*with).and_then(sorted_rows) != outcomes.get(*without).and_then(sorted_rows);
        (shows(*with) || differ).then_some(*with)
    };
    match (sensitive(Part::Control), sensitive(Part::Service)) {
        (Some(control), _) => {
            Finding::new(Status::Pass, "shows its rightful readers their rows, and nobody else's").shown_by([control])
        }
        (None, Some(service)) => {
            Finding::new(Status::Pass, "shows no client another tenant's rows; the service role sees them")
                .shown_by([service])
        }
        (None, None) => insensitive(outcomes, indexes(Part::Service).next()),
    }
}

/// Nobody sees anything of the victim's in it.
fn insensitive(outcomes: &[Outcome], service: Option<usize>) -> Finding {
    match service.and_then(|index| outcomes.get(index)) {
        Some(Outcome::Completed { rows, .. }) if rows.is_empty() => Finding::new(
            Status::Unproven,
            "the control failed: the view shows the service role no row of the made world",
        )
        .shown_by(service),
        Some(Outcome::Completed { .. }) => {
            Finding::new(Status::NotApplicable, "what it shows does not depend on the rows of any one tenant")
                .shown_by(service)
        }
        other => Finding::new(Status::Unproven, "the control failed: not even the service role can read the view")
            .observed(describe(other))
            .shown_by(service),
    }
}

fn sorted_rows(outcome: &Outcome) -> Option<Vec<Vec<Option<String>>>> {
    let mut rows = outcome.rows()?.clone();
    rows.sort();
    Some(rows)
}

fn mended(scene: &Scene<'_>, view: &Table) -> String {
    let name = view.name.quoted();
    if view.kind == RelationKind::View && !view.security_invoker {
        return format!("alter view {name} set (security_invoker = true);");
    }
    let roles: Vec<String> = scene.client_roles().map(quote_identifier).collect();
    format!("revoke all on {name} from {};", roles.join(", "))
}
