//! Cycles of references: null at first and made up for later, or named before the row is there.

use super::error::PopulateError;
use super::insert::where_equal;
use super::work::{Manner, Work};
use crate::catalog::{Identity, QualifiedName, quote_identifier, quote_literal};
use crate::world::making::{Draft, Reference, Spot, Step, TablePlan, Variant, cell, options};

impl Work<'_> {
    /// Plans the keys of rows that this table names before they are there; returns how its rows are to go in.
    pub(super) async fn prepare_pending(&mut self, plan: &TablePlan<'_>, step: &Step) -> Result<Manner, PopulateError> {
        let table = &plan.table.name;
        let mut manner =
            if self.without_triggers.contains_key(table) { Manner::WithoutTriggers } else { Manner::Plain };
        for reference in plan.references.iter().filter(|reference| step.pending.contains(&reference.name)) {
            if reference.nullable {
                self.left_for_later.push((table.clone(), reference.name.clone()));
                continue;
            }
            self.plan_keys(reference);
            let is_constraint = plan.table.foreign_keys.iter().any(|key| key.name == reference.name);
            if reference.deferrable && is_constraint {
                let name = QualifiedName::new(&table.schema, &reference.name);
                self.frame("defer a reference", &format!("set constraints {} deferred", name.quoted())).await?;
            } else if is_constraint {
                manner = Manner::WithoutTriggers;
            }
        }
        Ok(manner)
    }

    /// Settles the keys that the rows of the table referred to will have.
    fn plan_keys(&mut self, reference: &Reference) {
        let Some(parent) = self.plans.get(&reference.parent) else { return };
        let mut planned = Vec::new();
        for draft in self.wishes().drafts(parent.table) {
            for name in &reference.parent_columns {
                let text = match draft.pinned.get(name) {
                    Some(text) => text.clone(),
                    None => self.planned_key(parent, &draft, name),
                };
                let key = (reference.parent.clone(), name.clone(), draft.tenant, draft.index);
                planned.extend(text.map(|text| (key, text)));
            }
        }
        self.planned.extend(planned);
    }

    fn planned_key(&self, parent: &TablePlan<'_>, draft: &Draft, name: &str) -> Option<String> {
        let column = parent.columns.iter().find(|plan| plan.column.name == name)?;
        if column.column.identity == Identity::Always {
            return None;
        }
        let type_name = column.column.data_type.unwrapped().name.as_str();
        if matches!(type_name, "int2" | "int4" | "int8") {
            // Far from where a sequence is, near enough for a smallint.
            return Some((30_000 + draft.ordinal).to_string());
        }
        let label =
            draft.tenant.and_then(|tenant| self.people.places.get(tenant)).map(|place| place.label.to_lowercase());
        let spot = Spot {
            entropy: self.entropy,
            table: &parent.table.name,
            column: column.column,
            label: label.as_deref().unwrap_or("shared"),
            ordinal: draft.ordinal,
            key: true,
            longest: None,
        };
        cell(&Variant::Typical, &spot).text().map(str::to_owned)
    }

    /// Pins what other rows have named already.
    pub(super) fn pin_planned(&self, plan: &TablePlan<'_>, draft: &mut Draft) {
        if self.planned.is_empty() {
            return;
        }
        for column in &plan.columns {
            let name = &column.column.name;
            let key = (plan.table.name.clone(), name.clone(), draft.tenant, draft.index);
            if let Some(text) = self.planned.get(&key) {
                draft.pinned.entry(name.clone()).or_insert_with(|| Some(text.clone()));
            }
        }
    }

    /// Fills in the references that had to be null at first.
    pub(super) async fn make_up_for_pending(&mut self) -> Result<(), PopulateError> {
        for (table, name) in std::mem::take(&mut self.left_for_later) {
            let Some(plan) = self.plans.get(&table).cloned() else { continue };
            let Some(reference) = plan.references.iter().find(|reference| reference.name == name) else { continue };
            let rows = self.store.get(&table).cloned().unwrap_or_default();
            for (place, row) in rows.iter().enumerate() {
                let index = rows.iter().take(place).filter(|other| other.tenant == row.tenant).count();
                let draft = Draft { tenant: row.tenant, seat: None, index, ..Draft::default() };
                let found = options(reference, &draft, &self.ground()).into_iter().find_map(|parent| {
                    let values: Option<Vec<String>> = reference
                        .parent_columns
                        .iter()
                        .map(|name| parent.values.get(name).cloned().flatten())
                        .collect();
                    let agrees = |values: &Vec<String>| {
                        reference.columns.iter().zip(values).all(|(name, value)| {
                            row.values.get(name).and_then(Option::as_ref).is_none_or(|text| text == value)
                        })
                    };
                    values.filter(agrees)
                });
                let condition = where_equal(plan.table.key_columns(), &row.values);
                let (Some(values), Some(condition)) = (found, condition) else { continue };
                let assignments: Vec<String> = reference
                    .columns
                    .iter()
                    .zip(&values)
                    .map(|(name, value)| format!("{} = {}", quote_identifier(name), quote_literal(value)))
                    .collect();
                let sql = format!("update {} set {} where {condition}", table.quoted(), assignments.join(", "));
                // It may stay null where a rule or a trigger wants it so.
                let _refused = self.attempt(&table, &sql).await?;
            }
        }
        Ok(())
    }
}
