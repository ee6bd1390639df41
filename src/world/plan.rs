//! How a table is filled: its columns with the ways to fill them, what it refers to, and what must be unique.

use std::collections::{BTreeMap, BTreeSet};

use super::constants::Constants;
use super::entropy::Entropy;
use super::naming::{Nature, nature};
use super::pool::{Facts, is_required, pool};
use super::rules::{Rule, rules};
use super::variant::Variant;
use crate::catalog::{Column, Generated, QualifiedName, Table};
use crate::tenancy::{TableIntent, TableRole, Tie};

/// A plan to fill one table.
#[derive(Debug, Clone)]
pub(crate) struct TablePlan<'a> {
    pub(crate) table: &'a Table,
    pub(crate) intent: Option<&'a TableIntent>,
    pub(crate) columns: Vec<ColumnPlan<'a>>,
    pub(crate) references: Vec<Reference>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) groups: Vec<Group>,
    pub(crate) uniques: Vec<UniqueKey>,
}

/// A column with the ways to fill it.
#[derive(Debug, Clone)]
pub(crate) struct ColumnPlan<'a> {
    pub(crate) column: &'a Column,
    pub(crate) nature: Nature,
    /// A reference or a pin says what goes here.
    pub(crate) assigned: bool,
    /// No canary goes here.
    pub(crate) key: bool,
    /// The ways that may pass, the best first. What the server refused is gone from it.
    pub(crate) variants: Vec<Variant>,
}

/// Columns that constraints bind together, with combinations that pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    /// Indices into [`TablePlan::columns`].
    pub(crate) columns: Vec<usize>,
    /// For rows that are kept, the fullest first.
    pub(crate) full: Vec<Vec<Variant>>,
    /// For fresh rows, the barest first.
    pub(crate) bare: Vec<Vec<Variant>>,
}

/// A reference to a row of another table (or of the same).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) parent: QualifiedName,
    pub(crate) parent_columns: Vec<String>,
    /// Null does for it: one of the columns may be null.
    pub(crate) nullable: bool,
    pub(crate) deferrable: bool,
}

/// Columns whose values may occur once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) nulls_not_distinct: bool,
}

/// What is known of a table from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a, 'c> {
    pub(crate) intent: Option<&'a TableIntent>,
    /// Columns that rows come with: the tenant key, an overriding setting.
    pub(crate) pinned: &'c BTreeSet<String>,
    /// Columns of this table that other tables refer to.
    pub(crate) referred_to: &'c BTreeSet<String>,
    /// The constraint of each partition; empty where there are none, or where anything goes.
    pub(crate) partitions: &'c [String],
}

impl<'a> TablePlan<'a> {
    pub(crate) fn new(table: &'a Table, context: &Context<'a, '_>) -> Self {
        let references = references(table, context.intent);
        let rules = rules(table, context.partitions);
        let keys = key_columns(table, context.referred_to);
        let referring: BTreeSet<&String> = references.iter().flat_map(|reference| &reference.columns).collect();
        let membership = context.intent.is_some_and(|intent| matches!(intent.role, TableRole::Membership(_)));
        // A row whose tie is null belongs to nobody.
        let tie = tie_columns(context.intent);
        let settled: BTreeSet<String> = context.pinned.iter().chain(&tie).cloned().collect();
        let columns: Vec<ColumnPlan<'a>> = table
            .columns
            .iter()
            .filter(|column| column.generated == Generated::No)
            .map(|column| {
                let nature = nature(column);
                let guarded = referring.contains(&column.name) || context.pinned.contains(&column.name);
                let assigned = guarded || nature == Nature::UserReference;
                let mut constants = Constants::default();
                for rule in rules.iter().filter(|rule| rule.columns.contains(&column.name)) {
                    constants.extend(Constants::of(&rule.expression));
                }
                constants.tidy();
                let key = keys.contains(&column.name);
                let facts = Facts { column, nature, constants: &constants, membership };
                let variants = if assigned { assigned_pool(column, &settled) } else { pool(&facts) };
                ColumnPlan { column, nature, assigned, key, variants }
            })
            .collect();
        let groups = groups(&columns, &rules);
        let uniques = uniques(table);
        Self { table, intent: context.intent, columns, references, rules, groups, uniques }
    }

    pub(crate) fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|plan| plan.column.name == name)
    }

    /// The group that a column is in.
    pub(crate) fn group_of(&self, column: usize) -> Option<usize> {
        self.groups.iter().position(|group| group.columns.contains(&column))
    }

    /// The rules that bind nothing but this column.
    pub(crate) fn rules_of(&self, column: &Column) -> Vec<&Rule> {
        self.rules.iter().filter(|rule| rule.columns == [column.name.clone()]).collect()
    }

    /// The rules that bind more than one column, all of this group.
    pub(crate) fn rules_of_group(&self, group: &Group) -> Vec<&Rule> {
        let within = |name: &String| {
            group.columns.iter().any(|index| self.columns.get(*index).is_some_and(|plan| plan.column.name == *name))
        };
        self.rules.iter().filter(|rule| rule.columns.len() > 1 && rule.columns.iter().all(within)).collect()
    }
}

fn tie_columns(intent: Option<&TableIntent>) -> BTreeSet<String> {
    match intent.map(|intent| &intent.tie.value) {
        Some(Tie::Key { column, .. }) => BTreeSet::from([column.clone()]),
        Some(Tie::Through { columns, .. }) => columns.iter().cloned().collect(),
        _ => BTreeSet::new(),
    }
}

fn assigned_pool(column: &Column, pinned: &BTreeSet<String>) -> Vec<Variant> {
    let mut variants = vec![Variant::Assigned];
    if !is_required(column) && !pinned.contains(&column.name) {
        variants.push(Variant::Null);
    }
    variants
}

/// The foreign keys, and the tie where no foreign key guards it.
fn references(table: &Table, intent: Option<&TableIntent>) -> Vec<Reference> {
    let tie = tie_columns(intent);
    let nullable = |columns: &[String]| {
        let free = columns.iter().filter(|name| !tie.contains(*name));
        free.filter_map(|name| table.column(name)).any(|column| !is_required(column))
    };
    let mut references: Vec<Reference> = Vec::new();
    for key in &table.foreign_keys {
        let generated = |name: &String| table.column(name).is_some_and(|column| column.generated != Generated::No);
        let twin = |other: &Reference| other.columns == key.columns && other.parent == key.referenced_table;
        if key.columns.iter().any(generated) || references.iter().any(twin) {
            continue;
        }
        references.push(Reference {
            name: key.name.clone(),
            columns: key.columns.clone(),
            parent: key.referenced_table.clone(),
            parent_columns: key.referenced_columns.clone(),
            nullable: nullable(&key.columns),
            deferrable: key.deferrable,
        });
    }
    if let Some(Tie::Through { columns, parent, parent_columns }) = intent.map(|intent| &intent.tie.value)
        && !references.iter().any(|reference| reference.columns == *columns && reference.parent == *parent)
    {
        references.push(Reference {
            name: format!("the tie of {}", table.name),
            columns: columns.clone(),
            parent: parent.clone(),
            parent_columns: parent_columns.clone(),
            nullable: nullable(columns),
            // No constraint enforces it.
            deferrable: true,
        });
    }
    // Those that leave least to choose come first, so that wider ones follow them.
    references.sort_by_key(|reference| {
        let tie = intent.is_some_and(
            |intent| matches!(&intent.tie.value, Tie::Through { columns, .. } if *columns == reference.columns),
        );
        (!tie, reference.nullable, usize::MAX - reference.columns.len(), reference.name.clone())
    });
    references
}

fn key_columns(table: &Table, referred_to: &BTreeSet<String>) -> BTreeSet<String> {
    let primary = table.primary_key.iter().flat_map(|key| key.columns.iter().cloned());
    primary.chain(referred_to.iter().cloned()).collect()
}

fn uniques(table: &Table) -> Vec<UniqueKey> {
    let constraints = table.primary_key.iter().chain(&table.uniques).map(|key| UniqueKey {
        name: key.name.clone(),
        columns: key.columns.clone(),
        nulls_not_distinct: key.nulls_not_distinct,
    });
    let whole = |index: &&crate::catalog::Index| index.unique && !index.constraint && index.predicate.is_none();
    let indexes = table.indexes.iter().filter(whole).filter_map(|index| {
        let columns: Option<Vec<String>> = index.columns.iter().cloned().collect();
        Some(UniqueKey { name: index.name.clone(), columns: columns?, nulls_not_distinct: index.nulls_not_distinct })
    });
    constraints.chain(indexes).collect()
}

/// Columns bound together by rules over several, by union-find over the rules.
fn groups(columns: &[ColumnPlan<'_>], rules: &[Rule]) -> Vec<Group> {
    let position: BTreeMap<&str, usize> =
        columns.iter().enumerate().map(|(index, plan)| (plan.column.name.as_str(), index)).collect();
    let mut sets: Vec<BTreeSet<usize>> = Vec::new();
    for rule in rules {
        let bound: BTreeSet<usize> =
            rule.columns.iter().filter_map(|name| position.get(name.as_str()).copied()).collect();
        if bound.len() < 2 {
            continue;
        }
        let (touching, apart): (Vec<_>, Vec<_>) = sets.into_iter().partition(|set| !set.is_disjoint(&bound));
        sets = apart;
        sets.push(touching.into_iter().fold(bound, |all, set| all.union(&set).copied().collect()));
    }
    sets.into_iter().map(|set| Group { columns: set.into_iter().collect(), ..Group::default() }).collect()
}

/// How many combinations are tried for one group: first those near to the best, and many by chance where none of them passes.
const NEAR: usize = 60;
const BY_CHANCE: usize = 400;

/// The best of each pool, one column off that, then two.
pub(crate) fn near_combinations(pools: &[Vec<Variant>]) -> Vec<Vec<Variant>> {
    let best: Vec<usize> = vec![0; pools.len()];
    let longest = pools.iter().map(Vec::len).max().unwrap_or_default();
    // The second best of every column before the third of any.
    let alternatives: Vec<(usize, usize)> = (1..longest)
        .flat_map(|pick| {
            pools.iter().enumerate().filter(move |(_, pool)| pick < pool.len()).map(move |(at, _)| (at, pick))
        })
        .collect();
    let replace = |picks: &[usize], (column, pick): (usize, usize)| {
        let mut picks = picks.to_vec();
        picks.get_mut(column).into_iter().for_each(|slot| *slot = pick);
        picks
    };
    let one_off = alternatives.iter().take(NEAR / 2).map(|alternative| replace(&best, *alternative));
    let pairs = alternatives.iter().flat_map(|first| alternatives.iter().map(move |second| (*first, *second)));
    let pairs = pairs.filter(|(first, second)| first.0 < second.0).take(NEAR / 2);
    let two_off = pairs.map(|(first, second)| replace(&replace(&best, first), second));
    std::iter::once(best.clone()).chain(one_off).chain(two_off).filter_map(|picks| picked(pools, &picks)).collect()
}

/// Combinations drawn by chance.
pub(crate) fn chance_combinations(pools: &[Vec<Variant>], entropy: Entropy, label: &str) -> Vec<Vec<Variant>> {
    let picks: Vec<_> = pools.iter().map(|pool| 0..pool.len().max(1)).collect();
    let draws = proptest::collection::vec(picks, BY_CHANCE);
    let drawn: BTreeSet<Vec<usize>> =
        entropy.sample(&draws, &["combination", label]).unwrap_or_default().into_iter().collect();
    // The nearer to the best, the earlier.
    let mut ordered: Vec<Vec<usize>> = drawn.into_iter().collect();
    ordered.sort_by_key(|picks| picks.iter().sum::<usize>());
    ordered.iter().filter_map(|picks| picked(pools, picks)).collect()
}

fn picked(pools: &[Vec<Variant>], picks: &[usize]) -> Option<Vec<Variant>> {
    picks.iter().zip(pools).map(|(pick, pool)| pool.get(*pick).cloned()).collect()
}

/// The variants for a fresh row: what can be left out is.
pub(crate) fn barest_first(variants: &[Variant]) -> Vec<Variant> {
    if variants.contains(&Variant::Assigned) {
        return variants.to_vec();
    }
    let leaves_out = |variant: &&Variant| matches!(variant, Variant::Default | Variant::Null);
    let bare = variants.iter().filter(leaves_out).map(|_left_out| Variant::Default);
    let mut ordered: Vec<Variant> = bare.take(1).collect();
    ordered.extend(variants.iter().filter(|variant| **variant != Variant::Default).cloned());
    ordered
}
