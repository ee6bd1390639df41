use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::QualifiedName;
use crate::tenancy::TenantIds;

/// Column values in their text form; `None` is null. A column that is missing takes its default.
pub type Values = BTreeMap<String, Option<String>>;

/// Who and what exists during a run. Made once, committed, and the same for the same seed and schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    /// What every generated value comes from.
    pub seed: u64,
    /// The tenants: A, B, C. A is the victim, B the attacker; C has no row in tables that hold one row a tenant, so that one can
    /// be inserted there. Where tenants are owned by a column there may be a D, which the owner of C owns too and which has
    /// no id in other roots: the second tenant of the user of two.
    pub tenants: Vec<Tenant>,
    /// Everybody who acts.
    pub principals: Vec<Principal>,
    /// The rows of each table.
    pub rows: BTreeMap<QualifiedName, TableRows>,
    /// Rows that could not be made.
    pub gaps: Vec<Gap>,
    /// Storage buckets that serve their files to everybody, by id.
    pub public_buckets: BTreeSet<String>,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// `A`, `B`, `C`, `D`.
    pub label: String,
    /// Its id in each root. In a root where tenants are users, the id of its first user.
    pub ids: TenantIds,
}

/// Somebody who acts: a role, and what it says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// Unique, for people: `A owner 1`, `stranger`, `anonymous`.
    pub name: String,
    /// What sort of principal.
    pub kind: PrincipalKind,
    /// The user's id, if it is a user.
    pub user_id: Option<String>,
    /// What it belongs to.
    pub standings: Vec<Standing>,
    /// The role that the connection logs in as, where that is not `role`.
    pub login_role: Option<String>,
    /// The database role that it acts as.
    pub role: String,
    /// The settings that carry its identity, name and value.
    pub settings: Vec<(String, String)>,
}

/// What sort of principal one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A user with one tenant.
    Member,
    /// A user with two tenants (B and C by membership, C and D by ownership).
    TwoTenants,
    /// A signed-in user with no tenant.
    Stranger,
    /// Not signed in.
    Anonymous,
    /// The signed-in role with no or nonsensical claims; the name says which.
    Malformed,
    /// Nobody, on a connection where nothing was ever set: a setting that was never touched reads as null, and not as empty.
    Unset,
    /// The role of trusted servers.
    Service,
}

/// That a principal belongs to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The index of the root.
    pub root: usize,
    /// The index of the tenant.
    pub tenant: usize,
    /// The role within it, where it has roles; `owner` for the owner by [`crate::tenancy::Ownership::OwnerColumn`] or for the user itself.
    pub role: Option<String>,
}

/// The rows of one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableRows {
    /// Rows in the database.
    pub stored: Vec<StoredRow>,
    /// Rows that could be inserted: the service role did, and it was undone.
    pub fresh: Vec<FreshRow>,
}

/// A row in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow {
    /// The index of the tenant that it belongs to; `None` for reference data.
    pub tenant: Option<usize>,
    /// Every column, read back after triggers and defaults.
    pub values: Values,
    /// The canaries in it, each a text that occurs nowhere else.
    pub canaries: Vec<String>,
}

/// A row that could be inserted.
#[derive(Debug, Clone, PartialEq)]
pub struct FreshRow {
    /// The index of the tenant that it would belong to; `None` for reference data. In a root of tenants: a new tenant, which
    /// the first user of this one would own.
    pub tenant: Option<usize>,
    /// The columns to give.
    pub values: Values,
    /// Statements of the harness that make room for it, in the same transaction: where a tenant or user may have one row
    /// and has it, that row goes first. Usually none.
    pub prepare: Vec<String>,
}

/// A row that could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The table.
    pub table: QualifiedName,
    /// The constraint or trigger that refused, and what it said.
    pub reason: String,
    /// The setting that would help: `[tables."public.moves".values]`.
    pub setting: String,
}

impl World {
    /// The stored rows of `table` that belong to a tenant, by its index.
    pub fn stored_of<'a>(
        &'a self,
        table: &QualifiedName,
        tenant: usize,
    ) -> impl Iterator<Item = &'a StoredRow> + use<'a> {
        self.rows.get(table).into_iter().flat_map(|rows| &rows.stored).filter(move |row| row.tenant == Some(tenant))
    }

    /// The users that belong to `tenant` in `root`, the most powerful first.
    #[must_use]
    pub fn members(&self, root: usize, tenant: usize) -> Vec<&Principal> {
        self.principals
            .iter()
            .filter(|principal| principal.kind == PrincipalKind::Member && principal.belongs(root, tenant))
            .collect()
    }

    /// The principal of this kind, the first where there are several.
    #[must_use]
    pub fn principal(&self, kind: PrincipalKind) -> Option<&Principal> {
        self.principals.iter().find(|principal| principal.kind == kind)
    }
}

impl Principal {
    /// Whether it belongs to `tenant` in `root`.
    #[must_use]
    pub fn belongs(&self, root: usize, tenant: usize) -> bool {
        self.standings.iter().any(|standing| standing.root == root && standing.tenant == tenant)
    }

    /// Whether it belongs to `tenant` in any root.
    #[must_use]
    pub fn is_of(&self, tenant: usize) -> bool {
        self.standings.iter().any(|standing| standing.tenant == tenant)
    }
}
