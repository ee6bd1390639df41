//! Rows that triggers made for our users and tenants: they are taken over rather than run into.

use std::collections::BTreeMap;

use super::error::PopulateError;
use super::insert::{given, literal, made, values_of, where_equal};
use super::work::Work;
use crate::catalog::{quote_identifier, quote_literal};
use crate::tenancy::{Ownership, TenantRoot};
use crate::world::Values;
use crate::world::making::{Cell, Cells, Draft, MadeRow, Reference, Sort, TablePlan, assemble, options};

impl Work<'_> {
    /// Takes over the rows that are there for these drafts, and returns the drafts that are still to be made.
    pub(super) async fn adopt_what_is_there(
        &mut self,
        plan: &TablePlan<'_>,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Draft>, PopulateError> {
        // What is there of a user or tenant of ours was made by a trigger: nothing fires before the first user is in.
        if self.store.is_empty() {
            return Ok(drafts);
        }
        match self.wishes().sort(&plan.table.name) {
            Sort::Profiles => self.adopt_by_seat(plan, drafts).await,
            Sort::Membership(index) => {
                let columns = self
                    .intent
                    .memberships
                    .get(index)
                    .map(|membership| [membership.tenant_column.clone(), membership.user_column.clone()]);
                match columns {
                    Some(columns) => self.adopt_by_columns(plan, drafts, &columns).await,
                    None => Ok(drafts),
                }
            }
            Sort::Root(root) => self.adopt_roots(plan, drafts, root).await,
            _ => Ok(drafts),
        }
    }

    /// Profiles: by the column that refers to the user.
    async fn adopt_by_seat(&mut self, plan: &TablePlan<'_>, drafts: Vec<Draft>) -> Result<Vec<Draft>, PopulateError> {
        let of_users = plan.references.iter().find(|reference| {
            let seated =
                self.store.get(&reference.parent).is_some_and(|rows| rows.iter().any(|row| row.seat.is_some()));
            seated && reference.columns.len() == 1
        });
        let unguarded = self.wishes().user_column(plan.table);
        match of_users.and_then(|reference| reference.columns.first().cloned()).or(unguarded) {
            Some(column) => self.adopt_by_columns(plan, drafts, &[column]).await,
            None => Ok(drafts),
        }
    }

    /// Takes over the rows that have a draft's values in these columns.
    async fn adopt_by_columns(
        &mut self,
        plan: &TablePlan<'_>,
        drafts: Vec<Draft>,
        columns: &[String],
    ) -> Result<Vec<Draft>, PopulateError> {
        let mut assembled: Vec<(Draft, Option<Cells>)> = Vec::new();
        for draft in drafts {
            let cells = assemble(plan, &draft, &self.ground(), &[]).ok();
            assembled.push((draft, cells));
        }
        let conditions: Vec<String> = assembled
            .iter()
            .filter_map(|(_, cells)| where_equal(columns, &given(cells.as_ref()?)))
            .map(|condition| format!("({condition})"))
            .collect();
        if conditions.is_empty() {
            return Ok(assembled.into_iter().map(|(draft, _)| draft).collect());
        }
        let mut there = self.find(plan, &conditions.join(" or ")).await?;
        let mut rest = Vec::new();
        for (draft, cells) in assembled {
            let same = |cells: &Cells, row: &Values| {
                columns.iter().all(|name| {
                    cells.get(name).is_some_and(|cell| cell.text() == row.get(name).and_then(Option::as_deref))
                })
            };
            let place = cells.as_ref().and_then(|cells| there.iter().position(|row| same(cells, row)));
            match (place, cells) {
                (Some(place), Some(cells)) => {
                    let existing = there.remove(place);
                    let row = self.adopt(plan, &draft, &cells, existing).await?;
                    self.keep(plan, row);
                }
                _ => rest.push(draft),
            }
        }
        Ok(rest)
    }

    /// Tenants that a sign-up made: the first user's becomes the tenant, the others' go.
    async fn adopt_roots(
        &mut self,
        plan: &TablePlan<'_>,
        drafts: Vec<Draft>,
        root: usize,
    ) -> Result<Vec<Draft>, PopulateError> {
        let Some(tenant_root) = self.intent.roots.get(root).cloned() else { return Ok(drafts) };
        let mut owned = self.tenants_of_seats(plan, &tenant_root, root).await?;
        let mut rest = Vec::new();
        for draft in drafts {
            let sparse =
                draft.tenant.and_then(|tenant| self.people.places.get(tenant)).is_some_and(|place| place.sparse);
            let seat = draft.seat.filter(|_| !sparse);
            let existing = seat.and_then(|seat| owned.get_mut(&seat)).and_then(Vec::pop);
            let cells = assemble(plan, &draft, &self.ground(), &[]).ok();
            let (Some(existing), Some(cells)) = (existing, cells) else {
                rest.push(draft);
                continue;
            };
            let row = self.adopt(plan, &draft, &cells, existing.clone()).await?;
            let planned = draft.pinned.get(&tenant_root.key);
            let has_planned_key = planned.is_none_or(|planned| row.values.get(&tenant_root.key) == Some(planned));
            if has_planned_key || !self.delete(plan, &existing).await? {
                self.keep(plan, row);
            } else {
                rest.push(draft);
            }
        }
        for spare in owned.into_values().flatten() {
            self.delete(plan, &spare).await?;
        }
        Ok(rest)
    }

    /// The tenants that there are, by the seat that owns them or is a member.
    async fn tenants_of_seats(
        &mut self,
        plan: &TablePlan<'_>,
        tenant_root: &TenantRoot,
        root: usize,
    ) -> Result<BTreeMap<usize, Vec<Values>>, PopulateError> {
        let key = quote_identifier(&tenant_root.key);
        let mut owned: BTreeMap<usize, Vec<Values>> = BTreeMap::new();
        let sources: Vec<(String, Vec<(usize, String)>)> = match &tenant_root.ownership {
            Ownership::OwnerColumn(owner) => {
                let values = self.seat_values(plan, owner);
                let source = format!(
                    "select {}::text as seaworthy_seat, {key} as seaworthy_key from {}",
                    quote_identifier(owner),
                    plan.table.name.quoted()
                );
                vec![(source, values)]
            }
            Ownership::Membership => self
                .intent
                .memberships
                .iter()
                .filter(|membership| membership.root == root)
                .filter_map(|membership| {
                    let values = self.seat_values(self.plans.get(&membership.table)?, &membership.user_column);
                    let source = format!(
                        "select {}::text as seaworthy_seat, {} as seaworthy_key from {}",
                        quote_identifier(&membership.user_column),
                        quote_identifier(&membership.tenant_column),
                        membership.table.quoted()
                    );
                    Some((source, values))
                })
                .collect(),
            _ => Vec::new(),
        };
        for (source, values) in sources.into_iter().filter(|(_, values)| !values.is_empty()) {
            let listed: Vec<String> = values.iter().map(|(_, value)| quote_literal(value)).collect();
            let sql = format!(
                "select seaworthy_seat, seaworthy_root.* from ({source}) seaworthy_owned join {} seaworthy_root on seaworthy_root.{key} = seaworthy_key where seaworthy_seat in ({}) order by seaworthy_root.{key}",
                plan.table.name.quoted(),
                listed.join(", ")
            );
            let Ok(results) = self.attempt(&plan.table.name, &sql).await? else { continue };
            for mut row in results.first().map(values_of).unwrap_or_default() {
                let owner = row.remove("seaworthy_seat").flatten();
                let seat = values.iter().find(|(_, value)| Some(value) == owner.as_ref()).map(|(seat, _)| *seat);
                if let Some(seat) = seat {
                    owned.entry(seat).or_default().push(row);
                }
            }
        }
        Ok(owned)
    }

    /// What stands in `column` for each seat: the user's id, or the key of the profile that the column refers to.
    fn seat_values(&self, plan: &TablePlan<'_>, column: &str) -> Vec<(usize, String)> {
        let reference = plan.references.iter().find(|reference| reference.columns == [column]);
        (0..self.people.seats.len())
            .filter_map(|seat| {
                let value = match reference {
                    Some(reference) => self.key_of_seat(reference, seat),
                    None => self.people.seats.get(seat)?.id.clone(),
                };
                Some((seat, value?))
            })
            .collect()
    }

    fn key_of_seat(&self, reference: &Reference, seat: usize) -> Option<String> {
        let draft = Draft { seat: Some(seat), ..Draft::default() };
        let rows = options(reference, &draft, &self.ground());
        rows.first()?.values.get(reference.parent_columns.first()?)?.clone()
    }

    /// The rows that meet a condition.
    pub(super) async fn find(&mut self, plan: &TablePlan<'_>, condition: &str) -> Result<Vec<Values>, PopulateError> {
        let sql = format!("select * from {} where {condition}", plan.table.name.quoted());
        let found = self.attempt(&plan.table.name, &sql).await?;
        Ok(found.ok().and_then(|results| results.first().map(values_of)).unwrap_or_default())
    }

    /// Makes a row that is there as much like the draft as it lets itself be made.
    pub(super) async fn adopt(
        &mut self,
        plan: &TablePlan<'_>,
        draft: &Draft,
        cells: &Cells,
        existing: Values,
    ) -> Result<MadeRow, PopulateError> {
        let key = plan.table.key_columns();
        let Some(condition) = where_equal(key, &existing) else {
            return Ok(made(draft, cells, existing));
        };
        let differs = |name: &&String| match cells.get(*name) {
            Some(Cell::Value { text, .. }) => existing.get(*name) != Some(text),
            _ => false,
        };
        let names: Vec<&String> = cells.keys().filter(differs).collect();
        let beside_key: Vec<&String> = names.iter().copied().filter(|name| !key.contains(name)).collect();
        let holds_canary = |name: &&&String| matches!(cells.get(**name), Some(Cell::Value { canary: Some(_), .. }));
        let canaries: Vec<&String> = beside_key.iter().filter(holds_canary).copied().collect();
        for columns in [names, beside_key, canaries] {
            if columns.is_empty() {
                continue;
            }
            let assignments: Vec<String> = columns
                .iter()
                .map(|name| {
                    let text = cells.get(*name).and_then(Cell::text);
                    format!("{} = {}", quote_identifier(name), literal(text))
                })
                .collect();
            let sql = format!(
                "update {} set {} where {condition} returning *",
                plan.table.name.quoted(),
                assignments.join(", ")
            );
            let updated = self.attempt(&plan.table.name, &sql).await?;
            if let Some(values) =
                updated.ok().and_then(|results| results.first().map(values_of)).and_then(|rows| rows.into_iter().next())
            {
                return Ok(made(draft, cells, values));
            }
        }
        Ok(made(draft, cells, existing))
    }

    /// Deletes a row that a trigger made; false where that is refused.
    async fn delete(&mut self, plan: &TablePlan<'_>, row: &Values) -> Result<bool, PopulateError> {
        let Some(condition) = where_equal(plan.table.key_columns(), row) else { return Ok(false) };
        let sql = format!("delete from {} where {condition}", plan.table.name.quoted());
        let deleted = self.attempt(&plan.table.name, &sql).await?;
        Ok(deleted.is_ok_and(|results| results.first().is_some_and(|result| result.affected > 0)))
    }

    pub(super) fn keep(&mut self, plan: &TablePlan<'_>, row: MadeRow) {
        self.store.entry(plan.table.name.clone()).or_default().push(row);
    }
}
