//! Intent written down as a `seaworthy.toml`: what was inferred, each line with its reason, for a person to correct.

use std::fmt::Write as _;

use crate::catalog::{Catalog, QualifiedName, ReferentialAction, RelationKind};
use crate::tenancy::{Identity, IdentityValue, Intent, Membership, Ownership, Profile, TableIntent, TenantRoot, Tie};

/// The text of `seaworthy.toml` for `seaworthy init`. Read back, it gives the same intent.
#[must_use]
pub fn render_settings(intent: &Intent, catalog: &Catalog) -> String {
    let mut text = String::from(
        "# Read off the schema by `seaworthy init`. Every line is as seaworthy would infer it anyway, with the reason beside it:\n\
         # correct what is wrong, and delete what is right if you like.\n\n",
    );
    line(&mut text, "profile", &string(intent.profile.as_str()), "");
    if let Some(relations) = &intent.relations {
        let names: Vec<String> = relations.iter().map(ToString::to_string).collect();
        line(&mut text, "relations", &strings(&names), "what the exposed schemas are meant to hold");
    }
    if intent.profile == Profile::Supabase {
        text.push_str("\n[supabase]\n");
        line(
            &mut text,
            "exposed_schemas",
            &strings(&intent.exposed_schemas),
            "the schemas whose tables clients can name",
        );
    }
    render_identity(&mut text, intent);
    render_tenancy(&mut text, intent);
    for (name, table) in &intent.tables {
        render_table(&mut text, intent, catalog, name, table);
    }
    text
}

fn render_identity(text: &mut String, intent: &Intent) {
    let identity = &intent.identity;
    text.push_str("\n[identity]\n");
    if intent.profile == Profile::Plain {
        line(text, "exposed_schemas", &strings(&intent.exposed_schemas), "the schemas whose tables clients can name");
    }
    optional(text, "login_role", identity.login_role.as_deref(), "connections log in as it, then take a client role");
    let reason = match (identity.member_roles.is_empty(), intent.profile) {
        (true, _) => "no role but owners and superusers can reach the tables",
        (false, Profile::Supabase) => "a signed-in user acts as it",
        (false, Profile::Plain) => "granted tables or named by policies, the one with most tables first",
    };
    line(text, "member_roles", &strings(&identity.member_roles), reason);
    optional(text, "anonymous_role", identity.anonymous_role.as_deref(), "somebody who is not signed in acts as it");
    optional(
        text,
        "service_role",
        identity.service_role.as_deref(),
        "it bypasses row security: trusted servers act as it",
    );
    render_values(text, intent, identity);
}

fn render_values(text: &mut String, intent: &Intent, identity: &Identity) {
    if !identity.claims.is_empty() {
        text.push_str("\n[identity.claims]\n");
    }
    for claim in &identity.claims {
        let path: Vec<String> = claim.path.iter().map(|key| held_together(key, '.')).collect();
        line(text, &string(&path.join(".")), &string(&value(intent, &claim.value)), &claim.reason);
    }
    if !identity.settings.is_empty() {
        text.push_str("\n[identity.settings]\n");
    }
    for setting in &identity.settings {
        line(text, &string(&setting.name), &string(&value(intent, &setting.value)), &setting.reason);
    }
}

fn value(intent: &Intent, value: &IdentityValue) -> String {
    match value {
        IdentityValue::UserId => "user".to_owned(),
        IdentityValue::TenantId(root) => format!("tenant:{}", root_name(intent, *root)),
        IdentityValue::TenantIds(root) => format!("tenants:{}", root_name(intent, *root)),
        IdentityValue::MemberRole => "member-role".to_owned(),
        IdentityValue::DatabaseRole => "database-role".to_owned(),
        IdentityValue::Email => "email".to_owned(),
        IdentityValue::Literal(text) => format!("literal:{text}"),
    }
}

fn root_name(intent: &Intent, root: usize) -> String {
    intent.roots.get(root).map(|root| root.table.to_string()).unwrap_or_default()
}

fn render_tenancy(text: &mut String, intent: &Intent) {
    text.push_str("\n[tenancy]\n");
    if let Some((users, key)) = &intent.users {
        line(text, "users", &string(&users.to_string()), &format!("its rows are users, known by {key}"));
    }
    if intent.roots.is_empty() {
        line(text, "roots", "[]", "no table holds tenants, as far as can be seen");
    }
    if intent.memberships.is_empty() {
        line(text, "memberships", "[]", "no table joins users to tenants");
    }
    for root in &intent.roots {
        render_root(text, root);
    }
    for membership in &intent.memberships {
        render_membership(text, intent, membership);
    }
}

fn render_root(text: &mut String, root: &TenantRoot) {
    text.push_str("\n[[tenancy.roots]]\n");
    line(text, "table", &string(&root.table.to_string()), &root.reason);
    line(text, "key", &string(&root.key), "");
    let (ownership, reason) = match &root.ownership {
        Ownership::User => ("user", "a tenant is a user"),
        Ownership::OwnerColumn(owner) => {
            line(text, "owner", &string(owner), "it holds the id of the user who owns the tenant");
            return;
        }
        Ownership::Membership => ("membership", "membership tables say which user belongs to it"),
        Ownership::Claim => ("claim", "only a claim or setting says which user belongs to it"),
        Ownership::IdOnly => ("id", "tenants are known by an id alone"),
    };
    line(text, "ownership", &string(ownership), reason);
}

fn render_membership(text: &mut String, intent: &Intent, membership: &Membership) {
    text.push_str("\n[[tenancy.memberships]]\n");
    line(text, "table", &string(&membership.table.to_string()), &membership.reason);
    line(text, "root", &string(&root_name(intent, membership.root)), "");
    line(text, "user", &string(&membership.user_column), "");
    line(text, "tenant", &string(&membership.tenant_column), "");
    if let Some(role) = &membership.role_column {
        line(text, "role", &string(role), "");
        let reason = if membership.roles.is_empty() {
            "the schema does not list the roles: name them, most powerful first"
        } else {
            "as the column's type or check lists them, most powerful first by their names"
        };
        line(text, "roles", &strings(&membership.roles), reason);
    }
}

fn render_table(text: &mut String, intent: &Intent, catalog: &Catalog, name: &QualifiedName, table: &TableIntent) {
    let is_view = catalog
        .table(name)
        .is_some_and(|table| matches!(table.kind, RelationKind::View | RelationKind::MaterializedView));
    let _written = writeln!(text, "\n[tables.{}]", string(&name.to_string()));
    match &table.tie.value {
        Tie::Root(_) => comment(text, &table.tie.reason),
        Tie::Key { column, root } => {
            line(text, "tenant_key", &string(column), &table.tie.reason);
            line(text, "root", &string(&root_name(intent, *root)), "");
        }
        Tie::Through { columns, .. } => {
            let through: Vec<String> = columns.iter().map(|column| held_together(column, ',')).collect();
            let has_key = catalog
                .table(name)
                .is_some_and(|table| table.foreign_keys.iter().any(|foreign_key| foreign_key.columns == *columns));
            if has_key && !is_view {
                line(text, "through", &string(&through.join(", ")), &table.tie.reason);
            } else {
                comment(text, &format!("{}: {}", through.join(", "), table.tie.reason));
            }
        }
        Tie::Global => {
            line(text, "global", "true", &table.tie.reason);
            text.push_str("# public = [\"select\"] # if everybody may read it, signed in or not\n");
        }
        Tie::Untied => {
            comment(text, &format!("{}; give it a tenant_key or a through, or say global = true", table.tie.reason));
        }
    }
    render_privileges(text, table);
    render_commands(text, table);
}

fn render_privileges(text: &mut String, table: &TableIntent) {
    if table.privilege_columns.is_empty() {
        return;
    }
    text.push_str("privilege_columns = [\n");
    for column in &table.privilege_columns {
        let _written = writeln!(text, "    {}, # {}", string(&column.value), one_line(&column.reason));
    }
    text.push_str("]\n");
}

fn render_commands(text: &mut String, table: &TableIntent) {
    let commands = |commands: &[crate::tenancy::Command]| {
        strings(&commands.iter().map(|command| command.as_str().to_owned()).collect::<Vec<_>>())
    };
    if !table.public.is_empty() {
        line(text, "public", &commands(&table.public), "");
    }
    if !table.shared.is_empty() {
        line(text, "shared", &commands(&table.shared), "");
    }
    if let Some(client_commands) = &table.client_commands {
        line(text, "client_commands", &commands(client_commands), "");
    }
    if !table.global_uniques.is_empty() {
        line(text, "global_uniques", &strings(&table.global_uniques), "");
    }
    if let Some(unowned_rows) = &table.unowned_rows {
        line(text, "unowned_rows", &string(unowned_rows), "");
    }
    if !table.on_delete.is_empty() {
        let entry = |(columns, action): &(Vec<String>, ReferentialAction)| {
            let columns: Vec<String> = columns.iter().map(|column| held_together(column, ',')).collect();
            format!("{} = {}", string(&columns.join(", ")), string(action.as_str()))
        };
        let entries: Vec<String> = table.on_delete.iter().map(entry).collect();
        line(text, "on_delete", &format!("{{ {} }}", entries.join(", ")), "");
    }
    render_operation(text, table);
}

fn render_operation(text: &mut String, table: &TableIntent) {
    if !table.indexes.is_empty() {
        let lists: Vec<String> = table.indexes.iter().map(|columns| strings(columns)).collect();
        line(text, "indexes", &format!("[{}]", lists.join(", ")), "");
    }
    if let Some(log) = &table.audited {
        line(text, "audited", &string(&log.to_string()), "");
    }
    if let Some(append_only) = &table.append_only {
        line(text, "append_only", "true", &append_only.reason);
    }
}

fn line(text: &mut String, key: &str, value: &str, reason: &str) {
    let reason = if reason.is_empty() { String::new() } else { format!(" # {}", one_line(reason)) };
    let _written = writeln!(text, "{key} = {value}{reason}");
}

fn optional(text: &mut String, key: &str, value: Option<&str>, reason: &str) {
    match value {
        Some(value) => line(text, key, &string(value), reason),
        None => {
            let _written = writeln!(text, "# {key}: none found");
        }
    }
}

fn comment(text: &mut String, reason: &str) {
    let _written = writeln!(text, "# {}", one_line(reason));
}

/// A comment ends with its line, and TOML forbids control characters in it.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// A TOML basic string.
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => {
                let _written = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

fn strings(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| string(text)).collect::<Vec<_>>().join(", "))
}

/// A name that would be cut or trimmed goes into double quotes.
fn held_together(name: &str, separator: char) -> String {
    if name.contains([separator, '"']) || name.trim() != name {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
