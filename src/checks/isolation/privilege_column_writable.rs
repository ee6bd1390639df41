//! `isolation/privilege-column-writable`: an end user cannot raise its own plan, role, credits, quota and the like, by UPDATE or by
//! INSERT. Nobody but the service role may, so that is the control.

use super::super::fix;
use super::super::judge::kept_from_everybody;
use super::super::scene::{Scene, Subject, VICTIM, key_condition, part_of};
use super::super::statement::{Attempt, Shape, assignment, insert_statement, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{Column, Table, TypeKind, quote_identifier, quote_literal};
use crate::probe::{Act, Signal, SqlProbe};
use crate::tenancy::{Reasoned, TableRole};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind, StoredRow, Values};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/privilege-column-writable",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user raises its own plan, role or quota",
        help: "A policy that lets users update their own row lets them update every column of it. Grant UPDATE on the columns that are theirs: `revoke update on t from authenticated; grant update (name, avatar_url) on t to authenticated`. If the column is the user's to set, leave it out of `privilege_columns` under `[tables.NAME]`.",
        example: example!("isolation/privilege-column-writable"),
    },
    plan,
};

const EXPECTED: &str = "the column keeps its value whatever the user does";
const FROM_THE_START: &str = "raise itself from the start";
/// Values tried for one column.
const MAXIMUM_VALUES: usize = 4;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || scene.member_role().is_none() {
        return Vec::new();
    }
    // Which columns an application may write is its business; that it may write any was assumed.
    if scene.intent.identity.assumed {
        return Vec::new();
    }
    let role_column = match target.intent.role {
        TableRole::Membership(index) => {
            scene.intent.memberships.get(index).and_then(|membership| membership.role_column.clone())
        }
        TableRole::Root(_) | TableRole::Profile | TableRole::Plain => None,
    };
    target
        .intent
        .privilege_columns
        .iter()
        // Roles in a membership table are judged by membership-self-granted.
        .filter(|column| Some(&column.value) != role_column.as_ref())
        .filter_map(|column| case(scene, &target, column))
        .collect()
}

fn case(scene: &Scene<'_>, target: &TenantTable<'_>, reasoned: &Reasoned<String>) -> Option<Case> {
    let column = target.table.column(&reasoned.value)?;
    let object = part_of(target.table, &column.name);
    let Some(row) = target.row else {
        return Some(Case::settled(
            object,
            target.tables(),
            EXPECTED,
            super::tenant_table::no_row(scene, target.table),
        ));
    };
    if is_group(scene, target, column, row) {
        return Some(in_group(scene, target, column, reasoned));
    }
    let values = raised_values(scene, target.table, column, row);
    let by_update = by_update(scene, target, column, row, &target.owners, &values);
    let by_insert = by_insert(scene, target, column, &values);
    Some(Case {
        object,
        tables: target.tables(),
        expected: format!("{EXPECTED}: {}", reasoned.reason),
        probes: by_update.into_iter().chain(by_insert).collect(),
        judge: Judge::Own(|case, outcomes| kept_from_everybody(case, outcomes, &[FROM_THE_START.to_owned()])),
        fix: fix::without_columns(scene, target.table, &[&column.name]),
    })
}

/// Whether the table says who takes part in something within a tenant: there a column of privilege is its own member's to lack, and
/// somebody else's to set.
fn is_group(scene: &Scene<'_>, target: &TenantTable<'_>, column: &Column, row: &StoredRow) -> bool {
    let says_role = ["role", "permission"].iter().any(|word| column.name.to_lowercase().contains(word));
    target.intent.role == TableRole::Plain && says_role && !scene.naming(row, VICTIM).is_empty()
}

/// Each member of the tenant, in its own row, unless that gives it the right to set roles.
fn in_group(scene: &Scene<'_>, target: &TenantTable<'_>, column: &Column, reasoned: &Reasoned<String>) -> Case {
    let mut probes = Vec::new();
    for row in scene.world.stored_of(&target.table.name, VICTIM) {
        let high =
            row.values.get(&column.name).and_then(Option::as_deref).is_none_or(|role| SETS_ROLES.contains(&role));
        let own = |principal: &&Principal| {
            principal.kind == PrincipalKind::Member
                && principal.user_id.as_ref().is_some_and(|id| row.values.values().flatten().any(|value| value == id))
        };
        let Some(member) = scene.world.principals.iter().find(own).filter(|_| !high) else { continue };
        if target.owners.first().is_some_and(|first| first.name == member.name) {
            continue;
        }
        let values = raised_values(scene, target.table, column, row);
        probes.extend(by_update(scene, target, column, row, &[member], &values));
    }
    let object = part_of(target.table, &column.name);
    if probes.is_empty() {
        let finding = Finding::new(Status::NotApplicable, "every made member of it may set roles");
        return Case::settled(object, target.tables(), EXPECTED, finding);
    }
    Case {
        object,
        tables: target.tables(),
        expected: format!("{EXPECTED}: {}", reasoned.reason),
        probes,
        judge: Judge::Own(|case, outcomes| kept_from_everybody(case, outcomes, &[])),
        fix: fix::without_columns(scene, target.table, &[&column.name]),
    }
}

/// Roles that may well be let set others' roles, and their own.
const SETS_ROLES: [&str; 8] =
    ["owner", "admin", "administrator", "manager", "maintainer", "super_admin", "superadmin", "org_admin"];

fn by_update(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    column: &Column,
    row: &StoredRow,
    principals: &[&Principal],
    values: &[String],
) -> Vec<SqlProbe> {
    let Some(condition) = key_condition(target.table, row, "t") else { return Vec::new() };
    let name = target.table.name.quoted();
    let observe = format!("select t.{}::text from {name} as t where {condition}", quote_identifier(&column.name));
    let others = others_away(scene, target.table, column, &condition);
    let mut shapes = Vec::new();
    for value in values {
        let set = assignment(&column.name, value);
        let by_id = format!("update {name} as t set {set} where {condition}");
        shapes.push(shape("by id", true, by_id.clone()));
        shapes.push(shape("bare", false, format!("update {name} set {set}")));
        if !others.is_empty() {
            shapes.push(Shape { prepare: others.clone(), ..shape("by id, beside no other row", false, by_id) });
        }
    }
    let attempt = Attempt {
        table: target.table,
        topic: "raise itself",
        attackers: principals,
        owners: &[],
        observe: vec![observe],
    };
    attempt.probes(scene, &shapes)
}

/// Statements that put the tenant's other rows away, where a unique key holds the column and could forbid another value for their sake.
fn others_away(scene: &Scene<'_>, table: &Table, column: &Column, own: &str) -> Vec<String> {
    let keys = table.primary_key.iter().chain(&table.uniques).map(|key| key.columns.clone());
    let indexes = table.indexes.iter().filter(|index| index.unique);
    let indexed = indexes.filter_map(|index| index.columns.iter().cloned().collect::<Option<Vec<String>>>());
    if !keys.chain(indexed).any(|columns| columns.contains(&column.name)) {
        return Vec::new();
    }
    let belongs = scene.intent.belongs_to(&table.name, "t", &scene.ids(VICTIM));
    let delete = |belongs| format!("delete from {} as t where {belongs} and not ({own})", table.name.quoted());
    without_triggers(belongs.map(delete).into_iter().collect())
}

/// A new row of its own that is raised from the start, beside the same row without the column.
fn by_insert(scene: &Scene<'_>, target: &TenantTable<'_>, column: &Column, values: &[String]) -> Vec<SqlProbe> {
    let Some(tenant) = scene.insertion_victim(&target.table.name) else { return Vec::new() };
    let Some(fresh) = scene.fresh(&target.table.name, tenant) else { return Vec::new() };
    let Some(value) = values.first() else { return Vec::new() };
    let mut raised: Values = fresh.values.clone();
    raised.insert(column.name.clone(), Some(value.clone()));
    let columns: Vec<String> = target
        .table
        .columns
        .iter()
        .filter(|candidate| candidate.is_writable() && raised.contains_key(&candidate.name))
        .filter(|candidate| candidate.name == column.name || scene.insertable(target.table, candidate))
        .map(|candidate| candidate.name.clone())
        .collect();
    let statement = insert_statement(target.table, &columns, &raised);
    let observe = format!(
        "select count(*) from {} as t where t.{}::text = {}",
        target.table.name.quoted(),
        quote_identifier(&column.name),
        quote_literal(value)
    );
    let owners: Vec<&Principal> = scene.owners(&target.table.name, tenant);
    let attempt =
        Attempt { table: target.table, topic: FROM_THE_START, attackers: &owners, owners: &[], observe: vec![observe] };
    attempt.probes(scene, &[Shape { prepare: fresh.prepare.clone(), ..shape("insert", true, statement) }])
}

fn shape(name: &'static str, main: bool, statement: String) -> Shape {
    Shape { name, main, prepare: Vec::new(), act: Act::statement(statement), signal: Signal::Change }
}

/// Values that differ from the row's: the other ones of an enumeration or list, true, a larger number.
fn raised_values(scene: &Scene<'_>, table: &Table, column: &Column, row: &StoredRow) -> Vec<String> {
    let current = row.values.get(&column.name).cloned().flatten();
    let mut values = Vec::new();
    if let TypeKind::Enumeration(labels) = &column.data_type.unwrapped().kind {
        values.extend(labels.iter().rev().cloned());
    }
    for check in table.checks.iter().filter(|check| check.columns.contains(&column.name)) {
        values.extend(quoted_texts(&check.expression).into_iter().rev());
    }
    let referenced = referenced_values(scene, table, column);
    let made = scene.world.rows.get(&table.name).into_iter().flat_map(|rows| &rows.stored);
    match column.data_type.unwrapped().name.as_str() {
        // Of a foreign key nothing else would get past the constraint.
        _ if !referenced.is_empty() => values = referenced,
        "bool" => values.push(if current.as_deref() == Some("t") { "f" } else { "t" }.to_owned()),
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => {
            let number = current.as_deref().and_then(|current| current.parse::<f64>().ok()).unwrap_or_default();
            values.extend([format!("{}", number + 1000.0), format!("{}", number + 1.0), "0".to_owned()]);
        }
        "timestamptz" | "timestamp" | "date" => values.push("2098-12-31".to_owned()),
        "json" | "jsonb" => values.push("{\"admin\": true}".to_owned()),
        "text" | "varchar" | "citext" if values.is_empty() => {
            values.extend(["enterprise".to_owned(), "admin".to_owned()])
        }
        _ => values.extend(made.filter_map(|row| row.values.get(&column.name).cloned().flatten())),
    }
    values.retain(|value| Some(value) != current.as_ref());
    values.dedup();
    values.truncate(MAXIMUM_VALUES);
    values
}

/// The keys of the made rows that the column may refer to.
fn referenced_values(scene: &Scene<'_>, table: &Table, column: &Column) -> Vec<String> {
    let Some(key) = table.foreign_keys.iter().find(|key| key.columns == [column.name.clone()]) else {
        return Vec::new();
    };
    let rows = scene.world.rows.get(&key.referenced_table).into_iter().flat_map(|rows| &rows.stored);
    rows.filter_map(|row| row.values.get(key.referenced_columns.first()?)?.clone()).collect()
}

/// The string constants in an expression as Postgres prints it.
pub(in crate::checks) fn quoted_texts(expression: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find('\'') {
        let mut text = String::new();
        let mut characters = rest[start + 1..].char_indices().peekable();
        let mut end = rest.len();
        while let Some((index, character)) = characters.next() {
            if character != '\'' {
                text.push(character);
            } else if characters.peek().is_some_and(|(_, next)| *next == '\'') {
                text.push('\'');
                characters.next();
            } else {
                end = start + 1 + index + 1;
                break;
            }
        }
        texts.push(text);
        rest = rest.get(end..).unwrap_or_default();
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_constants_are_found_with_their_quotes_undone() {
        let expression = "(tier = ANY (ARRAY['free'::text, 'it''s'::text]))";
        assert_eq!(quoted_texts(expression), ["free", "it's"]);
    }
}
