//! A Postgres schema as plain types: what introspection found, with no opinion about it.
//!
//! Nothing here talks to a server. [`Catalog`] is what `postgres::introspect` returns and what every
//! later stage reads.

mod constraint;
mod expression;
mod function;
mod name;
mod privilege;
mod publication;
mod setting;
mod table;
mod token;
mod types;

pub use constraint::{Check, Exclusion, ForeignKey, Index, KeyConstraint, ReferentialAction};
pub use expression::{DISTINCT, Expression, Tree, trees};
pub use function::{Argument, ArgumentMode, Function, Trigger, Volatility};
pub use name::{QualifiedName, quote_identifier, quote_literal};
pub use privilege::{
    ColumnGrant, DefaultObjects, DefaultPrivileges, Grant, PUBLIC, Policy, PolicyCommand, Privilege, Role,
};
pub use publication::{Publication, ReplicaIdentity};
pub use setting::{Setting, SettingOrigin};
pub use table::{Column, Generated, Identity, RelationKind, Table, ViewWrites};
pub use token::{Token, tokens};
pub use types::{DataType, TypeKind};

/// One database's schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// `server_version_num`, for example `170005`.
    pub server_version: u32,
    /// Every table, partition, view, materialized view and foreign table outside the system schemas, by name, but for
    /// those that belong to an extension.
    pub tables: Vec<Table>,
    /// Every function and procedure outside the system schemas, but for those that belong to an extension.
    pub functions: Vec<Function>,
    /// Every role of the cluster that is not one of Postgres' own (`pg_*`).
    pub roles: Vec<Role>,
    /// Logical replication publications.
    pub publications: Vec<Publication>,
    /// Schemas outside the system's own, with the grants on them.
    pub schemas: Vec<Schema>,
    /// What future objects are granted to others.
    pub default_privileges: Vec<DefaultPrivileges>,
    /// Installed extensions, by name.
    pub extensions: Vec<String>,
    /// Settings that operating the database rests on, wherever they are set.
    pub settings: Vec<Setting>,
}

/// A namespace and who may use it.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// `USAGE` and `CREATE` as granted.
    pub grants: Vec<Grant>,
    /// The role that owns it.
    pub owner: String,
}

impl Catalog {
    /// The relation of this name.
    #[must_use]
    pub fn table(&self, name: &QualifiedName) -> Option<&Table> {
        let found = self.tables.binary_search_by(|table| table.name.cmp(name)).ok();
        // One that was put together by hand need not be in order.
        found.and_then(|place| self.tables.get(place)).or_else(|| self.tables.iter().find(|table| table.name == *name))
    }

    /// The role of this name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// Every role whose privileges `role` has: itself, [`PUBLIC`], and what it is a member of, transitively.
    ///
    /// Memberships without `INHERIT` count too, since `SET ROLE` reaches them.
    #[must_use]
    pub fn effective_roles(&self, role: &str) -> Vec<String> {
        let mut effective = vec![role.to_owned(), PUBLIC.to_owned()];
        let mut next = 0;
        while let Some(name) = effective.get(next).cloned() {
            next += 1;
            for parent in self.role(&name).map(|role| role.member_of.as_slice()).unwrap_or_default() {
                if !effective.contains(parent) {
                    effective.push(parent.clone());
                }
            }
        }
        effective
    }

    /// Whether `role` holds `privilege` on the whole of `table`, by itself, through [`PUBLIC`] or a membership.
    #[must_use]
    pub fn may(&self, role: &str, privilege: Privilege, table: &Table) -> bool {
        let effective = self.effective_roles(role);
        self.is_unrestricted(role)
            || effective.contains(&table.owner)
            || table.grants.iter().any(|grant| grant.privilege == privilege && effective.contains(&grant.grantee))
    }

    /// The columns of `table` on which `role` holds `privilege`, in order.
    #[must_use]
    pub fn columns_allowed<'a>(&self, role: &str, privilege: Privilege, table: &'a Table) -> Vec<&'a Column> {
        if self.may(role, privilege, table) {
            return table.columns.iter().collect();
        }
        let effective = self.effective_roles(role);
        let granted = |column: &Column| {
            table.column_grants.iter().any(|grant| {
                grant.privilege == privilege && grant.column == column.name && effective.contains(&grant.grantee)
            })
        };
        table.columns.iter().filter(|column| granted(column)).collect()
    }

    /// Whether `role` may look names up in `schema`.
    #[must_use]
    pub fn may_use_schema(&self, role: &str, schema: &str) -> bool {
        let effective = self.effective_roles(role);
        self.is_unrestricted(role)
            || self.schemas.iter().filter(|candidate| candidate.name == schema).any(|schema| {
                effective.contains(&schema.owner)
                    || schema
                        .grants
                        .iter()
                        .any(|grant| grant.privilege == Privilege::Usage && effective.contains(&grant.grantee))
            })
    }

    /// Whether `role` may call `function`.
    #[must_use]
    pub fn may_execute(&self, role: &str, function: &Function) -> bool {
        let effective = self.effective_roles(role);
        self.is_unrestricted(role)
            || effective.contains(&function.owner)
            || function
                .grants
                .iter()
                .any(|grant| grant.privilege == Privilege::Execute && effective.contains(&grant.grantee))
    }

    fn is_unrestricted(&self, role: &str) -> bool {
        self.role(role).is_some_and(|role| role.superuser)
    }
}
