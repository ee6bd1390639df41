//! The surroundings of a Supabase project: roles, schemas, tables and functions that its migrations take for granted.

use crate::postgres::{Session, SqlError};

/// Whether client roles are granted each new table of `public`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultPrivileges {
    /// They are, as in every project until May 2026.
    Classic,
    /// They are not: `auto_expose_new_tables = false`.
    Revoked,
    /// There are no client roles: no Supabase.
    None,
}

impl DefaultPrivileges {
    /// As records spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Revoked => "revoked",
            Self::None => "none",
        }
    }
}

/// Where Supabase has extensions from the start, with what stands in for those whose schema it made itself.
pub const PREINSTALLED: [(&str, &str); 3] =
    [("uuid-ossp", "extensions"), ("pgcrypto", "extensions"), ("pg_stat_statements", "extensions")];

/// Extensions that the surroundings themselves stand in for.
pub const INCLUDED: [(&str, &str); 2] = [("supabase_vault", "vault"), ("pg_graphql", "graphql")];

/// The parts, in the order that they need each other in.
const PARTS: [&str; 8] = [
    include_str!("roles.sql"),
    include_str!("schemas.sql"),
    include_str!("auth.sql"),
    include_str!("storage.sql"),
    include_str!("realtime.sql"),
    include_str!("vault.sql"),
    include_str!("functions.sql"),
    include_str!("always.sql"),
];

/// The privileges that come or do not come by default.
const CLASSIC: &str = include_str!("classic.sql");

/// How often the surroundings are tried where another database of the server makes its roles at the same time.
const ATTEMPTS: usize = 5;

/// Makes the surroundings, in one transaction and one round trip. They may be there already, whole or in part.
///
/// # Errors
/// When the login may not: it has to be a superuser.
pub async fn surround(session: &mut Session, privileges: DefaultPrivileges) -> Result<(), SqlError> {
    let mut script = format!("begin;\n{}", PARTS.join("\n"));
    if privileges == DefaultPrivileges::Classic {
        script.push_str(CLASSIC);
    }
    script.push_str("commit;");
    let mut attempt = 1;
    loop {
        let Err(error) = session.run(&script).await else { return Ok(()) };
        if error.is_lost() {
            return Err(error);
        }
        session.run("rollback").await?;
        // Roles are shared by the databases of a server; Postgres reports a race for one as "tuple concurrently
        // updated" (XX000) or as a duplicate.
        let race = matches!(error.sqlstate.as_deref(), Some("XX000" | "23505" | "42710" | "40P01"));
        if !race || attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
    }
}
