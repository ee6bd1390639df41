//! `privileges/default-privileges-open`: what is made next is not granted to clients by itself. Needs no probe: default privileges are
//! read off `pg_default_acl`.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::clients::{is_clients, roles_in_sql, word};
use crate::catalog::{DefaultObjects, DefaultPrivileges, Schema, quote_identifier};
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/default-privileges-open",
        family: Family::Privileges,
        severity: Severity::Warning,
        title: "What is made next is granted to no client by default",
        help: "With default privileges for client roles, a table is open from the moment that it is made until somebody enables row security, and a function can be called from the moment that it is made. Forgetting one line is then a leak; without them it is an error message. Revoke them, and grant by name what clients need.",
        example: example!("privileges/default-privileges-open"),
    },
    plan,
};

const EXPECTED: &str = "default privileges give client roles nothing on tables, sequences and functions to come";
const OPENING: [DefaultObjects; 3] = [DefaultObjects::Tables, DefaultObjects::Sequences, DefaultObjects::Functions];

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Database = subject else { return Vec::new() };
    let own = |schema: &&Schema| scene.intent.exposed_schemas.contains(&schema.name);
    scene.catalog.schemas.iter().filter(own).map(|schema| case(scene, schema)).collect()
}

fn case(scene: &Scene<'_>, schema: &Schema) -> Case {
    let object = ObjectRef {
        kind: ObjectKind::Database,
        schema: String::new(),
        name: format!("schema {}", schema.name),
        sub: Some("default privileges".to_owned()),
    };
    let mut said = Vec::new();
    let mut fixes = Vec::new();
    for defaults in &scene.catalog.default_privileges {
        let Some((open, fix)) = opened(scene, schema, defaults) else { continue };
        said.push(open);
        fixes.push(fix);
    }
    let finding = if said.is_empty() {
        Finding::new(Status::Pass, "nothing is granted to clients by default")
    } else {
        Finding::new(Status::Fail, said.join("; "))
    };
    Case::settled(object, Vec::new(), EXPECTED, finding).with_fix(fixes.join("\n"))
}

/// What `defaults` give clients in `schema`, and how it is taken back.
fn opened(scene: &Scene<'_>, schema: &Schema, defaults: &DefaultPrivileges) -> Option<(String, String)> {
    let applies = defaults.schema.as_ref().is_none_or(|name| *name == schema.name)
        && OPENING.contains(&defaults.objects)
        && makes_things(scene, schema, &defaults.owner);
    // Everybody may call every function by default: Postgres' own doing. `definer-function-exposed` looks at what comes of it.
    let granted: Vec<_> = defaults
        .grants
        .iter()
        .filter(|grant| applies && is_clients(scene, &grant.grantee))
        .filter(|grant| !(defaults.objects == DefaultObjects::Functions && grant.grantee == crate::catalog::PUBLIC))
        .collect();
    let mut roles: Vec<String> = granted.iter().map(|grant| grant.grantee.clone()).collect();
    roles.sort();
    roles.dedup();
    let mut privileges: Vec<&str> = granted.iter().map(|grant| word(grant.privilege)).collect();
    privileges.sort_unstable();
    privileges.dedup();
    if roles.is_empty() {
        return None;
    }
    let objects = defaults.objects.as_str();
    let within = if defaults.schema.is_some() {
        format!(" in schema {}", quote_identifier(&schema.name))
    } else {
        String::new()
    };
    let said =
        format!("{} get {} on {objects} that {} makes", roles.join(" and "), privileges.join(", "), defaults.owner);
    let fix = format!(
        "alter default privileges for role {}{within} revoke all on {objects} from {};",
        quote_identifier(&defaults.owner),
        roles_in_sql(&roles)
    );
    Some((said, fix))
}

/// Whether the role has made anything in the schema: what others would be granted of it does not come to pass.
fn makes_things(scene: &Scene<'_>, schema: &Schema, role: &str) -> bool {
    scene.catalog.tables.iter().any(|table| table.name.schema == schema.name && table.owner == role)
        || scene.catalog.functions.iter().any(|function| function.name.schema == schema.name && function.owner == role)
}
