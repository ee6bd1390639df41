//! `rls/always-true`: no permissive policy opens every row, whoever asks: by a tautology (`true`, `1 = 1`, `id = id`, `… or true`), or by a
//! condition that does not look at the row at all and that a stranger fulfils (`auth.role() = 'authenticated'`). Suspected from the catalog, on what
//! is not declared to be everybody's; a member of another tenant, a stranger and somebody who is not signed in then try it, with that
//! policy alone.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::exposure::{Intruder, Suspect, conclude, doubtful, unsuspected};
use super::reading::{Reading, queries_table};
use super::{commands_of, is_for_clients, settled, without, without_policies};
use crate::catalog::{Expression, Policy, PolicyCommand, Table, quote_identifier, trees};
use crate::probe::Outcome;
use crate::tenancy::{Command, TableIntent, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/always-true",
        family: Family::Rls,
        severity: Severity::Error,
        title: "No policy opens every row",
        help: "The policy's condition holds for every row, so everybody whom it is for reads, or writes, everybody's data; and since permissive policies are joined by OR, it undoes the others. Tie the condition to the tenant key. If everybody is meant to, say so: `public` or `shared` under `[tables.NAME]`.",
        example: example!("rls/always-true"),
    },
    plan,
};

const EXPECTED: &str = "no permissive policy holds for every row, but for what the model gives to everybody";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Table(table, intent) = *subject else { return Vec::new() };
    if let Some(finding) = without_policies(table) {
        return vec![settled(table, EXPECTED, finding)];
    }
    let reading = Reading::new(scene.catalog, table);
    let mut cases = Vec::new();
    for policy in table.policies.iter().filter(|policy| policy.permissive && is_for_clients(scene, policy)) {
        let certain = Weak::of(policy, |condition| reading.always_holds(condition));
        let weak = if certain.any() { certain } else { blind(&reading, policy) };
        if !weak.any() || commands_of(policy).iter().all(|command| is_everybodys(intent, *command)) {
            continue;
        }
        let suspect = Suspect {
            scene,
            table,
            intent,
            policy,
            using: weak.using,
            check: weak.check,
            intruder: if certain.any() { Intruder::Outsider } else { Intruder::Stranger },
            expected: EXPECTED,
        };
        let case = suspect.case(match certain {
            Weak { using: true, .. } => judge_using,
            Weak { check: true, .. } => judge_check,
            Weak { .. } => judge_blind,
        });
        // A suspicion alone, that nothing can be tried about, is none.
        if certain.any() || !case.probes.is_empty() {
            // A policy for reading alone, on what looks as if it were published.
            let likely = intent.likely_audience().filter(|_| policy.command == PolicyCommand::Select);
            cases.push(case.with_fix(mended(scene, table, policy, weak)).doubted(likely));
        }
    }
    if cases.is_empty() {
        cases.push(unsuspected(
            table,
            EXPECTED,
            "no policy for a client role holds for every row, but for what everybody may do",
        ));
    }
    cases
}

/// Whether the model gives `command` to everybody.
fn is_everybodys(intent: &TableIntent, command: Command) -> bool {
    intent.public.contains(&command) || (intent.tie.value == Tie::Global && command == Command::Select)
}

/// Which of a policy's conditions are weak.
#[derive(Debug, Clone, Copy)]
struct Weak {
    using: bool,
    check: bool,
}

impl Weak {
    fn of(policy: &Policy, is_weak: impl Fn(&Expression) -> bool) -> Self {
        let weak = |condition: &Option<String>| condition.as_deref().is_some_and(|sql| is_weak(&Expression::read(sql)));
        // USING that is left out on a command that asks it holds always.
        let left_out = policy.using.is_none() && policy.command != PolicyCommand::Insert;
        Self { using: left_out || weak(&policy.using), check: weak(&policy.check) }
    }

    fn any(self) -> bool {
        self.using || self.check
    }
}

/// Conditions that can hold and do not look at the row. Those that query a table are rls/uncorrelated-subquery's, those that a missing
/// identity fulfils rls/null-uid-admitted's.
fn blind(reading: &Reading<'_>, policy: &Policy) -> Weak {
    let is_blind = |condition: &Option<String>| {
        condition.as_deref().is_some_and(|sql| {
            let (whole, expression) = (trees(sql), Expression::read(sql));
            !reading.mentions_row(&whole)
                && !queries_table(&whole)
                && reading.can_hold(&expression)
                && !reading.admits_nobody(&expression)
        })
    };
    Weak { using: is_blind(&policy.using), check: is_blind(&policy.check) }
}

fn judge_using(case: &Case, outcomes: &[Outcome]) -> Finding {
    conclude(case, outcomes, "the policy holds for every row", doubtful)
}

fn judge_check(case: &Case, outcomes: &[Outcome]) -> Finding {
    conclude(case, outcomes, "the policy's WITH CHECK holds for every row", doubtful)
}

fn judge_blind(case: &Case, outcomes: &[Outcome]) -> Finding {
    let finding = conclude(case, outcomes, "the policy does not look at the row", |finding| Finding {
        status: Status::NotApplicable,
        ..finding
    });
    match finding.status {
        Status::Pass => Finding {
            summary: "the policy does not look at the row; those whom it lets in are not among those who should not be"
                .to_owned(),
            ..finding
        },
        _ => finding,
    }
}

fn mended(scene: &Scene<'_>, table: &Table, policy: &Policy, weak: Weak) -> String {
    let name = format!("{} on {}", quote_identifier(&policy.name), table.name.quoted());
    match &policy.using {
        // The other condition says whose the row is.
        Some(using) if !weak.using => format!("alter policy {name} with check ({using});"),
        _ => without(scene, table, policy),
    }
}
