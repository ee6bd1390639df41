//! What no path ties: reference data, views, partitions, and what is left.

use std::collections::BTreeSet;

use super::names::{Holds, holds, names_migrations, names_reference, names_somebody, singular, table_words, words};
use super::reading::{Reading, holds_rows, is_unique, single_key};
use super::sources::Use;
use super::ties::Ties;
use super::users::Users;
use crate::catalog::{Column, ForeignKey, QualifiedName, Table};
use crate::tenancy::{Origin, Reasoned, TenantRoot, Tie};

fn inferred(value: Tie, reason: impl Into<String>) -> Reasoned<Tie> {
    Reasoned { value, reason: reason.into(), origin: Origin::Inferred }
}

/// Adds a tie for each of the project's tables that has none: [`Tie::Global`] or [`Tie::Untied`].
pub(super) fn globals(reading: &Reading<'_>, users: &Users, ties: &mut Ties) {
    let mut open: Vec<&Table> = reading.own_tables().filter(|table| !ties.contains_key(&table.name)).collect();
    // Policies tell callers apart, and no tenant was found: whose these rows are is not known, whatever their names say.
    let unread = if any_tied(ties) { None } else { told_apart(reading) };
    if let Some(place) = unread {
        let reason = format!("{place} compares a column with the caller's identity, and no tenant was found");
        let (books, rest): (Vec<&Table>, Vec<&Table>) =
            open.into_iter().partition(|table| names_migrations(&table.name.name));
        ties.extend(rest.into_iter().map(|table| (table.name.clone(), inferred(Tie::Untied, reason.clone()))));
        open = books;
    }
    // Reference data may refer to reference data: prices to products.
    while let Some((place, reason)) =
        open.iter().enumerate().find_map(|(place, table)| Some((place, global_reason(reading, users, ties, table)?)))
    {
        let table = open.swap_remove(place);
        ties.insert(table.name.clone(), inferred(Tie::Global, reason));
    }
    for table in open {
        ties.insert(table.name.clone(), inferred(Tie::Untied, "no column and no foreign key leads to a tenant"));
    }
}

fn any_tied(ties: &Ties) -> bool {
    ties.values().any(|tie| !matches!(tie.value, Tie::Global | Tie::Untied))
}

/// A policy that compares a column with a claim or setting which is no role.
fn told_apart<'a>(reading: &'a Reading<'_>) -> Option<&'a str> {
    let is_role = |found: &Use| {
        holds(found.source.path.last().unwrap_or(&found.source.setting)).is_some_and(|held| held == Holds::Role)
    };
    let tells = |found: &&Use| {
        let own = found.table.as_ref().is_some_and(|table| reading.is_own(&table.schema));
        own && found.column.is_some() && found.place.starts_with("policy ") && !is_role(found)
    };
    reading.uses.iter().find(tells).map(|found| found.place.as_str())
}

/// Why a table without a tie is reference data, if it is.
fn global_reason(reading: &Reading<'_>, users: &Users, ties: &Ties, table: &Table) -> Option<String> {
    if names_migrations(&table.name.name) {
        return Some("it keeps the books of a migration tool".to_owned());
    }
    let parents: Vec<&QualifiedName> = table
        .foreign_keys
        .iter()
        .map(|foreign_key| &foreign_key.referenced_table)
        .filter(|parent| {
            **parent != table.name
                && !users.is_people(parent)
                && users.table.as_ref().is_none_or(|(name, _)| name != *parent)
        })
        .collect();
    let is_global = |name: &&QualifiedName| ties.get(*name).is_some_and(|tie| tie.value == Tie::Global);
    if !parents.iter().all(is_global) || table.columns.iter().any(|column| names_somebody(&column.name)) {
        return None;
    }
    let is_tied = |name: &QualifiedName| ties.get(name).is_some_and(|tie| !matches!(tie.value, Tie::Untied));
    // `custom_domain_checks` is about a custom domain; it does not look one up.
    let own_words = table_words(&table.name.name);
    let is_about = |child: &Table| {
        let words = table_words(&child.name.name);
        own_words.iter().all(|word| words.contains(word))
    };
    let looks_up = |child: &Table, foreign_key: &ForeignKey| {
        let columns: Vec<&str> = foreign_key.columns.iter().map(String::as_str).collect();
        // Where each row is referred to once, it is a part of the row that refers to it.
        is_tied(&child.name) && !is_about(child) && !is_unique(child, &columns)
    };
    let referring = reading
        .referrers(&table.name)
        .iter()
        .find(|(child, foreign_key)| looks_up(child, foreign_key))
        .map(|(child, _)| *child)
        .filter(|_| says_its_name(table));
    if let Some(child) = referring {
        return Some(format!("{} looks it up, and nothing in it leads to a tenant", child.name));
    }
    if names_reference(&table.name.name) {
        return Some("it is named like reference data, and nothing in it leads to a tenant".to_owned());
    }
    if !parents.is_empty() {
        return Some("it refers to reference data alone".to_owned());
    }
    is_lookup_shaped(table).then(|| "it is keyed by a code or name, and nothing in it leads to a tenant".to_owned())
}

/// Whether rows have something to choose them by.
fn says_its_name(table: &Table) -> bool {
    let names = |column: &Column| {
        let last = words(&column.name).pop().unwrap_or_default();
        matches!(last.as_str(), "name" | "title" | "label" | "code" | "slug" | "symbol" | "key" | "description")
            && column.data_type.is_text()
    };
    names_reference(&table.name.name) || table.columns.iter().any(names)
}

/// Whether a table is keyed by a code, as lookup tables are.
fn is_lookup_shaped(table: &Table) -> bool {
    // A store of keys and values may hold anything.
    if table.columns.iter().any(|column| column.data_type.is_json()) {
        return false;
    }
    let code = |name: &str| {
        words(name)
            .last()
            .is_some_and(|word| matches!(word.as_str(), "code" | "slug" | "iso" | "symbol" | "iso2" | "iso3"))
    };
    let is_text = |name: &str| table.column(name).is_some_and(|column| column.data_type.is_text());
    let unique_code =
        table.uniques.iter().any(|key| matches!(key.columns.as_slice(), [only] if code(only) && is_text(only)));
    let text_key = single_key(table).is_some_and(|key| is_text(key) && (code(key) || key == "name"));
    unique_code || text_key
}

/// Adds the ties of partitions and inheritance children: their parent's.
pub(super) fn partitions(reading: &Reading<'_>, ties: &mut Ties) {
    let children =
        reading.catalog.tables.iter().filter(|table| holds_rows(table) && reading.is_own(&table.name.schema));
    for table in children {
        let mut top = table;
        let mut steps = 0;
        while let Some(parent) = top.parent.as_ref().and_then(|parent| reading.table(parent)).filter(|_| steps < 32) {
            top = parent;
            steps += 1;
        }
        if steps == 0 || ties.contains_key(&table.name) {
            continue;
        }
        if let Some(tie) = ties.get(&top.name) {
            let reason = format!("it is a part of {}", top.name);
            let tie = Reasoned { value: tie.value.clone(), reason, origin: tie.origin };
            ties.insert(table.name.clone(), tie);
        }
    }
}

/// Adds the ties of views: those of the tables that they read, where they show the columns that it takes.
pub(super) fn views(reading: &Reading<'_>, roots: &[TenantRoot], ties: &mut Ties) {
    let views = reading.catalog.tables.iter().filter(|table| !holds_rows(table) && reading.is_own(&table.name.schema));
    for view in views {
        if ties.contains_key(&view.name) {
            continue;
        }
        let tie = view_tie(reading, roots, ties, view);
        ties.insert(view.name.clone(), tie);
    }
}

fn view_tie(reading: &Reading<'_>, roots: &[TenantRoot], ties: &Ties, view: &Table) -> Reasoned<Tie> {
    let bases = bases(reading, view);
    let tied = |base: &&&Table| ties.get(&base.name).is_some_and(|tie| !matches!(tie.value, Tie::Global | Tie::Untied));
    let only = bases.iter().filter(tied).count() == 1;
    let mut shown: Vec<(usize, &Table, Tie)> = Vec::new();
    for base in &bases {
        let Some(tie) = ties.get(&base.name) else { continue };
        shown.extend(shown_tie(&tie.value, roots, base, view, only).map(|(rank, tie)| (rank, *base, tie)));
    }
    shown.sort_by_key(|(rank, base, _)| (*rank, &base.name));
    if let Some((_, base, tie)) = shown.into_iter().next() {
        return inferred(tie, format!("a view that shows the tenant key of {}", base.name));
    }
    let all_global = bases.iter().all(|base| ties.get(&base.name).is_some_and(|tie| tie.value == Tie::Global));
    if !bases.is_empty() && all_global {
        return inferred(Tie::Global, "a view of reference data alone");
    }
    inferred(Tie::Untied, "a view that shows no tenant key")
}

/// The tables that a view reads, through other views too.
fn bases<'a>(reading: &Reading<'a>, view: &Table) -> Vec<&'a Table> {
    let mut seen: BTreeSet<&QualifiedName> = BTreeSet::new();
    let mut next: Vec<&'a Table> = view.depends_on.iter().filter_map(|name| reading.table(name)).collect();
    let mut bases = Vec::new();
    while let Some(table) = next.pop() {
        if !seen.insert(&table.name) {
            continue;
        }
        if holds_rows(table) {
            bases.push(table);
        } else {
            next.extend(table.depends_on.iter().filter_map(|name| reading.table(name)));
        }
    }
    bases
}

/// What is left of a table's tie in a view of it, and how sure that is; smaller is surer.
fn shown_tie(tie: &Tie, roots: &[TenantRoot], base: &Table, view: &Table, only: bool) -> Option<(usize, Tie)> {
    let shows = |name: &str| {
        let (Some(of_base), Some(of_view)) = (base.column(name), view.column(name)) else { return false };
        of_base.data_type.unwrapped().name == of_view.data_type.unwrapped().name
    };
    match tie {
        Tie::Key { column, root } => shows(column).then(|| (root + 1, tie.clone())),
        Tie::Root(root) => {
            let key = &roots.get(*root)?.key;
            let referring = format!("{}_id", table_words(&base.name.name).last().map(|word| singular(word))?);
            let named = view.column(&referring).map(|column| column.name.clone());
            let column = named.or_else(|| (only && shows(key)).then(|| key.clone()))?;
            Some((*root, Tie::Key { column, root: *root }))
        }
        Tie::Through { columns, .. } => columns.iter().all(|column| shows(column)).then(|| (100, tie.clone())),
        Tie::Global | Tie::Untied => None,
    }
}
