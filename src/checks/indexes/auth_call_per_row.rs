//! `indexes/auth-call-per-row`: who is asking is found out once a statement, and not once a row. Read off the plan of the member's own
//! statements: what is asked once is an InitPlan or a search by index, what is asked for every row stands in a Filter.

use serde_json::Value;

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::{Case, Check, Finding, Judge};
use super::expression::calls_per_row;
use super::settled;
use crate::catalog::{Catalog, Policy, PolicyCommand, Privilege, Table, quote_identifier};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "indexes/auth-call-per-row",
        family: Family::Indexes,
        severity: Severity::Warning,
        title: "Policies find out once who is asking",
        help: "The policy calls auth.uid(), current_setting() or a helper for every row that the statement reads: the plan shows the call in a Filter. In a query of its own, `(select auth.uid())`, it is asked once and its answer compared: on large tables that is the difference between milliseconds and seconds.",
        example: example!("indexes/auth-call-per-row"),
    },
    plan,
};

const EXPECTED: &str = "no function that answers by who is asking stands in a Filter of the plan";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, _) = *subject else { return Vec::new() };
    if table.policies.is_empty() || !table.row_security {
        return Vec::new();
    }
    let calling = calling(scene.catalog, table);
    if calling.is_empty() {
        let finding =
            Finding::new(Status::Pass, "no policy calls such a function but in a query of its own, or on a column");
        return vec![settled(table, EXPECTED, finding)];
    }
    let owners = scene.owners(&table.name, VICTIM);
    let member = owners.first().copied().or_else(|| scene.world.principal(PrincipalKind::Member));
    let statements = member.map(|member| statements(scene, table, member, &calling)).unwrap_or_default();
    let Some(member) = member.filter(|_| !statements.is_empty()) else {
        let finding = Finding::new(Status::NotApplicable, "no member may read, change or delete its rows");
        return vec![settled(table, EXPECTED, finding)];
    };
    let names: Vec<String> =
        calling.iter().map(|(policy, calls)| format!("{:?} ({})", policy.name, calls.join(", "))).collect();
    vec![Case {
        object: object_of(table),
        tables: vec![table.name.to_string()],
        expected: EXPECTED.to_owned(),
        probes: statements.into_iter().map(|statement| probe(member, statement, &names)).collect(),
        judge: Judge::Own(judge),
        fix: calling.first().map(|(policy, calls)| fix(table, policy, calls)),
    }]
}

/// The policies that choose rows by such calls, with the calls.
fn calling<'a>(catalog: &Catalog, table: &'a Table) -> Vec<(&'a Policy, Vec<String>)> {
    let chooses = |policy: &&Policy| policy.command != PolicyCommand::Insert;
    let calls = |policy: &'a Policy| {
        let calls = calls_per_row(policy.using.as_deref()?, catalog, Some(table));
        (!calls.is_empty()).then_some((policy, calls))
    };
    table.policies.iter().filter(chooses).filter_map(calls).collect()
}

/// Statements that the policies hold for and that the member may make.
fn statements(scene: &Scene<'_>, table: &Table, member: &Principal, calling: &[(&Policy, Vec<String>)]) -> Vec<String> {
    let role = member.role.as_str();
    let about = |command: PolicyCommand| {
        calling.iter().any(|(policy, _)| policy.command == command || policy.command == PolicyCommand::All)
    };
    let target = table.name.quoted();
    let mut all = Vec::new();
    if about(PolicyCommand::Select) && !scene.catalog.columns_allowed(role, Privilege::Select, table).is_empty() {
        all.push(format!("select 1 from {target}"));
    }
    if about(PolicyCommand::Delete) && scene.catalog.may(role, Privilege::Delete, table) {
        all.push(format!("delete from {target}"));
    }
    let writable = scene.catalog.columns_allowed(role, Privilege::Update, table);
    let column = writable.into_iter().find(|column| column.is_writable());
    if let Some(column) = column.filter(|_| about(PolicyCommand::Update)) {
        all.push(format!("update {target} set {} = default", quote_identifier(&column.name)));
    }
    all
}

fn probe(member: &Principal, statement: String, names: &[String]) -> SqlProbe {
    SqlProbe {
        part: Part::Control,
        topic: names.join(", "),
        shape: statement.split(' ').next().unwrap_or_default().to_owned(),
        principal: member.clone(),
        // Made worlds are small: without this every plan would read the whole table, and a call that an index answers once would
        // look like one for each row.
        prepare: vec!["set local enable_seqscan = off".to_owned()],
        earlier: Vec::new(),
        act: Act::statement(format!("explain (verbose, costs off, format json) {statement}")),
        observe: Vec::new(),
        signal: Signal::Completes,
    }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let mut read = None;
    for (place, outcome) in outcomes.iter().enumerate() {
        let Some(plan) = plan_of(outcome) else { continue };
        read = Some(place);
        let mut filters = Vec::new();
        collect_filters(&plan, &mut filters);
        // The plan may spell out the body of a helper: what it calls counts then.
        let called = filters
            .iter()
            .find(|filter| SPELLED.iter().any(|call| filter.contains(call)) || names_in(case, place, filter));
        if let Some(filter) = called {
            let policies = case.probes.get(place).map(|probe| probe.topic.clone()).unwrap_or_default();
            return Finding::new(Status::Fail, format!("called for every row, by the policies {policies}"))
                .observed(format!("Filter: {filter}"))
                .shown_by([place]);
        }
    }
    match read {
        Some(place) => {
            Finding::new(Status::Pass, "the plan asks once, or searches an index for the answer").shown_by([place])
        }
        None => Finding::new(Status::NotApplicable, "a member's statements are refused before they are planned")
            .observed(describe(outcomes.first()))
            .shown_by((!case.probes.is_empty()).then_some(0)),
    }
}

/// What the bodies of helpers come down to.
const SPELLED: [&str; 1] = ["current_setting("];

/// Whether one of the functions that the policies call stands in the filter.
fn names_in(case: &Case, place: usize, filter: &str) -> bool {
    let topic = case.probes.get(place).map(|probe| probe.topic.as_str()).unwrap_or_default();
    let lists = topic.split(" (").skip(1).filter_map(|rest| rest.split(')').next());
    lists.flat_map(|list| list.split(", ")).any(|name| filter.contains(&format!("{name}(")))
}

/// The plan, as EXPLAIN gives it.
fn plan_of(outcome: &Outcome) -> Option<Value> {
    let text: String = outcome.rows()?.iter().flatten().flatten().map(String::as_str).collect::<Vec<_>>().join("\n");
    serde_json::from_str(&text).ok()
}

/// What is asked of every row that a node reads.
fn collect_filters(plan: &Value, filters: &mut Vec<String>) {
    match plan {
        Value::Object(node) => {
            for (key, value) in node {
                match value.as_str() {
                    Some(text) if key == "Filter" || key == "Join Filter" => filters.push(text.to_owned()),
                    _ => collect_filters(value, filters),
                }
            }
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| collect_filters(node, filters)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn fix(table: &Table, policy: &Policy, calls: &[String]) -> String {
    let mut using = policy.using.clone().unwrap_or_default();
    for call in calls {
        using = wrapped(&using, call);
    }
    format!("alter policy {} on {} using ({using});", quote_identifier(&policy.name), table.name.quoted())
}

/// The same condition with each call of `name` in a query of its own.
fn wrapped(text: &str, name: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    let call = format!("{name}(");
    while let Some(at) = rest.find(&call) {
        let begin = rest.get(..at).unwrap_or_default();
        // The schema before the name belongs to it.
        let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '"');
        let start =
            begin.char_indices().rev().take_while(|(_, letter)| part(*letter)).last().map_or(at, |(place, _)| place);
        let mut depth = 0_usize;
        let end = rest.char_indices().skip_while(|(place, _)| *place < at).find_map(|(place, letter)| {
            depth = match letter {
                '(' => depth + 1,
                ')' => depth.saturating_sub(1),
                _ => depth,
            };
            (letter == ')' && depth == 0).then_some(place + 1)
        });
        let Some(end) = end else { break };
        result.push_str(rest.get(..start).unwrap_or_default());
        let inside = rest.get(start..end).unwrap_or_default();
        let already = result.trim_end().to_lowercase().ends_with("select");
        result.push_str(&if already { inside.to_owned() } else { format!("(select {inside})") });
        rest = rest.get(end..).unwrap_or_default();
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn the_suggestion_wraps_each_call_once() {
        assert_eq!(wrapped("(auth.uid() = id)", "uid"), "((select auth.uid()) = id)");
        assert_eq!(wrapped("(id = ( SELECT auth.uid() AS uid))", "uid"), "(id = ( SELECT auth.uid() AS uid))");
        assert_eq!(
            wrapped("((t)::text = current_setting('a'::text, true))", "current_setting"),
            "((t)::text = (select current_setting('a'::text, true)))"
        );
    }
}
