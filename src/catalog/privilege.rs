/// The pseudo-role that stands for everybody, as [`Grant::grantee`] spells it.
pub const PUBLIC: &str = "public";

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// SUPERUSER.
    pub superuser: bool,
    /// BYPASSRLS.
    pub bypass_row_security: bool,
    /// LOGIN.
    pub login: bool,
    /// The roles that it is a direct member of.
    pub member_of: Vec<String>,
}

/// A privilege on an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// A role, or [`PUBLIC`].
    pub grantee: String,
    /// What it may do.
    pub privilege: Privilege,
    /// WITH GRANT OPTION.
    pub grantable: bool,
}

/// A privilege on one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnGrant {
    /// The column.
    pub column: String,
    /// A role, or [`PUBLIC`].
    pub grantee: String,
    /// SELECT, INSERT, UPDATE or REFERENCES.
    pub privilege: Privilege,
}

/// What a role's future objects are granted to others (`pg_default_acl`), where that differs from what Postgres does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultPrivileges {
    /// The role that makes the objects.
    pub owner: String,
    /// The schema that they are made in; `None` for any.
    pub schema: Option<String>,
    /// What is made.
    pub objects: DefaultObjects,
    /// What others get on it, and what PUBLIC does.
    pub grants: Vec<Grant>,
}

/// What default privileges are about (`pg_default_acl.defaclobjtype`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefaultObjects {
    /// Tables, views and foreign tables.
    Tables,
    /// Sequences.
    Sequences,
    /// Functions and procedures.
    Functions,
    /// Types and domains.
    Types,
    /// Schemas.
    Schemas,
    /// Large objects.
    LargeObjects,
}

impl DefaultObjects {
    /// As `alter default privileges` spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::Sequences => "sequences",
            Self::Functions => "functions",
            Self::Types => "types",
            Self::Schemas => "schemas",
            Self::LargeObjects => "large objects",
        }
    }
}

impl TryFrom<&str> for DefaultObjects {
    type Error = String;

    /// Reads `defaclobjtype`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "r" => Self::Tables,
            "S" => Self::Sequences,
            "f" => Self::Functions,
            "T" => Self::Types,
            "n" => Self::Schemas,
            "L" => Self::LargeObjects,
            other => return Err(format!("unknown kind of default privileges `{other}`")),
        })
    }
}

/// What a grant allows (Postgres documentation, 5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the SQL privilege of its name")]
pub enum Privilege {
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    Maintain,
    Usage,
    Create,
    Execute,
    Connect,
    Temporary,
    Set,
    AlterSystem,
}

impl TryFrom<&str> for Privilege {
    type Error = String;

    /// Reads `aclexplode(...).privilege_type`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "SELECT" => Self::Select,
            "INSERT" => Self::Insert,
            "UPDATE" => Self::Update,
            "DELETE" => Self::Delete,
            "TRUNCATE" => Self::Truncate,
            "REFERENCES" => Self::References,
            "TRIGGER" => Self::Trigger,
            "MAINTAIN" => Self::Maintain,
            "USAGE" => Self::Usage,
            "CREATE" => Self::Create,
            "EXECUTE" => Self::Execute,
            "CONNECT" => Self::Connect,
            "TEMPORARY" => Self::Temporary,
            "SET" => Self::Set,
            "ALTER SYSTEM" => Self::AlterSystem,
            other => return Err(format!("unknown privilege `{other}`")),
        })
    }
}

/// A row security policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The command that it is for.
    pub command: PolicyCommand,
    /// PERMISSIVE, not RESTRICTIVE.
    pub permissive: bool,
    /// TO roles; [`PUBLIC`] where there is no TO clause.
    pub roles: Vec<String>,
    /// USING, as `pg_get_expr` prints it.
    pub using: Option<String>,
    /// WITH CHECK, as `pg_get_expr` prints it.
    pub check: Option<String>,
}

/// What a policy is for (`pg_policy.polcmd`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyCommand {
    /// FOR ALL.
    All,
    /// FOR SELECT.
    Select,
    /// FOR INSERT.
    Insert,
    /// FOR UPDATE.
    Update,
    /// FOR DELETE.
    Delete,
}
