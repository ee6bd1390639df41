//! `rls/uncorrelated-subquery`: a subquery in a policy is tied to the row that is asked about. `exists (select from members where user_id =
//! auth.uid())` asks whether one is a member of anything; `members.team_id = team_id` compares a column with itself, since the inner table's column
//! captures the name. Suspected from the catalog; a member of another tenant and a stranger then try it, with that policy alone.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::exposure::{Intruder, Suspect, conclude, doubtful, unsuspected};
use super::reading::{Reading, conditions, parts, queries_table};
use super::{is_for_clients, settled, without, without_policies};
use crate::catalog::{Expression, Table, Tree, trees};
use crate::probe::Outcome;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/uncorrelated-subquery",
        family: Family::Rls,
        severity: Severity::Error,
        title: "A policy's subquery is tied to the row",
        help: "The subquery does not depend on the row: whoever belongs to any tenant passes for all. Often a name is captured: in `exists (select from members where team_id = team_id)` both are the inner table's. Qualify every column: `members.team_id = documents.team_id`.",
        example: example!("rls/uncorrelated-subquery"),
    },
    plan,
};

const EXPECTED: &str =
    "each subquery of a policy is tied to the row that is asked about, or asks for something that only operators have";

/// What is wrong with a condition's subqueries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flaw {
    None,
    /// It does not look at the row. That may be meant: an administrator of everything.
    Untied,
    /// A column is compared with itself. That is never meant.
    Captured,
}

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    if let Some(finding) = without_policies(table) {
        return vec![settled(table, EXPECTED, finding)];
    }
    let reading = Reading::new(scene.catalog, table);
    let flaw_of =
        |condition: &Option<String>| condition.as_deref().map_or(Flaw::None, |sql| flaw(&reading, table, sql));
    let mut cases = Vec::new();
    for policy in table.policies.iter().filter(|policy| policy.permissive && is_for_clients(scene, policy)) {
        let (using, check) = (flaw_of(&policy.using), flaw_of(&policy.check));
        let worst = using.max(check);
        if worst == Flaw::None {
            continue;
        }
        let suspect = Suspect {
            scene,
            table,
            intent,
            policy,
            using: using != Flaw::None,
            check: check != Flaw::None,
            intruder: Intruder::Outsider,
            expected: EXPECTED,
        };
        let case = suspect.case(if worst == Flaw::Captured { judge_captured } else { judge_untied });
        if worst == Flaw::Captured || !case.probes.is_empty() {
            cases.push(case.with_fix(without(scene, table, policy)));
        }
    }
    if cases.is_empty() {
        cases.push(unsuspected(table, EXPECTED, "every subquery of its policies is tied to the row"));
    }
    cases
}

fn flaw(reading: &Reading<'_>, table: &Table, sql: &str) -> Flaw {
    let whole = trees(sql);
    if compares_with_itself(&whole, false) || selects_own_column(table, &whole) {
        return Flaw::Captured;
    }
    let untied = conditions(&Expression::read(sql)).into_iter().map(parts).any(|parts| {
        parts.iter().any(|part| queries_table(part)) && !parts.iter().any(|part| reading.mentions_row(part))
    });
    if untied { Flaw::Untied } else { Flaw::None }
}

/// `(m.team_id = m.team_id)` in a query.
fn compares_with_itself(trees: &[Tree], in_query: bool) -> bool {
    let sides: Vec<&[Tree]> = trees.split(|tree| tree.is_mark("=")).collect();
    let same = matches!(sides.as_slice(), [left, right] if left == right && left.len() == 3 && left.iter().any(|tree| tree.is_mark(".")));
    (in_query && same)
        || trees
            .iter()
            .any(|tree| tree.inside().is_some_and(|inside| compares_with_itself(inside, in_query || tree.is_query())))
}

/// `team_id IN ( SELECT documents.team_id FROM teams … )`: the inner table has no such column, and the row's own is selected.
fn selects_own_column(table: &Table, trees: &[Tree]) -> bool {
    let own = |tree: &Tree, column: &str| {
        let Some([select, of, dot, name, from, rest @ ..]) = tree.inside() else { return false };
        select.is_word("select")
            && of.name() == Some(table.name.name.as_str())
            && dot.is_mark(".")
            && name.name() == Some(column)
            && from.is_word("from")
            && !names_row(table, rest)
    };
    let here = trees.iter().enumerate().any(|(index, tree)| {
        let column = tree.name().filter(|name| index == 0 && table.column(name).is_some());
        column.is_some_and(|column| trees.iter().skip(1).any(|query| contains(query, &|tree| own(tree, column))))
    });
    here || trees.iter().filter_map(Tree::inside).any(|inside| selects_own_column(table, inside))
}

fn names_row(table: &Table, trees: &[Tree]) -> bool {
    let here = trees
        .windows(2)
        .any(|pair| matches!(pair, [of, dot] if of.name() == Some(table.name.name.as_str()) && dot.is_mark(".")));
    here || trees.iter().filter_map(Tree::inside).any(|inside| names_row(table, inside))
}

fn contains(tree: &Tree, wanted: &dyn Fn(&Tree) -> bool) -> bool {
    wanted(tree) || tree.inside().is_some_and(|inside| inside.iter().any(|tree| contains(tree, wanted)))
}

fn judge_captured(case: &Case, outcomes: &[Outcome]) -> Finding {
    let finding = conclude(case, outcomes, "a subquery of the policy compares a column with itself", doubtful);
    match finding.status {
        // Nobody gets in by it here, but what was meant to be asked is not.
        Status::Pass => doubtful(finding),
        _ => finding,
    }
}

fn judge_untied(case: &Case, outcomes: &[Outcome]) -> Finding {
    let what = "a subquery of the policy is not tied to the row";
    let finding = conclude(case, outcomes, what, |finding| Finding { status: Status::NotApplicable, ..finding });
    match finding.status {
        Status::Pass => Finding {
            summary: format!("{what}; those whom it lets in are not among those who should not be"),
            ..finding
        },
        _ => finding,
    }
}
