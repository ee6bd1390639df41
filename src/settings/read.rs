use std::collections::BTreeMap;

use serde::Deserialize;
use toml::de::ValueDeserializer;

use super::claim::claim;
use super::section::{Entry, Problems, Section, Text, nearest};
use super::{
    ClientCommand, DeleteAction, Environment, IdentitySettings, MembershipSettings, MigrationSettings,
    MonitoringSettings, ProjectSettings, RootSettings, SeedSettings, SupabaseSettings, SystemSettings, TableSettings,
    TenancySettings, WaiverSettings,
};
use crate::verdict::Family;

/// Reads the whole file; what is wrong is noted in the section's problems.
pub(super) fn project(mut top: Section<'_>) -> ProjectSettings {
    let systems = top.owned_texts("systems").unwrap_or_default();
    let listed = top.has("systems");
    let at = top.key_span("systems");
    let problems = top.problems();
    if listed && systems.is_empty() {
        problems.add(
            "`systems` lists nothing".to_owned(),
            at,
            "no folder in here",
            Some("Name the folder of each system, relative to this file.".to_owned()),
        );
    }
    let system = system(&mut top);
    if listed {
        for key in SYSTEM_KEYS.iter().filter(|key| top.has(key)) {
            problems.add(
                format!("`{key}` stands beside `systems`"),
                top.key_span(key),
                "which system is this about?",
                Some("Move it to the seaworthy.toml in the folder of the system that it is about.".to_owned()),
            );
        }
    }
    top.finish();
    ProjectSettings { systems, system }
}

const SYSTEM_KEYS: [&str; 13] = [
    "name",
    "profile",
    "migrations",
    "seed",
    "environment",
    "supabase",
    "identity",
    "tenancy",
    "tables",
    "relations",
    "monitoring",
    "waive",
    "claims",
];

fn system(top: &mut Section<'_>) -> SystemSettings {
    SystemSettings {
        name: top.owned_text("name"),
        profile: top.choice("profile", &["supabase", "plain"]),
        migrations: migrations(top),
        seed: seed(top),
        environment: top.section("environment").map(environment).unwrap_or_default(),
        supabase: top.section("supabase").map(supabase).unwrap_or_default(),
        identity: top.section("identity").map(identity).unwrap_or_default(),
        tenancy: top.section("tenancy").map(tenancy).unwrap_or_default(),
        tables: top
            .named_sections("tables")
            .into_iter()
            .map(|(name, table)| (name.to_owned(), self::table(table)))
            .collect(),
        relations: top.owned_texts("relations"),
        monitoring: top.section("monitoring").map(monitoring).unwrap_or_default(),
        waive: top.sections("waive").unwrap_or_default().into_iter().map(waiver).collect(),
        claims: top.sections("claims").unwrap_or_default().into_iter().map(claim).collect(),
    }
}

/// `migrations = "folder"`, or a table.
fn migrations(top: &mut Section<'_>) -> MigrationSettings {
    let Some(mut section) = top.section_unless_text("migrations") else {
        return MigrationSettings { folder: top.owned_text("migrations"), checksums: None };
    };
    let settings =
        MigrationSettings { folder: section.owned_text("folder"), checksums: section.owned_text("checksums") };
    section.finish();
    settings
}

/// `seed = "path"`, or a table.
fn seed(top: &mut Section<'_>) -> SeedSettings {
    let Some(mut section) = top.section_unless_text("seed") else {
        return SeedSettings { path: text_or_none(top, "seed"), ..SeedSettings::default() };
    };
    let settings = SeedSettings {
        path: text_or_none(&mut section, "path"),
        production: section.flag("production").unwrap_or_default(),
        own_domains: section.owned_texts("own_domains").unwrap_or_default(),
    };
    section.finish();
    settings
}

fn environment(mut section: Section<'_>) -> Environment {
    let default = Environment::default();
    let environment = Environment {
        setting: section.owned_text("setting").unwrap_or(default.setting),
        variable: section.owned_text("variable").unwrap_or(default.variable),
        development: section.owned_text("development").unwrap_or(default.development),
        production: section.owned_text("production").unwrap_or(default.production),
    };
    if environment.development == environment.production {
        section.problems().add(
            "development and production have the same marker".to_owned(),
            section.span(),
            "both are the same",
            Some("A seed tells them apart by this value: give each its own.".to_owned()),
        );
    }
    section.finish();
    environment
}

fn supabase(mut section: Section<'_>) -> SupabaseSettings {
    let settings = SupabaseSettings {
        exposed_schemas: section.owned_texts("exposed_schemas"),
        default_privileges: section.choice("default_privileges", &["classic", "revoked"]),
    };
    section.finish();
    settings
}

fn identity(mut section: Section<'_>) -> IdentitySettings {
    let settings = IdentitySettings {
        exposed_schemas: section.owned_texts("exposed_schemas"),
        login_role: text_or_none(&mut section, "login_role"),
        member_roles: section.owned_texts("member_roles"),
        anonymous_role: text_or_none(&mut section, "anonymous_role"),
        service_role: text_or_none(&mut section, "service_role"),
        claims: identity_values(&mut section, "claims"),
        settings: identity_values(&mut section, "settings"),
    };
    section.finish();
    settings
}

fn monitoring(mut section: Section<'_>) -> MonitoringSettings {
    let settings = MonitoringSettings { rules: section.owned_texts("rules") };
    section.finish();
    settings
}

/// A text that may be empty, which says that there is none.
fn text_or_none(section: &mut Section<'_>, key: &'static str) -> Option<String> {
    section.text_or_empty(key).map(|text| text.value.to_owned())
}

/// The words that say what a claim or setting holds, but for `tenant:TABLE`, `tenants:TABLE` and `literal:TEXT`.
const IDENTITY_WORDS: [&str; 6] = ["user", "tenant", "tenants", "member-role", "database-role", "email"];

fn identity_values(section: &mut Section<'_>, key: &'static str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, value) in section.text_entries(key) {
        if let Some(fault) = identity_value_fault(value.value) {
            section.problems().add(
                format!("`{}` cannot hold `{}`", name.value.escape_debug(), value.value.escape_debug()),
                value.span,
                fault,
                Some(identity_value_help(value.value)),
            );
        }
        values.insert(name.value.to_owned(), value.value.to_owned());
    }
    values
}

fn identity_value_fault(value: &str) -> Option<&'static str> {
    match value.split_once(':') {
        Some(("literal", _)) => None,
        Some(("tenant" | "tenants", table)) if table.trim().is_empty() => Some("no table after the colon"),
        Some(("tenant" | "tenants", _)) => None,
        None if IDENTITY_WORDS.contains(&value) => None,
        _ => Some("unknown value"),
    }
}

fn identity_value_help(value: &str) -> String {
    let forms = "It can be `user`, `tenant`, `tenant:TABLE`, `tenants`, `tenants:TABLE`, `member-role`, `database-role`, `email` or `literal:TEXT`.";
    match nearest(value, IDENTITY_WORDS.into_iter()) {
        Some(word) if word != value => format!("Did you mean `{word}`? {forms}"),
        _ => forms.to_owned(),
    }
}

fn tenancy(mut section: Section<'_>) -> TenancySettings {
    let settings = TenancySettings {
        roots: section.sections("roots").map(|roots| roots.into_iter().map(root).collect()),
        memberships: section.sections("memberships").map(|all| all.into_iter().map(membership).collect()),
        users: section.owned_text("users"),
    };
    section.finish();
    settings
}

fn root(mut section: Section<'_>) -> RootSettings {
    let settings = RootSettings {
        table: section.required("table"),
        key: section.owned_text("key"),
        owner: section.owned_text("owner"),
        ownership: section.choice("ownership", &["user", "owner", "membership", "claim", "id"]),
    };
    let fault = match (settings.ownership.as_deref(), &settings.owner) {
        (Some("owner"), None) if !section.has("owner") => Some("needs `owner`, the column with the owner's user id"),
        (Some("user" | "membership" | "claim" | "id"), Some(_)) => Some("leaves no place for `owner`"),
        _ => None,
    };
    if let (Some(fault), Some(ownership)) = (fault, &settings.ownership) {
        section.problems().add(
            format!("`ownership = \"{ownership}\"` {fault}"),
            section.key_span("ownership"),
            "does not fit `owner`",
            Some("Give `owner` alone where the root has a column with the owner's user id.".to_owned()),
        );
    }
    section.finish();
    settings
}

fn membership(mut section: Section<'_>) -> MembershipSettings {
    let settings = MembershipSettings {
        table: section.required("table"),
        root: section.owned_text("root"),
        user: section.required("user"),
        tenant: section.required("tenant"),
        role: section.owned_text("role"),
        roles: section.owned_texts("roles").unwrap_or_default(),
    };
    if !settings.roles.is_empty() && !section.has("role") {
        section.problems().add(
            "`roles` are listed, but no column holds them".to_owned(),
            section.key_span("roles"),
            "whose values are these?",
            Some("Name the column with `role = \"…\"`.".to_owned()),
        );
    }
    section.finish();
    settings
}

fn table(mut section: Section<'_>) -> TableSettings {
    let settings = TableSettings {
        tenant_key: section.owned_text("tenant_key"),
        root: section.owned_text("root"),
        through: section.owned_text("through"),
        global: section.flag("global"),
        public: commands(&mut section, "public"),
        shared: commands(&mut section, "shared"),
        client_commands: commands(&mut section, "client_commands"),
        privilege_columns: section.owned_texts("privilege_columns"),
        global_uniques: section.owned_texts("global_uniques").unwrap_or_default(),
        on_delete: on_delete(&mut section),
        unowned_rows: section.owned_text("unowned_rows"),
        indexes: section.lists_of_texts("indexes").unwrap_or_default(),
        audited: section.owned_text("audited"),
        append_only: section.flag("append_only"),
        values: values(section.problems(), section.entries("values")),
        required: section.entry_lists("required").into_iter().map(|row| values(section.problems(), row)).collect(),
        skip: section.owned_text("skip"),
    };
    let ties: Vec<&str> = [
        ("tenant_key", settings.tenant_key.is_some()),
        ("through", settings.through.is_some()),
        ("global", settings.global == Some(true)),
    ]
    .into_iter()
    .filter_map(|(key, given)| given.then_some(key))
    .collect();
    if let [first, second, ..] = ties.as_slice() {
        section.problems().add(
            format!("`{first}` and `{second}` contradict each other"),
            section.key_span(second),
            format!("`{first}` already says how rows belong to a tenant"),
            Some("Keep the one that is right.".to_owned()),
        );
    }
    section.finish();
    settings
}

fn commands(section: &mut Section<'_>, key: &'static str) -> Option<Vec<ClientCommand>> {
    let words = section.choices(key, &["select", "insert", "update", "delete"])?;
    Some(
        words
            .iter()
            .filter_map(|word| match word.as_str() {
                "select" => Some(ClientCommand::Select),
                "insert" => Some(ClientCommand::Insert),
                "update" => Some(ClientCommand::Update),
                "delete" => Some(ClientCommand::Delete),
                _ => None,
            })
            .collect(),
    )
}

/// The words for what deleting a row does to those that refer to it.
const DELETE_ACTIONS: [(&str, DeleteAction); 5] = [
    ("no action", DeleteAction::NoAction),
    ("restrict", DeleteAction::Restrict),
    ("cascade", DeleteAction::Cascade),
    ("set null", DeleteAction::SetNull),
    ("set default", DeleteAction::SetDefault),
];

fn on_delete(section: &mut Section<'_>) -> BTreeMap<String, DeleteAction> {
    let mut actions = BTreeMap::new();
    for (columns, word) in section.text_entries("on_delete") {
        if let Some((_, action)) = DELETE_ACTIONS.iter().find(|(known, _)| *known == word.value) {
            actions.insert(columns.value.to_owned(), *action);
            continue;
        }
        let known = DELETE_ACTIONS.map(|(known, _)| known);
        let list = known.map(|known| format!("`{known}`")).join(", ");
        let help = match nearest(word.value, known.into_iter()) {
            Some(near) => format!("Did you mean `{near}`? It can be {list}."),
            None => format!("It can be {list}."),
        };
        section.problems().add(
            format!("`{}` cannot be `{}` on delete", columns.value.escape_debug(), word.value.escape_debug()),
            word.span,
            "unknown value",
            Some(help),
        );
    }
    actions
}

fn values(problems: &Problems, entries: Vec<Entry<'_>>) -> BTreeMap<String, toml::Value> {
    entries
        .into_iter()
        .filter_map(|(column, value)| {
            let read = toml::Value::deserialize(ValueDeserializer::from(value.clone()));
            match read {
                Ok(value) => Some((column.value.to_owned(), value)),
                Err(error) => {
                    problems.add(
                        format!("the value of `{}` cannot be read: {}", column.value.escape_debug(), error.message()),
                        value.span(),
                        "unreadable",
                        None,
                    );
                    None
                }
            }
        })
        .collect()
}

fn waiver(mut section: Section<'_>) -> WaiverSettings {
    let check = if section.has("check") {
        section.text("check").map(|id| check_id(&section, &id)).unwrap_or_default()
    } else {
        section.required("check")
    };
    let settings = WaiverSettings {
        check,
        object: section.required("object"),
        reason: section.required("reason"),
        owner: section.required("owner"),
        expires: section.required_date("expires"),
        accepted_by: section.owned_text("accepted_by"),
    };
    section.finish();
    settings
}

/// Whether a check of this id exists is for the registry of checks to say; the form and the family are known here.
fn check_id(section: &Section<'_>, id: &Text<'_>) -> String {
    let fault = match id.value.split_once('/') {
        Some((family, defect)) if Family::named(family).is_some() && !defect.is_empty() => None,
        Some((family, defect)) if !defect.is_empty() => {
            Some(match nearest(family, Family::ALL.into_iter().map(Family::as_str)) {
                Some(known) => format!("Did you mean `{known}/{}`?", defect.escape_debug()),
                None => format!("The families are {}.", Family::ALL.map(Family::as_str).join(", ")),
            })
        }
        _ => Some("A waiver names one check, as results print it: `isolation/cross-tenant-read`.".to_owned()),
    };
    if let Some(help) = fault {
        section.problems().add(
            format!("`{}` is no check's id", id.value.escape_debug()),
            id.span.clone(),
            "not a check",
            Some(help),
        );
    }
    id.value.to_owned()
}
