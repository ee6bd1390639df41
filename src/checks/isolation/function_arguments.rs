//! What a function is called with: the victim's ids, the caller's own, both mixed, nulls, nothing at all.

use std::collections::BTreeSet;

use super::super::scene::{ATTACKER, Scene, VICTIM};
use super::privilege_column_writable::quoted_texts;
use crate::catalog::{Argument, ArgumentMode, DataType, Function, Table, TypeKind, tokens};
use crate::world::PrincipalKind;

/// An argument of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// Its name, where the call can name it.
    pub(super) name: Option<String>,
    /// The type that its value is cast to.
    pub(super) data_type: String,
    /// Its value; `None` is null.
    pub(super) value: Option<String>,
}

/// The arguments of one call, and what they are in words.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// In words.
    pub(super) shape: String,
    /// One that every attacker tries, not the first alone.
    pub(super) main: bool,
    /// What is given.
    pub(super) arguments: Vec<Given>,
}

/// Mixed calls of one function.
const MAXIMUM_MIXED: usize = 32;
/// Values tried for one argument in mixed calls.
const MAXIMUM_CANDIDATES: usize = 8;
/// Arguments that are given apart from the others.
const MAXIMUM_APART: usize = 6;

/// The calls worth trying.
pub(super) fn calls(scene: &Scene<'_>, function: &Function) -> Vec<Call> {
    let inputs: Vec<&Argument> = function
        .arguments
        .iter()
        .filter(|argument| matches!(argument.mode, ArgumentMode::In | ArgumentMode::InOut | ArgumentMode::Variadic))
        .collect();
    let without = Call { shape: "without arguments".to_owned(), main: true, arguments: Vec::new() };
    if inputs.is_empty() {
        return vec![without];
    }
    let ground = Ground {
        scene,
        tables: named_tables(scene, function),
        keys: json_keys(&function.source),
        source: &function.source,
    };
    let mut calls = Vec::new();
    let mut add = |shape: String, main: bool, values: Vec<Option<String>>| {
        let arguments = given(&inputs, values);
        if !calls.iter().any(|known: &Call| known.arguments == arguments) {
            calls.push(Call { shape, main, arguments });
        }
    };
    let all = |pick: &dyn Fn(&Argument) -> Option<String>| inputs.iter().map(|argument| pick(argument)).collect();
    add("the victim's ids".to_owned(), true, all(&|argument| ground.value(argument, VICTIM, 0)));
    add("the victim's ids, other rows".to_owned(), true, all(&|argument| ground.value(argument, VICTIM, 1)));
    add("its own ids".to_owned(), true, all(&|argument| ground.value(argument, ATTACKER, 0)));
    add("nulls".to_owned(), true, all(&|_| None));
    for (index, id) in ground.ids(VICTIM).into_iter().take(6).enumerate() {
        let one = all(&|argument| {
            if argument.data_type.unwrapped().name == "uuid" {
                Some(id.clone())
            } else {
                ground.value(argument, VICTIM, 0)
            }
        });
        add(format!("one id of the victim's for all, {}", index + 1), true, one);
    }
    // The victim's row and the caller's own tenant: what is checked is the caller's own, what is reached is not.
    for apart in 0..inputs.len().min(MAXIMUM_APART) {
        for (tenant, others, shape) in [
            (VICTIM, ATTACKER, "the victim's id and its own for the rest"),
            (ATTACKER, VICTIM, "its own id and the victim's for the rest"),
        ] {
            let values = inputs
                .iter()
                .enumerate()
                .map(|(place, argument)| ground.value(argument, if place == apart { tenant } else { others }, 0));
            add(format!("{shape}, {}", apart + 1), false, values.collect());
        }
    }
    let candidates: Vec<Vec<Option<String>>> = inputs.iter().map(|argument| ground.candidates(argument)).collect();
    for (index, values) in mixed(&candidates).into_iter().enumerate() {
        add(format!("a mixture of ids, {}", index + 1), false, values);
    }
    if inputs.iter().all(|argument| argument.has_default) {
        calls.push(without);
    }
    calls
}

fn given(inputs: &[&Argument], values: Vec<Option<String>>) -> Vec<Given> {
    let named = inputs.iter().all(|argument| argument.name.as_ref().is_some_and(|name| !name.is_empty()))
        && !inputs.iter().any(|argument| argument.mode == ArgumentMode::Variadic);
    inputs
        .iter()
        .zip(values)
        .map(|(argument, value)| Given {
            name: argument.name.clone().filter(|_| named),
            data_type: cast_type(&argument.data_type),
            value,
        })
        .collect()
}

fn cast_type(data_type: &DataType) -> String {
    match data_type.formatted.as_str() {
        "anyelement" | "anynonarray" | "anycompatible" | "\"any\"" => "text".to_owned(),
        "anyarray" | "anycompatiblearray" => "text[]".to_owned(),
        formatted => formatted.to_owned(),
    }
}

/// Combinations of candidates, those of the first candidates first.
fn mixed(candidates: &[Vec<Option<String>>]) -> Vec<Vec<Option<String>>> {
    let mut combinations: Vec<(usize, Vec<Option<String>>)> = vec![(0, Vec::new())];
    for of_argument in candidates {
        combinations = combinations
            .iter()
            .flat_map(|(rank, values)| {
                of_argument.iter().enumerate().map(move |(place, value)| {
                    (rank + place, values.iter().cloned().chain(std::iter::once(value.clone())).collect())
                })
            })
            .collect();
        combinations.sort_by_key(|(rank, _)| *rank);
        combinations.truncate(MAXIMUM_MIXED);
    }
    combinations.into_iter().map(|(_, values)| values).collect()
}

/// The tables with tenants' rows that the function, or one that it calls, names.
fn named_tables<'a>(scene: &Scene<'a>, function: &Function) -> Vec<&'a Table> {
    let source = format!("{} {}", scene.reachable_source(function), function.returns.to_lowercase());
    let words: BTreeSet<&str> =
        source.split(|character: char| !(character.is_alphanumeric() || character == '_')).collect();
    let named = |table: &&Table| {
        let name = table.name.name.to_lowercase();
        words.contains(name.as_str()) || (name.contains(|c: char| !c.is_alphanumeric()) && source.contains(&name))
    };
    let tied = |table: &&Table| table.holds_rows() && scene.intent.root_of(&table.name).is_some();
    scene.catalog.tables.iter().filter(tied).filter(named).collect()
}

/// The keys that a body reads out of JSON: the texts after `->` and `->>`.
fn json_keys(source: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for part in source.split("->").skip(1) {
        let part = part.trim_start_matches('>').trim_start();
        if part.starts_with('\'') {
            keys.extend(quoted_texts(part).into_iter().next());
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// What values are taken from.
struct Ground<'a> {
    scene: &'a Scene<'a>,
    tables: Vec<&'a Table>,
    keys: Vec<String>,
    source: &'a str,
}

impl Ground<'_> {
    /// The ids of a tenant and of one of its users.
    fn ids(&self, tenant: usize) -> Vec<String> {
        let mut ids: Vec<String> = self.scene.ids(tenant).into_values().chain(self.user(tenant, 0)).collect();
        ids.dedup();
        ids
    }

    fn user(&self, tenant: usize, nth: usize) -> Option<String> {
        let mut users = self
            .scene
            .world
            .principals
            .iter()
            .filter(|principal| principal.kind == PrincipalKind::Member && principal.is_of(tenant));
        users.nth(nth)?.user_id.clone()
    }

    /// A value for an argument: by its name, what a column of that name, or the key of a table of that name, holds in the tenant's
    /// rows; else something of the type.
    fn value(&self, argument: &Argument, tenant: usize, nth: usize) -> Option<String> {
        let base = argument.data_type.unwrapped();
        match &base.kind {
            TypeKind::Array(element) => {
                let inner = Argument { data_type: (**element).clone(), ..argument.clone() };
                return Some(array(&self.value(&inner, tenant, nth).into_iter().collect::<Vec<_>>()));
            }
            TypeKind::Enumeration(labels) => return labels.first().cloned(),
            _ if base.is_json() => return Some(self.document(tenant)),
            _ => {}
        }
        let name = plain_name(argument);
        if is_secret(&name) {
            return None;
        }
        self.by_name(&name, &base.name, tenant, nth)
            .or_else(|| self.by_name(bare_name(&name)?, &base.name, tenant, nth))
            .or_else(|| self.by_comparison(argument, &base.name, tenant, nth))
            .or_else(|| match base.name.as_str() {
                "uuid" => self.scene.ids(tenant).into_values().next(),
                other => anything(other),
            })
    }

    /// Values for an argument in mixed calls, the likeliest first: the victim's and the caller's own in turn.
    fn candidates(&self, argument: &Argument) -> Vec<Option<String>> {
        let base = argument.data_type.unwrapped();
        let mut values = vec![self.value(argument, VICTIM, 0)];
        match &base.kind {
            TypeKind::Array(element) => {
                let keys = self.keys_of_type(&element.unwrapped().name, VICTIM);
                values.extend(keys.iter().map(|keys| Some(array(keys))));
                values.push(self.value(argument, ATTACKER, 0));
            }
            TypeKind::Enumeration(labels) => values.extend(labels.iter().map(|label| Some(label.clone()))),
            _ if base.name == "bool" => values.extend([Some("true".to_owned()), Some("false".to_owned())]),
            _ if base.is_json() => {
                values.push(Some(format!("[{}]", self.document(VICTIM))));
                values.push(Some(self.document(ATTACKER)));
            }
            _ if is_secret(&plain_name(argument)) => {}
            _ if names_an_id(&plain_name(argument), &base.name) => {
                values.push(self.value(argument, ATTACKER, 0));
                let firsts = |tenant: usize| {
                    self.keys_of_type(&base.name, tenant).into_iter().filter_map(|keys| keys.into_iter().next())
                };
                values.extend(firsts(VICTIM).map(Some));
                values.extend(
                    [ATTACKER, VICTIM].into_iter().filter(|_| base.name == "uuid").map(|tenant| self.user(tenant, 0)),
                );
                values.extend(firsts(ATTACKER).map(Some));
            }
            // What is stored already would change nothing; what is not may be found by nobody.
            _ => values.push(anything(&base.name)),
        }
        if argument.has_default {
            values.push(None);
        }
        let mut seen = BTreeSet::new();
        values.retain(|value| seen.insert(value.clone()));
        values.truncate(MAXIMUM_CANDIDATES);
        values
    }

    /// The keys that the tenant's rows have in each table that the function names, where they are of this type.
    fn keys_of_type(&self, type_name: &str, tenant: usize) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for table in &self.tables {
            let [key] = table.key_columns() else { continue };
            let of_type = table.column(key).is_some_and(|column| {
                column.data_type.unwrapped().name == type_name || ["text", "varchar"].contains(&type_name)
            });
            let rows = self.scene.world.stored_of(&table.name, tenant);
            let keys: Vec<String> = rows.filter_map(|row| row.values.get(key)?.clone()).collect();
            if of_type && !keys.is_empty() {
                all.push(keys);
            }
        }
        all
    }

    /// An object with everything that the function could look for in one.
    fn document(&self, tenant: usize) -> String {
        let mut object = serde_json::Map::new();
        for key in &self.keys {
            let name = key.to_lowercase();
            // Other things than ids differ from what is stored, so that a change shows.
            let value = ["uuid", "int8", "int4", "text"]
                .iter()
                .filter(|_| name.ends_with("id") || name.ends_with("ids"))
                .find_map(|kind| self.by_name(&name, kind, tenant, 0));
            let value = value.or_else(|| (name == "id").then(|| self.keys_of_type("text", tenant).concat().pop())?);
            object.insert(key.clone(), value.map_or_else(|| serde_json::json!("1"), serde_json::Value::String));
        }
        serde_json::Value::Object(object).to_string()
    }

    fn by_name(&self, name: &str, type_name: &str, tenant: usize, nth: usize) -> Option<String> {
        let table_key = self.by_table(name, type_name, tenant, nth);
        let users_key = self.scene.intent.users.as_ref().and_then(|(users, key)| {
            self.scene.catalog.table(users)?.column(key).map(|column| column.data_type.unwrapped().name.clone())
        });
        let is_user = users_key.as_deref() == Some(type_name) || (type_name == "text" && name.contains("id"));
        if names_a_user(name) && is_user {
            return self.user(tenant, nth).or(table_key);
        }
        table_key.or_else(|| self.by_column(name, type_name, tenant, nth))
    }

    fn by_table(&self, name: &str, type_name: &str, tenant: usize, nth: usize) -> Option<String> {
        let stem =
            ["_ids", "_id", "_uuid", "ids", "id"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        let table = self.scene.catalog.tables.iter().find(|table| {
            let table_name = table.name.name.to_lowercase();
            !stem.is_empty()
                && (table_name == stem
                    || table_name == format!("{stem}s")
                    || table_name == format!("{stem}es")
                    || table_name.strip_suffix("ies").is_some_and(|base| format!("{base}y") == stem))
        })?;
        let key = table.key_columns().first()?;
        let of_type = table.column(key).is_some_and(|column| column.data_type.unwrapped().name == type_name);
        let world = self.scene.world;
        let row = world.stored_of(&table.name, tenant).nth(nth).or_else(|| self.scene.stored(&table.name, tenant))?;
        row.values.get(key).filter(|_| of_type || name != stem)?.clone()
    }

    /// What the tenant's row holds in a column that the body compares with the argument.
    fn by_comparison(&self, argument: &Argument, type_name: &str, tenant: usize, nth: usize) -> Option<String> {
        let name = argument.name.as_deref().filter(|name| !name.is_empty())?.to_lowercase();
        let columns = compared_with(self.source, &name);
        let held = |column: &String| self.tables.iter().any(|table| table.column(column).is_some());
        columns
            .iter()
            .filter(|column| **column != name && held(column) && !is_secret(column))
            .find_map(|column| text_types(type_name).iter().find_map(|kind| self.by_column(column, kind, tenant, nth)))
    }

    fn by_column(&self, name: &str, type_name: &str, tenant: usize, nth: usize) -> Option<String> {
        let named_first = self.tables.iter().copied().chain(&self.scene.catalog.tables);
        named_first
            .filter(|table| table.column(name).is_some_and(|column| column.data_type.unwrapped().name == type_name))
            .find_map(|table| {
                let world = self.scene.world;
                let row =
                    world.stored_of(&table.name, tenant).nth(nth).or_else(|| self.scene.stored(&table.name, tenant))?;
                row.values.get(name)?.clone()
            })
    }
}

/// The argument's name without what people put before it.
fn plain_name(argument: &Argument) -> String {
    let name = argument.name.as_deref().unwrap_or_default().to_lowercase();
    ["p_", "_", "in_", "arg_", "v_", "target_", "the_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(&name)
        .to_owned()
}

/// A plain name without what says which of two it is: `to_shop`, `new_owner`.
fn bare_name(name: &str) -> Option<&str> {
    ["to_", "from_", "new_", "old_", "target_", "source_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .filter(|bare| !bare.is_empty())
}

/// The types whose values an argument of this type can be compared with.
fn text_types(type_name: &str) -> Vec<&str> {
    const TEXTS: [&str; 4] = ["text", "varchar", "citext", "bpchar"];
    if TEXTS.contains(&type_name) { TEXTS.to_vec() } else { vec![type_name] }
}

/// The names that a body compares with an argument, in either order: `c.phone = line`, `lower(line) = lower(c.phone)`.
fn compared_with(source: &str, argument: &str) -> Vec<String> {
    const FOLDING: [&str; 4] = ["lower", "upper", "trim", "btrim"];
    let mut words: Vec<String> = Vec::new();
    let mut cast = false;
    for token in tokens(source) {
        let dropped = cast
            || ["(", ")", "::"].iter().any(|mark| token.is_mark(mark))
            || FOLDING.iter().any(|word| token.is_word(word));
        cast = token.is_mark("::");
        if !dropped {
            let operator = ["=", "."].into_iter().find(|mark| token.is_mark(mark));
            words.push(operator.or(token.name()).unwrap_or_default().to_lowercase());
        }
    }
    let word = |place: usize| words.get(place).map(String::as_str);
    // The last part of the name that begins at `place`.
    let after = |mut place: usize| {
        while word(place + 1) == Some(".") {
            place += 2;
        }
        word(place)
    };
    let mut found = Vec::new();
    for place in 0..words.len() {
        if !matches!(word(place), Some("=" | "like" | "ilike")) {
            continue;
        }
        let before = place.checked_sub(1).and_then(word);
        let (before, after) = (before.unwrap_or_default(), after(place + 1).unwrap_or_default());
        let other = if after == argument {
            before
        } else if before == argument {
            after
        } else {
            continue;
        };
        if !other.is_empty() && !found.iter().any(|known| known == other) {
            found.push(other.to_owned());
        }
    }
    found
}

/// Whoever holds a token is meant to be let in by it: that an attacker does not know it is no fault of the function.
fn is_secret(name: &str) -> bool {
    ["token", "secret", "code", "hash", "password", "key"].iter().any(|word| name.contains(word))
}

fn names_a_user(name: &str) -> bool {
    const PEOPLE: [&str; 10] =
        ["user", "userid", "uid", "profile", "owner", "member", "caller", "actor", "author", "requester"];
    name.split('_').any(|word| PEOPLE.contains(&word))
}

fn names_an_id(name: &str, type_name: &str) -> bool {
    type_name == "uuid" || name.ends_with("id") || matches!(type_name, "int4" | "int8") && !name.contains("limit")
}

fn anything(type_name: &str) -> Option<String> {
    let value = match type_name {
        "bool" => "true",
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" => "1",
        "timestamptz" | "timestamp" | "date" => "2001-01-01",
        "interval" => "100 years",
        "text" | "varchar" | "citext" | "bpchar" | "name" => "a",
        _ => return None,
    };
    Some(value.to_owned())
}

/// An array constant (Postgres documentation, 8.15.2).
fn array(elements: &[String]) -> String {
    let quoted: Vec<String> =
        elements.iter().map(|element| format!("\"{}\"", element.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<Option<String>> {
        values.iter().map(|value| Some((*value).to_owned())).collect()
    }

    #[test]
    fn mixtures_begin_with_the_likeliest_of_each_argument() {
        let combinations = mixed(&[texts(&["a", "b"]), texts(&["c", "d"])]);
        assert_eq!(combinations.len(), 4);
        assert_eq!(combinations.first(), Some(&texts(&["a", "c"])));
        assert_eq!(combinations.last(), Some(&texts(&["b", "d"])));
    }

    #[test]
    fn mixtures_stay_within_their_bound() {
        let many = vec![texts(&["a", "b", "c", "d", "e", "f"]); 8];
        assert_eq!(mixed(&many).len(), MAXIMUM_MIXED);
    }

    #[test]
    fn the_keys_that_a_body_reads_out_of_json_are_found() {
        assert_eq!(json_keys("p ->> 'page_id', (p->'meta' ->> 'id')::uuid, p -> 0"), ["id", "meta", "page_id"]);
    }

    #[test]
    fn the_columns_that_a_body_compares_with_an_argument_are_found() {
        let body = "select 1 from pets p where p.chip = wanted and lower(wanted::text) = lower(p.tag) and p.age = 3";
        assert_eq!(compared_with(body, "wanted"), ["chip", "tag"]);
        assert_eq!(compared_with("where name = find.wanted", "wanted"), ["name"]);
    }

    #[test]
    fn a_name_loses_what_says_which_of_two_it_is() {
        assert_eq!(bare_name("to_shop"), Some("shop"));
        assert_eq!(bare_name("shop"), None);
    }

    #[test]
    fn an_array_constant_quotes_its_elements() {
        assert_eq!(array(&["a,b".to_owned(), "c\"d".to_owned()]), r#"{"a,b","c\"d"}"#);
    }
}
