//! Which rows a table is to have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::model::{PrincipalKind, Values};
use super::people::{People, Seat, membership_of, role_of};
use crate::catalog::{Catalog, QualifiedName, Table};
use crate::tenancy::{Intent, Membership, Ownership, TableRole, Tie};

/// What tables there are to fill and what is settled about them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wishes<'a> {
    pub(crate) intent: &'a Intent,
    pub(crate) people: &'a People,
    /// `[tables.NAME.values]`, as text.
    pub(crate) values: &'a BTreeMap<QualifiedName, BTreeMap<String, String>>,
    /// Keys of the metadata of new users that the schema's functions read.
    pub(crate) metadata_keys: &'a BTreeSet<String>,
    /// How many rows a table needs beside its usual ones, because each row of another wants one for itself.
    pub(crate) demand: &'a BTreeMap<QualifiedName, usize>,
}

/// What sort of rows a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A row a user.
    Users,
    /// A row a user, beside the users' own table.
    Profiles,
    /// A row a tenant of this root.
    Root(usize),
    /// A row a membership.
    Membership(usize),
    /// Rows of a tenant.
    Tied(usize),
    /// Rows of nobody.
    Free,
    /// Needed by a table that clients can name; out of their own reach.
    Parent,
}

/// Ordinals of fresh rows start here: more than any table has kept rows.
const FRESH: usize = 300;
/// Room for the rows of one tenant.
const BLOCK: usize = 24;

impl Wishes<'_> {
    pub(crate) fn sort(&self, table: &QualifiedName) -> Sort {
        let intent = self.intent;
        if intent.users.as_ref().is_some_and(|(users, _)| users == table) {
            return Sort::Users;
        }
        let Some(of_table) = intent.tables.get(table) else {
            return Sort::Parent;
        };
        let root = match (of_table.role, &of_table.tie.value) {
            (TableRole::Membership(membership), _) => return Sort::Membership(membership),
            (TableRole::Root(root), _) => root,
            (_, Tie::Root(root)) => *root,
            (TableRole::Profile, _) => return Sort::Profiles,
            _ => return intent.root_of(table).map_or(Sort::Free, Sort::Tied),
        };
        match intent.roots.get(root).map(|root| &root.ownership) {
            Some(Ownership::User) => Sort::Profiles,
            _ => Sort::Root(root),
        }
    }

    /// Columns whose values the rows come with.
    pub(crate) fn pinned_columns(&self, table: &Table) -> BTreeSet<String> {
        let drafts = self.drafts(table);
        let mut columns: BTreeSet<String> = drafts.iter().flat_map(|draft| draft.pinned.keys().cloned()).collect();
        if let Some(Tie::Key { column, .. }) = self.intent.tables.get(&table.name).map(|intent| &intent.tie.value) {
            columns.insert(column.clone());
        }
        columns
    }

    /// The rows to keep.
    pub(crate) fn drafts(&self, table: &Table) -> Vec<Draft> {
        let mut drafts = match self.sort(&table.name) {
            Sort::Users | Sort::Profiles => self.of_users(table),
            Sort::Root(root) => self.of_root(table, root),
            Sort::Membership(membership) => self.of_membership(table, membership),
            Sort::Tied(root) if self.is_staff(&table.name) => self.of_staff(root),
            Sort::Tied(root) => self.of_tenants(root, 2),
            Sort::Free => (0..2).map(|index| draft(None, index)).collect(),
            Sort::Parent => {
                let per_tenant = (0..self.people.places.len()).map(|tenant| draft(Some(tenant), 0));
                per_tenant.map(|draft| Draft { listed: false, optional: true, ..draft }).collect()
            }
        };
        if matches!(self.sort(&table.name), Sort::Free | Sort::Parent) {
            let demanded = self.demand.get(&table.name).copied().unwrap_or_default();
            drafts.extend((2..2 + demanded).map(|index| Draft { listed: false, ..draft(None, index) }));
        }
        for draft in &mut drafts {
            self.pin(table, draft);
        }
        drafts
    }

    /// A row that a client might insert, for each tenant, or one for nobody.
    pub(crate) fn fresh_drafts(&self, table: &Table) -> Vec<Draft> {
        let tenants: Vec<Option<usize>> = match self.sort(&table.name) {
            Sort::Parent => Vec::new(),
            Sort::Free => vec![None],
            Sort::Tied(root) | Sort::Root(root) => self.people.places_of(root).into_iter().map(Some).collect(),
            Sort::Membership(membership) => {
                let root = self.intent.memberships.get(membership).map_or(0, |membership| membership.root);
                self.people.places_of(root).into_iter().map(Some).collect()
            }
            Sort::Users | Sort::Profiles => match self.intent.root_of(&table.name) {
                Some(root) => self.people.places_of(root).into_iter().map(Some).collect(),
                None => vec![None],
            },
        };
        let kept = tenants.into_iter().filter(|tenant| {
            tenant.is_none_or(|tenant| self.people.places.get(tenant).is_some_and(|place| !place.sparse))
        });
        kept.map(|tenant| self.fresh_draft(table, tenant)).collect()
    }

    fn fresh_draft(&self, table: &Table, tenant: Option<usize>) -> Draft {
        let mut fresh = Draft { fresh: true, ..draft(tenant, 2) };
        fresh.ordinal = FRESH + tenant.map_or(0, |tenant| tenant + 1);
        let sort = self.sort(&table.name);
        match sort {
            Sort::Users => fresh.pinned = self.new_user_values(table, tenant),
            Sort::Profiles => fresh.seat = tenant.and_then(|tenant| self.people.first_of(tenant)),
            Sort::Root(_) => {
                fresh.seat = tenant.and_then(|tenant| self.people.first_of(tenant));
                self.pin_owner(table, &mut fresh);
            }
            Sort::Membership(membership) => {
                let is_group = self
                    .intent
                    .memberships
                    .get(membership)
                    .is_some_and(|membership| membership_of(self.intent, membership.root) != Some(membership));
                let spare = tenant.filter(|_| is_group).and_then(|tenant| self.people.spare_of(tenant));
                fresh.seat = spare.or_else(|| self.people.outsider());
                if let Some(membership) = self.intent.memberships.get(membership) {
                    let role = membership.roles.last().cloned();
                    self.pin_membership(table, membership, tenant, role, &mut fresh);
                }
            }
            _ => {}
        }
        match sort {
            // A new tenant or user has no key yet.
            Sort::Root(_) | Sort::Users => self.pin_overrides(table, &mut fresh),
            _ => self.pin(table, &mut fresh),
        }
        fresh
    }

    fn of_users(&self, table: &Table) -> Vec<Draft> {
        let is_users = self.sort(&table.name) == Sort::Users;
        let root = self.intent.root_of(&table.name);
        let mut indices: BTreeMap<Option<usize>, usize> = BTreeMap::new();
        let mut drafts = Vec::new();
        for (number, seat) in self.people.seats.iter().enumerate() {
            let index = indices.entry(seat.home).and_modify(|count| *count += 1).or_insert(0);
            let first = seat.home.and_then(|home| self.people.first_of(home)) == Some(number);
            // Where users are tenants, only the first of each counts as its tenant's row.
            let of_user_root =
                root.and_then(|root| self.intent.roots.get(root)).is_some_and(|root| root.ownership == Ownership::User);
            let mut pinned = if is_users { self.user_values(table, seat) } else { Values::new() };
            pinned.extend(email_column(table).map(|column| (column, Some(seat.email.clone()))));
            let unguarded = self.user_column(table).filter(|_| !is_users);
            pinned.extend(unguarded.map(|column| (column, seat.id.clone())));
            drafts.push(Draft {
                tenant: seat.home,
                seat: Some(number),
                index: *index,
                ordinal: number,
                listed: if of_user_root { first } else { root.is_none() || seat.home.is_some() },
                optional: seat.home.is_none() || !first,
                pinned,
                ..Draft::default()
            });
        }
        drafts
    }

    /// The column that holds the user's id, where no foreign key says so.
    pub(crate) fn user_column(&self, table: &Table) -> Option<String> {
        let tie = &self.intent.tables.get(&table.name)?.tie.value;
        let (column, root) = match tie {
            Tie::Key { column, root } => (column, *root),
            Tie::Root(root) => (&self.intent.roots.get(*root)?.key, *root),
            _ => return None,
        };
        let of_users = self.intent.roots.get(root)?.ownership == Ownership::User;
        let guarded = table.foreign_keys.iter().any(|key| key.columns.contains(column));
        // An identity column numbers its rows itself.
        let writable = table.column(column).is_some_and(crate::catalog::Column::is_writable);
        (of_users && !guarded && writable).then(|| column.clone())
    }

    fn of_root(&self, table: &Table, root: usize) -> Vec<Draft> {
        let places = self.people.places_of(root).into_iter();
        places
            .map(|tenant| {
                let mut draft = draft(Some(tenant), 0);
                draft.seat = self.people.first_of(tenant);
                self.pin_owner(table, &mut draft);
                draft
            })
            .collect()
    }

    /// The owner's id, where no foreign key says it.
    fn pin_owner(&self, table: &Table, draft: &mut Draft) {
        let root = self.intent.roots.iter().find(|root| root.table == table.name);
        if let Some(Ownership::OwnerColumn(owner)) = root.map(|root| &root.ownership)
            && !table.foreign_keys.iter().any(|key| key.columns.contains(owner))
        {
            draft.pinned.insert(owner.clone(), self.seat_id(draft.seat));
        }
    }

    fn seat_id(&self, seat: Option<usize>) -> Option<String> {
        seat.and_then(|seat| self.people.seats.get(seat)).and_then(|seat| seat.id.clone())
    }

    fn of_membership(&self, table: &Table, index: usize) -> Vec<Draft> {
        let Some(membership) = self.intent.memberships.get(index) else { return Vec::new() };
        let first_of_root = membership_of(self.intent, membership.root).is_some_and(|first| first == membership);
        let mut drafts = Vec::new();
        for (number, seat) in self.people.seats.iter().enumerate() {
            for post in seat.posts.iter().filter(|post| post.root == membership.root) {
                if seat.spare && !first_of_root {
                    continue;
                }
                // A group within the tenant has roles of its own.
                let role = post.role.clone().filter(|_| first_of_root).or_else(|| role_of(membership, seat.index));
                // In both groups of the tenant, so that every row of a group has a member who may see it.
                for group in 0..if first_of_root { 1 } else { 2 } {
                    let index = if first_of_root { drafts.len() } else { group };
                    let mut draft = draft(Some(post.tenant), index);
                    draft.seat = Some(number);
                    draft.ordinal = drafts.len();
                    draft.optional = !first_of_root || seat.kind != PrincipalKind::Member;
                    self.pin_membership(table, membership, Some(post.tenant), role.clone(), &mut draft);
                    drafts.push(draft);
                }
            }
        }
        drafts
    }

    fn pin_membership(
        &self,
        table: &Table,
        membership: &Membership,
        tenant: Option<usize>,
        role: Option<String>,
        draft: &mut Draft,
    ) {
        let id = tenant
            .and_then(|tenant| self.people.places.get(tenant))
            .and_then(|place| place.ids.get(&membership.root).cloned());
        if let Some(id) = id {
            draft.pinned.insert(membership.tenant_column.clone(), Some(id));
        }
        if let (Some(column), Some(role)) = (&membership.role_column, role) {
            draft.pinned.insert(column.clone(), Some(role));
        }
        if !table.foreign_keys.iter().any(|key| key.columns.contains(&membership.user_column)) {
            draft.pinned.insert(membership.user_column.clone(), self.seat_id(draft.seat));
        }
    }

    fn of_tenants(&self, root: usize, rows: usize) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for tenant in self.people.places_of(root) {
            let sparse = self.people.places.get(tenant).is_some_and(|place| place.sparse);
            for index in 0..if sparse { 1 } else { rows } {
                drafts.push(Draft { optional: index > 0 || tenant > 1, ..draft(Some(tenant), index) });
            }
        }
        drafts
    }

    fn is_staff(&self, table: &QualifiedName) -> bool {
        self.intent.tables.get(table).is_some_and(|intent| intent.staff)
    }

    /// The victim alone is of the staff: an attacker who is may do everything, and shows nothing.
    fn of_staff(&self, root: usize) -> Vec<Draft> {
        let victim = self.people.places_of(root).into_iter().take(1);
        victim.map(|tenant| draft(Some(tenant), 0)).collect()
    }

    /// The tenant key, the root's key, and what the settings say.
    fn pin(&self, table: &Table, draft: &mut Draft) {
        let ids = draft.tenant.and_then(|tenant| self.people.places.get(tenant)).map(|place| &place.ids);
        let tie = self.intent.tables.get(&table.name).map(|intent| &intent.tie.value);
        let key = match tie {
            Some(Tie::Key { column, root }) => Some((column, *root)),
            Some(Tie::Root(root)) => self.intent.roots.get(*root).map(|tenant_root| (&tenant_root.key, *root)),
            _ => None,
        };
        if let Some((column, root)) = key {
            let of_user = self.intent.roots.get(root).is_some_and(|root| root.ownership == Ownership::User);
            let is_users = self.sort(&table.name) == Sort::Users;
            let own_row = !of_user
                || draft.seat.is_none()
                || draft.seat == draft.tenant.and_then(|tenant| self.people.first_of(tenant));
            if let Some(id) = ids.and_then(|ids| ids.get(&root))
                && own_row
                && !is_users_key(self.intent, table, column, is_users)
            {
                draft.pinned.insert(column.clone(), Some(id.clone()));
            }
        }
        self.pin_overrides(table, draft);
    }

    fn pin_overrides(&self, table: &Table, draft: &mut Draft) {
        for (column, text) in self.values.get(&table.name).into_iter().flatten() {
            draft.pinned.insert(column.clone(), Some(text.clone()));
        }
    }

    /// What is settled about a user's row.
    fn user_values(&self, table: &Table, seat: &Seat) -> Values {
        let mut values = Values::new();
        if let (Some((_, key)), Some(id)) = (&self.intent.users, &seat.id) {
            values.insert(key.clone(), Some(id.clone()));
        }
        if table.name.schema == "auth" {
            values.extend(self.auth_values(table, &seat.email, &seat.name));
        }
        values.extend(self.user_role(table, seat));
        values
    }

    /// Where the users' own table says what a user is in its tenant.
    fn user_role(&self, table: &Table, seat: &Seat) -> Values {
        let membership = self.intent.memberships.iter().find(|membership| membership.table == table.name);
        let column = membership.and_then(|membership| membership.role_column.clone());
        let post = membership.and_then(|membership| seat.posts.iter().find(|post| post.root == membership.root));
        let role = post.and_then(|post| post.role.clone());
        column.zip(role).map(|(column, role)| (column, Some(role))).into_iter().collect()
    }

    fn new_user_values(&self, table: &Table, tenant: Option<usize>) -> Values {
        let label = tenant.and_then(|tenant| self.people.places.get(tenant)).map_or("x", |place| place.label);
        let email = format!("newcomer.{}@example.com", label.to_lowercase());
        if table.name.schema == "auth" {
            return self.auth_values(table, &email, "newcomer");
        }
        email_column(table).map(|column| (column, Some(email))).into_iter().collect()
    }

    /// A confirmed user of Supabase Auth; columns that this server's `auth.users` lacks are left out.
    fn auth_values(&self, table: &Table, email: &str, name: &str) -> Values {
        let mut metadata = Map::new();
        for key in self.metadata_keys {
            let handle = ["user", "handle", "slug", "nick"].iter().any(|part| key.contains(part));
            let text = if handle { name.to_lowercase().replace(' ', "_") } else { name.to_owned() };
            metadata.insert(key.clone(), json!(text));
        }
        for key in ["name", "full_name"] {
            metadata.insert(key.to_owned(), json!(name));
        }
        metadata.insert("email".to_owned(), json!(email));
        let known = [
            ("instance_id", "00000000-0000-0000-0000-000000000000".to_owned()),
            ("aud", "authenticated".to_owned()),
            ("role", "authenticated".to_owned()),
            ("email", email.to_owned()),
            ("email_confirmed_at", "2024-01-01 12:00:00+00".to_owned()),
            ("raw_app_meta_data", json!({"provider": "email", "providers": ["email"]}).to_string()),
            ("raw_user_meta_data", Value::Object(metadata).to_string()),
            ("created_at", "2024-01-01 12:00:00+00".to_owned()),
            ("updated_at", "2024-01-01 12:00:00+00".to_owned()),
        ];
        let writable = |name: &str| table.column(name).is_some_and(crate::catalog::Column::is_writable);
        let kept = known.into_iter().filter(|(name, _)| writable(name));
        kept.map(|(name, text)| (name.to_owned(), Some(text))).collect()
    }
}

/// The key of the users' table is the seat's own id, whatever tenant it belongs to.
fn is_users_key(intent: &Intent, table: &Table, column: &str, is_users: bool) -> bool {
    is_users && intent.users.as_ref().is_some_and(|(users, key)| *users == table.name && key == column)
}

fn email_column(table: &Table) -> Option<String> {
    let named = table.columns.iter().find(|column| column.name == "email" && column.is_writable());
    named.filter(|column| column.data_type.is_text()).map(|column| column.name.clone())
}

fn draft(tenant: Option<usize>, index: usize) -> Draft {
    let ordinal = match tenant {
        Some(tenant) => (tenant + 1) * BLOCK + index,
        // Many rows may be demanded of a table that is nobody's: those lie behind the fresh ones.
        None if index >= BLOCK => 2 * FRESH + index,
        None => index,
    };
    Draft { tenant, index, ordinal, listed: true, optional: index > 0, ..Draft::default() }
}

/// The keys of `raw_user_meta_data` that functions read: a sign-up trigger makes rows of them.
pub(crate) fn metadata_keys(catalog: &Catalog) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for function in catalog.functions.iter().filter(|function| function.is_trigger) {
        for after in function.source.split("raw_user_meta_data").skip(1) {
            let rest = after.trim_start_matches([' ', '\n', ')']).trim_start_matches(['-', '>', ' ']);
            let key = rest.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
            keys.extend(key.map(|(key, _)| key.to_owned()).filter(|key| !is_choice(key)));
        }
    }
    keys
}

/// A key that chooses (`role`, `type`) takes none of our texts.
fn is_choice(key: &str) -> bool {
    let words = super::naming::words(key);
    ["role", "type", "plan", "tier", "status", "id", "kind", "is", "count", "at", "date"]
        .iter()
        .any(|choice| words.iter().any(|word| word == choice))
}
