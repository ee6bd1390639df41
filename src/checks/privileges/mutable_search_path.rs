//! `privileges/mutable-search-path`: a SECURITY DEFINER function does not find its tables by its caller's search path. Where a client may
//! call it, a table of the client's own is put in the way, and the server's counters tell whether the function used it.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, actors, behind_gateway};
use super::invocation::{call, in_sql, names_unqualified, object_of, path_in_sql};
use crate::catalog::{Function, Privilege, Table, quote_identifier, quote_literal};
use crate::probe::{Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/mutable-search-path",
        family: Family::Privileges,
        severity: Severity::Error,
        title: "A function that runs with its owner's rights fixes its search path",
        help: "Without `set search_path`, a SECURITY DEFINER function looks names up where its caller says: a table or function of the caller's own, in pg_temp or in a schema where it may create, is then used with the owner's rights (Postgres documentation, CREATE FUNCTION, \"Writing SECURITY DEFINER Functions Safely\"). An error where a client was seen to do it; else a warning. Write `set search_path = ''` and name everything in full, or list the schemas with pg_temp last.",
        example: example!("privileges/mutable-search-path"),
    },
    plan,
};

const EXPECTED: &str = "it finds the same tables whoever calls it";
const TEMPORARY: &str = "a temporary table";
const IN_SCHEMA: &str = "a table in a schema of the path";
/// Tables put in the way of one call.
const MAXIMUM_SHADOWS: usize = 4;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Function(function) = *subject else { return Vec::new() };
    if !function.security_definer || function.is_aggregate || !matches!(function.language.as_str(), "sql" | "plpgsql") {
        return Vec::new();
    }
    let settle = |status: Status, why: &str| {
        let finding = Finding::new(status, why);
        vec![Case::settled(object_of(function), Vec::new(), EXPECTED, finding)]
    };
    // A body of its own syntax is bound to its objects when it is made.
    if function.language == "sql"
        && ["BEGIN ATOMIC", "RETURN "].iter().any(|start| function.source.trim_start().starts_with(start))
    {
        return settle(Status::Pass, "its names were looked up when it was made");
    }
    let path = fixed_path(function);
    let ways = ways(scene, path.as_deref());
    let shadowed = shadowed(scene, function);
    let callers: Vec<Principal> =
        actors(scene).into_iter().filter(|actor| scene.catalog.may_execute(&actor.role, function)).collect();
    if path.is_some() && (ways.is_empty() || shadowed.is_empty() || callers.is_empty() || function.is_trigger) {
        return settle(Status::Pass, "it has a search path of its own");
    }
    if path.is_none() && !function.is_trigger && callers.is_empty() {
        return settle(Status::Pass, "no client may call it: EXECUTE is granted to none");
    }
    let mut probes = Vec::new();
    if !function.is_trigger && !shadowed.is_empty() {
        for caller in callers.iter().take(1) {
            probes.extend(ways.iter().map(|way| probe(function, path.is_some(), &shadowed, caller, way)));
        }
    }
    let judge = match (path.is_some(), behind_gateway(scene)) {
        (true, _) => judge_fixed,
        (false, true) => judge_gateway,
        (false, false) => judge,
    };
    vec![Case {
        object: object_of(function),
        tables: Vec::new(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(fix(function, &shadowed)),
    }]
}

/// The schemas of the function's own `set search_path`, if it has one.
fn fixed_path(function: &Function) -> Option<Vec<String>> {
    let path = function.configuration.iter().find_map(|setting| setting.strip_prefix("search_path="))?;
    let names = path.split(',').map(|name| name.trim().trim_matches(['"', '\'']).to_owned());
    Some(names.filter(|name| !name.is_empty()).collect())
}

/// Where a client could put a table: `None` for `pg_temp`, which is searched first unless it is listed.
fn ways(scene: &Scene<'_>, path: Option<&[String]>) -> Vec<Option<String>> {
    let creates = |schema: &str| {
        scene.client_roles().any(|role| {
            let effective = scene.catalog.effective_roles(role);
            scene.catalog.schemas.iter().filter(|one| one.name == schema).any(|one| {
                one.grants
                    .iter()
                    .any(|grant| grant.privilege == Privilege::Create && effective.contains(&grant.grantee))
            })
        })
    };
    let mut ways = Vec::new();
    let lists_temporary = path.is_some_and(|path| path.is_empty() || path.iter().any(|name| name == "pg_temp"));
    // A gateway writes no `create temporary table`: a path that somebody chose is good enough behind one.
    if !(lists_temporary || path.is_some() && behind_gateway(scene)) {
        ways.push(None);
    }
    let schemas = scene.catalog.schemas.iter().map(|schema| schema.name.clone());
    let searched = |name: &String| path.is_none_or(|path| path.contains(name));
    ways.extend(schemas.filter(|name| searched(name) && creates(name)).map(Some));
    ways
}

/// The tables that the body names without a schema.
fn shadowed<'a>(scene: &Scene<'a>, function: &Function) -> Vec<&'a Table> {
    let source = function.source.to_lowercase();
    let own = |table: &&Table| scene.intent.is_own_schema(&table.name.schema) && table.parent.is_none();
    let named = |table: &&Table| names_unqualified(&source, &table.name.name);
    let mut tables: Vec<&Table> = scene.catalog.tables.iter().filter(own).filter(named).collect();
    tables.dedup_by_key(|table| &table.name.name);
    tables.truncate(MAXIMUM_SHADOWS);
    tables
}

fn probe(function: &Function, fixed: bool, shadowed: &[&Table], caller: &Principal, way: &Option<String>) -> SqlProbe {
    let mut statements = Vec::new();
    let mut names = Vec::new();
    for table in shadowed.iter().filter(|table| way.as_ref() != Some(&table.name.schema)) {
        let name = quote_identifier(&table.name.name);
        let (create, name) = match way {
            None => ("create temporary table", format!("pg_temp.{name}")),
            Some(schema) => ("create table", format!("{}.{name}", quote_identifier(schema))),
        };
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{} {}", quote_identifier(&column.name), column.data_type.formatted))
            .collect();
        statements.push(format!("{create} {name} ({})", columns.join(", ")));
        statements.push(format!("grant all on {name} to public"));
        names.push(quote_literal(&table.name.name));
    }
    if let Some(schema) = way.as_ref().filter(|_| !fixed) {
        let usual = shadowed.iter().map(|table| table.name.schema.as_str());
        statements
            .push(format!("set local search_path = {}", path_in_sql(std::iter::once(schema.as_str()).chain(usual))));
    }
    // A plan made earlier on the connection does not notice a table that comes first now.
    statements.push("discard plans".to_owned());
    // Whether the call ends well says nothing: what the function used before that counts.
    let block = format!("begin {}; exception when others then null; end", call(function, "perform", None));
    statements.push(format!("do {}", quote_literal(&block)));
    let within = match way {
        None => "s.schemaname like 'pg\\_temp%'".to_owned(),
        Some(schema) => format!("s.schemaname = {}", quote_literal(schema)),
    };
    let listed = if names.is_empty() { "null".to_owned() } else { names.join(", ") };
    let watch = format!(
        "select coalesce(bool_or(coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) + s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0), false) \
         from pg_catalog.pg_stat_xact_all_tables s where {within} and s.relname in ({listed})"
    );
    Attempt {
        topic: "have the function use a table of the caller's",
        shape: if way.is_none() { TEMPORARY } else { IN_SCHEMA },
        prepare: Vec::new(),
        statements,
        observe: vec![watch],
        signal: Signal::Change,
    }
    .by(Part::Attack, caller)
}

fn fix(function: &Function, shadowed: &[&Table]) -> String {
    let mut schemas: Vec<&str> = shadowed.iter().map(|table| table.name.schema.as_str()).collect();
    schemas.sort_unstable();
    schemas.dedup();
    // What the body names without a schema has to stay in sight.
    let path = if schemas.is_empty() { "''".to_owned() } else { format!("{}, pg_temp", path_in_sql(schemas)) };
    format!("alter {} set search_path = {path};", in_sql(function))
}

/// That the function used the caller's table, if it was seen to.
fn hijacked(case: &Case, outcomes: &[Outcome]) -> Option<(bool, Finding)> {
    let probes = case.probes.iter().zip(outcomes).enumerate();
    // A schema where clients create is worse than pg_temp, which goes with the session.
    let (index, (probe, outcome)) =
        probes.filter(|(_, (_, outcome))| outcome.changed()).max_by_key(|(_, (probe, _))| probe.shape == IN_SCHEMA)?;
    let summary = format!("{} has it use {} of its own, with the owner's rights", probe.principal.role, probe.shape);
    let finding = Finding::new(Status::Fail, summary).observed(describe(Some(outcome))).shown_by([index]);
    Some((probe.shape == IN_SCHEMA, finding))
}

fn unfixed() -> Finding {
    let why = "it has no search path of its own; nobody was seen to make use of that";
    Finding::new(Status::Fail, why).at(Severity::Warning)
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    hijacked(case, outcomes).map_or_else(unfixed, |(_, finding)| finding)
}

/// Behind a gateway nobody writes `create temporary table`.
fn judge_gateway(case: &Case, outcomes: &[Outcome]) -> Finding {
    match hijacked(case, outcomes) {
        Some((true, finding)) => finding,
        Some((false, finding)) => {
            let summary = format!("{}; the API offers no way to, any other connection does", finding.summary);
            Finding { summary, ..finding }.at(Severity::Warning)
        }
        None => unfixed(),
    }
}

/// The path is fixed, and still has a gap.
fn judge_fixed(case: &Case, outcomes: &[Outcome]) -> Finding {
    match hijacked(case, outcomes) {
        Some((true, finding)) => finding,
        Some((false, finding)) => {
            let summary = format!("{}: pg_temp comes first unless the path lists it", finding.summary);
            Finding { summary, ..finding }.at(Severity::Warning)
        }
        None => {
            Finding::new(Status::Pass, "it has a search path of its own, and a client's tables do not come in its way")
        }
    }
}
