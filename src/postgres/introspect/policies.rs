use serde::Deserialize;

use super::{IntrospectError, Tables};
use crate::catalog::{Policy, PolicyCommand};

/// A row of `policies.sql`.
#[derive(Deserialize)]
pub(super) struct RawPolicy {
    table: u32,
    name: String,
    command: String,
    permissive: bool,
    roles: Option<Vec<String>>,
    using: Option<String>,
    check: Option<String>,
}

pub(super) fn attach(tables: &mut Tables, raw: Vec<RawPolicy>) -> Result<(), IntrospectError> {
    for raw in raw {
        let Some(table) = tables.get(raw.table) else { continue };
        table.policies.push(Policy {
            name: raw.name,
            command: PolicyCommand::try_from(raw.command.as_str())?,
            permissive: raw.permissive,
            roles: raw.roles.unwrap_or_default(),
            using: raw.using,
            check: raw.check,
        });
    }
    Ok(())
}

impl TryFrom<&str> for PolicyCommand {
    type Error = IntrospectError;

    /// Reads `pg_policy.polcmd`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "*" => Self::All,
            "r" => Self::Select,
            "a" => Self::Insert,
            "w" => Self::Update,
            "d" => Self::Delete,
            other => return Err(IntrospectError::unknown("a policy for command", other)),
        })
    }
}
