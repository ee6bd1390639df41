//! `isolation/function-leaks`: each SECURITY DEFINER function that a client may call, with the victim's ids, the caller's own, nulls
//! and made values, returns no canary of the victim and changes none of its rows. One that checks its caller passes.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VICTIM};
use super::super::{Case, Check, Finding, Judge};
use super::function_arguments::{Call, Given, calls};
use crate::catalog::{Function, QualifiedName, quote_identifier, quote_literal};
use crate::probe::{Act, Needles, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/function-leaks",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No function that a client may call reaches another tenant's rows",
        help: "A SECURITY DEFINER function runs past row security, and EXECUTE is granted to everybody unless revoked. Check the caller inside (`where user_id = (select auth.uid())`), make it SECURITY INVOKER, or `revoke execute … from public, anon, authenticated`.",
        example: example!("isolation/function-leaks"),
    },
    plan,
};

const EXPECTED: &str = "nothing of another tenant comes back, and nothing of its changes";
/// A key shorter than this could be any number.
const TELLING_KEY: usize = 16;
/// Above this many tables, the harness watches those that the function names.
const WATCH_ALL: usize = 48;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Function(function) = *subject else { return Vec::new() };
    let exposed = scene.intent.exposed_schemas.contains(&function.name.schema);
    if function.is_trigger || function.is_aggregate || !exposed {
        return Vec::new();
    }
    let object = ObjectRef {
        kind: ObjectKind::Function,
        schema: function.name.schema.clone(),
        name: function.signature.clone(),
        sub: None,
    };
    let settle = |status: Status, why: &str| {
        vec![Case::settled(object.clone(), Vec::new(), EXPECTED, Finding::new(status, why))]
    };
    if !function.security_definer {
        return settle(
            Status::NotApplicable,
            "it runs with its caller's own rights: what it reaches is proved on the tables",
        );
    }
    let anonymous = scene.world.principal(PrincipalKind::Anonymous);
    let may = |principal: &&Principal| scene.catalog.may_execute(&principal.role, function);
    let attackers: Vec<&Principal> = scene.attackers(VICTIM).into_iter().chain(anonymous).filter(may).collect();
    if attackers.is_empty() {
        return settle(Status::Pass, "no client may call it: EXECUTE is granted to none");
    }
    let watch = watched(scene, function);
    let sets = calls(scene, function);
    let mut probes = Vec::new();
    for set in &sets {
        let signal = Signal::Rows(needles(scene, &set.arguments));
        let count = if set.main { attackers.len() } else { 1 };
        for attacker in attackers.iter().take(count) {
            probes.push(probe(function, (Part::Attack, attacker), set, &signal, &watch));
        }
    }
    let owner = scene
        .world
        .principals
        .iter()
        .find(|principal| principal.kind == PrincipalKind::Member && principal.is_of(VICTIM));
    for set in &sets {
        let parts = owner
            .map(|owner| (Part::Control, owner))
            .into_iter()
            .chain(scene.service().map(|service| (Part::Service, service)));
        probes.extend(parts.map(|side| probe(function, side, set, &Signal::Completes, &[])));
    }
    vec![Case {
        object,
        tables: watch_names(scene, function),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(format!(
            "revoke execute on {} {}.{} from public, anon, authenticated;",
            if function.is_procedure { "procedure" } else { "function" },
            quote_identifier(&function.name.schema),
            function.signature
        )),
    }]
}

fn probe(
    function: &Function,
    (part, principal): (Part, &Principal),
    to_try: &Call,
    signal: &Signal,
    watch: &[String],
) -> SqlProbe {
    SqlProbe {
        part,
        topic: "call the function".to_owned(),
        shape: to_try.shape.clone(),
        principal: principal.clone(),
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: Act::statement(call(function, &to_try.arguments)),
        observe: watch.to_vec(),
        signal: signal.clone(),
    }
}

fn call(function: &Function, arguments: &[Given]) -> String {
    let given: Vec<String> = arguments
        .iter()
        .map(|Given { name, data_type, value }| {
            let value = value.as_deref().map_or_else(|| "null".to_owned(), quote_literal);
            let label = name.as_ref().map(|name| format!("{} => ", quote_identifier(name))).unwrap_or_default();
            format!("{label}{value}::{data_type}")
        })
        .collect();
    let name = function.name.quoted();
    if function.is_procedure {
        format!("call {name}({})", given.join(", "))
    } else {
        format!("select {name}({}) limit 2000", given.join(", "))
    }
}

/// What only the victim's rows hold, but for what is handed in.
fn needles(scene: &Scene<'_>, arguments: &[Given]) -> Needles {
    let mut needles = Needles::default();
    for table in scene.catalog.tables.iter().filter(|table| scene.intent.root_of(&table.name).is_some()) {
        let open = scene
            .intent
            .table(&table.name)
            .is_some_and(|intent| intent.public.contains(&Command::Select) || intent.shared.contains(&Command::Select));
        for row in scene.world.stored_of(&table.name, VICTIM).filter(|_| !open) {
            needles.contained.extend(row.canaries.iter().cloned());
            let keys = table.key_columns().iter().filter_map(|key| row.values.get(key)?.clone());
            needles.contained.extend(keys.filter(|key| key.len() >= TELLING_KEY));
        }
    }
    let handed: Vec<&String> = arguments.iter().filter_map(|given| given.value.as_ref()).collect();
    needles.contained.retain(|needle| !handed.iter().any(|value| value.contains(needle.as_str())));
    needles.contained.sort();
    needles.contained.dedup();
    needles
}

/// The tables that hold tenants' rows and that the function, or one that it calls, could write.
fn watched_tables<'a>(scene: &Scene<'a>, function: &Function) -> Vec<&'a crate::catalog::Table> {
    let nothing = QualifiedName::new("", "");
    let tied: Vec<_> = scene
        .catalog
        .tables
        .iter()
        .filter(|table| table.holds_rows() && table.parent.is_none() && table.name != nothing)
        .filter(|table| scene.intent.root_of(&table.name).is_some())
        .collect();
    let source = scene.reachable_source(function);
    let named = |table: &&&crate::catalog::Table| source.contains(&table.name.name.to_lowercase());
    if tied.len() <= WATCH_ALL { tied } else { tied.iter().filter(named).copied().collect() }
}

fn watched(scene: &Scene<'_>, function: &Function) -> Vec<String> {
    if function.volatility != crate::catalog::Volatility::Volatile {
        return Vec::new();
    }
    let states: Vec<String> =
        watched_tables(scene, function).into_iter().filter_map(|table| scene.state(table, VICTIM)).collect();
    if states.is_empty() { Vec::new() } else { vec![states.join(" union all ")] }
}

/// The tables in whose rows of the matrix the answer counts: those that the function names.
fn watch_names(scene: &Scene<'_>, function: &Function) -> Vec<String> {
    let source = scene.reachable_source(function);
    watched_tables(scene, function)
        .into_iter()
        .filter(|table| source.contains(&table.name.name.to_lowercase()))
        .map(|table| table.name.to_string())
        .collect()
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let shows = |index: &usize| {
        case.probes.get(*index).zip(outcomes.get(*index)).is_some_and(|(probe, outcome)| {
            probe.signal.shows(outcome) || (probe.part == Part::Attack && outcome.changed())
        })
    };
    let indexes = |part: Part| {
        (0..case.probes.len()).filter(move |index| case.probes.get(*index).is_some_and(|probe| probe.part == part))
    };
    if let Some(breach) = indexes(Part::Attack).find(|index| shows(index)) {
        let (who, shape) = case
            .probes
            .get(breach)
            .map(|probe| (probe.principal.name.clone(), probe.shape.clone()))
            .unwrap_or_default();
        let what = if outcomes.get(breach).is_some_and(Outcome::changed) { "changes" } else { "reads" };
        return Finding::new(Status::Fail, format!("{who} {what} another tenant's rows by calling it with {shape}"))
            .observed(describe(outcomes.get(breach)))
            .shown_by(std::iter::once(breach).chain(indexes(Part::Control).find(|index| shows(index))));
    }
    let example = indexes(Part::Attack).next();
    // One that came back with rows says more than one that found none.
    let full = |index: &usize| outcomes.get(*index).and_then(Outcome::rows).is_some_and(|rows| !rows.is_empty());
    let control = indexes(Part::Control)
        .find(|index| shows(index) && full(index))
        .or_else(|| indexes(Part::Control).find(|index| shows(index)));
    let called = |index: usize| case.probes.get(index).is_some_and(|probe| probe.act.text().starts_with("call "));
    match (control, indexes(Part::Service).find(|index| shows(index))) {
        (Some(control), _) => {
            let summary = if full(&control) || called(control) {
                "answers its rightful caller, and nobody else with another tenant's rows"
            } else {
                "nobody got another tenant's rows; it returned nothing, to its rightful caller either"
            };
            Finding::new(Status::Pass, summary)
                .observed(describe(example.and_then(|index| outcomes.get(index))))
                .shown_by(example.into_iter().chain([control]))
        }
        (None, Some(service)) => {
            Finding::new(Status::Pass, "answers the service role, and no client with another tenant's rows")
                .observed(describe(example.and_then(|index| outcomes.get(index))))
                .shown_by(example.into_iter().chain([service]))
        }
        (None, None) => Finding::new(
            Status::Unproven,
            "the control failed: it ends in an error for everybody, with all arguments tried",
        )
        .observed(describe(
            indexes(Part::Service).chain(indexes(Part::Control)).next().and_then(|index| outcomes.get(index)),
        ))
        .shown_by(example),
    }
}
