use std::collections::{BTreeMap, BTreeSet};

use super::super::{Session, SqlError};
use crate::catalog::{quote_identifier, quote_literal};

/// The roles of a server and their settings, which belong to no database: what migrations do to them outlives the
/// scratch database, and has to be undone by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Roles {
    names: BTreeSet<String>,
    /// Settings that hold in every database, by role, as `name=value`.
    settings: BTreeMap<String, Vec<String>>,
}

const NAMES: &str = "SELECT rolname FROM pg_catalog.pg_roles";
const SETTINGS: &str = "SELECT role.rolname, setting \
    FROM pg_catalog.pg_db_role_setting AS stored \
    JOIN pg_catalog.pg_roles AS role ON role.oid = stored.setrole \
    CROSS JOIN LATERAL pg_catalog.unnest(stored.setconfig) WITH ORDINALITY AS each (setting, position) \
    WHERE stored.setdatabase = 0 ORDER BY role.rolname, each.position";
/// Settings whose stored value is a list that is quoted already.
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

impl Roles {
    pub(super) async fn read(session: &mut Session) -> Result<Self, SqlError> {
        let names = session.rows(NAMES).await?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect();
        let mut settings = BTreeMap::<String, Vec<String>>::new();
        for row in session.rows(SETTINGS).await? {
            let mut row = row.into_iter().flatten();
            if let (Some(role), Some(setting)) = (row.next(), row.next()) {
                settings.entry(role).or_default().push(setting);
            }
        }
        Ok(Self { names, settings })
    }

    /// Drops the roles that came since, and gives the others their settings back. Returns what could not be undone.
    pub(super) async fn restore(&self, session: &mut Session) -> Result<Vec<String>, SqlError> {
        let now = Self::read(session).await?;
        let mut left = Vec::new();
        for name in &self.names {
            let (before, after) = (self.settings.get(name), now.settings.get(name));
            if before != after && now.names.contains(name) {
                for sql in restoring(name, before.map(Vec::as_slice).unwrap_or_default()) {
                    if let Err(error) = session.run(&sql).await {
                        left.push(format!("settings of role {} ({error})", quote_identifier(name)));
                        break;
                    }
                }
            }
        }
        left.extend(drop_all(session, now.names.difference(&self.names).collect()).await?);
        Ok(left)
    }
}

/// Drops roles in whatever order works: one may depend on another by a membership that it granted.
async fn drop_all(session: &mut Session, mut roles: Vec<&String>) -> Result<Vec<String>, SqlError> {
    loop {
        let before = roles.len();
        let mut kept = Vec::new();
        let mut reasons = Vec::new();
        for role in roles {
            match session.run(&format!("DROP ROLE IF EXISTS {}", quote_identifier(role))).await {
                Ok(_) => {}
                Err(error) if error.is_lost() => return Err(error),
                Err(error) => {
                    reasons.push(format!("role {} ({error})", quote_identifier(role)));
                    kept.push(role);
                }
            }
        }
        if kept.is_empty() || kept.len() == before {
            return Ok(reasons);
        }
        roles = kept;
    }
}

fn restoring(role: &str, settings: &[String]) -> Vec<String> {
    let role = quote_identifier(role);
    let set = settings.iter().filter_map(|setting| setting.split_once('=')).map(|(name, value)| {
        // An empty list has no spelling but ''.
        let value = if LISTS.contains(&name) && !value.is_empty() { value.to_owned() } else { quote_literal(value) };
        let name: Vec<String> = name.split('.').map(quote_identifier).collect();
        format!("ALTER ROLE {role} SET {} TO {value}", name.join("."))
    });
    std::iter::once(format!("ALTER ROLE {role} RESET ALL")).chain(set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_given_back_as_they_were_stored() {
        let stored = ["search_path=\"$user\", public".to_owned(), "app.name=it's".to_owned()];
        assert_eq!(
            restoring("o\"dd", &stored),
            [
                "ALTER ROLE \"o\"\"dd\" RESET ALL",
                "ALTER ROLE \"o\"\"dd\" SET \"search_path\" TO \"$user\", public",
                "ALTER ROLE \"o\"\"dd\" SET \"app\".\"name\" TO 'it''s'",
            ]
        );
    }
}
