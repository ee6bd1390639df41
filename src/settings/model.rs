use std::collections::BTreeMap;

use crate::verdict::Waiver;

/// A `seaworthy.toml`: of a project that lists its systems, or of the one system in whose folder it lies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProjectSettings {
    /// Folders of the systems, relative to this file. Without it, this file's folder is the one system.
    pub systems: Vec<String>,
    /// The settings of the one system.
    pub system: SystemSettings,
}

/// The settings of one system. Every one has a default or is inferred.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SystemSettings {
    /// The system's name; by default its folder's.
    pub name: Option<String>,
    /// `supabase` or `plain`; by default what the migrations speak of.
    pub profile: Option<String>,
    /// The migrations: their folder alone, or a table.
    pub migrations: MigrationSettings,
    /// The seed: its path alone, or a table.
    pub seed: SeedSettings,
    /// The marker that tells production from development.
    pub environment: Environment,
    /// About a Supabase project.
    pub supabase: SupabaseSettings,
    /// How a client says who it is.
    pub identity: IdentitySettings,
    /// Who data belongs to.
    pub tenancy: TenancySettings,
    /// About single tables, by `name` (in an exposed schema) or `schema.name`.
    pub tables: BTreeMap<String, TableSettings>,
    /// The tables and views that the exposed schemas are meant to hold, by `name` or `schema.name`; `None` where nobody
    /// says.
    pub relations: Option<Vec<String>>,
    /// How the database is watched.
    pub monitoring: MonitoringSettings,
    /// Failures that somebody answers for.
    pub waive: Vec<WaiverSettings>,
    /// What a document says of the system, for the run to confirm or refute.
    pub claims: Vec<ClaimSettings>,
}

/// About the migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationSettings {
    /// Their folder, relative to this file; by default the first that is there.
    pub folder: Option<String>,
    /// A file with the SHA-256 of each file that has been applied somewhere, as `sha256sum` writes it.
    pub checksums: Option<String>,
}

/// About the seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeedSettings {
    /// The seed, relative to this file; by default `supabase/seed.sql` or `seed.sql`. `""` for none.
    pub path: Option<String>,
    /// It is meant for production too.
    pub production: bool,
    /// Domains whose addresses it may name: the project's own.
    pub own_domains: Vec<String>,
}

/// The marker that tells production from development: what the migrations and the seed ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The Postgres setting.
    pub setting: String,
    /// The environment variable, for tools that apply migrations.
    pub variable: String,
    /// Its value in development: what a run sets.
    pub development: String,
    /// Its value in production: what a seed must refuse.
    pub production: String,
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            setting: "app.environment".to_owned(),
            variable: "APP_ENVIRONMENT".to_owned(),
            development: "development".to_owned(),
            production: "production".to_owned(),
        }
    }
}

/// About a Supabase project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SupabaseSettings {
    /// Schemas that the API exposes; by default `[api].schemas` of `supabase/config.toml`, else `public`.
    pub exposed_schemas: Option<Vec<String>>,
    /// `classic` (client roles are granted every new table) or `revoked`.
    pub default_privileges: Option<String>,
}

/// How a client says who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentitySettings {
    /// Schemas whose tables clients can name, under `plain`.
    pub exposed_schemas: Option<Vec<String>>,
    /// The role that connections log in as before they take a client role. `""` for none.
    pub login_role: Option<String>,
    /// The roles that a signed-in user acts as, the usual one first.
    pub member_roles: Option<Vec<String>>,
    /// The role of somebody who is not signed in. `""` for none.
    pub anonymous_role: Option<String>,
    /// The role of trusted servers. `""` for none.
    pub service_role: Option<String>,
    /// Claims by path (`"app_metadata.org_id"`), each with what it holds: `user`, `tenant`, `tenant:TABLE`, `tenants`, `tenants:TABLE`,
    /// `member-role`, `database-role`, `email`, `literal:TEXT`.
    pub claims: BTreeMap<String, String>,
    /// Settings by name (`"app.tenant_id"`), each with what it holds, as for claims.
    pub settings: BTreeMap<String, String>,
}

/// Who data belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenancySettings {
    /// The tables whose rows are tenants; given at all, they replace the inferred ones.
    pub roots: Option<Vec<RootSettings>>,
    /// The tables that say who belongs where; given at all, they replace the inferred ones.
    pub memberships: Option<Vec<MembershipSettings>>,
    /// The table whose rows are users.
    pub users: Option<String>,
}

/// A table whose rows are tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootSettings {
    /// The table.
    pub table: String,
    /// Its key column; by default the primary key's.
    pub key: Option<String>,
    /// The column with the owner's user id.
    pub owner: Option<String>,
    /// `user`, `owner`, `membership`, `claim`, `id` (as `claim`, and no table lists the tenants); by default `owner` where `owner` is given, else inferred.
    pub ownership: Option<String>,
}

/// A table that says who belongs where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipSettings {
    /// The table.
    pub table: String,
    /// The root that it speaks of, by table; may be left out where there is one.
    pub root: Option<String>,
    /// The column with the user's id.
    pub user: String,
    /// The column with the tenant's id.
    pub tenant: String,
    /// The column with the role.
    pub role: Option<String>,
    /// The roles, most powerful first.
    pub roles: Vec<String>,
}

/// How the database is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonitoringSettings {
    /// Files of Prometheus alert rules, as globs relative to this file.
    pub rules: Option<Vec<String>>,
}

/// What is intended for one table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableSettings {
    /// The column that holds the tenant's id.
    pub tenant_key: Option<String>,
    /// The root that `tenant_key` names, by table; may be left out where it follows.
    pub root: Option<String>,
    /// The column (or columns, comma-separated) of the foreign key to the row that this one belongs with.
    pub through: Option<String>,
    /// Reference data: the same for every tenant.
    pub global: Option<bool>,
    /// Commands that everybody may do on every row.
    pub public: Option<Vec<ClientCommand>>,
    /// Commands that every signed-in user may do on every row.
    pub shared: Option<Vec<ClientCommand>>,
    /// Commands that members may do on their tenant's rows; `[]` for a table that only the service role uses.
    pub client_commands: Option<Vec<ClientCommand>>,
    /// Columns that a client must not set for itself; given at all, they replace the inferred ones.
    pub privilege_columns: Option<Vec<String>>,
    /// Unique constraints or indexes, by name or column, that are meant to be global.
    pub global_uniques: Vec<String>,
    /// What deleting a row does to those that refer to it, by the referring column (or columns, comma-separated).
    pub on_delete: BTreeMap<String, DeleteAction>,
    /// Why rows may have no tenant, their key being null: templates that ship with the product, say.
    pub unowned_rows: Option<String>,
    /// Lists of columns, each of which an index has to begin with.
    pub indexes: Vec<Vec<String>>,
    /// The table where every write leaves a row.
    pub audited: Option<String>,
    /// Whether it is a log, whose rows no client changes or deletes.
    pub append_only: Option<bool>,
    /// Values for made rows, by column, as SQL literals' text.
    pub values: BTreeMap<String, toml::Value>,
    /// Rows that must be there once the database is seeded: of each, the values that tell it.
    pub required: Vec<BTreeMap<String, toml::Value>>,
    /// Leave the table alone; the reason is shown in the report.
    pub skip: Option<String>,
}

/// A command, as settings spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the SQL command of its name")]
pub enum ClientCommand {
    Select,
    Insert,
    Update,
    Delete,
}

/// What deleting a row does to a row that refers to it, as settings spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the referential action of its name")]
pub enum DeleteAction {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

/// A failure that somebody answers for.
#[derive(Debug, Clone, PartialEq)]
pub struct WaiverSettings {
    /// The exact check id.
    pub check: String,
    /// The exact object, as results print it.
    pub object: String,
    /// Why.
    pub reason: String,
    /// Who answers.
    pub owner: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: String,
    /// Who accepted a critical one.
    pub accepted_by: Option<String>,
}

/// Something that a document says of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSettings {
    /// The claim, in the document's words.
    pub says: String,
    /// The checks or families that have to hold for it. Without them, and without `count`, the whole verdict.
    pub checks: Vec<String>,
    /// What there are so many of: `migrations`, `tables`, `policies`, `policy-files`.
    pub count: Option<String>,
    /// How many.
    pub is: Option<usize>,
}

impl From<&WaiverSettings> for Waiver {
    fn from(settings: &WaiverSettings) -> Self {
        Self {
            check: settings.check.clone(),
            object: settings.object.clone(),
            reason: settings.reason.clone(),
            owner: settings.owner.clone(),
            expires: settings.expires.clone(),
            accepted_by: settings.accepted_by.clone(),
        }
    }
}

impl SystemSettings {
    /// The waivers, as results are matched with them.
    #[must_use]
    pub fn waivers(&self) -> Vec<Waiver> {
        self.waive.iter().map(Waiver::from).collect()
    }
}
