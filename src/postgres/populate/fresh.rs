//! Rows that could be inserted now: each is, and is undone.

use super::error::PopulateError;
use super::insert::{given, insert_sql, where_equal};
use super::repair::{FEW_TRIES, MOST_TRIES, Tried};
use super::work::{Manner, Work};
use crate::catalog::QualifiedName;
use crate::world::making::{Attempt, Cells, Clash, Draft, Sort, TablePlan, Taken, assemble_distinct, joins_people};
use crate::world::{FreshRow, Values};

/// Statements for one candidate: guard, insert, check what is deferred, undo.
const STEPS: usize = 4;
/// Candidates in one round trip.
const TOGETHER: usize = 100;

/// A fresh row that is still to be proved.
struct Candidate {
    table: QualifiedName,
    draft: Draft,
    cells: Cells,
    prepare: Vec<String>,
    manner: Manner,
}

impl Work<'_> {
    pub(super) async fn find_fresh_rows(&mut self) -> Result<(), PopulateError> {
        let tables: Vec<QualifiedName> =
            self.plans.keys().filter(|table| self.intent.tables.contains_key(*table)).cloned().collect();
        let mut candidates = Vec::new();
        for table in &tables {
            let Some(plan) = self.plans.remove(table) else { continue };
            candidates.extend(self.candidates(&plan));
            self.plans.insert(table.clone(), plan);
        }
        let mut waiting: &[Candidate] = &candidates;
        while !waiting.is_empty() {
            let chunk = waiting.get(..TOGETHER.min(waiting.len())).unwrap_or(waiting);
            let proved = self.prove(chunk).await?;
            for candidate in chunk.iter().take(proved) {
                self.keep_fresh(candidate, &candidate.cells, candidate.prepare.clone());
            }
            if let Some(refused) = chunk.get(proved) {
                self.adapt_fresh(refused).await?;
            }
            waiting = waiting.get((proved + 1).min(chunk.len()).max(proved)..).unwrap_or_default();
        }
        self.tell_of_missing(&tables);
        Ok(())
    }

    fn candidates(&self, plan: &TablePlan<'_>) -> Vec<Candidate> {
        let mut taken = Taken::default();
        for row in self.store.get(&plan.table.name).into_iter().flatten() {
            taken.take_values(plan, &row.values);
        }
        let (manner, learnt) = self.learnt.get(&plan.table.name).cloned().unwrap_or_default();
        let manner = if manner == Manner::WithoutTriggers { Manner::Plain } else { manner };
        let mut candidates = Vec::new();
        for mut draft in self.wishes().fresh_drafts(plan.table) {
            let forced = std::collections::BTreeMap::new();
            let disjoint = learnt.disjoint || !plan.table.exclusions.is_empty();
            draft.attempt = Attempt { forced, disjoint, pending: std::collections::BTreeSet::new(), ..learnt.clone() };
            // What joins two rows may have to join two that belong together: that of a kept row does, any other pair may not.
            let joining = self.joining_key(plan);
            if let Some(key) = joining {
                draft.index = 0;
                if let Ok(Ok(cells)) = assemble_distinct(plan, &mut draft, &self.ground(), &[], &Taken::default()) {
                    let prepare = make_room(plan, key, &given(&cells));
                    candidates.push(Candidate { table: plan.table.name.clone(), draft, cells, prepare, manner });
                    continue;
                }
            }
            let (cells, prepare) = match assemble_distinct(plan, &mut draft, &self.ground(), &[], &taken) {
                Ok(Ok(cells)) => (cells, Vec::new()),
                Ok(Err(Clash { columns, cells, .. })) => {
                    let prepare = make_room(plan, &columns, &given(&cells));
                    (cells, prepare)
                }
                Err(_) => continue,
            };
            candidates.push(Candidate { table: plan.table.name.clone(), draft, cells, prepare, manner });
        }
        candidates
    }

    /// The unique key of a table that joins rows: of references alone. Who joins something, or is given a role, is somebody new; elsewhere a
    /// person's own pair is taken, since most policies let nobody make another's.
    fn joining_key<'p>(&self, plan: &'p TablePlan<'_>) -> Option<&'p [String]> {
        let gives_role = plan.table.columns.iter().any(|column| {
            let name = column.name.to_lowercase();
            name == "role" || name == "role_id" || name.ends_with("_role")
        });
        let tied = matches!(self.wishes().sort(&plan.table.name), Sort::Tied(_));
        let own_pair = tied && !gives_role && !joins_people(&plan.table.name.name);
        let joins = |column: &String| {
            plan.references.iter().any(|reference| {
                let people =
                    self.store.get(&reference.parent).is_some_and(|rows| rows.iter().any(|row| row.seat.is_some()));
                (own_pair || !people) && reference.parent != plan.table.name && reference.columns.contains(column)
            })
        };
        plan.uniques
            .iter()
            .find(|key| key.columns.len() > 1 && key.columns.iter().all(joins))
            .map(|key| key.columns.as_slice())
    }

    /// Inserts these one after the other, each undone; how many went in before one did not.
    async fn prove(&mut self, candidates: &[Candidate]) -> Result<usize, PopulateError> {
        let mut sql = Vec::new();
        for candidate in candidates {
            let Some(plan) = self.plans.get(&candidate.table) else { continue };
            if !candidate.prepare.is_empty() || candidate.manner != Manner::Plain {
                break;
            }
            sql.push(format!(
                "savepoint seaworthy_fresh; {}; set constraints all immediate; rollback to savepoint seaworthy_fresh",
                insert_sql(plan.table, &[&candidate.cells])
            ));
        }
        let Some(first) = candidates.first().filter(|_| !sql.is_empty()) else { return Ok(0) };
        let count = sql.len();
        match self.attempt(&first.table, &sql.join("; ")).await? {
            // A trigger that swallows the row raises no error.
            Ok(results) => {
                let inserts = results.iter().skip(1).step_by(STEPS);
                Ok(inserts.take_while(|insert| insert.affected > 0).count().min(count))
            }
            Err(error) => Ok((error.completed / STEPS).min(count)),
        }
    }

    /// A candidate that was refused, or that needs room or claims: by itself, with the same means as a row to keep.
    async fn adapt_fresh(&mut self, candidate: &Candidate) -> Result<(), PopulateError> {
        let Some(plan) = self.plans.remove(&candidate.table) else { return Ok(()) };
        let result = self.adapt_fresh_by(&plan, candidate).await;
        self.plans.insert(candidate.table.clone(), plan);
        result
    }

    async fn adapt_fresh_by(&mut self, plan: &TablePlan<'_>, candidate: &Candidate) -> Result<(), PopulateError> {
        let mut draft = candidate.draft.clone();
        let mut prepare = candidate.prepare.clone();
        let mut taken = Taken::default();
        if prepare.is_empty() {
            for row in self.store.get(&plan.table.name).into_iter().flatten() {
                taken.take_values(plan, &row.values);
            }
        }
        let learnt = self.learnt.get(&plan.table.name).map(|(manner, _)| *manner);
        let tries = if learnt == Some(Manner::WithoutTriggers) { FEW_TRIES } else { MOST_TRIES };
        // Once as it is, and once more with the row in its way gone.
        for _ in 0..2 {
            let guard = format!(
                "savepoint seaworthy_outer{}",
                prepare.iter().map(|sql| format!("; {sql}")).collect::<String>()
            );
            if self.session.run(&guard).await.is_err() {
                self.frame("undo a fresh row", UNDO).await?;
                return Ok(());
            }
            let tried = self.insert_adapting(plan, &mut draft, &taken, candidate.manner, tries).await?;
            self.frame("undo a fresh row", UNDO).await?;
            match tried {
                Tried::In(cells, _, manner) if manner != Manner::WithoutTriggers => {
                    self.keep_fresh(
                        &Candidate {
                            draft,
                            cells: Cells::new(),
                            prepare: Vec::new(),
                            table: candidate.table.clone(),
                            manner,
                        },
                        &cells,
                        prepare,
                    );
                    return Ok(());
                }
                Tried::Clash(Clash { columns, cells, .. }) if prepare.is_empty() => {
                    prepare = make_room(plan, &columns, &given(&cells));
                    taken = Taken::default();
                    if prepare.is_empty() {
                        return Ok(());
                    }
                }
                Tried::Out(reason) => {
                    self.refusals.entry(candidate.table.clone()).or_insert(reason);
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn keep_fresh(&mut self, candidate: &Candidate, cells: &Cells, prepare: Vec<String>) {
        let fresh = FreshRow { tenant: candidate.draft.tenant, values: given(cells), prepare };
        self.world.rows.entry(candidate.table.clone()).or_default().fresh.push(fresh);
    }

    /// A table with rows but with none that could be added is a gap, unless its rows are nobody's.
    fn tell_of_missing(&mut self, tables: &[QualifiedName]) {
        for table in tables {
            let rows = self.world.rows.get(table);
            let known = self.world.gaps.iter().any(|gap| gap.table == *table);
            let is_free = self.wishes().sort(table) == Sort::Free;
            if rows.is_none_or(|rows| rows.fresh.is_empty()) && !known && !is_free {
                let refused = self.refusals.get(table).cloned();
                let reason = refused.unwrap_or_else(|| "each that was tried clashes".to_owned());
                self.gap(table, format!("no further row can be inserted: {reason}"));
            }
        }
    }
}

const UNDO: &str = "rollback to savepoint seaworthy_outer; release savepoint seaworthy_outer";

/// Statements that delete the row that has this key, without what hangs on it noticing.
fn make_room(plan: &TablePlan<'_>, columns: &[String], values: &Values) -> Vec<String> {
    let Some(condition) = where_equal(columns, values) else { return Vec::new() };
    vec![
        "set local session_replication_role = replica".to_owned(),
        format!("delete from {} where {condition}", plan.table.name.quoted()),
        "set local session_replication_role = origin".to_owned(),
    ]
}
