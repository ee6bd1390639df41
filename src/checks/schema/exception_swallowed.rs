//! `schema/exception-swallowed`: no function catches every error of what it writes, and says nothing.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use crate::catalog::{Function, quote_identifier};
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/exception-swallowed",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "No function hides its errors",
        help: "`exception when others then null` undoes what its block wrote and goes on as if it had not failed: the sign-up succeeds without a profile, the payment without its invoice, and no log says so. Catch the conditions that are expected (`when unique_violation then`), and let the others through, or leave a trace: `raise warning '%', sqlerrm;`. A function that tries whether a value can be read, and answers null or false, hides nothing.",
        example: example!("schema/exception-swallowed"),
    },
    plan,
};

const EXPECTED: &str = "what goes wrong is raised, logged or handled by name";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Function(function) = *subject else { return Vec::new() };
    if function.language != "plpgsql" {
        return Vec::new();
    }
    let words = words_of(&function.source);
    if !words.iter().any(|word| word == "exception") {
        return Vec::new();
    }
    let object = ObjectRef {
        kind: ObjectKind::Function,
        schema: function.name.schema.clone(),
        name: function.signature.clone(),
        sub: None,
    };
    let finding = if swallows(function, &words) {
        Finding::new(Status::Fail, "it catches every error of what it does, and neither raises nor records it")
    } else {
        Finding::new(Status::Pass, "what it catches is named, raised or recorded")
    };
    let fix = format!(
        "-- in {}.{}: when others then raise warning '%', sqlerrm; or name the condition that is expected",
        quote_identifier(&function.name.schema),
        function.signature
    );
    vec![Case::settled(object, tables_of(scene, function), EXPECTED, finding).with_fix(fix)]
}

/// The exposed tables whose triggers call it.
fn tables_of(scene: &Scene<'_>, function: &Function) -> Vec<String> {
    scene
        .catalog
        .tables
        .iter()
        .filter(|table| scene.intent.exposed_schemas.contains(&table.name.schema) && table.holds_rows())
        .filter(|table| table.triggers.iter().any(|trigger| trigger.function == function.name))
        .map(|table| table.name.to_string())
        .collect()
}

/// Whether a handler for every condition leaves no trace of an error that somebody would miss.
fn swallows(function: &Function, words: &[String]) -> bool {
    const TRACES: [&str; 13] = [
        "raise",
        "insert",
        "update",
        "delete",
        "perform",
        "call",
        "execute",
        "sqlerrm",
        "sqlstate",
        "diagnostics",
        "notify",
        "select",
        "assert",
    ];
    const WRITES: [&str; 7] = ["insert", "update", "delete", "perform", "call", "execute", "merge"];
    handlers(words).any(|handler| {
        let traced = handler.body.iter().any(|word| TRACES.contains(&word.as_str()));
        let writes = handler.block.iter().any(|word| WRITES.contains(&word.as_str()));
        let admits = handler.body.windows(2).any(|pair| pair == ["return", "true"]);
        // A trigger that guards refuses by raising.
        let refuses = function.is_trigger && handler.block.iter().any(|word| word == "raise");
        !traced && (writes || refuses || admits)
    })
}

/// What is done about every condition, and in which block.
struct Handler<'a> {
    block: &'a [String],
    body: &'a [String],
}

/// The handlers `when … others … then`.
fn handlers(words: &[String]) -> impl Iterator<Item = Handler<'_>> {
    let exceptions = words.iter().enumerate().filter(|(_, word)| *word == "exception").map(|(at, _)| at);
    exceptions.filter_map(|at| {
        let before = words.get(..at)?;
        // `raise exception 'no'` opens no handlers.
        if before.last().is_some_and(|word| word == "raise") || words.get(at + 1).is_none_or(|word| word != "when") {
            return None;
        }
        let handlers = words.get(at + 1..)?;
        let others = handlers.iter().position(|word| word == "others")?;
        let rest = handlers.get(others..)?;
        let body = rest.get(rest.iter().position(|word| word == "then")? + 1..)?;
        Some(Handler { block: block_before(before), body: body.get(..end_of(body))? })
    })
}

/// The statements since the `begin` that these words end in.
fn block_before(words: &[String]) -> &[String] {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().rev() {
        match word.as_str() {
            "end" if !words.get(at + 1).is_some_and(|next| matches!(next.as_str(), "if" | "loop" | "case")) => {
                depth += 1
            }
            "begin" | "case" if depth > 0 => depth -= 1,
            "begin" => return words.get(at..).unwrap_or_default(),
            _ => {}
        }
    }
    words
}

/// Where a handler ends: at the next one, or at the end of its block.
fn end_of(body: &[String]) -> usize {
    let mut depth = 0_usize;
    for (at, word) in body.iter().enumerate() {
        let previous = at.checked_sub(1).and_then(|before| body.get(before)).map(String::as_str);
        match word.as_str() {
            "begin" | "case" | "if" | "loop" if previous != Some("end") => depth += 1,
            "end" if depth == 0 => return at,
            "end" => depth -= 1,
            "when" if depth == 0 => return at,
            _ => {}
        }
    }
    body.len()
}

/// The words of a body in lower case, without comments and without what stands in quotes.
fn words_of(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '\'' || first == '"' {
            rest.get(1..).and_then(|inner| inner.find(first)).map_or(rest.len(), |end| end + 2)
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            words.extend(rest.get(..end).map(str::to_lowercase));
            end
        } else {
            first.len_utf8()
        };
        rest = rest.get(skipped..).unwrap_or_default();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(source: &str) -> Vec<(String, String)> {
        let words = words_of(source);
        handlers(&words).map(|handler| (handler.block.join(" "), handler.body.join(" "))).collect()
    }

    #[test]
    fn a_handler_ends_where_the_next_one_begins() {
        let found = bodies(
            "begin insert into a values ('when others'); exception when others then null; when no_data_found then raise; end",
        );
        assert_eq!(found, [("begin insert into a values".to_owned(), "null".to_owned())]);
    }

    #[test]
    fn a_handler_holds_its_own_blocks() {
        let found = bodies(
            "begin begin perform 1; end; x := 2; exception -- when others then\n when others then if a then return 1; end if; end; raise exception 'no';",
        );
        assert_eq!(found, [("begin begin perform end x".to_owned(), "if a then return end if".to_owned())]);
    }

    #[test]
    fn conditions_by_name_are_no_handler_of_every_one() {
        assert!(bodies("begin insert into a; exception when unique_violation then null; end").is_empty());
    }
}
