use serde::Deserialize;

use super::IntrospectError;
use crate::catalog::{Setting, SettingOrigin};

/// A row of `settings.sql`.
#[derive(Deserialize)]
pub(super) struct RawSetting {
    name: String,
    value: String,
    scope: String,
    role: Option<String>,
}

pub(super) fn build(raw: Vec<RawSetting>) -> Result<Vec<Setting>, IntrospectError> {
    raw.into_iter()
        .map(|raw| {
            let origin = match raw.scope.as_str() {
                "server" => SettingOrigin::Server,
                "database" => SettingOrigin::Database,
                "role" => SettingOrigin::Role(raw.role.unwrap_or_default()),
                other => return Err(IntrospectError::unknown("a setting of scope", other)),
            };
            Ok(Setting { name: raw.name, value: raw.value, origin })
        })
        .collect()
}
