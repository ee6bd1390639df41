//! Tries a row again and again, each time otherwise, until it goes in or nothing is left to try.

use std::collections::BTreeMap;

use super::error::PopulateError;
use super::refusal::{Refusal, reason};
use super::work::{Manner, Work};
use crate::postgres::SqlError;
use crate::world::Values;
use crate::world::making::{
    Cells, Clash, Constants, Draft, TablePlan, Taken, Variant, assemble_distinct, shares_identity, slots, turn,
};

/// How often a row is tried.
pub(super) const MOST_TRIES: usize = 70;
/// How often a row is tried whose like was refused in every way.
pub(super) const FEW_TRIES: usize = 4;
/// How many other values a row is given for a trigger that refuses.
const MOST_GUESSES: usize = 24;

/// How it went.
pub(super) enum Tried {
    /// It went in, with these cells and values.
    In(Cells, Values, Manner),
    /// A row that is there already has its key; the cells it was to have.
    Clash(Clash),
    /// Nothing helped.
    Out(String),
}

/// What was tried so far.
struct Effort {
    manner: Manner,
    turns: BTreeMap<String, usize>,
    guesses: Vec<BTreeMap<String, Variant>>,
    guessed: bool,
    shortest: [usize; 3],
}

impl Work<'_> {
    /// Inserts `draft`, adapting it to each refusal. What was learnt stays in `draft.attempt`.
    pub(super) async fn insert_adapting(
        &mut self,
        plan: &TablePlan<'_>,
        draft: &mut Draft,
        taken: &Taken,
        manner: Manner,
        tries: usize,
    ) -> Result<Tried, PopulateError> {
        let mut effort =
            Effort { manner, turns: BTreeMap::new(), guesses: Vec::new(), guessed: false, shortest: [24, 12, 4] };
        let mut last = "nothing was tried".to_owned();
        for _ in 0..tries {
            let cells = match assemble_distinct(plan, draft, &self.ground(), &[], taken) {
                Ok(Ok(cells)) => cells,
                Ok(Err(clash)) => return Ok(Tried::Clash(clash)),
                Err(parent) => {
                    return Ok(Tried::Out(format!(
                        "{}: there is no row of {} that it could refer to",
                        parent.reference, parent.parent
                    )));
                }
            };
            let refused = match self.insert_one(plan, draft, &cells, effort.manner).await? {
                Ok(Some(values)) => return Ok(Tried::In(cells, values, effort.manner)),
                Ok(None) => swallowed(plan),
                Err(error) => error,
            };
            last = reason(&refused);
            let refusal = Refusal::of(&refused, plan);
            if let Refusal::Taken { name, columns, .. } = &refusal
                && self.is_settled(plan, draft, columns)
            {
                return Ok(Tried::Clash(Clash { columns: columns.clone(), cells, name: name.clone() }));
            }
            if self.adapt(plan, draft, &refusal, &cells, &mut effort) {
                continue;
            }
            let before = effort.manner;
            if self.escalate(plan, draft, &mut effort) {
                if before != effort.manner && effort.manner == Manner::WithoutTriggers {
                    self.refusals.insert(plan.table.name.clone(), last.clone());
                }
                continue;
            }
            if let Refusal::Taken { name, columns, exact: true } = refusal {
                return Ok(Tried::Clash(Clash { columns, cells, name }));
            }
            break;
        }
        Ok(Tried::Out(last))
    }

    /// Whether nothing about these columns can be chosen otherwise.
    fn is_settled(&self, plan: &TablePlan<'_>, draft: &Draft, columns: &[String]) -> bool {
        let fixed = |name: &String| {
            draft.pinned.contains_key(name) || plan.references.iter().any(|reference| reference.columns.contains(name))
        };
        columns.iter().all(fixed) && slots(plan, draft, &self.ground(), columns).is_empty()
    }

    /// Changes the draft so that this refusal may not come again; false where nothing is left to change.
    fn adapt(
        &self,
        plan: &TablePlan<'_>,
        draft: &mut Draft,
        refusal: &Refusal,
        cells: &Cells,
        effort: &mut Effort,
    ) -> bool {
        match refusal {
            Refusal::Null(column) => force_value(plan, draft, column),
            Refusal::Rule { name, columns } | Refusal::Taken { name, columns, .. } => {
                self.turn_on(plan, draft, name, columns, effort)
            }
            Refusal::Overlap { name, columns } => {
                if !draft.attempt.disjoint {
                    draft.attempt.disjoint = true;
                    return true;
                }
                self.turn_on(plan, draft, name, columns, effort)
            }
            Refusal::Dangling { name, columns } => {
                if self.turn_on(plan, draft, name, columns, effort) {
                    return true;
                }
                let nullable = plan.references.iter().any(|reference| reference.name == *name && reference.nullable);
                nullable && draft.attempt.pending.insert(name.clone())
            }
            Refusal::TooLong => {
                let next =
                    effort.shortest.into_iter().find(|length| draft.attempt.longest.is_none_or(|now| *length < now));
                draft.attempt.longest = next.or(draft.attempt.longest);
                next.is_some() && !cells.is_empty()
            }
            Refusal::Other => false,
        }
    }

    fn turn_on(
        &self,
        plan: &TablePlan<'_>,
        draft: &mut Draft,
        name: &str,
        columns: &[String],
        effort: &mut Effort,
    ) -> bool {
        let slots = slots(plan, draft, &self.ground(), columns);
        let number = effort.turns.entry(name.to_owned()).or_default();
        *number += 1;
        turn(&mut draft.attempt, &slots, *number)
    }

    /// The next means against a trigger: the caller's claims, other values, and in the end no triggers at all.
    fn escalate(&self, plan: &TablePlan<'_>, draft: &mut Draft, effort: &mut Effort) -> bool {
        let has_triggers = plan.table.triggers.iter().any(|trigger| trigger.enabled && trigger.on_insert);
        if !has_triggers {
            return false;
        }
        match effort.manner {
            Manner::Plain => {
                effort.manner = Manner::Claims;
                effort.turns.clear();
                true
            }
            Manner::Claims => {
                if !effort.guessed {
                    effort.guesses = self.guesses(plan, draft);
                    effort.guessed = true;
                }
                if let Some(guess) = effort.guesses.pop() {
                    draft.attempt.forced = guess;
                } else {
                    draft.attempt.forced.clear();
                    effort.manner = Manner::WithoutTriggers;
                }
                true
            }
            Manner::WithoutTriggers => false,
        }
    }

    /// Values that the trigger functions speak of, for the columns that they read; the last is tried first.
    fn guesses(&self, plan: &TablePlan<'_>, draft: &Draft) -> Vec<BTreeMap<String, Variant>> {
        let mut constants = Constants::default();
        let mut columns: Vec<String> = Vec::new();
        for trigger in plan.table.triggers.iter().filter(|trigger| trigger.enabled && trigger.on_insert) {
            let functions = self.catalog.functions.iter().filter(|function| function.name == trigger.function);
            for function in functions {
                constants.extend(Constants::of(&function.source));
                columns.extend(new_columns(plan, &function.source));
            }
        }
        constants.tidy();
        columns.sort();
        columns.dedup();
        let mut guesses = Vec::new();
        for column in columns.iter().filter(|name| !draft.pinned.contains_key(*name) || name.ends_with("meta_data")) {
            let Some(found) = plan.columns.iter().find(|found| found.column.name == *column) else { continue };
            for variant in crate::world::making::guesses(found.column, &constants) {
                guesses.push(BTreeMap::from([(column.clone(), variant)]));
            }
        }
        guesses.truncate(MOST_GUESSES);
        guesses.reverse();
        guesses
    }

    /// Whether a row that is in the way can be ours: it carries a user or tenant of this world.
    pub(super) fn may_be_ours(&self, draft: &Draft, cells: &Cells, columns: &[String]) -> bool {
        (draft.tenant.is_some() || draft.seat.is_some()) && shares_identity(&self.people, cells, columns, &self.store)
    }
}

/// Gives the column a value where it was left to the server.
fn force_value(plan: &TablePlan<'_>, draft: &mut Draft, column: &str) -> bool {
    let Some(found) = plan.columns.iter().find(|found| found.column.name == column) else { return false };
    let given = found
        .variants
        .iter()
        .find(|variant| !matches!(variant, Variant::Default | Variant::Null | Variant::Assigned))
        .cloned()
        .unwrap_or(Variant::Typical);
    let new = draft.attempt.forced.get(column) != Some(&given);
    draft.attempt.forced.insert(column.to_owned(), given);
    new
}

/// The columns that a trigger function reads of the new row.
fn new_columns(plan: &TablePlan<'_>, source: &str) -> Vec<String> {
    let lower = source.to_lowercase();
    let read = |name: &String| lower.contains(&format!("new.{}", name.to_lowercase()));
    plan.columns.iter().map(|column| column.column.name.clone()).filter(read).collect()
}

/// No error came, and no row.
fn swallowed(plan: &TablePlan<'_>) -> SqlError {
    SqlError {
        sqlstate: Some("P0001".to_owned()),
        message: format!("a trigger on {} let the insert pass without a row", plan.table.name),
        detail: None,
        hint: None,
        constraint: None,
        table: None,
        column: None,
        position: None,
        completed: 0,
    }
}
