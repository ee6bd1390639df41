//! Statements that would mend a table, written from the intent: a suggestion to start from, never run by the harness.

use super::scene::Scene;
use crate::catalog::{ForeignKey, PolicyCommand, QualifiedName, Table, quote_identifier, quote_literal};
use crate::tenancy::{Command, IdentityValue, Ownership, Profile, Tie};

/// Rows further from their tenant than this get no suggestion: nobody would read it.
const MAXIMUM_STEPS: usize = 4;

/// Row security, and for each command a policy that lets a tenant's members do it on the tenant's own rows, in place of the
/// permissive policies that there are. `None` where the intent does not say how a row and a caller belong together.
#[must_use]
pub fn policies(scene: &Scene<'_>, table: &Table, commands: &[Command]) -> Option<String> {
    let rule = rule(scene, &table.name, None, 0)?;
    let role = quote_identifier(scene.member_role()?);
    let name = table.name.quoted();
    let mut lines = vec![format!("alter table {name} enable row level security;")];
    for policy in table.policies.iter().filter(|policy| policy.permissive) {
        let replaced = commands.iter().any(|command| covers(policy.command, *command));
        let alone = policy.command != PolicyCommand::All;
        if replaced && alone {
            lines.push(format!("drop policy {} on {name};", quote_identifier(&policy.name)));
        } else if replaced {
            lines.push(format!(
                "drop policy {} on {name}; -- it opens every command: write the ones that it should keep",
                quote_identifier(&policy.name)
            ));
        }
    }
    for command in commands {
        let clause = match command {
            Command::Select | Command::Delete => format!("using ({rule})"),
            Command::Insert => format!("with check ({rule})"),
            Command::Update => format!("using ({rule}) with check ({rule})"),
        };
        let policy = quote_identifier(&format!("own_{}", command.as_str()));
        lines.push(format!("create policy {policy} on {name} for {} to {role}\n  {clause};", command.as_str()));
    }
    Some(lines.join("\n"))
}

fn covers(policy: PolicyCommand, command: Command) -> bool {
    match policy {
        PolicyCommand::All => true,
        PolicyCommand::Select => command == Command::Select,
        PolicyCommand::Insert => command == Command::Insert,
        PolicyCommand::Update => command == Command::Update,
        PolicyCommand::Delete => command == Command::Delete,
    }
}

/// Takes a foreign key across tenants apart: the tenant key goes into it, so that the server itself refuses another tenant's
/// row (Postgres documentation, 5.5.5: referential checks bypass row security).
#[must_use]
pub fn tied_foreign_key(scene: &Scene<'_>, table: &Table, key: &ForeignKey) -> Option<String> {
    let own = tenant_column(scene, &table.name)?;
    let parents = tenant_column(scene, &key.referenced_table)?;
    let list = |first: &str, rest: &[String]| {
        let rest = rest.iter().filter(|name| *name != first).map(|name| quote_identifier(name));
        [quote_identifier(first)].into_iter().chain(rest).collect::<Vec<_>>().join(", ")
    };
    let (child, parent) = (table.name.quoted(), key.referenced_table.quoted());
    Some(format!(
        "alter table {parent} add unique ({parents});\nalter table {child} drop constraint {name},\n  add foreign key ({columns}) references {parent} ({parents});",
        name = quote_identifier(&key.name),
        columns = list(own, &key.columns),
        parents = list(parents, &key.referenced_columns),
    ))
}

/// Keeps a foreign key within the tenant: in the key itself, else by a policy that every write has to pass as well, else by leaving the
/// column to the server.
#[must_use]
pub fn kept_within_tenant(scene: &Scene<'_>, table: &Table, key: &ForeignKey) -> Option<String> {
    tied_foreign_key(scene, table, key).or_else(|| {
        let ([column], [referenced]) = (key.columns.as_slice(), key.referenced_columns.as_slice()) else { return None };
        let Some(rule) = rule(scene, &key.referenced_table, None, 0) else {
            return without_columns(scene, table, &[column]);
        };
        Some(format!(
            "create policy {} on {} as restrictive for all to {}\n  using (true)\n  with check ({column} is null or {column} in (select {} from {} where {rule}));",
            quote_identifier(&format!("own_{column}")),
            table.name.quoted(),
            quote_identifier(scene.member_role()?),
            quote_identifier(referenced),
            key.referenced_table.quoted(),
            column = quote_identifier(column),
        ))
    })
}

/// Stops a foreign key from taking rows along when the row that it refers to goes.
#[must_use]
pub fn without_cascade(table: &Table, key: &ForeignKey) -> String {
    let list = |names: &[String]| names.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ");
    format!(
        "alter table {} drop constraint {},\n  add foreign key ({}) references {} ({}) on delete restrict;",
        table.name.quoted(),
        quote_identifier(&key.name),
        list(&key.columns),
        key.referenced_table.quoted(),
        list(&key.referenced_columns)
    )
}

/// The column that holds the tenant's id.
#[must_use]
pub fn tenant_column<'a>(scene: &Scene<'a>, table: &QualifiedName) -> Option<&'a str> {
    match &scene.intent.table(table)?.tie.value {
        Tie::Key { column, .. } => Some(column),
        Tie::Root(root) => Some(&scene.intent.roots.get(*root)?.key),
        Tie::Through { .. } | Tie::Global | Tie::Untied => None,
    }
}

/// When a row belongs to a tenant of whoever asks. Columns are qualified where the row's table stands in a subquery.
fn rule(scene: &Scene<'_>, table: &QualifiedName, alias: Option<&str>, depth: usize) -> Option<String> {
    if depth > MAXIMUM_STEPS {
        return None;
    }
    let qualified = |column: &str| match alias {
        Some(alias) => format!("{alias}.{}", quote_identifier(column)),
        None => quote_identifier(column),
    };
    match &scene.intent.table(table)?.tie.value {
        Tie::Root(root) => of_tenant(scene, &qualified(&scene.intent.roots.get(*root)?.key), *root, table),
        Tie::Key { column, root } => of_tenant(scene, &qualified(column), *root, table),
        Tie::Through { columns, parent, parent_columns } => {
            let inner_alias = format!("parent_{depth}");
            let inner = rule(scene, parent, Some(&inner_alias), depth + 1)?;
            // In a subquery a bare name would be the parent's: the row's own table is named.
            let outer = alias.map_or_else(|| quote_identifier(&table.name), str::to_owned);
            let joined: Vec<String> = columns
                .iter()
                .zip(parent_columns)
                .map(|(column, parent_column)| {
                    format!("{inner_alias}.{} = {outer}.{}", quote_identifier(parent_column), quote_identifier(column))
                })
                .collect();
            Some(format!(
                "exists (select from {} as {inner_alias} where {} and {inner})",
                parent.quoted(),
                joined.join(" and ")
            ))
        }
        Tie::Global | Tie::Untied => None,
    }
}

/// When `tenant`, an expression for an id of this root, is a tenant of whoever asks.
fn of_tenant(scene: &Scene<'_>, tenant: &str, index: usize, table: &QualifiedName) -> Option<String> {
    let root = scene.intent.roots.get(index)?;
    let is_caller = |of: &QualifiedName, column: &str| {
        Some(format!("{} = {}", quote_identifier(column), caller(scene, &IdentityValue::UserId, of, column)?))
    };
    match &root.ownership {
        Ownership::User => {
            Some(format!("{tenant} = {}", caller(scene, &IdentityValue::UserId, &root.table, &root.key)?))
        }
        Ownership::OwnerColumn(owner) if root.table == *table => is_caller(table, owner),
        Ownership::OwnerColumn(owner) => Some(format!(
            "{tenant} in (select {} from {} where {})",
            quote_identifier(&root.key),
            root.table.quoted(),
            is_caller(&root.table, owner)?
        )),
        Ownership::Membership => {
            let membership = scene.intent.memberships.iter().find(|membership| membership.root == index)?;
            let user = is_caller(&membership.table, &membership.user_column)?;
            if membership.table == *table {
                // A policy that reads its own table never ends (42P17).
                return Some(user);
            }
            let column = quote_identifier(&membership.tenant_column);
            Some(format!("{tenant} in (select {column} from {} where {user})", membership.table.quoted()))
        }
        Ownership::Claim | Ownership::IdOnly => {
            Some(format!("{tenant} = {}", caller(scene, &IdentityValue::TenantId(index), &root.table, &root.key)?))
        }
    }
}

/// Who asks, or for which tenant, in the type of the column that it is compared with.
#[must_use]
pub fn caller(scene: &Scene<'_>, value: &IdentityValue, table: &QualifiedName, column: &str) -> Option<String> {
    let identity = &scene.intent.identity;
    if scene.intent.profile == Profile::Supabase && *value == IdentityValue::UserId {
        return Some("(select auth.uid())".to_owned());
    }
    let column_type = scene.catalog.table(table).and_then(|table| table.column(column)).map(|column| &column.data_type);
    let cast = column_type.map_or_else(String::new, |data_type| format!("::{}", data_type.formatted));
    let setting = |name: &str| format!("nullif(current_setting({}, true), '')", quote_literal(name));
    if let Some(found) = identity.settings.iter().find(|setting| setting.value == *value) {
        return Some(format!("(select {}{cast})", setting(&found.name)));
    }
    let claim = identity.claims.iter().find(|claim| claim.value == *value)?;
    let path = quote_literal(&format!("{{{}}}", claim.path.join(",")));
    Some(format!("(select ({}::jsonb #>> {path}){cast})", setting(&claim.setting)))
}

/// Keeps clients from setting `columns` of a table, new rows and stored ones, and leaves them the others. A grant on the whole table
/// covers every column, so that is what goes (Postgres documentation, REVOKE).
#[must_use]
pub fn without_columns(scene: &Scene<'_>, table: &Table, columns: &[&str]) -> Option<String> {
    let role = quote_identifier(scene.member_role()?);
    let name = table.name.quoted();
    let kept: Vec<String> = table
        .columns
        .iter()
        .filter(|column| column.is_writable() && !columns.contains(&column.name.as_str()))
        .map(|column| quote_identifier(&column.name))
        .collect();
    let kept = kept.join(", ");
    Some(format!(
        "revoke insert, update on {name} from {role};\ngrant insert ({kept}), update ({kept}) on {name} to {role};"
    ))
}

/// Takes everything on a table from every client.
#[must_use]
pub fn revoked(scene: &Scene<'_>, table: &Table) -> String {
    let roles: Vec<String> = scene.client_roles().map(quote_identifier).collect();
    format!("revoke all on {} from {};", table.name.quoted(), roles.join(", "))
}
