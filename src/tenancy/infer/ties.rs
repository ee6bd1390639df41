//! How the rows of each table belong to a tenant: the best of all the columns and paths that lead to a root.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::names::{OTHER_USER_COLUMN, names_choice, singular, table_words};
use super::reading::{Implied, Reading, cascades, foreign_key_of, is_mandatory};
use super::users::{UserColumn, Users};
use crate::catalog::{ForeignKey, QualifiedName, Table};
use crate::tenancy::{Membership, Origin, Ownership, Reasoned, TenantRoot, Tie};

/// The ties of tables, by name.
pub(super) type Ties = BTreeMap<QualifiedName, Reasoned<Tie>>;

/// What ties are found from.
pub(super) struct Ground<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) users: &'a Users,
    pub(super) roots: &'a [TenantRoot],
    pub(super) memberships: &'a [Membership],
    /// The root whose rows are users.
    pub(super) users_root: Option<usize>,
    /// Where each user has one tenant: the table that says so, and its column with the user's id. Users are no root then.
    pub(super) one_tenant_each: Option<(&'a QualifiedName, &'a str)>,
    /// Ties that a person wrote down.
    pub(super) declared: &'a Ties,
}

/// How good an offer is; smaller is better. A path is never better than the tie of the table that it leads to, so
/// that taking the best offer first settles every table for good.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    class: Class,
    nullable_steps: usize,
    steps: usize,
    user_rank: usize,
    keeps: bool,
    position: i16,
}

/// The sort of an offer, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Settled,
    TenantKey,
    NullableTenantKey,
    TenantPath,
    UserKey,
    NullableTenantPath,
    NullableUserKey,
    UserPath,
    SomeUserKey,
    LastResort,
}

struct Offer<'a> {
    table: &'a Table,
    tie: Tie,
    reason: String,
    origin: Origin,
    /// It leads to a root whose rows are users.
    personal: bool,
}

/// The ties of the project's own tables; what has none is missing.
pub(super) fn ties(ground: &Ground<'_>) -> Ties {
    let mut market = Market { ground, offers: Vec::new(), queue: BinaryHeap::new() };
    for table in ground.reading.own_tables() {
        market.offer_own(table);
    }
    market.settle()
}

struct Market<'a> {
    ground: &'a Ground<'a>,
    offers: Vec<Offer<'a>>,
    queue: BinaryHeap<Reverse<(Rank, usize)>>,
}

impl<'a> Market<'a> {
    fn push(&mut self, rank: Rank, offer: Offer<'a>) {
        self.queue.push(Reverse((rank, self.offers.len())));
        self.offers.push(offer);
    }

    fn settle(mut self) -> Ties {
        let mut ties = Ties::new();
        while let Some(Reverse((rank, index))) = self.queue.pop() {
            let Some(offer) = self.offers.get(index) else { continue };
            let (table, personal) = (offer.table, offer.personal);
            if ties.contains_key(&table.name) {
                continue;
            }
            let tie = Reasoned { value: offer.tie.clone(), reason: offer.reason.clone(), origin: offer.origin };
            self.offer_children(table, &tie.value, &rank, personal, &ties);
            ties.insert(table.name.clone(), tie);
        }
        ties
    }

    /// What the table's own columns offer.
    fn offer_own(&mut self, table: &'a Table) {
        if let Some(declared) = self.ground.declared.get(&table.name) {
            // Global and untied lead nowhere; they are put in at the end.
            if !matches!(declared.value, Tie::Global | Tie::Untied) {
                let personal = self.is_personal(&declared.value);
                self.settled(table, declared.value.clone(), declared.reason.clone(), declared.origin, personal);
            }
            return;
        }
        if let Some(root) = self.ground.roots.iter().position(|root| root.table == table.name) {
            let personal = self.ground.users_root == Some(root);
            let reason = if personal { "its rows are the users, who are tenants" } else { "its rows are the tenants" };
            self.settled(table, Tie::Root(root), reason.to_owned(), Origin::Inferred, personal);
            return;
        }
        if let Some(membership) = self.ground.memberships.iter().find(|membership| membership.table == table.name) {
            let tie = Tie::Key { column: membership.tenant_column.clone(), root: membership.root };
            let reason = format!("{} holds the tenant that the membership is of", membership.tenant_column);
            self.settled(table, tie, reason, Origin::Inferred, false);
            return;
        }
        self.offer_tenant_keys(table);
        self.offer_user_keys(table);
    }

    fn settled(&mut self, table: &'a Table, tie: Tie, reason: String, origin: Origin, personal: bool) {
        let rank = Rank { class: Class::Settled, nullable_steps: 0, steps: 0, user_rank: 0, keeps: false, position: 0 };
        self.push(rank, Offer { table, tie, reason, origin, personal });
    }

    fn is_personal(&self, tie: &Tie) -> bool {
        match tie {
            Tie::Root(root) | Tie::Key { root, .. } => self.ground.users_root == Some(*root),
            Tie::Through { parent, .. } => self.ground.users_root.is_some() && self.ground.users.is_people(parent),
            Tie::Global | Tie::Untied => false,
        }
    }

    fn offer_tenant_keys(&mut self, table: &'a Table) {
        let ground = self.ground;
        for (index, root) in ground.roots.iter().enumerate().filter(|(index, _)| ground.users_root != Some(*index)) {
            for column in &table.columns {
                let foreign_key = foreign_key_of(table, &column.name);
                let refers = foreign_key.is_some_and(|foreign_key| {
                    foreign_key.referenced_table == root.table && foreign_key.referenced_columns == [root.key.clone()]
                });
                let reason = if refers {
                    format!("{} refers to {}", column.name, root.table)
                } else if foreign_key.is_none() && self.names_tenant(table, &column.name, root) {
                    format!("{} is named like the key of {}, though no foreign key says so", column.name, root.table)
                } else {
                    continue;
                };
                let one_a_user = ground.users.extension_of(&table.name).is_some();
                let class = match (column.not_null, one_a_user || names_choice(&column.name)) {
                    (true, _) => Class::TenantKey,
                    (false, false) => Class::NullableTenantKey,
                    (false, true) => Class::LastResort,
                };
                let rank = Rank {
                    class,
                    nullable_steps: usize::from(!column.not_null),
                    steps: usize::from(!refers),
                    user_rank: 0,
                    keeps: !foreign_key.is_some_and(cascades),
                    position: column.position,
                };
                let tie = Tie::Key { column: column.name.clone(), root: index };
                self.push(rank, Offer { table, tie, reason, origin: Origin::Inferred, personal: false });
            }
        }
    }

    /// Whether a column without a foreign key is the tenant's by its name and type.
    fn names_tenant(&self, table: &Table, column: &str, root: &TenantRoot) -> bool {
        if root.ownership == Ownership::IdOnly {
            return column == root.key;
        }
        let Some(root_table) = self.ground.reading.table(&root.table) else { return column == root.key };
        let words = table_words(&root.table.name);
        let name = column.strip_suffix("_id").or_else(|| column.strip_suffix("Id")).unwrap_or_default();
        let mut column_words = super::names::words(name);
        if let Some(last) = column_words.last_mut() {
            *last = singular(last);
        }
        let alias = matches!((name, words.last().map(String::as_str)), ("org", Some("organization" | "organisation")));
        let same_type = |key: &str| {
            let types = (root_table.column(key), table.column(column));
            matches!(types, (Some(key), Some(column)) if key.data_type.unwrapped().name == column.data_type.unwrapped().name)
        };
        !name.is_empty() && (column_words == words || alias) && same_type(&root.key)
    }

    fn offer_user_keys(&mut self, table: &'a Table) {
        let users_root = self.ground.users_root;
        let personal = users_root.is_some();
        for (position, found) in self.ground.users.columns_of(table).into_iter().enumerate() {
            let through = |parent: &QualifiedName, parent_column: &str| Tie::Through {
                columns: vec![found.column.clone()],
                parent: parent.clone(),
                parent_columns: vec![parent_column.to_owned()],
            };
            let tie = match (&found.through, users_root, self.ground.one_tenant_each) {
                (Some((parent, parent_column)), ..) => through(parent, parent_column),
                (None, Some(root), _) => Tie::Key { column: found.column.clone(), root },
                (None, None, Some((parent, parent_column))) if *parent != table.name => through(parent, parent_column),
                (None, None, _) => continue,
            };
            let class = match (personal, found.not_null, found.rank) {
                (true, _, OTHER_USER_COLUMN) => Class::SomeUserKey,
                (true, true, _) => Class::UserKey,
                (true, false, _) => Class::NullableUserKey,
                (false, _, OTHER_USER_COLUMN) => Class::LastResort,
                (false, true, _) => Class::TenantPath,
                (false, false, _) => Class::NullableTenantPath,
            };
            let rank = Rank {
                class,
                nullable_steps: usize::from(!found.not_null),
                steps: usize::from(found.through.is_some()),
                user_rank: found.rank,
                keeps: !found.cascades,
                position: i16::try_from(position).unwrap_or(i16::MAX),
            };
            let reason = user_reason(&found);
            self.push(rank, Offer { table, tie, reason, origin: Origin::Inferred, personal });
        }
    }

    /// What the rows that refer to a settled table gain by it.
    fn offer_children(&mut self, parent: &Table, tie: &Tie, rank: &Rank, personal: bool, settled: &Ties) {
        // Who wrote or changed a row does not own it: references to users count by the names of their columns alone.
        if self.ground.users.is_people(&parent.name) {
            return;
        }
        let ground = self.ground;
        let open = |child: &Table| {
            ground.reading.is_own(&child.name.schema)
                && !settled.contains_key(&child.name)
                && !ground.declared.contains_key(&child.name)
        };
        for (child, foreign_key) in ground.reading.referrers(&parent.name) {
            if open(child) {
                self.offer_child(child, foreign_key, tie, rank, personal);
            }
        }
        for implied in ground.reading.implied(&parent.name) {
            if open(implied.table) {
                self.offer_implied(implied, parent, rank, personal);
            }
        }
    }

    fn offer_child(&mut self, child: &'a Table, foreign_key: &ForeignKey, tie: &Tie, rank: &Rank, personal: bool) {
        let columns = foreign_key.columns.join(", ");
        let parent = &foreign_key.referenced_table;
        let mandatory = is_mandatory(child, foreign_key) && !foreign_key.columns.iter().any(|name| names_choice(name));
        let (class, tie, reason) = match self.shared_key(tie, foreign_key) {
            Some(key) if !personal => {
                let class = if mandatory { Class::TenantKey } else { Class::NullableTenantKey };
                (class, key, format!("{columns} refers to {parent} together with its tenant"))
            }
            _ => {
                let class = match (personal, mandatory && rank.class <= Class::TenantPath) {
                    (true, _) => Class::UserPath,
                    (false, true) => Class::TenantPath,
                    (false, false) => Class::NullableTenantPath,
                };
                let tie = Tie::Through {
                    columns: foreign_key.columns.clone(),
                    parent: parent.clone(),
                    parent_columns: foreign_key.referenced_columns.clone(),
                };
                (class, tie, format!("{columns} refers to {parent}"))
            }
        };
        let first = foreign_key.columns.first().and_then(|name| child.column(name));
        let rank = Rank {
            class: class.max(rank.class),
            nullable_steps: rank.nullable_steps + usize::from(!mandatory),
            steps: rank.steps + 1,
            user_rank: rank.user_rank,
            keeps: !cascades(foreign_key),
            position: first.map_or(0, |column| column.position),
        };
        self.push(rank, Offer { table: child, tie, reason, origin: Origin::Inferred, personal });
    }

    fn offer_implied(&mut self, implied: &Implied<'a>, parent: &Table, rank: &Rank, personal: bool) {
        let column = &implied.column.name;
        let tie = Tie::Through {
            columns: vec![column.clone()],
            parent: parent.name.clone(),
            parent_columns: vec![implied.referenced_column.to_owned()],
        };
        let reason = format!("{column} is named like references to {}, though no foreign key says so", parent.name);
        let rank = Rank {
            class: Class::LastResort,
            nullable_steps: rank.nullable_steps + usize::from(!implied.column.not_null),
            steps: rank.steps + 1,
            user_rank: rank.user_rank,
            keeps: true,
            position: implied.column.position,
        };
        self.push(rank, Offer { table: implied.table, tie, reason, origin: Origin::Inferred, personal });
    }

    /// The column of the child that a foreign key holds equal to the parent's tenant key.
    fn shared_key(&self, tie: &Tie, foreign_key: &ForeignKey) -> Option<Tie> {
        let (key, root) = match tie {
            Tie::Key { column, root } => (column, *root),
            Tie::Root(root) => (&self.ground.roots.get(*root)?.key, *root),
            _ => return None,
        };
        let place = foreign_key.referenced_columns.iter().position(|column| column == key)?;
        Some(Tie::Key { column: foreign_key.columns.get(place)?.clone(), root })
    }
}

fn user_reason(found: &UserColumn) -> String {
    match (&found.through, found.referring) {
        (Some((parent, _)), _) => format!("{} refers to {}, which is one user's", found.column, parent),
        (None, true) => format!("{} refers to the user that it belongs to", found.column),
        (None, false) => format!("{} is named like a user's id, though no foreign key says so", found.column),
    }
}

/// The tables that lie on the way from `start` to their roots.
pub(super) fn on_the_way(ties: &Ties, start: &BTreeSet<QualifiedName>) -> BTreeSet<QualifiedName> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&QualifiedName> = start.iter().collect();
    while let Some(name) = next.pop() {
        if let Some(Reasoned { value: Tie::Through { parent, .. }, .. }) = ties.get(name)
            && found.insert(parent.clone())
        {
            next.push(parent);
        }
    }
    found
}

/// Where a chain of ties ends that reaches no root: at a table without one, or in a circle.
pub(super) fn end_of(ties: &Ties, start: &QualifiedName) -> Option<QualifiedName> {
    let mut seen = BTreeSet::new();
    let mut current = start;
    loop {
        match ties.get(current).map(|tie| &tie.value) {
            Some(Tie::Root(_) | Tie::Key { .. }) => return None,
            Some(Tie::Through { parent, .. }) if seen.insert(current) => current = parent,
            _ => return Some(current.clone()),
        }
    }
}
