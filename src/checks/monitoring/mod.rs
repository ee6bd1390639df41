//! Whether somebody would notice: statistics, alerts, slow statements, audit logs.

pub mod audit_log_mutable;
pub mod no_alert_rule;
pub mod no_statistics;
pub mod slow_query_log_off;
pub mod write_not_audited;

use super::scene::Scene;
use crate::catalog::{Setting, SettingOrigin};
use crate::verdict::{ObjectKind, ObjectRef};
use crate::world::Principal;

/// The harness itself, which sees everything.
fn harness(scene: &Scene<'_>) -> Option<Principal> {
    let service = scene.service()?.clone();
    Some(Principal {
        name: "harness".to_owned(),
        role: String::new(),
        login_role: None,
        settings: Vec::new(),
        ..service
    })
}

/// A part of the database as a whole, as results name it.
fn database(part: &str) -> ObjectRef {
    ObjectRef { kind: ObjectKind::Database, schema: String::new(), name: part.to_owned(), sub: None }
}

/// The settings of this name that the system's own files made: for the database, or for a role that serves it.
fn set_by_migrations<'a>(scene: &Scene<'a>, name: &'a str) -> impl Iterator<Item = &'a Setting> + use<'a> {
    let identity = &scene.intent.identity;
    let roles: Vec<&str> =
        scene.client_roles().chain(identity.login_role.as_deref()).chain(identity.service_role.as_deref()).collect();
    scene.catalog.settings.iter().filter(move |setting| {
        setting.name == name
            && match &setting.origin {
                SettingOrigin::Server => false,
                SettingOrigin::Database => true,
                SettingOrigin::Role(role) => roles.contains(&role.as_str()),
            }
    })
}

/// What the server says where nothing else is set.
fn of_server<'a>(scene: &Scene<'a>, name: &str) -> Option<&'a str> {
    let found =
        scene.catalog.settings.iter().find(|setting| setting.name == name && setting.origin == SettingOrigin::Server);
    found.map(|setting| setting.value.as_str())
}

/// Whom a setting is for, in words.
fn whose(setting: &Setting) -> String {
    match &setting.origin {
        SettingOrigin::Server => "the server".to_owned(),
        SettingOrigin::Database => "the database".to_owned(),
        SettingOrigin::Role(role) => format!("the role {role}"),
    }
}
