//! Calling a function, and what its body names.

use super::clients::{is_clients, roles_in_sql};
use crate::catalog::{ArgumentMode, DataType, Function, Privilege, quote_identifier, quote_literal};
use crate::checks::scene::Scene;
use crate::verdict::{ObjectKind, ObjectRef};

/// The object of a function's results.
#[must_use]
pub(super) fn object_of(function: &Function) -> ObjectRef {
    ObjectRef {
        kind: ObjectKind::Function,
        schema: function.name.schema.clone(),
        name: function.signature.clone(),
        sub: None,
    }
}

/// `function "schema"."name"(argument types)`, as statements about it name it.
#[must_use]
pub(super) fn in_sql(function: &Function) -> String {
    let kind = if function.is_procedure { "procedure" } else { "function" };
    let types = function.signature.strip_prefix(function.name.name.as_str()).unwrap_or("()");
    format!("{kind} {}{types}", function.name.quoted())
}

/// The places of the arguments that a call gives, with their types.
#[must_use]
pub(super) fn taken(function: &Function) -> Vec<(ArgumentMode, &DataType)> {
    let takes = |mode: ArgumentMode| matches!(mode, ArgumentMode::In | ArgumentMode::InOut | ArgumentMode::Variadic);
    let taken = function.arguments.iter().filter(|argument| takes(argument.mode));
    taken.map(|argument| (argument.mode, &argument.data_type)).collect()
}

/// What a call looks like within PL/pgSQL (`perform`), or by itself (`select`), with `text` for the argument in this place.
#[must_use]
pub(super) fn call(function: &Function, keyword: &str, text: Option<(usize, &str)>) -> String {
    let arguments: Vec<String> = taken(function)
        .into_iter()
        .enumerate()
        .map(|(place, (mode, data_type))| {
            let value = match text {
                Some((chosen, text)) if chosen == place => quote_literal(text),
                _ => sample(data_type).map_or_else(|| "null".to_owned(), quote_literal),
            };
            let cast = match data_type.formatted.as_str() {
                "anyelement" | "anynonarray" | "anycompatible" | "\"any\"" => "text",
                "anyarray" | "anycompatiblearray" => "text[]",
                formatted => formatted,
            };
            let variadic = if mode == ArgumentMode::Variadic { "variadic " } else { "" };
            format!("{variadic}{value}::{cast}")
        })
        .collect();
    let keyword = if function.is_procedure { "call" } else { keyword };
    format!("{keyword} {}({})", function.name.quoted(), arguments.join(", "))
}

/// Some value of a type, so that a function does not stop at a null.
fn sample(data_type: &DataType) -> Option<&'static str> {
    let data_type = data_type.unwrapped();
    Some(match data_type.name.as_str() {
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => "1",
        "bool" => "true",
        "json" | "jsonb" => "{}",
        "date" | "timestamp" | "timestamptz" => "2024-01-01",
        _ if data_type.is_text() => "x",
        _ => return None,
    })
}

/// How EXECUTE is taken from every client.
#[must_use]
pub(super) fn revocation(scene: &Scene<'_>, function: &Function) -> String {
    let mut grantees: Vec<String> = function
        .grants
        .iter()
        .filter(|grant| grant.privilege == Privilege::Execute && is_clients(scene, &grant.grantee))
        .map(|grant| grant.grantee.clone())
        .collect();
    grantees.sort();
    grantees.dedup();
    format!("revoke execute on {} from {};", in_sql(function), roles_in_sql(&grantees))
}

/// Each place where `name` stands in `source` as a word of its own: what comes before and after it, quotes left out.
fn places<'s>(source: &'s str, name: &'s str) -> impl Iterator<Item = (Option<char>, &'s str)> + 's {
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    source.match_indices(name).filter_map(move |(start, _)| {
        let before = source.get(..start)?;
        let after = source.get(start + name.len()..)?;
        let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        whole.then(|| (before.trim_end_matches('"').chars().next_back(), after.trim_start_matches('"').trim_start()))
    })
}

/// Whether `source`, in lower case, calls something of this name.
#[must_use]
pub(super) fn calls(source: &str, name: &str) -> bool {
    places(source, &name.to_lowercase()).any(|(_, after)| after.starts_with('('))
}

/// Whether `source`, in lower case, names something so that the search path decides what it is.
#[must_use]
pub(super) fn names_unqualified(source: &str, name: &str) -> bool {
    places(source, &name.to_lowercase()).any(|(before, after)| before != Some('.') && !after.starts_with('('))
}

/// Whether `source`, in lower case, names it at all.
#[must_use]
pub(super) fn names(source: &str, name: &str) -> bool {
    places(source, &name.to_lowercase()).next().is_some()
}

/// Whether policies, defaults or constraints call the function: whoever touches the table has to be able to.
#[must_use]
pub(super) fn serves_tables(scene: &Scene<'_>, function: &Function) -> bool {
    let name = &function.name.name;
    let called = |text: &Option<String>| text.as_deref().is_some_and(|text| calls(&text.to_lowercase(), name));
    scene.catalog.tables.iter().any(|table| {
        table.policies.iter().any(|policy| called(&policy.using) || called(&policy.check))
            || table.columns.iter().any(|column| called(&column.default))
            || table.checks.iter().any(|check| calls(&check.expression.to_lowercase(), name))
    })
}

/// Whether the function, or one of the system's that it calls, asks who its caller is.
#[must_use]
pub(super) fn asks_caller(scene: &Scene<'_>, function: &Function) -> bool {
    let mut seen = vec![function.oid];
    let mut queue = vec![function];
    while let Some(function) = queue.pop() {
        let source = function.source.to_lowercase();
        if tells_caller(scene, &source) {
            return true;
        }
        for other in &scene.catalog.functions {
            let own = scene.intent.is_own_schema(&other.name.schema);
            if own && !seen.contains(&other.oid) && calls(&source, &other.name.name) {
                seen.push(other.oid);
                queue.push(other);
            }
        }
    }
    false
}

fn tells_caller(scene: &Scene<'_>, source: &str) -> bool {
    const TELLING: [&str; 6] = ["uid", "jwt", "role", "email", "current_setting", "has_role"];
    let by_call = TELLING.into_iter().any(|name| calls(source, name));
    let identity = &scene.intent.identity;
    let settings = identity.settings.iter().map(|setting| &setting.name);
    let mut settings = settings.chain(identity.claims.iter().map(|claim| &claim.setting));
    by_call || names(source, "session_user") || settings.any(|name| source.contains(&name.to_lowercase()))
}

/// A schema or role list as `set search_path` reads it.
#[must_use]
pub(super) fn path_in_sql<'p>(schemas: impl IntoIterator<Item = &'p str>) -> String {
    schemas.into_iter().map(quote_identifier).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_unqualified_where_no_schema_stands_before_it() {
        assert!(names_unqualified("select * from profiles where id = x", "profiles"));
        assert!(names_unqualified("insert into \"Profiles\"".to_lowercase().as_str(), "Profiles"));
        assert!(!names_unqualified("select * from public.profiles", "profiles"));
        assert!(!names_unqualified("select * from \"public\".\"profiles\"", "profiles"));
        assert!(!names_unqualified("select * from user_profiles", "profiles"));
    }

    #[test]
    fn a_call_has_a_parenthesis_after_the_whole_name() {
        assert!(calls("select auth.uid ()", "uid"));
        assert!(!calls("select gen_random_uuid()", "uid"));
        assert!(!calls("select uid from t", "uid"));
    }
}
