//! Fills one table: all rows in one statement, or one by one where that is refused.

use super::error::PopulateError;
use super::insert::{insert_sql, made, values_of, where_equal};
use super::repair::{FEW_TRIES, MOST_TRIES, Tried};
use super::work::{Manner, Work};
use crate::catalog::quote_identifier;
use crate::tenancy::{Ownership, TableRole, Tie};
use crate::world::making::{
    Attempt, Cells, Clash, Draft, MadeRow, Sort, Step, TablePlan, Taken, assemble_distinct, membership_of,
};

/// The tenant that gets no row where there may be one each, so that one can be inserted.
const SPARED: Option<usize> = Some(2);

/// The filling of one table.
struct Filling {
    manner: Manner,
    taken: Taken,
    /// Each tenant may have one row.
    one_each: bool,
    learnt: Attempt,
    reason: Option<String>,
    /// A row was tried in every way and refused: the next need not be tried as long.
    hopeless: bool,
}

impl Work<'_> {
    pub(super) async fn fill(&mut self, step: &Step) -> Result<(), PopulateError> {
        let Some(plan) = self.plans.remove(&step.table) else { return Ok(()) };
        let filled = self.fill_by(&plan, step).await;
        self.plans.insert(step.table.clone(), plan);
        filled
    }

    async fn fill_by(&mut self, plan: &TablePlan<'_>, step: &Step) -> Result<(), PopulateError> {
        let manner = self.prepare_pending(plan, step).await?;
        let mut drafts = self.wishes().drafts(plan.table);
        for draft in &mut drafts {
            draft.attempt.pending.clone_from(&step.pending);
            draft.attempt.disjoint = !plan.table.exclusions.is_empty();
            self.pin_planned(plan, draft);
        }
        let drafts = self.adopt_what_is_there(plan, drafts).await?;
        let mut filling = Filling {
            manner,
            taken: Taken::default(),
            one_each: false,
            learnt: Attempt::default(),
            reason: None,
            hopeless: false,
        };
        for row in self.store.get(&plan.table.name).into_iter().flatten() {
            filling.taken.take_values(plan, &row.values);
        }
        let (together, singly) = self.prepare(plan, drafts, &mut filling);
        let refused = self.insert_together(plan, together, &filling).await?;
        for row in self.store.get(&plan.table.name).into_iter().flatten() {
            filling.taken.take_values(plan, &row.values);
        }
        for draft in refused.into_iter().chain(singly) {
            self.insert_singly(plan, draft, &mut filling).await?;
        }
        self.learnt.insert(plan.table.name.clone(), (filling.manner, filling.learnt.clone()));
        self.settle(plan, &filling).await
    }

    /// Assembles what can go in together; what needs a closer look comes back as the second part.
    fn prepare(
        &self,
        plan: &TablePlan<'_>,
        drafts: Vec<Draft>,
        filling: &mut Filling,
    ) -> (Vec<(Draft, Cells)>, Vec<Draft>) {
        let sort = self.wishes().sort(&plan.table.name);
        let mut taken = filling.taken.clone();
        let mut together: Vec<(Draft, Cells)> = Vec::new();
        let mut earlier: Vec<(Option<usize>, Cells)> = Vec::new();
        let mut singly = Vec::new();
        for mut draft in drafts {
            if filling.one_each && draft.tenant == SPARED && matches!(sort, Sort::Tied(_)) {
                continue;
            }
            match assemble_distinct(plan, &mut draft, &self.ground(), &earlier, &taken) {
                Ok(Ok(cells)) => {
                    taken.take(plan, &cells);
                    earlier.push((draft.tenant, cells.clone()));
                    together.push((draft, cells));
                }
                Ok(Err(_)) if draft.optional && draft.index > 0 && draft.seat.is_none() => {
                    filling.one_each |= draft.index == 1;
                }
                Ok(Err(_)) => singly.push(draft),
                Err(parent) if draft.optional => drop(parent),
                Err(parent) => {
                    filling.reason.get_or_insert(format!(
                        "{} needs a row of {}, and there is none",
                        parent.reference, parent.parent
                    ));
                }
            }
        }
        (together, singly)
    }

    /// Inserts rows in one statement; all of them come back where it is refused.
    async fn insert_together(
        &mut self,
        plan: &TablePlan<'_>,
        together: Vec<(Draft, Cells)>,
        filling: &Filling,
    ) -> Result<Vec<Draft>, PopulateError> {
        let rows: Vec<&Cells> = together.iter().map(|(_, cells)| cells).collect();
        let drafts = || together.iter().map(|(draft, _)| draft.clone()).collect::<Vec<_>>();
        let Some((first, _)) = together.first() else { return Ok(Vec::new()) };
        if filling.manner == Manner::Claims {
            return Ok(drafts());
        }
        let (before, after) = self.surroundings(filling.manner, first);
        let place = usize::from(!before.is_empty());
        let inserts = insert_sql(plan.table, &rows);
        if inserts.ends_with("default values") && rows.len() > 1 {
            return Ok(drafts());
        }
        let sql = format!("{before}{inserts} returning *{after}");
        let Ok(results) = self.attempt(&plan.table.name, &sql).await? else { return Ok(drafts()) };
        let values = results.get(place).map(values_of).unwrap_or_default();
        if values.len() != together.len() {
            // A trigger swallows or redirects rows: take back those that went in, and look at them one by one.
            self.take_back(plan, values).await?;
            return Ok(drafts());
        }
        for ((draft, cells), values) in together.iter().zip(values) {
            self.keep(plan, made(draft, cells, values));
        }
        Ok(Vec::new())
    }

    /// Deletes the rows of a statement of which a trigger swallowed a part.
    async fn take_back(&mut self, plan: &TablePlan<'_>, rows: Vec<crate::world::Values>) -> Result<(), PopulateError> {
        for row in rows {
            if let Some(condition) = where_equal(plan.table.key_columns(), &row) {
                let sql = format!("delete from {} where {condition}", plan.table.name.quoted());
                let _kept_if_refused = self.attempt(&plan.table.name, &sql).await?;
            }
        }
        Ok(())
    }

    /// Inserts one row. A membership whose role is refused (there may be one owner) is tried with the next.
    async fn insert_singly(
        &mut self,
        plan: &TablePlan<'_>,
        draft: Draft,
        filling: &mut Filling,
    ) -> Result<(), PopulateError> {
        let membership = self.intent.memberships.iter().find(|membership| membership.table == plan.table.name);
        let column = membership.and_then(|membership| membership.role_column.clone());
        let roles = membership.map(|membership| membership.roles.clone()).unwrap_or_default();
        let now = column.as_ref().and_then(|column| draft.pinned.get(column).cloned().flatten());
        let (Some(column), Some(now)) = (column, now) else {
            return self.insert_singly_as_it_is(plan, draft, filling).await;
        };
        let later = roles.iter().skip_while(|role| **role != now).skip(1).cloned();
        for role in std::iter::once(now.clone()).chain(later) {
            let mut draft = draft.clone();
            draft.pinned.insert(column.clone(), Some(role));
            let before = self.store.get(&plan.table.name).map_or(0, Vec::len);
            self.insert_singly_as_it_is(plan, draft, filling).await?;
            if self.store.get(&plan.table.name).map_or(0, Vec::len) > before {
                break;
            }
        }
        Ok(())
    }

    async fn insert_singly_as_it_is(
        &mut self,
        plan: &TablePlan<'_>,
        mut draft: Draft,
        filling: &mut Filling,
    ) -> Result<(), PopulateError> {
        let sort = self.wishes().sort(&plan.table.name);
        if filling.one_each && draft.tenant == SPARED && matches!(sort, Sort::Tied(_)) {
            return Ok(());
        }
        let Attempt { pending, moved, disjoint, .. } = draft.attempt;
        let disjoint = disjoint || filling.learnt.disjoint;
        draft.attempt = Attempt { pending, moved, disjoint, ..filling.learnt.clone() };
        let tries = if filling.hopeless { FEW_TRIES } else { MOST_TRIES };
        match self.insert_adapting(plan, &mut draft, &filling.taken, filling.manner, tries).await? {
            Tried::In(cells, values, manner) => {
                filling.manner = filling.manner.max(manner);
                filling.learnt = Attempt { moved: std::collections::BTreeMap::new(), ..draft.attempt.clone() };
                filling.taken.take_values(plan, &values);
                self.keep(plan, made(&draft, &cells, values));
            }
            Tried::Clash(Clash { columns, cells, name }) => {
                let adopted = self.adopt_clash(plan, &draft, &cells, &columns).await?;
                if !adopted && draft.index == 1 && draft.optional && draft.seat.is_none() {
                    filling.one_each = true;
                } else if !adopted && !draft.optional {
                    filling.reason.get_or_insert(format!("{name}: every value that was tried is taken"));
                }
            }
            Tried::Out(reason) => {
                filling.hopeless = true;
                if !draft.optional {
                    filling.reason.get_or_insert(reason);
                }
            }
        }
        Ok(())
    }

    /// Takes over the row that has the key already, if it was made for ours and is not ours yet.
    async fn adopt_clash(
        &mut self,
        plan: &TablePlan<'_>,
        draft: &Draft,
        cells: &Cells,
        columns: &[String],
    ) -> Result<bool, PopulateError> {
        if !self.may_be_ours(draft, cells, columns) {
            return Ok(false);
        }
        let Some(condition) = where_equal(columns, &super::insert::given(cells)) else { return Ok(false) };
        let Some(existing) = self.find(plan, &condition).await?.into_iter().next() else { return Ok(false) };
        let key = plan.table.key_columns();
        let same = |row: &MadeRow| key.iter().all(|name| row.values.get(name) == existing.get(name));
        if self.store.get(&plan.table.name).is_some_and(|rows| rows.iter().any(same)) {
            return Ok(false);
        }
        let row = self.adopt(plan, draft, cells, existing).await?;
        self.keep(plan, row);
        Ok(true)
    }

    /// What the rows of this table say about users and tenants, and what is missing.
    async fn settle(&mut self, plan: &TablePlan<'_>, filling: &Filling) -> Result<(), PopulateError> {
        let table = &plan.table.name;
        if filling.manner == Manner::WithoutTriggers {
            let deferred =
                self.without_triggers.get(table).map(|said| format!("a deferred constraint refused them: {said}"));
            let why = match self.refusals.get(table) {
                _ if deferred.is_some() => deferred.unwrap_or_default(),
                Some(refusal) => format!("its triggers refused every row: {refusal}"),
                None => "its references form a cycle that nothing defers".to_owned(),
            };
            self.notes
                .push(format!("the rows of {table} went in with its triggers and references switched off: {why}"));
        }
        let sort = self.wishes().sort(table);
        if sort == Sort::Users {
            self.take_user_ids(plan);
        }
        self.take_tenant_ids(plan);
        self.take_posts(plan);
        let empty = self.store.get(table).is_none_or(Vec::is_empty);
        if empty && matches!(sort, Sort::Free | Sort::Parent) {
            self.borrow_rows(plan, sort).await?;
        }
        let nothing = self.store.get(table).is_none_or(Vec::is_empty);
        let missing = (0..2).any(|tenant| {
            matches!(sort, Sort::Tied(_) | Sort::Root(_) | Sort::Membership(_))
                && !self.store.get(table).is_some_and(|rows| rows.iter().any(|row| row.tenant == Some(tenant)))
        });
        if nothing || missing {
            let reason = filling.reason.clone().unwrap_or_else(|| "no row could be made".to_owned());
            self.gap(table, reason);
        }
        Ok(())
    }

    fn take_user_ids(&mut self, plan: &TablePlan<'_>) {
        let Some((_, key)) = &self.intent.users else { return };
        let rows = self.store.get(&plan.table.name);
        for (number, seat) in self.people.seats.iter_mut().enumerate() {
            let row = rows.and_then(|rows| rows.iter().find(|row| row.seat == Some(number)));
            seat.id = row.and_then(|row| row.values.get(key).cloned().flatten());
        }
    }

    fn take_tenant_ids(&mut self, plan: &TablePlan<'_>) {
        let root = match plan.intent.map(|intent| (intent.role, &intent.tie.value)) {
            Some((TableRole::Root(root), _) | (_, &Tie::Root(root))) => Some(root),
            // Users out of the clients' reach may be tenants all the same.
            _ => self.intent.roots.iter().position(|root| root.table == plan.table.name),
        };
        let Some((root, tenant_root)) = root.and_then(|root| Some((root, self.intent.roots.get(root)?))) else {
            return;
        };
        let rows = self.store.get(&plan.table.name).map(Vec::as_slice).unwrap_or_default();
        for (tenant, place) in self.people.places.iter_mut().enumerate() {
            let of_tenant = |row: &&MadeRow| match tenant_root.ownership {
                Ownership::User => !place.sparse && row.seat == Some(place.first),
                _ => row.tenant == Some(tenant),
            };
            match rows.iter().find(of_tenant).and_then(|row| row.values.get(&tenant_root.key).cloned().flatten()) {
                Some(id) => place.ids.insert(root, id),
                None => place.ids.remove(&root),
            };
        }
    }

    /// Memberships that could not be made are none, and those that came out with another role have that.
    fn take_posts(&mut self, plan: &TablePlan<'_>) {
        let of_table = |membership: &&crate::tenancy::Membership| membership.table == plan.table.name;
        let Some(membership) = self.intent.memberships.iter().find(of_table) else { return };
        let decides = membership_of(self.intent, membership.root) == Some(membership);
        let root = self.intent.roots.get(membership.root).map(|root| &root.ownership);
        let rows = self.store.get(&plan.table.name).map(Vec::as_slice).unwrap_or_default();
        let places: Vec<usize> = self.people.places.iter().map(|place| place.first).collect();
        for (number, seat) in self.people.seats.iter_mut().enumerate() {
            seat.posts.retain_mut(|post| {
                if post.root != membership.root {
                    return true;
                }
                let owns = matches!(root, Some(Ownership::OwnerColumn(_))) && places.get(post.tenant) == Some(&number);
                let row = rows.iter().find(|row| row.seat == Some(number) && row.tenant == Some(post.tenant));
                let role = membership.role_column.as_ref().and_then(|column| row?.values.get(column)?.clone());
                if decides && !owns && role.is_some() {
                    post.role = role;
                }
                !decides || owns || row.is_some()
            });
        }
    }

    /// Reference data that is full: rows that are there stand in as ones to refer to and to look at.
    async fn borrow_rows(&mut self, plan: &TablePlan<'_>, sort: Sort) -> Result<(), PopulateError> {
        let order: Vec<String> = plan.table.key_columns().iter().map(|name| quote_identifier(name)).collect();
        let order = if order.is_empty() { String::new() } else { format!(" order by {}", order.join(", ")) };
        for values in self.find(plan, &format!("true{order} limit 2")).await? {
            let listed = sort == Sort::Free;
            self.keep(plan, MadeRow { listed, values, ..MadeRow::default() });
        }
        Ok(())
    }
}
