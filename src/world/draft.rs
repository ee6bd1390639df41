//! A row to be, and how its columns get their cells.

use std::collections::{BTreeMap, BTreeSet};

use super::entropy::Entropy;
use super::model::Values;
use super::naming::{Nature, is_moment};
use super::people::People;
use super::plan::{Reference, TablePlan, UniqueKey, barest_first};
use super::value::{Cell, Spot, cell};
use super::variant::{Moment, Variant};
use crate::catalog::QualifiedName;

/// The cells of a row, by column.
pub(crate) type Cells = BTreeMap<String, Cell>;

/// A row that is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct MadeRow {
    pub(crate) tenant: Option<usize>,
    pub(crate) seat: Option<usize>,
    /// Whether the world tells of it.
    pub(crate) listed: bool,
    pub(crate) values: Values,
    /// Column and canary.
    pub(crate) canaries: Vec<(String, String)>,
}

/// The rows that are there, by table.
pub(crate) type Store = BTreeMap<QualifiedName, Vec<MadeRow>>;

/// A row to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Draft {
    pub(crate) tenant: Option<usize>,
    pub(crate) seat: Option<usize>,
    /// Its place among the rows of its tenant.
    pub(crate) index: usize,
    /// Unique within the table.
    pub(crate) ordinal: usize,
    /// It is to be left out rather than told of as missing, if it cannot be made.
    pub(crate) optional: bool,
    pub(crate) listed: bool,
    /// As bare as can be: for an insert that a client could do.
    pub(crate) fresh: bool,
    /// Values that are settled.
    pub(crate) pinned: Values,
    pub(crate) attempt: Attempt,
}

/// What was learnt from refusals.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Attempt {
    /// How far each slot has moved on from its best.
    pub(crate) moved: BTreeMap<Slot, usize>,
    /// Variants that overrule the plan's.
    pub(crate) forced: BTreeMap<String, Variant>,
    pub(crate) longest: Option<usize>,
    /// Beginnings and ends lie close together, so that no two rows overlap.
    pub(crate) disjoint: bool,
    /// References that are left for later, or left out.
    pub(crate) pending: BTreeSet<String>,
}

/// Something that can be chosen otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slot {
    /// The row that a reference names. First, so that another parent is tried before none.
    Reference(usize),
    /// A group of columns.
    Group(usize),
    /// A column by itself, by index.
    Column(usize),
}

/// What a draft stands on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) entropy: Entropy,
    pub(crate) people: &'a People,
    pub(crate) store: &'a Store,
    /// Keys of rows that are yet to be made, by table, column, tenant and index.
    pub(crate) planned: &'a BTreeMap<(QualifiedName, String, Option<usize>, usize), String>,
}

/// No row to refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoParent {
    pub(crate) reference: String,
    pub(crate) parent: QualifiedName,
}

/// The cells of `draft`; `earlier` are the rows of the same statement.
pub(crate) fn assemble(
    plan: &TablePlan<'_>,
    draft: &Draft,
    ground: &Ground<'_>,
    earlier: &[(Option<usize>, Cells)],
) -> Result<Cells, NoParent> {
    let mut cells: Cells = draft.pinned.iter().map(|(name, text)| (name.clone(), Cell::plain(text.clone()))).collect();
    let (own, others): (Vec<_>, Vec<_>) =
        plan.references.iter().enumerate().partition(|(_, reference)| reference.parent == plan.table.name);
    for (index, reference) in others {
        assign(reference, index, draft, ground, &mut cells)?;
    }
    let made = free_cells(plan, draft, ground, &cells);
    cells.extend(made);
    for (index, reference) in own {
        assign_own(reference, index, draft, ground, earlier, &mut cells)?;
    }
    apply_group_nulls(plan, draft, &mut cells);
    Ok(cells)
}

fn assign(
    reference: &Reference,
    index: usize,
    draft: &Draft,
    ground: &Ground<'_>,
    cells: &mut Cells,
) -> Result<(), NoParent> {
    let open: Vec<&String> = reference.columns.iter().filter(|name| !cells.contains_key(*name)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let agreeing: Vec<Vec<Option<String>>> = if draft.attempt.pending.contains(&reference.name) {
        planned_row(reference, draft, ground).into_iter().collect()
    } else {
        options(reference, draft, ground)
            .into_iter()
            .map(|row| reference.parent_columns.iter().map(|name| row.values.get(name).cloned().flatten()).collect())
            .collect()
    };
    let agreeing: Vec<Vec<Option<String>>> = agreeing
        .into_iter()
        .filter(|values| {
            reference.columns.iter().zip(values).all(|(name, value)| {
                value.is_some() && cells.get(name).is_none_or(|cell| cell.text() == value.as_deref())
            })
        })
        .collect();
    let moved = draft.attempt.moved.get(&Slot::Reference(index)).copied().unwrap_or_default();
    if agreeing.is_empty() {
        if reference.nullable {
            let nothing: Vec<String> = open.into_iter().cloned().collect();
            cells.extend(nothing.into_iter().map(|name| (name, Cell::plain(None))));
            return Ok(());
        }
        return Err(NoParent { reference: reference.name.clone(), parent: reference.parent.clone() });
    }
    if let Some(values) = agreeing.get(moved % agreeing.len()) {
        for (name, value) in reference.columns.iter().zip(values) {
            cells.entry(name.clone()).or_insert_with(|| Cell::plain(value.clone()));
        }
    }
    Ok(())
}

/// The key that the row referred to will have.
fn planned_row(reference: &Reference, draft: &Draft, ground: &Ground<'_>) -> Option<Vec<Option<String>>> {
    let of = |column: &String| {
        let key = (reference.parent.clone(), column.clone(), draft.tenant, draft.index);
        ground.planned.get(&key).cloned().map(Some)
    };
    reference.parent_columns.iter().map(of).collect()
}

/// The rows that a reference may name, the best first.
pub(crate) fn options<'a>(reference: &Reference, draft: &Draft, ground: &Ground<'a>) -> Vec<&'a MadeRow> {
    let Some(rows) = ground.store.get(&reference.parent) else { return Vec::new() };
    if rows.iter().any(|row| row.seat.is_some()) {
        return people_options(rows, draft, ground);
    }
    let of = |tenant: Option<usize>| rows.iter().filter(move |row| row.tenant == tenant);
    let mut options: Vec<&MadeRow> = match draft.tenant {
        Some(_) => of(draft.tenant).collect(),
        None => of(None).collect(),
    };
    let others: Vec<&MadeRow> = match draft.tenant {
        Some(_) => of(None).collect(),
        None => rows.iter().filter(|row| row.tenant.is_some()).collect(),
    };
    if options.is_empty() {
        options = others;
    } else {
        // Rows of one tenant refer to different parents, as far as there are.
        let turns = options.len();
        options.rotate_left(draft.index % turns);
        options.extend(others);
    }
    options
}

fn people_options<'a>(rows: &'a [MadeRow], draft: &Draft, ground: &Ground<'a>) -> Vec<&'a MadeRow> {
    let of_seat = |seat: Option<usize>| rows.iter().filter(move |row| seat.is_some() && row.seat == seat);
    if draft.seat.is_some() {
        return of_seat(draft.seat).collect();
    }
    match draft.tenant {
        Some(tenant) => {
            let first = ground.people.first_of(tenant);
            let others = rows.iter().filter(|row| row.tenant == Some(tenant) && row.seat != first);
            of_seat(first).chain(others).collect()
        }
        None => {
            let outsider = ground.people.outsider();
            of_seat(outsider).chain(rows.iter().filter(|row| row.seat != outsider)).collect()
        }
    }
}

/// A reference within the table: the second row names the first, the first names none, or itself where it must.
fn assign_own(
    reference: &Reference,
    index: usize,
    draft: &Draft,
    ground: &Ground<'_>,
    earlier: &[(Option<usize>, Cells)],
    cells: &mut Cells,
) -> Result<(), NoParent> {
    let mut candidates: Vec<Vec<Option<String>>> = Vec::new();
    if draft.index > 0 || draft.fresh {
        let of_batch = earlier.iter().filter(|(tenant, _)| *tenant == draft.tenant).map(|(_, row)| {
            let text = |name: &String| row.get(name).and_then(|cell| cell.text().map(str::to_owned));
            reference.parent_columns.iter().map(text).collect()
        });
        let stored = ground.store.get(&reference.parent).into_iter().flatten();
        let of_store = stored
            .filter(|row| row.tenant == draft.tenant)
            .map(|row| reference.parent_columns.iter().map(|name| row.values.get(name).cloned().flatten()).collect());
        candidates.extend(of_store.chain(of_batch));
    }
    if !reference.nullable {
        let own = |name: &String| cells.get(name).and_then(|cell| cell.text().map(str::to_owned));
        candidates.push(reference.parent_columns.iter().map(own).collect());
    }
    let assigned: Cells = reference
        .columns
        .iter()
        .filter(|name| cells.get(*name).is_some_and(|cell| *cell != Cell::Default) && !is_only_own(reference, name))
        .filter_map(|name| cells.get(name).map(|cell| (name.clone(), cell.clone())))
        .collect();
    candidates.retain(|values| {
        reference.columns.iter().zip(values).all(|(name, value)| {
            value.is_some() && assigned.get(name).is_none_or(|cell| cell.text() == value.as_deref())
        })
    });
    let moved = draft.attempt.moved.get(&Slot::Reference(index)).copied().unwrap_or_default();
    let choice = candidates.get(moved % candidates.len().max(1));
    if choice.is_none() && !reference.nullable {
        return Err(NoParent { reference: reference.name.clone(), parent: reference.parent.clone() });
    }
    for (place, name) in reference.columns.iter().enumerate().filter(|(_, name)| !assigned.contains_key(*name)) {
        let value = choice.and_then(|values| values.get(place).cloned().flatten());
        cells.insert(name.clone(), Cell::plain(value));
    }
    Ok(())
}

/// A column that the reference alone fills: it came out null or as a placeholder before.
fn is_only_own(reference: &Reference, name: &str) -> bool {
    reference.columns.len() == 1 && reference.columns.iter().any(|column| column == name)
}

/// Cells of columns that nothing settles.
fn free_cells(plan: &TablePlan<'_>, draft: &Draft, ground: &Ground<'_>, settled: &Cells) -> Cells {
    let mut cells = Cells::new();
    for (index, column) in plan.columns.iter().enumerate() {
        if settled.contains_key(&column.column.name) && !draft.attempt.forced.contains_key(&column.column.name) {
            continue;
        }
        let variant = variant(plan, index, draft);
        let made = match variant {
            Variant::Assigned => unguarded_user(column.nature, draft, ground),
            other => other_cell(&other, plan, index, draft, ground),
        };
        cells.insert(column.column.name.clone(), made);
    }
    cells
}

/// A user's id in a column that no foreign key guards.
fn unguarded_user(nature: Nature, draft: &Draft, ground: &Ground<'_>) -> Cell {
    if nature != Nature::UserReference {
        return Cell::Default;
    }
    let seat = draft
        .seat
        .or_else(|| draft.tenant.and_then(|tenant| ground.people.first_of(tenant)))
        .or_else(|| ground.people.outsider());
    Cell::plain(seat.and_then(|seat| ground.people.seats.get(seat)).and_then(|seat| seat.id.clone()))
}

fn other_cell(variant: &Variant, plan: &TablePlan<'_>, index: usize, draft: &Draft, ground: &Ground<'_>) -> Cell {
    let Some(column) = plan.columns.get(index) else { return Cell::Default };
    let label =
        draft.tenant.and_then(|tenant| ground.people.places.get(tenant)).map(|place| place.label.to_lowercase());
    let spot = Spot {
        entropy: ground.entropy,
        table: &plan.table.name,
        column: column.column,
        label: label.as_deref().unwrap_or("shared"),
        ordinal: draft.ordinal,
        key: column.key,
        longest: draft.attempt.longest,
    };
    cell(variant, &spot)
}

/// The variant that `draft` takes for a column.
pub(crate) fn variant(plan: &TablePlan<'_>, index: usize, draft: &Draft) -> Variant {
    let Some(column) = plan.columns.get(index) else { return Variant::Default };
    if let Some(forced) = draft.attempt.forced.get(&column.column.name) {
        return forced.clone();
    }
    let moved = |slot: Slot| draft.attempt.moved.get(&slot).copied().unwrap_or_default();
    let grouped = plan.group_of(index).and_then(|number| {
        let group = plan.groups.get(number)?;
        let combinations = if draft.fresh { &group.bare } else { &group.full };
        let combination = combinations.get(moved(Slot::Group(number)) % combinations.len().max(1))?;
        let place = group.columns.iter().position(|member| *member == index)?;
        combination.get(place).cloned()
    });
    let own = || {
        let variants = if draft.fresh { barest_first(&column.variants) } else { column.variants.clone() };
        variants.get(moved(Slot::Column(index)) % variants.len().max(1)).cloned().unwrap_or(Variant::Default)
    };
    let chosen = grouped.unwrap_or_else(own);
    match chosen {
        Variant::Moment(_) if draft.attempt.disjoint && is_moment(&column.column.data_type) => {
            Variant::Moment(if column.nature == Nature::End { Moment::SoonEnd } else { Moment::Soon })
        }
        other => other,
    }
}

/// Where a group's combination wants a reference to be null, it is.
fn apply_group_nulls(plan: &TablePlan<'_>, draft: &Draft, cells: &mut Cells) {
    for (index, column) in plan.columns.iter().enumerate().filter(|(_, column)| column.assigned) {
        let wants_null = variant(plan, index, draft) == Variant::Null;
        if wants_null && !draft.pinned.contains_key(&column.column.name) {
            cells.insert(column.column.name.clone(), Cell::plain(None));
        }
    }
}

/// The values of a unique key in a row; `None` where it cannot clash: a default, or a null that is distinct.
fn key_of(unique: &UniqueKey, cells: &Cells) -> Option<Vec<Option<String>>> {
    unique
        .columns
        .iter()
        .map(|name| match cells.get(name) {
            Some(Cell::Value { text: Some(text), .. }) => Some(Some(text.clone())),
            Some(Cell::Value { text: None, .. }) if unique.nulls_not_distinct => Some(None),
            _ => None,
        })
        .collect()
}

/// The unique keys that rows of one table have taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken(BTreeSet<(String, Vec<Option<String>>)>);

impl Taken {
    /// The keys of `cells` that are taken.
    pub(crate) fn clashes<'p>(&self, plan: &'p TablePlan<'_>, cells: &Cells) -> Vec<&'p UniqueKey> {
        let clashes = |unique: &&UniqueKey| {
            key_of(unique, cells).is_some_and(|values| self.0.contains(&(unique.name.clone(), values)))
        };
        plan.uniques.iter().filter(clashes).collect()
    }

    pub(crate) fn take(&mut self, plan: &TablePlan<'_>, cells: &Cells) {
        for unique in &plan.uniques {
            self.0.extend(key_of(unique, cells).map(|values| (unique.name.clone(), values)));
        }
    }

    /// The rows that are there, by their values.
    pub(crate) fn take_values(&mut self, plan: &TablePlan<'_>, values: &Values) {
        let cells = values.iter().map(|(name, text)| (name.clone(), Cell::plain(text.clone()))).collect();
        self.take(plan, &cells);
    }
}

/// Slots that decide these columns, with how many choices each has.
pub(crate) fn slots(
    plan: &TablePlan<'_>,
    draft: &Draft,
    ground: &Ground<'_>,
    columns: &[String],
) -> Vec<(Slot, usize)> {
    let mut slots: BTreeMap<Slot, usize> = BTreeMap::new();
    for name in columns.iter().filter(|name| !draft.pinned.contains_key(*name)) {
        let Some(index) = plan.column_index(name) else { continue };
        for (number, reference) in plan.references.iter().enumerate() {
            if reference.columns.contains(name) {
                slots.insert(Slot::Reference(number), options(reference, draft, ground).len());
            }
        }
        match plan.group_of(index) {
            Some(number) => {
                let group = plan.groups.get(number);
                let count = group.map_or(0, |group| if draft.fresh { group.bare.len() } else { group.full.len() });
                slots.insert(Slot::Group(number), count);
            }
            None => {
                let count = plan.columns.get(index).map_or(0, |column| column.variants.len());
                slots.insert(Slot::Column(index), count);
            }
        }
    }
    slots.into_iter().filter(|(_, count)| *count > 1).collect()
}

/// Moves on to the `number`th choice of these slots together, counted as an odometer counts; false where there is none.
pub(crate) fn turn(attempt: &mut Attempt, slots: &[(Slot, usize)], number: usize) -> bool {
    let mut rest = number;
    for (slot, count) in slots {
        attempt.moved.insert(*slot, rest % count);
        rest /= count;
    }
    rest == 0 && !slots.is_empty()
}

/// Most choices that are tried to find a row that clashes with none.
const MOST_TURNS: usize = 80;

/// A unique key that clashes however the draft is moved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clash {
    /// The key's name.
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    /// The row at its best.
    pub(crate) cells: Cells,
}

/// Moves `draft` until no unique key clashes with what is taken; the cells, or the key that always clashes.
pub(crate) fn assemble_distinct(
    plan: &TablePlan<'_>,
    draft: &mut Draft,
    ground: &Ground<'_>,
    earlier: &[(Option<usize>, Cells)],
    taken: &Taken,
) -> Result<Result<Cells, Clash>, NoParent> {
    let best = assemble(plan, draft, ground, earlier)?;
    let start = draft.attempt.moved.clone();
    let mut clashes = taken.clashes(plan, &best);
    let mut cells = best.clone();
    // One key after the other: each turn must leave fewer that clash.
    while let Some(clash) = clashes.first().copied() {
        let before = draft.attempt.moved.clone();
        let slots = slots(plan, draft, ground, &clash.columns);
        let mut found = None;
        for number in 1..MOST_TURNS {
            draft.attempt.moved.clone_from(&before);
            if !turn(&mut draft.attempt, &slots, number) {
                break;
            }
            let turned = assemble(plan, draft, ground, earlier)?;
            let left = taken.clashes(plan, &turned);
            if left.len() < clashes.len() && !left.contains(&clash) {
                found = Some((turned, left));
                break;
            }
        }
        let Some((turned, left)) = found else {
            draft.attempt.moved = start;
            return Ok(Err(Clash { name: clash.name.clone(), columns: clash.columns.clone(), cells: best }));
        };
        (cells, clashes) = (turned, left);
    }
    Ok(Ok(cells))
}

/// Whether these columns carry a user or a tenant of this world, or a row that was made for it: then a row that has them
/// too is a trigger's, made for ours.
pub(crate) fn shares_identity(people: &People, cells: &Cells, columns: &[String], store: &Store) -> bool {
    let texts: BTreeSet<&str> = columns.iter().filter_map(|name| cells.get(name)?.text()).collect();
    let of_people = people.seats.iter().filter_map(|seat| seat.id.as_deref());
    let of_places = people.places.iter().flat_map(|place| place.ids.values().map(String::as_str));
    let emails = people.seats.iter().map(|seat| seat.email.as_str());
    let known = |text: &str| texts.contains(text) && !text.is_empty();
    of_people.chain(of_places).chain(emails).any(known)
        || store.values().flatten().filter(|row| row.tenant.is_some()).any(|row| {
            // Short numbers are no identity: another row may have them by chance.
            row.values.values().flatten().any(|text| text.len() >= 16 && known(text))
        })
}
