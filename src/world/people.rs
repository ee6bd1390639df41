//! Who there is: users, the tenants they belong to, and as what.

use std::collections::BTreeMap;

use super::entropy::Entropy;
use super::model::PrincipalKind;
use crate::catalog::{Catalog, Column, DataType, QualifiedName};
use crate::tenancy::{Identity, IdentityValue, Intent, Membership, Ownership, TenantIds, Tie};

/// A user of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    /// For people: `A owner 1`.
    pub(crate) name: String,
    pub(crate) kind: PrincipalKind,
    /// The tenant that its rows count to; `None` for the stranger.
    pub(crate) home: Option<usize>,
    /// Its place among the users of its tenant.
    pub(crate) index: usize,
    /// It belongs to the tenant, and to no group within: the one that can still be taken into one.
    pub(crate) spare: bool,
    /// Its key in the users' table; `None` while a sequence has not given it.
    pub(crate) id: Option<String>,
    /// What it is to belong to: root, tenant and role. What could not be made is taken out again.
    pub(crate) posts: Vec<Post>,
    /// An address within the domains set aside for examples.
    pub(crate) email: String,
}

/// That a user is to belong to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) root: usize,
    pub(crate) tenant: usize,
    pub(crate) role: Option<String>,
}

/// A tenant of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// `A`, `B`, `C`, and `D` where the user of two tenants owns a second one.
    pub(crate) label: &'static str,
    pub(crate) ids: TenantIds,
    /// The index of its first user.
    pub(crate) first: usize,
    /// Whether it has a row in every table of its roots, or one row each alone (`D`).
    pub(crate) sparse: bool,
}

/// Users and tenants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct People {
    pub(crate) seats: Vec<Seat>,
    pub(crate) places: Vec<Place>,
}

/// More roles than these tell nothing new.
const MOST_ROLES: usize = 6;
const LABELS: [&str; 3] = ["A", "B", "C"];
/// The second tenant of somebody who owns two.
const FOURTH: &str = "D";

impl People {
    pub(crate) fn new(catalog: &Catalog, intent: &Intent, entropy: Entropy) -> Self {
        let mut people = Self::default();
        let roots = root_key_types(catalog, intent);
        let spares = usize::from(has_groups(intent));
        let size = seats_per_tenant(intent) + spares;
        for (tenant, label) in LABELS.iter().enumerate() {
            people.places.push(Place { label, ids: TenantIds::new(), first: people.seats.len(), sparse: false });
            let mut taken: BTreeMap<String, usize> = BTreeMap::new();
            for index in 0..size {
                let posts = posts(intent, tenant, index);
                let role = posts.iter().filter_map(|post| post.role.clone()).next_back().unwrap_or("member".to_owned());
                let role = if index == 0 && posts.iter().any(|post| post.role.as_deref() == Some("owner")) {
                    "owner".to_owned()
                } else {
                    role
                };
                let number = taken.entry(role.clone()).and_modify(|count| *count += 1).or_insert(1);
                let name = format!("{label} {role} {number}");
                let seat = Seat::new(name, PrincipalKind::Member, Some(tenant), posts, entropy);
                people.seats.push(Seat { index, spare: index >= size - spares, ..seat });
            }
        }
        people.add_user_of_two(catalog, intent, entropy);
        people.seats.push(Seat::new("stranger".to_owned(), PrincipalKind::Stranger, None, Vec::new(), entropy));
        people.plan_user_ids(catalog, intent, entropy);
        people.plan_tenant_ids(catalog, intent, &roots, entropy);
        people
    }

    fn add_user_of_two(&mut self, catalog: &Catalog, intent: &Intent, entropy: Entropy) {
        let mut posts = Vec::new();
        for (root, tenant_root) in intent.roots.iter().enumerate() {
            let lists_tenants = || claims_hold(&intent.identity, root);
            let several = match tenant_root.ownership {
                Ownership::User => false,
                Ownership::Claim | Ownership::IdOnly => lists_tenants(),
                Ownership::Membership | Ownership::OwnerColumn(_) => intent.memberships.iter().any(|membership| {
                    membership.root == root
                        && !is_users_table(intent, membership)
                        && !one_tenant_each(catalog, membership)
                }),
            };
            if several {
                let role = membership_of(intent, root).and_then(|membership| membership.roles.first().cloned());
                posts.extend([1, 2].map(|tenant| Post { root, tenant, role: role.clone() }));
            }
        }
        if !posts.is_empty() {
            let seat = Seat::new("B and C member".to_owned(), PrincipalKind::TwoTenants, Some(1), posts, entropy);
            self.seats.push(seat);
            return;
        }
        self.give_the_third_owner_a_fourth_tenant(catalog, intent);
    }

    /// Where tenants are owned by a column, a user of two tenants owns two: C, and D, which is there for that alone.
    fn give_the_third_owner_a_fourth_tenant(&mut self, catalog: &Catalog, intent: &Intent) {
        let owned = intent.roots.iter().enumerate().find_map(|(index, root)| match &root.ownership {
            Ownership::OwnerColumn(column) => Some((index, root, column)),
            _ => None,
        });
        let Some((root, tenant_root, owner)) = owned else { return };
        let once = catalog.table(&tenant_root.table).is_some_and(|table| {
            table.primary_key.iter().chain(&table.uniques).any(|key| key.columns == [owner.clone()])
                || table.indexes.iter().any(|index| index.unique && index.columns == [Some(owner.clone())])
        });
        let Some(first) = self.places.get(2).map(|place| place.first).filter(|_| !once) else { return };
        let fourth = self.places.len();
        self.places.push(Place { label: FOURTH, ids: TenantIds::new(), first, sparse: true });
        if let Some(seat) = self.seats.get_mut(first) {
            seat.posts.push(Post { root, tenant: fourth, role: Some("owner".to_owned()) });
        }
    }

    /// Ids that need no sequence are known before anything is inserted.
    fn plan_user_ids(&mut self, catalog: &Catalog, intent: &Intent, entropy: Entropy) {
        let key_type = user_id_type(catalog, intent);
        let name = key_type.map_or("uuid", |data_type| data_type.unwrapped().name.as_str());
        for (index, seat) in self.seats.iter_mut().enumerate() {
            let labels = ["user", seat.name.as_str()];
            seat.id = match name {
                "uuid" => Some(entropy.uuid(&labels)),
                "int2" | "int4" | "int8" | "numeric" if intent.users.is_none() => Some((9001 + index).to_string()),
                "int2" | "int4" | "int8" | "numeric" => None,
                _ => Some(format!("user_{}", entropy.hex(&labels, 24))),
            };
        }
    }

    fn plan_tenant_ids(&mut self, catalog: &Catalog, intent: &Intent, types: &[Option<DataType>], entropy: Entropy) {
        for (root, tenant_root) in intent.roots.iter().enumerate() {
            let listed = catalog.table(&tenant_root.table).is_some();
            let type_name =
                types.get(root).and_then(Option::as_ref).map(|data_type| data_type.unwrapped().name.as_str());
            for place in &mut self.places {
                if place.sparse && !matches!(tenant_root.ownership, Ownership::OwnerColumn(_)) {
                    continue;
                }
                let labels = ["tenant", place.label, &root.to_string()];
                let id = match (&tenant_root.ownership, type_name.unwrap_or("uuid")) {
                    (Ownership::User, _) if keyed_by_user(catalog, intent, root) => {
                        self.seats.get(place.first).and_then(|seat| seat.id.clone())
                    }
                    (_, "uuid") => Some(entropy.uuid(&labels)),
                    (_, "int2" | "int4" | "int8" | "numeric") if listed => None,
                    (_, "int2" | "int4" | "int8" | "numeric") => {
                        let place_number =
                            LABELS.iter().position(|label| *label == place.label).unwrap_or(LABELS.len());
                        Some((9001 + place_number).to_string())
                    }
                    _ if listed => None,
                    _ => Some(format!("tenant_{}_{}", place.label.to_lowercase(), entropy.hex(&labels, 12))),
                };
                if let Some(id) = id {
                    place.ids.insert(root, id);
                }
            }
        }
    }

    /// The index of the first user of `tenant`.
    pub(crate) fn first_of(&self, tenant: usize) -> Option<usize> {
        self.places.get(tenant).map(|place| place.first)
    }

    /// The seat that can still be taken into a group of `tenant`.
    pub(crate) fn spare_of(&self, tenant: usize) -> Option<usize> {
        self.seats.iter().position(|seat| seat.spare && seat.home == Some(tenant))
    }

    /// The seat that a row without a tenant refers to: nobody of A or B.
    pub(crate) fn outsider(&self) -> Option<usize> {
        self.seats.iter().rposition(|seat| seat.kind == PrincipalKind::Stranger)
    }

    /// The tenants that have an id in `root`.
    pub(crate) fn places_of(&self, root: usize) -> Vec<usize> {
        (0..self.places.len())
            .filter(|tenant| {
                self.places.get(*tenant).is_some_and(|place| {
                    place.ids.contains_key(&root)
                        || !place.sparse
                        || self
                            .seats
                            .iter()
                            .any(|seat| seat.posts.iter().any(|post| post.root == root && post.tenant == *tenant))
                })
            })
            .collect()
    }
}

impl Seat {
    fn new(name: String, kind: PrincipalKind, home: Option<usize>, posts: Vec<Post>, entropy: Entropy) -> Self {
        let local = name.to_lowercase().replace(' ', ".");
        let email = format!("{local}.{}@example.com", entropy.hex(&["email", &name], 12));
        Self { name, kind, home, index: 0, spare: false, id: None, posts, email }
    }
}

/// Whether the key of a root of users is the user's id itself: it is, unless it cannot be for its type.
fn keyed_by_user(catalog: &Catalog, intent: &Intent, root: usize) -> bool {
    let key = intent.roots.get(root).and_then(|root| catalog.table(&root.table)?.column(&root.key));
    let same = |key: &Column| {
        user_id_type(catalog, intent).is_none_or(|of_user| of_user.unwrapped().name == key.data_type.unwrapped().name)
    };
    key.is_none_or(same)
}

fn is_users_table(intent: &Intent, membership: &Membership) -> bool {
    intent.users.as_ref().is_some_and(|(users, _)| *users == membership.table)
}

/// Whether a unique key lets a user belong to one tenant alone.
fn one_tenant_each(catalog: &Catalog, membership: &Membership) -> bool {
    catalog.table(&membership.table).is_some_and(|table| {
        table.primary_key.iter().chain(&table.uniques).any(|key| key.columns == [membership.user_column.clone()])
    })
}

/// The membership table of a root.
pub(crate) fn membership_of(intent: &Intent, root: usize) -> Option<&Membership> {
    intent.memberships.iter().find(|membership| membership.root == root)
}

/// Whether identity can name several tenants at once.
fn claims_hold(identity: &Identity, root: usize) -> bool {
    let several = |value: &IdentityValue| *value == IdentityValue::TenantIds(root);
    identity.claims.iter().any(|claim| several(&claim.value))
        || identity.settings.iter().any(|setting| several(&setting.value))
}

/// Whether people belong to groups within a tenant too: a second membership table of one root.
fn has_groups(intent: &Intent) -> bool {
    let of_root = |root| intent.memberships.iter().filter(|membership| membership.root == root).count();
    (0..intent.roots.len()).any(|root| of_root(root) > 1)
}

/// The role of the user of this index: two users a role, the last role for all that are left.
pub(crate) fn role_of(membership: &Membership, index: usize) -> Option<String> {
    let kept = membership.roles.len().min(MOST_ROLES);
    membership.roles.get((index / 2).min(kept.saturating_sub(1))).cloned()
}

fn seats_per_tenant(intent: &Intent) -> usize {
    let of_root = |(root, tenant_root): (usize, &crate::tenancy::TenantRoot)| {
        let memberships = intent.memberships.iter().filter(|membership| membership.root == root);
        let through_tables = memberships.map(|membership| 2 * membership.roles.len().clamp(1, MOST_ROLES)).max();
        let least = match tenant_root.ownership {
            Ownership::User | Ownership::OwnerColumn(_) => 1,
            Ownership::Membership | Ownership::Claim | Ownership::IdOnly => 2,
        };
        through_tables.unwrap_or(least)
    };
    intent.roots.iter().enumerate().map(of_root).max().unwrap_or(1)
}

/// What the user of this index in its tenant is to belong to.
fn posts(intent: &Intent, tenant: usize, index: usize) -> Vec<Post> {
    let mut posts = Vec::new();
    for (root, tenant_root) in intent.roots.iter().enumerate() {
        let owner = Some("owner".to_owned());
        let membership = membership_of(intent, root);
        let by_membership = || membership.and_then(|membership| role_of(membership, index));
        match &tenant_root.ownership {
            Ownership::User if index == 0 => posts.push(Post { root, tenant, role: owner }),
            Ownership::OwnerColumn(_) if index == 0 => posts.push(Post { root, tenant, role: owner }),
            Ownership::OwnerColumn(_) | Ownership::Membership if membership.is_some() => {
                posts.push(Post { root, tenant, role: by_membership() });
            }
            Ownership::Claim | Ownership::IdOnly => posts.push(Post { root, tenant, role: by_membership() }),
            _ => {}
        }
    }
    posts
}

/// The type of each root's key; where no table lists the tenants, that of a column that holds it.
fn root_key_types(catalog: &Catalog, intent: &Intent) -> Vec<Option<DataType>> {
    let mut types = vec![None; intent.roots.len()];
    for (root, tenant_root) in intent.roots.iter().enumerate() {
        let of_table = catalog.table(&tenant_root.table).and_then(|table| table.column(&tenant_root.key));
        let of_key = || {
            intent.tables.values().find_map(|table| match &table.tie.value {
                Tie::Key { column, root: of } if *of == root => catalog.table(&table.table)?.column(column),
                _ => None,
            })
        };
        if let Some(slot) = types.get_mut(root) {
            *slot = of_table.or_else(of_key).map(|column| column.data_type.clone());
        }
    }
    types
}

/// The type of users' ids.
pub(crate) fn user_id_type<'a>(catalog: &'a Catalog, intent: &Intent) -> Option<&'a DataType> {
    let column = |table: &QualifiedName, name: &str| catalog.table(table).and_then(|table| table.column(name));
    let of_users = intent.users.as_ref().and_then(|(table, key)| column(table, key));
    let of_membership =
        || intent.memberships.iter().find_map(|membership| column(&membership.table, &membership.user_column));
    let of_owner = || {
        intent.roots.iter().find_map(|root| match &root.ownership {
            Ownership::OwnerColumn(owner) => column(&root.table, owner),
            Ownership::User => column(&root.table, &root.key),
            _ => None,
        })
    };
    let of_key = || {
        intent.tables.values().find_map(|table| match &table.tie.value {
            Tie::Key { column: name, root } => {
                let of_user = intent.roots.get(*root).is_some_and(|root| root.ownership == Ownership::User);
                of_user.then(|| column(&table.table, name)).flatten()
            }
            _ => None,
        })
    };
    of_users.or_else(of_membership).or_else(of_owner).or_else(of_key).map(|column| &column.data_type)
}
