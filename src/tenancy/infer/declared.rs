//! What a person wrote in `seaworthy.toml`, with its names resolved.

use std::collections::BTreeMap;

use super::Skeleton;
use super::reading::{Reading, single_key};
use super::ties::Ties;
use super::users::Users;
use crate::catalog::{ForeignKey, QualifiedName, ReferentialAction, Table};
use crate::settings::{ClientCommand, DeleteAction, MembershipSettings, RootSettings, SystemSettings, TableSettings};
use crate::tenancy::error::nearest;
use crate::tenancy::{Command, IdentityValue, Membership, Origin, Ownership, Reasoned, TenancyError, TenantRoot, Tie};

/// Why everything declared is believed.
pub(super) const WRITTEN: &str = "seaworthy.toml says so";

/// The table of this name: `schema.name`, or `name` in an exposed schema.
pub(super) fn table<'a>(reading: &Reading<'a>, named: &str, setting: &str) -> Result<&'a Table, TenancyError> {
    let tables = &reading.catalog.tables;
    if let Some(table) = tables.iter().find(|table| table.name.to_string() == named) {
        return Ok(table);
    }
    let found: Vec<&Table> =
        tables.iter().filter(|table| table.name.name == named && reading.is_exposed(table)).collect();
    match found.as_slice() {
        [table] => Ok(table),
        [] => {
            let known: Vec<String> = tables
                .iter()
                .filter(|table| reading.is_own(&table.name.schema))
                .flat_map(|table| [table.name.to_string(), table.name.name.clone()])
                .collect();
            let nearest = nearest(named, known.iter().map(String::as_str));
            Err(TenancyError::UnknownTable { setting: setting.to_owned(), named: named.to_owned(), nearest })
        }
        several => Err(TenancyError::AmbiguousTable {
            setting: setting.to_owned(),
            named: named.to_owned(),
            candidates: several.iter().map(|table| table.name.to_string()).collect(),
        }),
    }
}

/// The column of this name, or an error that names the nearest.
pub(super) fn column(table: &Table, named: &str, setting: &str) -> Result<String, TenancyError> {
    if table.column(named).is_some() {
        return Ok(named.to_owned());
    }
    Err(TenancyError::UnknownColumn {
        setting: setting.to_owned(),
        table: table.name.clone(),
        named: named.to_owned(),
        nearest: nearest(named, table.columns.iter().map(|column| column.name.as_str())),
    })
}

/// The table of users, if declared.
pub(super) fn users(
    reading: &Reading<'_>,
    settings: &SystemSettings,
) -> Result<Option<(QualifiedName, String)>, TenancyError> {
    let Some(named) = &settings.tenancy.users else { return Ok(None) };
    let table = table(reading, named, "tenancy.users")?;
    let key = single_key(table).ok_or_else(|| TenancyError::NoSingleKey { table: table.name.clone() })?;
    Ok(Some((table.name.clone(), key.to_owned())))
}

/// A declared root; `infer` says how users belong to it where the declaration does not.
pub(super) fn root(
    reading: &Reading<'_>,
    settings: &RootSettings,
    infer: impl Fn(&Table) -> Ownership,
) -> Result<TenantRoot, TenancyError> {
    let setting = "tenancy.roots";
    let origin = Origin::Declared;
    let reason = WRITTEN.to_owned();
    if settings.ownership.as_deref() == Some("id") {
        let table = match settings.table.split_once('.') {
            Some((schema, name)) => QualifiedName::new(schema, name),
            None => QualifiedName::new(reading.exposed.first().cloned().unwrap_or_default(), &settings.table),
        };
        let key = settings.key.clone().ok_or_else(|| TenancyError::NoSingleKey { table: table.clone() })?;
        return Ok(TenantRoot { table, key, ownership: Ownership::IdOnly, reason, origin });
    }
    let table = table(reading, &settings.table, setting)?;
    let key = match &settings.key {
        Some(key) => column(table, key, "tenancy.roots.key")?,
        None => single_key(table).ok_or_else(|| TenancyError::NoSingleKey { table: table.name.clone() })?.to_owned(),
    };
    let owner = settings.owner.as_deref().map(|owner| column(table, owner, "tenancy.roots.owner")).transpose()?;
    let ownership = match (settings.ownership.as_deref(), owner) {
        (None | Some("owner"), Some(owner)) => Ownership::OwnerColumn(owner),
        (None | Some("owner"), None) => infer(table),
        (Some("user"), _) => Ownership::User,
        (Some("membership"), _) => Ownership::Membership,
        (Some("claim"), _) => Ownership::Claim,
        (Some(other), _) => {
            const ALLOWED: [&str; 5] = ["user", "owner", "membership", "claim", "id"];
            return Err(TenancyError::UnknownValue {
                setting: "tenancy.roots.ownership".to_owned(),
                value: other.to_owned(),
                allowed: ALLOWED.join(", "),
                nearest: nearest(other, ALLOWED),
            });
        }
    };
    Ok(TenantRoot { table: table.name.clone(), key, ownership, reason, origin })
}

/// The index of the root that a setting names, else of the only one that it can mean.
fn root_index(
    reading: &Reading<'_>,
    roots: &[TenantRoot],
    users_root: Option<usize>,
    named: Option<&str>,
    setting: &str,
) -> Result<usize, TenancyError> {
    let names = || roots.iter().map(|root| root.table.to_string()).collect::<Vec<_>>();
    if let Some(named) = named {
        let matches = |root: &TenantRoot| {
            root.table.to_string() == named
                || (root.table.name == named && reading.exposed.contains(&root.table.schema))
        };
        return roots.iter().position(matches).ok_or_else(|| TenancyError::NotARoot {
            setting: setting.to_owned(),
            table: named.to_owned(),
            roots: names(),
        });
    }
    let tenants: Vec<usize> = (0..roots.len()).filter(|root| users_root != Some(*root)).collect();
    match (tenants.as_slice(), users_root) {
        ([only], _) => Ok(*only),
        ([], Some(users_root)) => Ok(users_root),
        _ => Err(TenancyError::RootMissing { setting: setting.to_owned(), roots: names() }),
    }
}

/// A declared membership table.
pub(super) fn membership(
    reading: &Reading<'_>,
    roots: &[TenantRoot],
    users_root: Option<usize>,
    settings: &MembershipSettings,
) -> Result<Membership, TenancyError> {
    let table = table(reading, &settings.table, "tenancy.memberships")?;
    let role_column =
        settings.role.as_deref().map(|role| column(table, role, "tenancy.memberships.role")).transpose()?;
    let mut roles = settings.roles.clone();
    if let Some(role) = role_column.as_deref().and_then(|role| table.column(role)).filter(|_| roles.is_empty()) {
        roles = super::memberships::allowed_values(table, role);
    }
    Ok(Membership {
        root: root_index(reading, roots, users_root, settings.root.as_deref(), "tenancy.memberships.root")?,
        user_column: column(table, &settings.user, "tenancy.memberships.user")?,
        tenant_column: column(table, &settings.tenant, "tenancy.memberships.tenant")?,
        role_column,
        roles,
        table: table.name.clone(),
        reason: WRITTEN.to_owned(),
        origin: Origin::Declared,
    })
}

/// The declared ties, by table; every name within them checked.
pub(super) fn ties(
    reading: &Reading<'_>,
    users: &Users,
    skeleton: &Skeleton,
    settings: &SystemSettings,
) -> Result<Ties, TenancyError> {
    let (roots, users_root) = (skeleton.roots.as_slice(), skeleton.users_root);
    let mut ties = Ties::new();
    for (named, settings) in &settings.tables {
        let setting = format!("tables.{named}");
        let table = table(reading, named, &setting)?;
        check_columns(table, settings, &setting)?;
        let tie = if let Some(key) = &settings.tenant_key {
            let key = column(table, key, &format!("{setting}.tenant_key"))?;
            let follows = key_root(users, roots, users_root, table, &key);
            let root = match (settings.root.as_deref(), follows) {
                (None, Some(root)) => root,
                (named, _) => root_index(reading, roots, users_root, named, &format!("{setting}.root"))?,
            };
            Tie::Key { column: key, root }
        } else if let Some(through) = &settings.through {
            let foreign_key = foreign_key(table, through, &format!("{setting}.through"))?;
            let columns = foreign_key.columns.clone();
            match skeleton.one_tenant_each(users).filter(|_| users.holds_user(foreign_key)) {
                // The user's tenant stands in the profile, whichever table of users the key refers to.
                Some((parent, column)) => {
                    Tie::Through { columns, parent: parent.clone(), parent_columns: vec![column.to_owned()] }
                }
                None => Tie::Through {
                    columns,
                    parent: foreign_key.referenced_table.clone(),
                    parent_columns: foreign_key.referenced_columns.clone(),
                },
            }
        } else if settings.global == Some(true) {
            Tie::Global
        } else {
            continue;
        };
        ties.insert(table.name.clone(), Reasoned { value: tie, reason: WRITTEN.to_owned(), origin: Origin::Declared });
    }
    Ok(ties)
}

/// The root that a column refers to, or holds a user of.
fn key_root(users: &Users, roots: &[TenantRoot], users_root: Option<usize>, table: &Table, key: &str) -> Option<usize> {
    let referred = super::reading::foreign_key_of(table, key)
        .and_then(|foreign_key| roots.iter().position(|root| root.table == foreign_key.referenced_table));
    let user = || users_root.filter(|_| users.columns_of(table).iter().any(|found| found.column == key));
    referred.or_else(user)
}

fn check_columns(table: &Table, settings: &TableSettings, setting: &str) -> Result<(), TenancyError> {
    for named in settings.privilege_columns.iter().flatten() {
        column(table, named, &format!("{setting}.privilege_columns"))?;
    }
    for named in settings.on_delete.keys() {
        for part in split_outside_quotes(named, ',') {
            column(table, &part, &format!("{setting}.on_delete"))?;
        }
    }
    for named in settings.indexes.iter().flatten() {
        column(table, named, &format!("{setting}.indexes"))?;
    }
    for named in settings.values.keys() {
        column(table, named, &format!("{setting}.values"))?;
    }
    for named in settings.required.iter().flat_map(BTreeMap::keys) {
        column(table, named, &format!("{setting}.required"))?;
    }
    for named in &settings.global_uniques {
        let is_name = table.uniques.iter().any(|unique| unique.name == *named)
            || table.exclusions.iter().any(|exclusion| exclusion.name == *named)
            || table.indexes.iter().any(|index| index.name == *named);
        if !is_name {
            column(table, named, &format!("{setting}.global_uniques"))?;
        }
    }
    Ok(())
}

fn foreign_key<'a>(table: &'a Table, through: &str, setting: &str) -> Result<&'a ForeignKey, TenancyError> {
    let columns = split_outside_quotes(through, ',');
    for named in &columns {
        column(table, named, setting)?;
    }
    let same = |foreign_key: &&ForeignKey| {
        foreign_key.columns.len() == columns.len() && foreign_key.columns.iter().all(|name| columns.contains(name))
    };
    table.foreign_keys.iter().find(same).ok_or_else(|| TenancyError::NoSuchForeignKey {
        setting: setting.to_owned(),
        table: table.name.clone(),
        columns: through.to_owned(),
    })
}

/// The commands as the intent spells them.
pub(super) fn commands(commands: &[ClientCommand]) -> Vec<Command> {
    let command = |command: &ClientCommand| match command {
        ClientCommand::Select => Command::Select,
        ClientCommand::Insert => Command::Insert,
        ClientCommand::Update => Command::Update,
        ClientCommand::Delete => Command::Delete,
    };
    commands.iter().map(command).collect()
}

/// The declared relations. One that is not there is a finding, not a mistake in the settings.
pub(super) fn relations(reading: &Reading<'_>, settings: &SystemSettings) -> Option<Vec<QualifiedName>> {
    let exposed = |named: &String| {
        let of_it = |table: &&Table| table.name.name == *named && reading.is_exposed(table);
        reading.catalog.tables.iter().find(of_it).map(|table| table.name.clone())
    };
    let first = reading.exposed.first().cloned().unwrap_or_default();
    let name = |named: &String| {
        exposed(named).unwrap_or_else(|| match named.split_once('.') {
            Some((schema, name)) => QualifiedName::new(schema, name),
            None => QualifiedName::new(&first, named),
        })
    };
    settings.relations.as_ref().map(|relations| relations.iter().map(name).collect())
}

/// What deleting does, as the intent spells it.
pub(super) fn on_delete(declared: &BTreeMap<String, DeleteAction>) -> Vec<(Vec<String>, ReferentialAction)> {
    let action = |action: &DeleteAction| match action {
        DeleteAction::NoAction => ReferentialAction::NoAction,
        DeleteAction::Restrict => ReferentialAction::Restrict,
        DeleteAction::Cascade => ReferentialAction::Cascade,
        DeleteAction::SetNull => ReferentialAction::SetNull,
        DeleteAction::SetDefault => ReferentialAction::SetDefault,
    };
    declared.iter().map(|(columns, declared)| (split_outside_quotes(columns, ','), action(declared))).collect()
}

/// What a claim or setting is declared to hold: `user`, `tenant`, `tenant:TABLE` …
pub(super) fn identity_value(
    reading: &Reading<'_>,
    roots: &[TenantRoot],
    users_root: Option<usize>,
    text: &str,
    setting: &str,
) -> Result<IdentityValue, TenancyError> {
    let (kind, detail) = match text.split_once(':') {
        Some((kind, detail)) => (kind, Some(detail)),
        None => (text, None),
    };
    let root = || root_index(reading, roots, users_root, detail, setting);
    Ok(match (kind, detail) {
        ("user", None) => IdentityValue::UserId,
        ("tenant", _) => IdentityValue::TenantId(root()?),
        ("tenants", _) => IdentityValue::TenantIds(root()?),
        ("member-role", None) => IdentityValue::MemberRole,
        ("database-role", None) => IdentityValue::DatabaseRole,
        ("email", None) => IdentityValue::Email,
        ("literal", Some(detail)) => IdentityValue::Literal(detail.to_owned()),
        _ => {
            const ALLOWED: [&str; 6] = ["user", "tenant", "tenants", "member-role", "database-role", "email"];
            return Err(TenancyError::UnknownValue {
                setting: setting.to_owned(),
                value: text.to_owned(),
                allowed: format!("{}, tenant:TABLE, tenants:TABLE, literal:TEXT", ALLOWED.join(", ")),
                nearest: nearest(kind, ALLOWED),
            });
        }
    })
}

/// Cuts `a, "b, c"` at the commas that no double quotes hold together; within them, two double quotes stand for one.
pub(super) fn split_outside_quotes(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![(String::new(), false)];
    let mut within = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == separator && !within {
            parts.push((String::new(), false));
            continue;
        }
        let Some((part, quoted)) = parts.last_mut() else { break };
        if character != '"' {
            // Space around a part is no part of it, but for what quotes hold.
            if within || !character.is_whitespace() || !(part.is_empty() || *quoted) {
                part.push(character);
            }
        } else if within && characters.peek() == Some(&'"') {
            characters.next();
            part.push('"');
        } else {
            within = !within;
            *quoted = true;
        }
    }
    let trimmed = |(part, quoted): (String, bool)| if quoted { part } else { part.trim_end().to_owned() };
    parts.into_iter().map(trimmed).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_a_name_together() {
        assert_eq!(split_outside_quotes("a , b c", ','), ["a", "b c"]);
        assert_eq!(split_outside_quotes("\"a, b\", c", ','), ["a, b", "c"]);
        assert_eq!(split_outside_quotes("\"https://x.y/z\".\"say \"\"hi\"\"\"", '.'), ["https://x.y/z", "say \"hi\""]);
        assert!(split_outside_quotes(" , ", ',').is_empty());
    }
}
