//! Asks the server which candidates meet the CHECK constraints, before a row is tried.

use std::collections::BTreeSet;

use super::error::PopulateError;
use super::work::Work;
use crate::catalog::QualifiedName;
use crate::world::making::{
    Cell, Entropy, Question, Spot, TablePlan, Variant, barest_first, cell, chance_combinations, near_combinations,
};

/// Questions in one query, by length of text.
const QUERY_LENGTH: usize = 200_000;

/// Who waits for an answer.
#[derive(Debug, Clone)]
enum Asker {
    Column { table: QualifiedName, column: usize, variants: Vec<Variant> },
    Group { table: QualifiedName, group: usize, bare: bool, combinations: Vec<Vec<Variant>> },
}

impl Work<'_> {
    /// Takes out of every plan what the rules refuse.
    pub(super) async fn ask_the_rules(&mut self) -> Result<(), PopulateError> {
        let mut plans = std::mem::take(&mut self.plans);
        let columns: Vec<(Asker, Question<'_>)> =
            plans.values().flat_map(|plan| column_questions(plan, self.entropy)).collect();
        let answers = self.answers(columns).await?;
        for (asker, passed) in answers {
            let Asker::Column { table, column, variants } = asker else { continue };
            let kept: Vec<Variant> = passed.iter().filter_map(|index| variants.get(*index).cloned()).collect();
            let slot = plans.get_mut(&table).and_then(|plan| plan.columns.get_mut(column));
            if let (Some(slot), false) = (slot, kept.is_empty()) {
                slot.variants = kept;
            }
        }
        for near in [true, false] {
            let groups: Vec<(Asker, Question<'_>)> =
                plans.values().flat_map(|plan| group_questions(plan, near, self.entropy)).collect();
            let answers = self.answers(groups).await?;
            for (asker, passed) in answers {
                let Asker::Group { table, group, bare, combinations } = asker else { continue };
                let kept = passed.iter().filter_map(|index| combinations.get(*index).cloned()).collect();
                if let Some(slot) = plans.get_mut(&table).and_then(|plan| plan.groups.get_mut(group)) {
                    *(if bare { &mut slot.bare } else { &mut slot.full }) = kept;
                }
            }
        }
        self.plans = plans;
        Ok(())
    }

    /// Each asker with the candidates that passed, in order.
    async fn answers(
        &mut self,
        asked: Vec<(Asker, Question<'_>)>,
    ) -> Result<Vec<(Asker, BTreeSet<usize>)>, PopulateError> {
        let mut passed: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); asked.len()];
        let mut query: Vec<(usize, String)> = Vec::new();
        let mut length = 0;
        let last = asked.len().saturating_sub(1);
        for (number, (_, question)) in asked.iter().enumerate() {
            let sql = question.sql(number);
            length += sql.len();
            query.push((number, sql));
            if length < QUERY_LENGTH && number != last {
                continue;
            }
            length = 0;
            let together: Vec<&str> = query.iter().map(|(_, sql)| sql.as_str()).collect();
            if !self.collect(&together.join(" union all "), &mut passed).await? {
                // One of them cannot be evaluated: ask each by itself, and a candidate of that one by itself.
                for (number, sql) in &query {
                    if !self.collect(sql, &mut passed).await?
                        && let Some((_, question)) = asked.get(*number)
                    {
                        self.ask_singly(question, *number, &mut passed).await?;
                    }
                }
            }
            query.clear();
        }
        Ok(asked.into_iter().map(|(asker, _)| asker).zip(passed).collect())
    }

    async fn ask_singly(
        &mut self,
        question: &Question<'_>,
        number: usize,
        passed: &mut [BTreeSet<usize>],
    ) -> Result<(), PopulateError> {
        for (index, candidate) in question.candidates.iter().enumerate() {
            let single = Question { candidates: vec![candidate.clone()], ..question.clone() };
            let mut alone = vec![BTreeSet::new(); number + 1];
            let answered = self.collect(&single.sql(number), &mut alone).await?;
            if answered && alone.get(number).is_some_and(|found| !found.is_empty()) {
                passed.get_mut(number).into_iter().for_each(|found| {
                    found.insert(index);
                });
            }
        }
        Ok(())
    }

    /// Runs a query of questions; false where it cannot be evaluated.
    async fn collect(&mut self, sql: &str, passed: &mut [BTreeSet<usize>]) -> Result<bool, PopulateError> {
        match self.session.rows(sql).await {
            Ok(rows) => {
                for row in rows {
                    let mut numbers = row.into_iter().flatten().filter_map(|text| text.parse::<usize>().ok());
                    if let (Some(question), Some(candidate)) = (numbers.next(), numbers.next())
                        && let Some(found) = passed.get_mut(question)
                    {
                        found.insert(candidate);
                    }
                }
                Ok(true)
            }
            Err(source) if source.is_lost() => {
                Err(PopulateError::Lost { table: "the questions about CHECK constraints".to_owned(), source })
            }
            Err(_) => Ok(false),
        }
    }
}

fn column_questions<'p>(plan: &'p TablePlan<'_>, entropy: Entropy) -> Vec<(Asker, Question<'p>)> {
    let mut questions = Vec::new();
    for (index, column) in plan.columns.iter().enumerate().filter(|(_, column)| !column.assigned) {
        let rules = plan.rules_of(column.column);
        if rules.is_empty() {
            continue;
        }
        let candidates = column.variants.iter().map(|variant| vec![sample(plan, index, variant, entropy)]).collect();
        let asker = Asker::Column { table: plan.table.name.clone(), column: index, variants: column.variants.clone() };
        questions.push((asker, Question { rules, columns: vec![column.column], candidates }));
    }
    questions
}

/// For each group that has no combination yet.
fn group_questions<'p>(plan: &'p TablePlan<'_>, near: bool, entropy: Entropy) -> Vec<(Asker, Question<'p>)> {
    let mut questions = Vec::new();
    for (number, group) in plan.groups.iter().enumerate() {
        let members: Vec<_> =
            group.columns.iter().filter_map(|index| Some((*index, plan.columns.get(*index)?))).collect();
        for bare in [false, true] {
            if !(if bare { &group.bare } else { &group.full }).is_empty() {
                continue;
            }
            let pools: Vec<Vec<Variant>> = members
                .iter()
                .map(|(_, column)| if bare { barest_first(&column.variants) } else { column.variants.clone() })
                .collect();
            let label = format!("{} {number}", plan.table.name);
            let combinations =
                if near { near_combinations(&pools) } else { chance_combinations(&pools, entropy, &label) };
            let candidates = combinations
                .iter()
                .map(|combination| {
                    let cells = members.iter().zip(combination);
                    cells.map(|((index, _), variant)| sample(plan, *index, variant, entropy)).collect()
                })
                .collect();
            let asker = Asker::Group { table: plan.table.name.clone(), group: number, bare, combinations };
            let columns = members.iter().map(|(_, column)| column.column).collect();
            questions.push((asker, Question { rules: plan.rules_of_group(group), columns, candidates }));
        }
    }
    questions
}

/// A value as a row would have it; where a reference decides, some value of the type.
fn sample(plan: &TablePlan<'_>, index: usize, variant: &Variant, entropy: Entropy) -> Cell {
    let Some(column) = plan.columns.get(index) else { return Cell::Default };
    let spot = Spot {
        entropy,
        table: &plan.table.name,
        column: column.column,
        label: "a",
        ordinal: index,
        key: column.key,
        longest: None,
    };
    let variant = if *variant == Variant::Assigned { &Variant::Typical } else { variant };
    cell(variant, &spot)
}
