//! `schema/function-does-not-compile`: every function is made anew with its body checked, what its statements name is looked up, and it is called:
//! no relation, column, function or type that it names is missing. What could not be looked at is said, and is no failure.

mod call;
mod names;

use std::collections::BTreeSet;

use super::super::judge::describe;
use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding, Judge};
use super::body::Body;
use super::harness::{harness, probe};
use crate::catalog::{Function, Table, quote_identifier, quote_literal};
use crate::probe::{Outcome, Part, Refusal, SqlProbe};
use crate::tenancy::Profile;
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/function-does-not-compile",
        family: Family::Schema,
        severity: Severity::Error,
        title: "What a function names is there",
        help: "Postgres looks at a PL/pgSQL body when it runs, and at no body where check_function_bodies is off: a table that was renamed, a column that a trigger's table lacks, a function with other arguments show when somebody calls it. Mend the name in the body, or drop the function.",
        example: example!("schema/function-does-not-compile"),
    },
    plan,
};

const EXPECTED: &str = "it can be made anew, and nothing that it names is missing";
const COMPILE: &str = "make it anew with its body checked";
/// Where plpgsql_check is put for the moment of a probe, if the system does not have it itself.
const CHECKER: &str = "seaworthy_check";
const CHECKED: &str = "have plpgsql_check look at it";
const NAMED: &str = "look up the relations that its statements name";
const CALLED: &str = "call it";
/// A statement that the body puts together may name what the arguments say.
const CALLED_DYNAMIC: &str = "call it, and with it statements that it puts together";
const FIRED: &str = "fire it by a write to its table";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Function(function) = *subject else { return Vec::new() };
    let object = ObjectRef {
        kind: ObjectKind::Function,
        schema: function.name.schema.clone(),
        name: function.signature.clone(),
        sub: None,
    };
    let Some(definition) = function.definition.as_ref().filter(|_| !function.is_aggregate) else { return Vec::new() };
    let procedural = function.language == "plpgsql";
    if !procedural && function.language != "sql" {
        let why = format!("its language is {}, whose bodies the server does not look into", function.language);
        return vec![Case::settled(object, Vec::new(), EXPECTED, Finding::new(Status::NotApplicable, why))];
    }
    let body = Body::of(&function.source);
    let fired_by = fired_by(scene, function);
    let tables = tables(scene, &body, &fired_by);
    let fix = format!(
        "-- mend the name in the body with create or replace, or:\ndrop {} {};",
        if function.is_procedure { "procedure" } else { "function" },
        address(function)
    );
    let own: Vec<&Table> =
        fired_by.iter().filter(|table| scene.intent.is_own_schema(&table.name.schema)).copied().collect();
    let missing = if procedural { names::missing(scene, function, &body, &own) } else { Vec::new() };
    if !missing.is_empty() {
        let finding = Finding::new(Status::Fail, format!("its body names what is not there: {}", missing.join("; ")));
        return vec![Case::settled(object, tables, EXPECTED, finding).with_fix(fix)];
    }
    let mut probes = vec![SqlProbe {
        prepare: surroundings(scene, function, true),
        ..probe(
            Part::Attack,
            COMPILE,
            "create or replace",
            &harness(scene),
            definition.trim_end().trim_end_matches(';').to_owned(),
        )
    }];
    if procedural {
        probes.extend(looked_at(scene, function, &body, &fired_by));
        probes.extend(looked_up(scene, function, &body));
        probes.extend(call::probes(scene, function, &body, &fired_by));
    }
    vec![Case {
        object,
        tables,
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(match (scene.intent.profile, scene.trials.stand_ins.is_empty()) {
            (Profile::Plain, true) => judge::<false, false>,
            (Profile::Plain, false) => judge::<false, true>,
            (Profile::Supabase, true) => judge::<true, false>,
            (Profile::Supabase, false) => judge::<true, true>,
        }),
        fix: Some(fix),
    }]
}

/// `"schema"."name"(argument types)`.
fn address(function: &Function) -> String {
    let arguments = function.signature.strip_prefix(function.name.name.as_str()).unwrap_or("()");
    format!("{}{arguments}", function.name.quoted())
}

/// The tables whose triggers call it.
fn fired_by<'a>(scene: &Scene<'a>, function: &Function) -> Vec<&'a Table> {
    let calls =
        |table: &&Table| function.is_trigger && table.triggers.iter().any(|trigger| trigger.function == function.name);
    scene.catalog.tables.iter().filter(calls).collect()
}

/// The tables in whose rows of the matrix the answer counts: those that it names, and those whose triggers call it.
fn tables(scene: &Scene<'_>, body: &Body, fired_by: &[&Table]) -> Vec<String> {
    let words = body.words();
    let concerned = |table: &&Table| {
        let named = words.contains(table.name.name.to_lowercase().as_str());
        let fires = fired_by.iter().any(|other| other.name == table.name);
        table.holds_rows() && table.parent.is_none() && (named || fires)
    };
    let own = scene.catalog.tables.iter().filter(|table| scene.intent.table(&table.name).is_some());
    own.filter(concerned).map(|table| table.name.to_string()).collect()
}

/// Triggers and event triggers off where asked, and a search path: the function's own where it sets one, else one on which every schema of
/// the system is found, since which one its callers have is not known.
fn surroundings(scene: &Scene<'_>, function: &Function, quiet: bool) -> Vec<String> {
    let mut statements = Vec::new();
    if quiet {
        statements.push("set local session_replication_role = replica".to_owned());
        statements.push("set local check_function_bodies = on".to_owned());
    }
    let own = function.configuration.iter().find_map(|setting| setting.strip_prefix("search_path="));
    let path = own.map_or_else(|| whole_path(scene, function), str::to_owned);
    statements.push(format!("select pg_catalog.set_config('search_path', {}, true)", quote_literal(&path)));
    statements
}

fn whole_path(scene: &Scene<'_>, function: &Function) -> String {
    let mut schemas = vec![function.name.schema.as_str(), "public", "extensions"];
    let own = scene.catalog.schemas.iter().map(|schema| schema.name.as_str());
    schemas.extend(own.filter(|schema| scene.intent.is_own_schema(schema)));
    let mut seen = BTreeSet::new();
    let quoted: Vec<String> = schemas.into_iter().filter(|schema| seen.insert(*schema)).map(quote_identifier).collect();
    quoted.join(", ")
}

/// plpgsql_check reads every statement, where the server has it; what it cannot know of (tables that the body makes, transition tables)
/// is not asked.
fn looked_at(scene: &Scene<'_>, function: &Function, body: &Body, fired_by: &[&Table]) -> Vec<SqlProbe> {
    let makes = ["create", "temp", "temporary"].iter().any(|word| body.words().contains(word));
    let transitions = fired_by
        .iter()
        .flat_map(|table| &table.triggers)
        .any(|trigger| trigger.function == function.name && trigger.definition.contains(" REFERENCING "));
    // Which field a record has depends on the table that it asks for first.
    let told_apart = names::tells_tables_apart(body);
    if makes
        || transitions
        || told_apart
        || body.asks_what_is_there()
        || (function.returns == "trigger" && fired_by.is_empty())
    {
        return Vec::new();
    }
    let relations: Vec<String> = if function.returns == "trigger" {
        fired_by.iter().take(2).map(|table| format!(", {}::oid::regclass", table.oid)).collect()
    } else {
        vec![String::new()]
    };
    let ask = |relation: String| {
        // It takes the function's own settings itself.
        let path = format!("{}, {}", whole_path(scene, function), quote_identifier(CHECKER));
        let prepare = vec![
            format!("create schema {}", quote_identifier(CHECKER)),
            format!("create extension if not exists plpgsql_check schema {}", quote_identifier(CHECKER)),
            format!("select pg_catalog.set_config('search_path', {}, true)", quote_literal(&path)),
        ];
        SqlProbe {
            prepare,
            ..probe(
                Part::Attack,
                CHECKED,
                "every statement",
                &harness(scene),
                format!(
                    "select lineno, sqlstate, message from plpgsql_check_function_tb({}::oid::regprocedure{relation}) where level = 'error'",
                    function.oid
                ),
            )
        }
    };
    relations.into_iter().map(ask).collect()
}

/// Relations that the catalog does not list may be of an extension, or of Postgres: the server is asked.
fn looked_up(scene: &Scene<'_>, function: &Function, body: &Body) -> Option<SqlProbe> {
    let unknown = names::unknown_relations(scene, body);
    if unknown.is_empty() || body.asks_what_is_there() {
        return None;
    }
    let rows: Vec<String> = unknown
        .iter()
        .map(|relation| {
            let schema = relation.schema.as_deref().map_or_else(|| "null".to_owned(), quote_literal);
            format!("({schema}::text, {}::text)", quote_literal(&relation.name))
        })
        .collect();
    let statement = format!(
        "select coalesce(named.schema || '.', '') || named.name from (values {}) as named(schema, name) where not exists (\
         select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
         where pg_catalog.lower(c.relname) = named.name and case when named.schema is null \
         then n.nspname = any (pg_catalog.current_schemas(true)) else pg_catalog.lower(n.nspname) = named.schema end)",
        rows.join(", ")
    );
    Some(SqlProbe {
        prepare: surroundings(scene, function, false),
        ..probe(Part::Attack, NAMED, "each name", &harness(scene), statement)
    })
}

/// Schemas of a Supabase project that the harness sets up in part.
const OF_THE_PLATFORM: [&str; 10] = [
    "auth.",
    "storage.",
    "vault.",
    "net.",
    "cron.",
    "realtime.",
    "graphql.",
    "pgmq.",
    "pgsodium.",
    "supabase_functions.",
];

/// Whether what is missing may be there in truth: in a part of the platform that is not set up, or in an extension that a stand-in stands for.
fn may_be_elsewhere(refusal: &Refusal, on_platform: bool, on_stand_ins: bool) -> bool {
    let named = |schema: &str| {
        let message = &refusal.message;
        [" ", "\""].iter().any(|before| message.contains(&format!("{before}{schema}")))
    };
    let qualified = refusal.message.contains('.');
    let of_extension = matches!(refusal.sqlstate.as_str(), "42883" | "42704");
    (on_platform && OF_THE_PLATFORM.iter().any(|schema| named(schema))) || (on_stand_ins && of_extension && !qualified)
}

fn judge<const ON_PLATFORM: bool, const ON_STAND_INS: bool>(case: &Case, outcomes: &[Outcome]) -> Finding {
    for (index, (probe, outcome)) in case.probes.iter().zip(outcomes).enumerate() {
        let Some(failure) = failure(case, &probe.topic, outcome) else { continue };
        let elsewhere = match outcome {
            Outcome::Refused(refusal) => may_be_elsewhere(refusal, ON_PLATFORM, ON_STAND_INS),
            _ => false,
        };
        let finding = if elsewhere {
            Finding::new(
                Status::Unproven,
                format!("{failure}; but the platform or an extension, which is stood in for, may have it"),
            )
            .at(Severity::Info)
        } else {
            Finding::new(Status::Fail, failure)
        };
        return finding.observed(describe(Some(outcome))).shown_by([index]);
    }
    let went = |topic: &str| {
        case.probes.iter().zip(outcomes).position(|(probe, outcome)| probe.topic == topic && outcome.rows().is_some())
    };
    let Some(compiled) = went(COMPILE) else {
        return Finding::new(Status::Unproven, "it could not be made anew, for a reason that is not in its body")
            .at(Severity::Info)
            .observed(describe(outcomes.first()))
            .shown_by((!outcomes.is_empty()).then_some(0));
    };
    let ran = case.probes.iter().any(|probe| [CALLED, CALLED_DYNAMIC, FIRED].contains(&probe.topic.as_str()));
    let procedural = case.probes.iter().any(|probe| probe.act.text().to_lowercase().contains("language plpgsql"));
    let how = match (went(CHECKED), ran, procedural) {
        (_, _, false) => "it can be made anew with its body checked",
        (Some(_), _, true) => "it can be made anew, and plpgsql_check finds every name in its statements",
        (None, true, true) => {
            "it can be made anew, and no name was missing when it ran; what did not run was read for relations alone"
        }
        (None, false, true) => {
            "it can be made anew, and the relations that it names are there; what else its statements name was not looked at"
        }
    };
    Finding::new(Status::Pass, how).shown_by(std::iter::once(compiled).chain(went(CHECKED)))
}

/// What an outcome shows to be missing.
fn failure(case: &Case, topic: &str, outcome: &Outcome) -> Option<String> {
    match (topic, outcome) {
        (COMPILE, Outcome::Refused(refusal)) if is_missing(&refusal.sqlstate) => {
            Some(format!("it cannot be made anew: {}", refusal.message))
        }
        (NAMED, Outcome::Completed { rows, .. }) if !rows.is_empty() => {
            let names: Vec<&str> = rows.iter().flatten().flatten().map(String::as_str).collect();
            // A part of the platform may lack relations here that it has in truth.
            if names.iter().all(|name| OF_THE_PLATFORM.iter().any(|schema| name.starts_with(schema))) {
                return None;
            }
            Some(format!("its statements name relations that are not there: {}", names.join(", ")))
        }
        (CHECKED, Outcome::Completed { rows, .. }) => {
            let row = rows.iter().find(|row| row.get(1).and_then(Option::as_deref).is_some_and(is_missing))?;
            let text = |place: usize| row.get(place).and_then(Option::as_deref).unwrap_or_default();
            Some(format!("line {} fails: {}", text(0), text(2)))
        }
        (CALLED | CALLED_DYNAMIC | FIRED, Outcome::Refused(refusal)) if is_missing(&refusal.sqlstate) => {
            // Compiled, a body has no syntax error: it is in a statement that was put together, of arguments that nobody would give.
            if refusal.sqlstate == "42601" {
                return None;
            }
            // A setting that only a request has, or a role.
            if refusal.sqlstate == "42704" && !refusal.message.starts_with("type ") {
                return None;
            }
            // What is put together of our arguments need not be a statement.
            if refusal.sqlstate == "42601" && topic != CALLED {
                return None;
            }
            let own = is_own(case, refusal, topic != CALLED);
            own.then(|| format!("a call ends with {}: {}", refusal.sqlstate, refusal.message))
        }
        _ => None,
    }
}

/// Undefined: table, column, function, object, schema. Ambiguous: column, function. Syntax; a type that does not fit.
fn is_missing(sqlstate: &str) -> bool {
    const STATES: [&str; 10] =
        ["42P01", "42703", "42883", "42704", "3F000", "42702", "42725", "42601", "42804", "42P13"];
    STATES.contains(&sqlstate)
}

/// Whether an error is of this body, and not of one that it calls, nor of a statement made of the arguments: its own text names what is missing.
fn is_own(case: &Case, refusal: &Refusal, strictly: bool) -> bool {
    let source = case.probes.first().map(|probe| probe.act.text().to_lowercase()).unwrap_or_default();
    let message = refusal.message.to_lowercase();
    let quoted: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    let after = ["column ", "function ", "relation ", "type "].iter().find_map(|word| {
        let rest = message.split_once(word)?.1;
        rest.split(|character: char| !(character.is_alphanumeric() || "._".contains(character))).next()
    });
    let names: Vec<&str> = quoted
        .into_iter()
        .chain(after)
        .flat_map(|name| name.split('.'))
        .filter(|name| !name.is_empty() && !["new", "old", "does"].contains(name))
        .collect();
    if names.is_empty() { !strictly } else { names.iter().all(|name| source.contains(name)) }
}
