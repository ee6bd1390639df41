//! What checks plan from: the schema, the intent and the world together, and what they are asked about.

pub mod reference;
mod subject;

use std::collections::BTreeSet;

use crate::catalog::{
    Catalog, Column, Function, PolicyCommand, Privilege, QualifiedName, RelationKind, Table, quote_identifier,
    quote_literal,
};
use crate::probe::Needles;
use crate::tenancy::{Command, IdentityValue, Intent, Ownership, TableIntent, TableRole, TenantIds, Tie};
use crate::trial::Trials;
use crate::verdict::{ObjectKind, ObjectRef};
use crate::world::{FreshRow, Principal, PrincipalKind, StoredRow, World};

pub use subject::Subject;

/// The victim of most attacks.
pub const VICTIM: usize = 0;
/// The tenant whose members attack.
pub const ATTACKER: usize = 1;
/// The tenant without a row in tables that hold one row a tenant.
pub const VACANT: usize = 2;

/// What checks plan from.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The schema.
    pub catalog: &'a Catalog,
    /// What should be allowed.
    pub intent: &'a Intent,
    /// Who and what there is.
    pub world: &'a World,
    /// What came of the system's files.
    pub trials: &'a Trials,
}

impl<'a> Scene<'a> {
    /// The role that a signed-in user usually acts as.
    #[must_use]
    pub fn member_role(&self) -> Option<&'a str> {
        self.intent.identity.member_roles.first().map(String::as_str)
    }

    /// Every role that a client may act as.
    pub fn client_roles(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let identity = &self.intent.identity;
        identity.member_roles.iter().chain(&identity.anonymous_role).map(String::as_str)
    }

    /// The role whose column grants a statement by `role` should keep to: its own, or the usual member's where it holds none, so
    /// that the control can run the same statement.
    #[must_use]
    pub fn statement_role(&self, role: &'a str, privilege: Privilege, table: &Table) -> &'a str {
        if self.catalog.columns_allowed(role, privilege, table).is_empty() {
            self.member_role().unwrap_or(role)
        } else {
            role
        }
    }

    /// Whether the usual member may give `column` a value in an INSERT, or may insert nothing at all.
    #[must_use]
    pub fn insertable(&self, table: &Table, column: &Column) -> bool {
        let granted = self
            .member_role()
            .map(|role| self.catalog.columns_allowed(role, Privilege::Insert, table))
            .unwrap_or_default();
        granted.is_empty() || granted.iter().any(|candidate| candidate.name == column.name)
    }

    /// Whether a client role may read or write `table` at all.
    #[must_use]
    pub fn reachable(&self, table: &Table) -> bool {
        let privileges = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete];
        self.client_roles().any(|role| {
            self.catalog.may_use_schema(role, &table.name.schema)
                && privileges
                    .into_iter()
                    .any(|privilege| !self.catalog.columns_allowed(role, privilege, table).is_empty())
        })
    }

    /// The ids of a tenant.
    #[must_use]
    pub fn ids(&self, tenant: usize) -> TenantIds {
        self.world.tenants.get(tenant).map(|tenant| tenant.ids.clone()).unwrap_or_default()
    }

    /// The service role.
    #[must_use]
    pub fn service(&self) -> Option<&'a Principal> {
        self.world.principal(PrincipalKind::Service)
    }

    /// Who stands for trusted servers at `table`: the service role; where it lacks a privilege there (a reporting role, say), the
    /// harness itself.
    #[must_use]
    pub fn server(&self, table: &Table) -> Option<Principal> {
        let service = self.service()?;
        let needed = [Privilege::Select, Privilege::Insert, Privilege::Update, Privilege::Delete];
        let complete = needed.into_iter().all(|privilege| self.catalog.may(&service.role, privilege, table))
            && self.catalog.may_use_schema(&service.role, &table.name.schema);
        if service.role.is_empty() || complete {
            return Some(service.clone());
        }
        Some(Principal { name: "harness".to_owned(), role: String::new(), login_role: None, ..service.clone() })
    }

    /// The rightful owners of a tenant's rows in `table`, the most powerful first, one for each role.
    #[must_use]
    pub fn owners(&self, table: &QualifiedName, tenant: usize) -> Vec<&'a Principal> {
        let Some(root) = self.intent.root_of(table) else { return self.any_members(tenant) };
        let members = self.world.members(root, tenant);
        let members = if members.is_empty() { self.any_members(tenant) } else { members };
        let mut seen = BTreeSet::new();
        let role_of = |principal: &Principal| {
            principal.standings.iter().find(|standing| standing.root == root).and_then(|standing| standing.role.clone())
        };
        members.into_iter().filter(|principal| seen.insert(role_of(principal))).take(6).collect()
    }

    fn any_members(&self, tenant: usize) -> Vec<&'a Principal> {
        self.world
            .principals
            .iter()
            .filter(|principal| principal.kind == PrincipalKind::Member && principal.is_of(tenant))
            .collect()
    }

    /// Valid users who have nothing to do with `tenant`: the strongest and the weakest of the attacking tenant, a user of two
    /// other tenants, a stranger.
    #[must_use]
    pub fn attackers(&self, tenant: usize) -> Vec<&'a Principal> {
        let mut members: Vec<&Principal> = self
            .world
            .principals
            .iter()
            .filter(|principal| {
                principal.kind == PrincipalKind::Member && principal.is_of(ATTACKER) && !principal.is_of(tenant)
            })
            .collect();
        if members.len() > 2 {
            members = [members.first(), members.last()].into_iter().flatten().copied().collect();
        }
        let others = self.world.principals.iter().filter(|principal| {
            matches!(principal.kind, PrincipalKind::TwoTenants | PrincipalKind::Stranger) && !principal.is_of(tenant)
        });
        members.into_iter().chain(others).collect()
    }

    /// What only the victim's rows of `table` hold, as whole-table reads show it.
    #[must_use]
    pub fn needles(&self, table: &Table, tenant: usize) -> Needles {
        let mut needles = Needles::default();
        for row in self.world.stored_of(&table.name, tenant) {
            needles.contained.extend(row.canaries.iter().cloned());
            needles.whole.extend(row_label(table, row));
        }
        needles
    }

    /// A query for everything about the victim's rows of `table`: those that belong to it and those that did.
    #[must_use]
    pub fn state(&self, table: &Table, tenant: usize) -> Option<String> {
        let mut conditions: Vec<String> =
            self.intent.belongs_to(&table.name, "watched", &self.ids(tenant)).into_iter().collect();
        conditions
            .extend(self.world.stored_of(&table.name, tenant).filter_map(|row| key_condition(table, row, "watched")));
        if conditions.is_empty() {
            return None;
        }
        Some(format!(
            "select count(*), md5(coalesce(string_agg(watched::text, '|' order by watched::text), '')) from {} as watched where {}",
            table.name.quoted(),
            conditions.join(" or ")
        ))
    }

    /// The same of every row, for reference data.
    #[must_use]
    pub fn whole_state(&self, table: &Table) -> String {
        format!(
            "select count(*), md5(coalesce(string_agg(watched::text, '|' order by watched::text), '')) from {} as watched",
            table.name.quoted()
        )
    }

    /// The tenant that a new row of `table` can be made for, and the row.
    #[must_use]
    pub fn fresh(&self, table: &QualifiedName, tenant: usize) -> Option<&'a FreshRow> {
        self.world.rows.get(table)?.fresh.iter().find(|row| row.tenant == Some(tenant))
    }

    /// The victim that a row can be inserted for: A, or C where there is one row a tenant.
    #[must_use]
    pub fn insertion_victim(&self, table: &QualifiedName) -> Option<usize> {
        [VICTIM, VACANT].into_iter().find(|tenant| self.fresh(table, *tenant).is_some())
    }

    /// The first stored row of a tenant.
    #[must_use]
    pub fn stored(&self, table: &QualifiedName, tenant: usize) -> Option<&'a StoredRow> {
        self.world.stored_of(table, tenant).next()
    }

    /// Whether clients are meant to be able to do `command` on their own rows of `table`: a person said so; or a client role
    /// holds the privilege and, where row security is on, a policy for the command opens something to it. This decides
    /// between "unproven" and "nobody may", never what is right.
    #[must_use]
    pub fn meant(&self, table: &Table, command: Command) -> bool {
        if let Some(declared) = self.intent.table(&table.name).and_then(|intent| intent.client_commands.as_ref()) {
            return declared.contains(&command);
        }
        // Who joins a tenant is often let in by an invitation, which made members do not hold.
        let joining = command == Command::Insert
            && self.intent.table(&table.name).is_some_and(|intent| matches!(intent.role, TableRole::Membership(_)));
        let tried = !(joining || command == Command::Insert && self.founds_elsewhere(table));
        tried && self.intent.identity.member_roles.iter().any(|role| self.opened(table, command, role))
    }

    /// Whether a tenant is made by somebody other than its members: where a claim alone says whose it is, no member can
    /// claim the new one yet; where memberships do, a policy for every command says nothing of who founds one.
    fn founds_elsewhere(&self, table: &Table) -> bool {
        let Some(TableRole::Root(root)) = self.intent.table(&table.name).map(|intent| intent.role) else {
            return false;
        };
        match self.intent.roots.get(root).map(|root| &root.ownership) {
            Some(Ownership::Claim | Ownership::IdOnly) => true,
            Some(Ownership::Membership) => {
                self.is_claimed(root)
                    || (table.row_security
                        && !table.policies.iter().any(|policy| policy.command == PolicyCommand::Insert))
            }
            Some(Ownership::User | Ownership::OwnerColumn(_)) | None => false,
        }
    }

    /// Whether a claim or setting says which tenant of this root acts.
    fn is_claimed(&self, root: usize) -> bool {
        let identity = &self.intent.identity;
        let mut values = identity
            .claims
            .iter()
            .map(|claim| &claim.value)
            .chain(identity.settings.iter().map(|setting| &setting.value));
        values.any(|value| *value == IdentityValue::TenantId(root))
    }

    fn opened(&self, table: &Table, command: Command, role: &str) -> bool {
        let privilege = privilege_for(command);
        if self.catalog.columns_allowed(role, privilege, table).is_empty() && !self.catalog.may(role, privilege, table)
        {
            return false;
        }
        if !table.row_security {
            return true;
        }
        let effective = self.catalog.effective_roles(role);
        table.policies.iter().any(|policy| {
            let matches_command = match policy.command {
                PolicyCommand::All => true,
                PolicyCommand::Select => command == Command::Select,
                PolicyCommand::Insert => command == Command::Insert,
                PolicyCommand::Update => command == Command::Update,
                PolicyCommand::Delete => command == Command::Delete,
            };
            let closed = policy.using.as_deref() == Some("false") || policy.check.as_deref() == Some("false");
            policy.permissive && matches_command && !closed && policy.roles.iter().any(|role| effective.contains(role))
        })
    }

    /// Tables that hold tenants' data, other than `table`.
    pub fn other_tied(&self, table: &'a QualifiedName) -> impl Iterator<Item = &'a Table> + use<'a> {
        let (catalog, intent) = (self.catalog, self.intent);
        catalog
            .tables
            .iter()
            .filter(|other| other.holds_rows() && other.parent.is_none())
            .filter(move |other| other.name != *table && intent.root_of(&other.name).is_some())
    }

    /// The tables that hold tenants' rows under a view, through other views too.
    #[must_use]
    pub fn source_tables(&self, view: &'a Table) -> Vec<&'a Table> {
        let mut sources = Vec::new();
        let mut seen = BTreeSet::from([&view.name]);
        let mut queue: Vec<&QualifiedName> = view.depends_on.iter().collect();
        while let Some(name) = queue.pop() {
            if !seen.insert(name) {
                continue;
            }
            let Some(table) = self.catalog.table(name) else { continue };
            queue.extend(&table.depends_on);
            if table.holds_rows() {
                sources.push(table);
            }
        }
        sources.sort_by_key(|table| &table.name);
        sources
    }

    /// Whether a view, and every view under it, is `security_invoker`.
    #[must_use]
    pub fn runs_as_caller(&self, view: &Table) -> bool {
        let mut seen = BTreeSet::from([&view.name]);
        let mut queue = vec![view];
        while let Some(relation) = queue.pop() {
            match relation.kind {
                RelationKind::View if relation.security_invoker => {}
                RelationKind::Table | RelationKind::Partitioned => continue,
                RelationKind::View | RelationKind::MaterializedView | RelationKind::Foreign => return false,
            }
            for name in relation.depends_on.iter().filter(|name| self.catalog.table(name).is_some()) {
                if seen.insert(name) {
                    queue.extend(self.catalog.table(name));
                }
            }
        }
        true
    }

    /// The body of `function`, with those of the functions and triggers that it can set off, in lower case. Read for names alone: what
    /// to watch, never what to expect.
    #[must_use]
    pub fn reachable_source(&self, function: &'a Function) -> String {
        let mut source = function.source.to_lowercase();
        let mut seen = BTreeSet::from([function.oid]);
        let mut grew = true;
        while grew {
            grew = false;
            for other in &self.catalog.functions {
                if seen.contains(&other.oid) {
                    continue;
                }
                // The triggers first: they are fewer than the tables whose names the source could hold.
                let fires = || {
                    other.is_trigger
                        && self.catalog.tables.iter().any(|table| {
                            table.triggers.iter().any(|trigger| trigger.function == other.name)
                                && source.contains(&table.name.name.to_lowercase())
                        })
                };
                if source.contains(&other.name.name.to_lowercase()) || fires() {
                    seen.insert(other.oid);
                    source.push('\n');
                    source.push_str(&other.source.to_lowercase());
                    grew = true;
                }
            }
        }
        source
    }

    /// The columns of a row that name users of `tenant`.
    #[must_use]
    pub fn naming<'row>(&self, row: &'row StoredRow, tenant: usize) -> Vec<&'row str> {
        let users: Vec<&str> = self
            .world
            .principals
            .iter()
            .filter(|principal| principal.is_of(tenant))
            .filter_map(|principal| principal.user_id.as_deref())
            .collect();
        let named = |value: &Option<String>| value.as_deref().is_some_and(|value| users.contains(&value));
        row.values.iter().filter(|(_, value)| named(value)).map(|(column, _)| column.as_str()).collect()
    }

    /// What `column` of `table` holds for a user: its id, or the key of its profile.
    #[must_use]
    pub fn reference_to_user(&self, table: &Table, column: &str, principal: &Principal) -> Option<String> {
        let user = principal.user_id.clone()?;
        let Some(key) = table.foreign_keys.iter().find(|key| key.columns == [column]) else { return Some(user) };
        let is_users =
            self.intent.users.as_ref().is_some_and(|(users, id)| {
                *users == key.referenced_table && key.referenced_columns.first() == Some(id)
            });
        if is_users {
            return Some(user);
        }
        let mut profiles = self.world.rows.get(&key.referenced_table)?.stored.iter();
        let profile = profiles.find(|row| row.values.values().flatten().any(|value| *value == user))?;
        profile.values.get(key.referenced_columns.first()?).cloned().flatten().or(Some(user))
    }

    /// Whether the tenants of `root` are users.
    #[must_use]
    pub fn users_are_tenants(&self, root: usize) -> bool {
        self.intent.roots.get(root).is_some_and(|root| root.ownership == Ownership::User)
    }

    /// Whether rows of `table` belong to tenants.
    #[must_use]
    pub fn is_tied(&self, intent: &TableIntent) -> bool {
        !matches!(intent.tie.value, Tie::Global | Tie::Untied) && self.intent.root_of(&intent.table).is_some()
    }
}

/// The privilege that a command needs.
#[must_use]
pub fn privilege_for(command: Command) -> Privilege {
    match command {
        Command::Select => Privilege::Select,
        Command::Insert => Privilege::Insert,
        Command::Update => Privilege::Update,
        Command::Delete => Privilege::Delete,
    }
}

/// `"alias"."key" = 'value' and …` for the row's key, else for all its columns that compare; `None` without a key.
#[must_use]
pub fn key_condition(table: &Table, row: &StoredRow, alias: &str) -> Option<String> {
    let columns = table.key_columns();
    let conditions: Option<Vec<String>> = columns
        .iter()
        .map(|column| {
            let value = row.values.get(column)?.as_deref()?;
            Some(format!("{}.{} = {}", quote_identifier(alias), quote_identifier(column), quote_literal(value)))
        })
        .collect();
    conditions.filter(|conditions| !conditions.is_empty()).map(|conditions| format!("({})", conditions.join(" and ")))
}

/// What [`label_expression`] gives for this row.
#[must_use]
pub fn row_label(table: &Table, row: &StoredRow) -> Option<String> {
    let columns = table.key_columns();
    let values: Option<Vec<&str>> = columns.iter().map(|column| row.values.get(column)?.as_deref()).collect();
    values.filter(|values| !values.is_empty()).map(|values| format!("row {}", values.join(" ")))
}

/// An expression that names a row by its key, so that a number in some other column is not taken for it.
#[must_use]
pub fn label_expression(table: &Table, alias: &str) -> Option<String> {
    let parts: Vec<String> = table
        .key_columns()
        .iter()
        .map(|column| format!("{}.{}::text", quote_identifier(alias), quote_identifier(column)))
        .collect();
    (!parts.is_empty()).then(|| format!("'row ' || {}", parts.join(" || ' ' || ")))
}

/// The object of a table's or view's results.
#[must_use]
pub fn object_of(table: &Table) -> ObjectRef {
    let kind = match table.kind {
        RelationKind::Table | RelationKind::Partitioned => ObjectKind::Table,
        RelationKind::View => ObjectKind::View,
        RelationKind::MaterializedView => ObjectKind::MaterializedView,
        RelationKind::Foreign => ObjectKind::ForeignTable,
    };
    ObjectRef { kind, schema: table.name.schema.clone(), name: table.name.name.clone(), sub: None }
}

/// The same, about a part of it.
#[must_use]
pub fn part_of(table: &Table, sub: impl Into<String>) -> ObjectRef {
    ObjectRef { sub: Some(sub.into()), ..object_of(table) }
}
