//! `isolation/function-leaks`: each SECURITY DEFINER function that a client may call, with the victim's ids, the caller's own, nulls
//! and made values, returns no canary of the victim and changes none of its rows. One that checks its caller passes.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VICTIM};
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::{
    Argument, ArgumentMode, DataType, Function, QualifiedName, TypeKind, quote_identifier, quote_literal,
};
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
    if function.is_trigger || function.is_aggregate {
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
    let sets = argument_sets(scene, function);
    let mut probes = Vec::new();
    for (shape, arguments) in &sets {
        let signal = Signal::Rows(needles(scene, arguments));
        for attacker in &attackers {
            probes.push(probe(function, (Part::Attack, attacker), (shape, arguments), &signal, &watch));
        }
    }
    let owner = scene
        .world
        .principals
        .iter()
        .find(|principal| principal.kind == PrincipalKind::Member && principal.is_of(VICTIM));
    for (shape, arguments) in &sets {
        let parts = owner
            .map(|owner| (Part::Control, owner))
            .into_iter()
            .chain(scene.service().map(|service| (Part::Service, service)));
        probes.extend(parts.map(|side| probe(function, side, (shape, arguments), &Signal::Completes, &[])));
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

type Arguments = Vec<(Option<String>, String, Option<String>)>;

fn probe(
    function: &Function,
    (part, principal): (Part, &Principal),
    (shape, arguments): (&str, &Arguments),
    signal: &Signal,
    watch: &[String],
) -> SqlProbe {
    SqlProbe {
        part,
        topic: "call the function".to_owned(),
        shape: shape.to_owned(),
        principal: principal.clone(),
        prepare: Vec::new(),
        earlier: Vec::new(),
        act: Act::statement(call(function, arguments)),
        observe: watch.to_vec(),
        signal: signal.clone(),
    }
}

fn call(function: &Function, arguments: &Arguments) -> String {
    let given: Vec<String> = arguments
        .iter()
        .map(|(name, data_type, value)| {
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

/// The arguments of a call: the victim's, the same with ids of its users, a caller's own, none.
fn argument_sets(scene: &Scene<'_>, function: &Function) -> Vec<(String, Arguments)> {
    let inputs: Vec<&Argument> = function
        .arguments
        .iter()
        .filter(|argument| matches!(argument.mode, ArgumentMode::In | ArgumentMode::InOut | ArgumentMode::Variadic))
        .collect();
    if inputs.is_empty() {
        return vec![("without arguments".to_owned(), Vec::new())];
    }
    let named = inputs.iter().all(|argument| argument.name.as_ref().is_some_and(|name| !name.is_empty()))
        && !inputs.iter().any(|argument| argument.mode == ArgumentMode::Variadic);
    let set = |pick: &dyn Fn(&Argument) -> Option<String>| -> Arguments {
        inputs
            .iter()
            .map(|argument| {
                let name = argument.name.clone().filter(|_| named);
                (name, cast_type(&argument.data_type), pick(argument))
            })
            .collect()
    };
    let mut sets = vec![
        ("the victim's ids".to_owned(), set(&|argument| value_for(scene, argument, VICTIM, 0))),
        ("the victim's ids, other rows".to_owned(), set(&|argument| value_for(scene, argument, VICTIM, 1))),
        ("its own ids".to_owned(), set(&|argument| value_for(scene, argument, super::super::scene::ATTACKER, 0))),
        ("nulls".to_owned(), set(&|_| None)),
    ];
    for (index, id) in victims_ids(scene).into_iter().take(6).enumerate() {
        let one = set(&|argument| {
            if is_id(&argument.data_type) { Some(id.clone()) } else { value_for(scene, argument, VICTIM, 0) }
        });
        sets.push((format!("one id of the victim's for all, {}", index + 1), one));
    }
    sets.dedup_by(|left, right| left.1 == right.1);
    sets
}

fn cast_type(data_type: &DataType) -> String {
    match data_type.formatted.as_str() {
        "anyelement" | "anynonarray" | "anycompatible" | "\"any\"" => "text".to_owned(),
        "anyarray" | "anycompatiblearray" => "text[]".to_owned(),
        formatted => formatted.to_owned(),
    }
}

fn is_id(data_type: &DataType) -> bool {
    data_type.unwrapped().name == "uuid"
}

/// The victim's tenant ids and its users' ids.
fn victims_ids(scene: &Scene<'_>) -> Vec<String> {
    let users = scene
        .world
        .principals
        .iter()
        .filter(|principal| principal.is_of(VICTIM))
        .filter_map(|principal| principal.user_id.clone());
    let mut ids: Vec<String> = scene.ids(VICTIM).into_values().chain(users.take(1)).collect();
    ids.dedup();
    ids
}

/// A value for an argument: by its name, what a column of that name, or the key of a table of that name, holds in the tenant's rows;
/// else something of the type.
fn value_for(scene: &Scene<'_>, argument: &Argument, tenant: usize, nth: usize) -> Option<String> {
    let base = argument.data_type.unwrapped();
    if let TypeKind::Array(element) = &base.kind {
        let inner = Argument { data_type: (**element).clone(), ..argument.clone() };
        return Some(format!("{{{}}}", value_for(scene, &inner, tenant, nth).unwrap_or_default()));
    }
    if let TypeKind::Enumeration(labels) = &base.kind {
        return labels.first().cloned();
    }
    let name = argument.name.as_deref().unwrap_or_default().to_lowercase();
    let stripped = ["p_", "_", "in_", "arg_", "v_", "target_", "the_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(&name)
        .to_owned();
    if let Some(value) = by_name(scene, &stripped, &base.name, tenant, nth) {
        return Some(value);
    }
    let value = match base.name.as_str() {
        "uuid" => return victims_or_own(scene, tenant),
        "bool" => "true",
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => "1",
        "json" | "jsonb" => "{}",
        "timestamptz" | "timestamp" | "date" => "2001-01-01",
        "interval" => "100 years",
        "text" | "varchar" | "citext" | "bpchar" | "name" => "a",
        _ => return None,
    };
    Some(value.to_owned())
}

fn victims_or_own(scene: &Scene<'_>, tenant: usize) -> Option<String> {
    scene.ids(tenant).into_values().next()
}

fn by_name(scene: &Scene<'_>, name: &str, type_name: &str, tenant: usize, nth: usize) -> Option<String> {
    let user = ["user_id", "userid", "uid", "user_uuid", "profile_id", "owner_id", "member_id"].contains(&name);
    if user {
        return scene.world.principals.iter().filter(|principal| principal.is_of(tenant)).nth(nth)?.user_id.clone();
    }
    // Whoever holds a token is meant to be let in by it: that an attacker does not know it is no fault of the function.
    if ["token", "secret", "code", "hash", "password", "key"].iter().any(|word| name.contains(word)) {
        return None;
    }
    let stem = name
        .strip_suffix("_id")
        .or_else(|| name.strip_suffix("_uuid"))
        .or_else(|| name.strip_suffix("id"))
        .unwrap_or(name);
    let keyed = |table: &&crate::catalog::Table| {
        let table_name = table.name.name.to_lowercase();
        !stem.is_empty()
            && (table_name == stem
                || table_name == format!("{stem}s")
                || table_name.strip_suffix("ies").is_some_and(|base| format!("{base}y") == stem))
    };
    let of_tables = scene.catalog.tables.iter().filter(keyed).find_map(|table| {
        let row = scene.world.stored_of(&table.name, tenant).nth(nth).or_else(|| scene.stored(&table.name, tenant))?;
        row.values.get(table.key_columns().first()?)?.clone()
    });
    let of_columns = || {
        scene.catalog.tables.iter().find_map(|table| {
            let column = table
                .columns
                .iter()
                .find(|column| column.name == name && column.data_type.unwrapped().name == type_name)?;
            let row =
                scene.world.stored_of(&table.name, tenant).nth(nth).or_else(|| scene.stored(&table.name, tenant))?;
            row.values.get(&column.name)?.clone()
        })
    };
    of_tables.filter(|_| name != stem).or_else(of_columns)
}

/// What only the victim's rows hold, but for what is handed in.
fn needles(scene: &Scene<'_>, arguments: &Arguments) -> Needles {
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
    let handed: Vec<&String> = arguments.iter().filter_map(|(_, _, value)| value.as_ref()).collect();
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
    match (indexes(Part::Control).find(|index| shows(index)), indexes(Part::Service).find(|index| shows(index))) {
        (Some(control), _) => {
            Finding::new(Status::Pass, "answers its rightful caller, and nobody else with another tenant's rows")
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
