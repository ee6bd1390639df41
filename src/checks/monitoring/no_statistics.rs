//! `monitoring/no-statistics`: the table's counters move when it is read, and statements are counted where the server is somebody's own.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding, Judge};
use super::{database, harness, of_server, set_by_migrations, whose};
use crate::catalog::Table;
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "monitoring/no-statistics",
        family: Family::Monitoring,
        severity: Severity::Warning,
        title: "Postgres counts what happens to each table",
        help: "Without track_counts nobody sees which table grows, is scanned or bloats, no alert on pg_stat_user_tables fires, and autovacuum never runs. Without pg_stat_statements nobody can tell which statement is slow. Leave track_counts on; preload pg_stat_statements and create the extension.",
        example: example!("monitoring/no-statistics"),
    },
    plan,
};

const EXPECTED: &str = "reading the table moves its counters";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    match *subject {
        Subject::Database => vec![statements(scene)],
        Subject::Table(table, _) | Subject::Partition(table, _) => counters(scene, table).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether the table is counted, found out by reading it.
fn counters(scene: &Scene<'_>, table: &Table) -> Option<Case> {
    const FIX: &str =
        "do $$ begin execute format('alter database %I set track_counts = on', current_database()); end $$;";
    let tables = vec![table.name.to_string()];
    // Settings of databases and roles hold from the next log-in on, and not for the harness's own role.
    if let Some(setting) = set_by_migrations(scene, "track_counts").find(|setting| setting.value != "on") {
        let finding = Finding::new(Status::Fail, format!("track_counts is {} for {}", setting.value, whose(setting)));
        return Some(Case::settled(object_of(table), tables, EXPECTED, finding).with_fix(FIX));
    }
    let counts = "select pg_catalog.pg_stat_get_xact_numscans(c.oid) + coalesce((select sum(pg_catalog.pg_stat_get_xact_numscans(i.inhrelid)) \
                  from pg_catalog.pg_inherits i where i.inhparent = c.oid), 0) from pg_catalog.pg_class c where c.oid = ";
    let relation = crate::catalog::quote_literal(&table.name.quoted());
    Some(Case {
        object: object_of(table),
        tables,
        expected: EXPECTED.to_owned(),
        probes: vec![SqlProbe {
            part: Part::Control,
            topic: "read the table".to_owned(),
            shape: "whole table".to_owned(),
            principal: harness(scene)?,
            // A scan of an index alone counts for the index, not the table.
            prepare: vec![
                "set local enable_indexscan = off".to_owned(),
                "set local enable_bitmapscan = off".to_owned(),
            ],
            earlier: Vec::new(),
            act: Act::statement(format!("select count(*) from {}", table.name.quoted())),
            observe: vec![format!("{counts}{relation}::pg_catalog.regclass")],
            signal: Signal::Change,
        }],
        judge: if scene.trials.server.lent { Judge::Own(judge_lent) } else { Judge::Own(judge_own) },
        fix: Some(FIX.to_owned()),
    })
}

fn judge_lent(_: &Case, outcomes: &[Outcome]) -> Finding {
    moved(outcomes, Status::Fail, "reading it moves no counter: track_counts is off on the server")
}

fn judge_own(_: &Case, outcomes: &[Outcome]) -> Finding {
    moved(outcomes, Status::NotApplicable, "the server of this run counts nothing, whatever the system says")
}

fn moved(outcomes: &[Outcome], otherwise: Status, why: &str) -> Finding {
    match outcomes.first() {
        Some(outcome @ Outcome::Completed { .. }) if outcome.changed() => {
            Finding::new(Status::Pass, "reading it moves its counters").shown_by([0])
        }
        Some(outcome @ Outcome::Completed { .. }) => {
            Finding::new(otherwise, why).observed(describe(Some(outcome))).shown_by([0])
        }
        outcome => Finding::new(Status::NotApplicable, "this server has no counters to look at")
            .observed(describe(outcome))
            .shown_by([0]),
    }
}

/// Whether statements are counted: a matter of the server, and known where somebody lent theirs.
fn statements(scene: &Scene<'_>) -> Case {
    const NAME: &str = "pg_stat_statements";
    let installed = scene.catalog.extensions.iter().any(|extension| extension == NAME);
    let preloaded = of_server(scene, "shared_preload_libraries").is_some_and(|libraries| libraries.contains(NAME));
    let finding = match (scene.trials.server.lent, preloaded, installed) {
        (true, true, _) => Finding::new(Status::Pass, "the server preloads pg_stat_statements"),
        (true, false, _) => {
            Finding::new(Status::Fail, "the server does not preload pg_stat_statements: no statement is counted")
        }
        (false, _, true) => Finding::new(Status::Pass, "the migrations create pg_stat_statements"),
        (false, _, false) => Finding::new(
            Status::NotApplicable,
            "the server was started for this run, so its libraries say nothing of yours; give --postgres a URL to have yours judged",
        ),
    };
    let fix = "alter system set shared_preload_libraries = 'pg_stat_statements'; -- and restart\ncreate extension pg_stat_statements;";
    Case::settled(database(NAME), Vec::new(), "statements are counted by pg_stat_statements", finding).with_fix(fix)
}
