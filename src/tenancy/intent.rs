use std::collections::BTreeMap;

use crate::catalog::{QualifiedName, ReferentialAction, quote_identifier, quote_literal};

/// What should be allowed in one system.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// What surrounds the schema.
    pub profile: Profile,
    /// The schemas whose tables clients can name.
    pub exposed_schemas: Vec<String>,
    /// How a client says who it is.
    pub identity: Identity,
    /// The tables whose rows are tenants. Tables refer to them by index, see [`Tie`].
    pub roots: Vec<TenantRoot>,
    /// Tables that say which user belongs to which tenant.
    pub memberships: Vec<Membership>,
    /// The table whose rows are users, if there is one (`auth.users` under Supabase, else `public.users` …), with its key column.
    pub users: Option<(QualifiedName, String)>,
    /// Every exposed table, view and materialized view.
    pub tables: BTreeMap<QualifiedName, TableIntent>,
    /// The tables and views that the exposed schemas are meant to hold, as a person listed them; `None` where nobody did.
    pub relations: Option<Vec<QualifiedName>>,
}

/// What surrounds a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The roles, schemas and functions of a Supabase project.
    Supabase,
    /// Postgres and nothing else.
    Plain,
}

impl Profile {
    /// As settings and records spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supabase => "supabase",
            Self::Plain => "plain",
        }
    }
}

/// Where a piece of intent comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Read off the catalog.
    Inferred,
    /// Written in `seaworthy.toml`.
    Declared,
}

/// A piece of intent with why it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasoned<T> {
    /// What is believed.
    pub value: T,
    /// Why, as a clause that reads well after "because" and as a TOML comment.
    pub reason: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// How a client says who it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The role that the client's connection logs in as before it takes a client role (`authenticator`); `None` where the
    /// client logs in as its role.
    pub login_role: Option<String>,
    /// The roles that a signed-in user acts as, the usual one first. Empty: nobody but the owner can reach the tables.
    pub member_roles: Vec<String>,
    /// The role of somebody who is not signed in.
    pub anonymous_role: Option<String>,
    /// The role of trusted servers, which bypasses row security; `None`: the harness's own login.
    pub service_role: Option<String>,
    /// Settings that carry a JSON object of claims.
    pub claims: Vec<JsonClaim>,
    /// Settings that carry one value.
    pub settings: Vec<Setting>,
    /// The roles, and what is granted to them, are assumed: nobody but the owner reaches the tables.
    pub assumed: bool,
    /// What the schema reads and a client writes itself: headers of its request, its own metadata.
    pub client_written: Vec<ClientWritten>,
}

/// Something that the schema reads and that a client writes as it likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientWritten {
    /// Where it is.
    pub place: ClientPlace,
    /// The keys down to the value: `["user_metadata", "org_id"]`, `["x-organization-id"]`.
    pub path: Vec<String>,
    /// What its name, or what it is compared with, says that it holds.
    pub value: Option<IdentityValue>,
}

/// Where a client writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientPlace {
    /// Into a setting that holds JSON: `request.headers`, the token's `user_metadata`.
    Setting(String),
    /// Into its own row of `auth.users`, column `raw_user_meta_data`.
    UserMetadata,
}

/// One value inside a setting that holds JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonClaim {
    /// The setting: `request.jwt.claims`.
    pub setting: String,
    /// The keys down to the value: `["app_metadata", "org_id"]`.
    pub path: Vec<String>,
    /// What goes there.
    pub value: IdentityValue,
    /// Why.
    pub reason: String,
}

/// A setting (`SET LOCAL name = value`) that holds one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name: `app.tenant_id`.
    pub name: String,
    /// What it holds.
    pub value: IdentityValue,
    /// Why.
    pub reason: String,
}

/// What a claim or setting says about a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityValue {
    /// The user's id.
    UserId,
    /// The id of the principal's tenant, in the root of this index.
    TenantId(usize),
    /// The ids of all the principal's tenants, in the root of this index, as a JSON array or a comma-separated list.
    TenantIds(usize),
    /// The principal's role within the tenant (`owner`, `viewer`).
    MemberRole,
    /// The database role (`authenticated`).
    DatabaseRole,
    /// The user's email address.
    Email,
    /// The same text for everybody.
    Literal(String),
}

/// A table whose rows are tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRoot {
    /// The table. `auth.users` itself, where users are tenants and the schema has no table of its own for them. A root
    /// may be missing from the catalog where tenants are known by an id alone: see [`Ownership::IdOnly`].
    pub table: QualifiedName,
    /// Its single key column.
    pub key: String,
    /// How a tenant and a user belong together.
    pub ownership: Ownership,
    /// Why it is one, and whence.
    pub reason: String,
    /// Where this comes from.
    pub origin: Origin,
}

/// How a tenant and a user belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// The tenant is the user: the key is the user's id.
    User,
    /// The root has a column with the user's id.
    OwnerColumn(String),
    /// Through [`Membership`] tables alone.
    Membership,
    /// Through a claim or setting alone: nothing in the database ties users to tenants.
    Claim,
    /// As [`Ownership::Claim`], and no table lists the tenants.
    IdOnly,
}

/// A table that says which user belongs to which tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The table.
    pub table: QualifiedName,
    /// The index of the root that it speaks of.
    pub root: usize,
    /// The column with the user's id (or, where it refers to a profile table, that row's key: see `user_references`).
    pub user_column: String,
    /// The column with the tenant's id.
    pub tenant_column: String,
    /// The column with the role, if there is one.
    pub role_column: Option<String>,
    /// The roles it may name, most powerful first; empty where none are known.
    pub roles: Vec<String>,
    /// Why, and whence.
    pub reason: String,
    /// Where this comes from.
    pub origin: Origin,
}

/// What is intended for one relation.
#[derive(Debug, Clone, PartialEq)]
pub struct TableIntent {
    /// The relation.
    pub table: QualifiedName,
    /// How its rows belong to a tenant.
    pub tie: Reasoned<Tie>,
    /// What part it plays.
    pub role: TableRole,
    /// Commands that everybody may do on every row, signed in or not (`public = ["select"]`).
    pub public: Vec<Command>,
    /// Commands that every signed-in user may do on every row (`shared = ["select"]`).
    pub shared: Vec<Command>,
    /// What members of a tenant may do on its rows, where a person said so. `None`: found out by trying.
    pub client_commands: Option<Vec<Command>>,
    /// Columns that a client must not set for itself, with the reason for each.
    pub privilege_columns: Vec<Reasoned<String>>,
    /// Unique keys that are meant to be global, so that a clash may be noticed (a sign-up's email address).
    pub global_uniques: Vec<String>,
    /// Whether others than the owner may well be meant to read its rows.
    pub audience: Audience,
    /// A row gives its user a role over everybody's rows, and not only over its own tenant's: `user_roles`.
    pub staff: bool,
    /// What deleting a row does to those that refer to it, by the referring columns, where a person said so.
    pub on_delete: Vec<(Vec<String>, ReferentialAction)>,
    /// Why rows may have no tenant, where a person said so.
    pub unowned_rows: Option<String>,
    /// Lists of columns, each of which an index has to begin with.
    pub indexes: Vec<Vec<String>>,
    /// The table where every write leaves a row, where a person said so.
    pub audited: Option<QualifiedName>,
    /// Why it is an audit log, whose rows no client changes or deletes; `None` where it is none.
    pub append_only: Option<Reasoned<()>>,
}

/// Whether others than the owner may well be meant to read a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Nothing says so.
    Unsaid,
    /// It looks as if: why. Reading by others is a warning then, until somebody says what is meant.
    Likely(String),
    /// Its rows are published one by one: why. Others may refer to them, so that is a warning; reading the rest is none of theirs.
    Published(String),
    /// A person said who may (`public`, `shared`).
    Declared,
}

impl TableIntent {
    /// Why others may well be meant to read its rows, though nobody said so.
    #[must_use]
    pub fn likely_audience(&self) -> Option<&str> {
        match &self.audience {
            Audience::Likely(reason) => Some(reason),
            Audience::Unsaid | Audience::Published(_) | Audience::Declared => None,
        }
    }

    /// Why others may well be meant to refer to its rows, though nobody said so.
    #[must_use]
    pub fn likely_referred_to(&self) -> Option<&str> {
        match &self.audience {
            Audience::Likely(reason) | Audience::Published(reason) => Some(reason),
            Audience::Unsaid | Audience::Declared => None,
        }
    }
}

/// What part a table plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableRole {
    /// Its rows are tenants.
    Root(usize),
    /// Its rows are memberships (index into [`Intent::memberships`]).
    Membership(usize),
    /// Its rows are users' profiles: one row a user.
    Profile,
    /// Anything else.
    Plain,
}

/// How the rows of a table belong to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tie {
    /// The rows are the tenants of this root.
    Root(usize),
    /// A column holds the tenant's id.
    Key {
        /// The column.
        column: String,
        /// The index of the root.
        root: usize,
    },
    /// A row belongs where the row that it refers to belongs.
    Through {
        /// The referring columns.
        columns: Vec<String>,
        /// The table referred to, which has a tie itself.
        parent: QualifiedName,
        /// The columns referred to.
        parent_columns: Vec<String>,
    },
    /// Reference data: the same for every tenant, written by none.
    Global,
    /// Nothing ties it, and nothing says that it is reference data.
    Untied,
}

/// What a client does to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the SQL command of its name")]
pub enum Command {
    Select,
    Insert,
    Update,
    Delete,
}

impl Command {
    /// In lower case, as settings spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A tenant's id in each root, by the root's index. A tenant of the harness has one row in each root.
pub type TenantIds = BTreeMap<usize, String>;

impl Intent {
    /// What is intended for `table`.
    #[must_use]
    pub fn table(&self, table: &QualifiedName) -> Option<&TableIntent> {
        self.tables.get(table)
    }

    /// Whether a schema is the system's own, and not one that a Supabase project comes with.
    #[must_use]
    pub fn is_own_schema(&self, schema: &str) -> bool {
        const OF_THE_PLATFORM: [&str; 14] = [
            "auth",
            "cron",
            "extensions",
            "graphql",
            "graphql_public",
            "net",
            "pgmq",
            "pgsodium",
            "pgsodium_masks",
            "realtime",
            "storage",
            "supabase_functions",
            "supabase_migrations",
            "vault",
        ];
        self.profile == Profile::Plain || !OF_THE_PLATFORM.contains(&schema)
    }

    /// Whose the rows of a table are, in words.
    #[must_use]
    pub fn whose(&self, table: &TableIntent) -> String {
        let root = |index: &usize| {
            self.roots.get(*index).map_or_else(|| "a tenant".to_owned(), |root| format!("a row of {}", root.table))
        };
        match &table.tie.value {
            Tie::Root(_) => "its rows are tenants".to_owned(),
            Tie::Key { column, root: index } => format!("belongs to {}, by {column}", root(index)),
            Tie::Through { columns, parent, .. } => format!("belongs with {parent}, by {}", columns.join(", ")),
            Tie::Global => "the same for every tenant".to_owned(),
            Tie::Untied => "nothing ties it to a tenant".to_owned(),
        }
    }

    /// The root that the rows of `table` belong to in the end.
    #[must_use]
    pub fn root_of(&self, table: &QualifiedName) -> Option<usize> {
        self.root_within(table, 0)
    }

    /// A condition that holds for the rows of `table` that belong to the tenant with these ids; columns are qualified
    /// with `alias`. `None` where the table has no tie.
    #[must_use]
    pub fn belongs_to(&self, table: &QualifiedName, alias: &str, tenant: &TenantIds) -> Option<String> {
        self.belongs_within(table, alias, tenant, 0)
    }

    fn root_within(&self, table: &QualifiedName, depth: usize) -> Option<usize> {
        if depth > MAXIMUM_STEPS {
            return None;
        }
        match &self.tables.get(table)?.tie.value {
            Tie::Root(root) | Tie::Key { root, .. } => Some(*root),
            Tie::Through { parent, .. } => self.root_within(parent, depth + 1),
            Tie::Global | Tie::Untied => None,
        }
    }

    fn belongs_within(&self, table: &QualifiedName, alias: &str, tenant: &TenantIds, depth: usize) -> Option<String> {
        if depth > MAXIMUM_STEPS {
            return None;
        }
        let alias_quoted = quote_identifier(alias);
        let equals = |column: &str, root: &usize| {
            let id = tenant.get(root)?;
            Some(format!("{alias_quoted}.{}::text = {}", quote_identifier(column), quote_literal(id)))
        };
        match &self.tables.get(table)?.tie.value {
            Tie::Root(root) => equals(&self.roots.get(*root)?.key, root),
            Tie::Key { column, root } => equals(column, root),
            Tie::Through { columns, parent, parent_columns } => {
                let parent_alias = format!("parent_{depth}");
                let inner = self.belongs_within(parent, &parent_alias, tenant, depth + 1)?;
                let joined: Vec<String> = columns
                    .iter()
                    .zip(parent_columns)
                    .map(|(column, parent_column)| {
                        format!(
                            "{}.{} = {alias_quoted}.{}",
                            quote_identifier(&parent_alias),
                            quote_identifier(parent_column),
                            quote_identifier(column)
                        )
                    })
                    .collect();
                Some(format!(
                    "exists (select 1 from {} {} where {} and {inner})",
                    parent.quoted(),
                    quote_identifier(&parent_alias),
                    joined.join(" and ")
                ))
            }
            Tie::Global | Tie::Untied => None,
        }
    }
}

/// No schema ties a table to its tenant in more steps than this; a longer path is a cycle.
const MAXIMUM_STEPS: usize = 16;
