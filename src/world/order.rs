use std::collections::{BTreeMap, BTreeSet};

use super::plan::Reference;
use crate::catalog::QualifiedName;

/// A table in the order of filling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) table: QualifiedName,
    /// Its references, by name, to tables that come later.
    pub(crate) pending: BTreeSet<String>,
}

/// What the order depends on.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) table: &'a QualifiedName,
    /// Among those that are ready, the lowest goes first.
    pub(crate) priority: u8,
    pub(crate) references: &'a [Reference],
}

/// How hard a reference binds: the hardest that is unmet decides when a table's turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    /// It may be null at first.
    Nullable,
    /// It may dangle until the end of the transaction.
    Deferrable,
    /// It must be met.
    Firm,
}

fn bond(reference: &Reference) -> Bond {
    match reference {
        Reference { nullable: true, .. } => Bond::Nullable,
        Reference { deferrable: true, .. } => Bond::Deferrable,
        _ => Bond::Firm,
    }
}

/// Parents before children. In a cycle the loosest references are left pending. Linear in tables and references, but
/// for the sorted sets.
pub(crate) fn order(nodes: &[Node<'_>]) -> Vec<Step> {
    let index_of: BTreeMap<&QualifiedName, usize> =
        nodes.iter().enumerate().map(|(index, node)| (node.table, index)).collect();
    let mut unmet: Vec<BTreeMap<Bond, usize>> = vec![BTreeMap::new(); nodes.len()];
    let mut children: Vec<Vec<(usize, Bond)>> = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for reference in node.references {
            let Some(parent) = index_of.get(&reference.parent).copied().filter(|parent| *parent != index) else {
                continue;
            };
            if let (Some(unmet), Some(children)) = (unmet.get_mut(index), children.get_mut(parent)) {
                *unmet.entry(bond(reference)).or_default() += 1;
                children.push((index, bond(reference)));
            }
        }
    }
    let rank = |unmet: &[BTreeMap<Bond, usize>], index: usize| {
        let hardest = unmet.get(index).and_then(|bonds| bonds.keys().next_back().copied());
        (hardest, nodes.get(index).map_or(0, |node| node.priority), nodes.get(index).map(|node| node.table), index)
    };
    let mut waiting: BTreeSet<_> = (0..nodes.len()).map(|index| rank(&unmet, index)).collect();
    let mut done: BTreeSet<usize> = BTreeSet::new();
    let mut steps = Vec::with_capacity(nodes.len());
    while let Some((_, _, _, index)) = waiting.pop_first() {
        done.insert(index);
        for (child, bond) in children.get(index).into_iter().flatten() {
            let was_waiting = waiting.remove(&rank(&unmet, *child));
            if let Some(bonds) = unmet.get_mut(*child)
                && let Some(count) = bonds.get_mut(bond)
            {
                *count -= 1;
                if *count == 0 {
                    bonds.remove(bond);
                }
            }
            if was_waiting {
                waiting.insert(rank(&unmet, *child));
            }
        }
        let Some(node) = nodes.get(index) else { continue };
        let later =
            |reference: &&Reference| index_of.get(&reference.parent).is_some_and(|parent| !done.contains(parent));
        let pending = node.references.iter().filter(later).map(|reference| reference.name.clone()).collect();
        steps.push(Step { table: node.table.clone(), pending });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(parent: &str, nullable: bool, deferrable: bool) -> Reference {
        Reference {
            name: format!("to_{parent}"),
            columns: vec![format!("{parent}_id")],
            parent: QualifiedName::new("public", parent),
            parent_columns: vec!["id".to_owned()],
            nullable,
            deferrable,
        }
    }

    fn run(tables: &[(&str, Vec<Reference>)]) -> Vec<(String, Vec<String>)> {
        let names: Vec<QualifiedName> = tables.iter().map(|(name, _)| QualifiedName::new("public", *name)).collect();
        let nodes: Vec<Node<'_>> =
            names.iter().zip(tables).map(|(table, (_, references))| Node { table, priority: 1, references }).collect();
        order(&nodes).into_iter().map(|step| (step.table.name, step.pending.into_iter().collect())).collect()
    }

    #[test]
    fn parents_come_before_children() {
        let steps =
            run(&[("a", vec![reference("b", false, false)]), ("b", vec![reference("c", true, false)]), ("c", vec![])]);
        assert_eq!(steps.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
        assert!(steps.iter().all(|(_, pending)| pending.is_empty()));
    }

    #[test]
    fn a_cycle_is_cut_where_it_binds_least() {
        let steps = run(&[("a", vec![reference("b", false, false)]), ("b", vec![reference("a", true, false)])]);
        assert_eq!(steps, [("b".to_owned(), vec!["to_a".to_owned()]), ("a".to_owned(), vec![])]);
        let deferred = run(&[("a", vec![reference("b", false, true)]), ("b", vec![reference("a", false, false)])]);
        assert_eq!(deferred.first().map(|(name, _)| name.as_str()), Some("a"));
    }

    #[test]
    fn a_reference_to_itself_is_no_cycle() {
        assert_eq!(run(&[("a", vec![reference("a", false, false)])]), [("a".to_owned(), vec![])]);
    }
}
