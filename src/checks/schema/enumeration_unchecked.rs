//! `schema/enumeration-unchecked`: a text column that holds one of a few words is kept to them.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check};
use super::defect::{Defect, cases, designed, guards};
use crate::catalog::{Column, Generated, Table, TypeKind, quote_identifier};
use crate::tenancy::words;
use crate::verdict::{CheckInfo, Family, Severity};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/enumeration-unchecked",
        family: Family::Schema,
        severity: Severity::Warning,
        title: "A status is one of the words it may be",
        help: "A column named status, type, tier or role holds one of a few words, and code branches on them. Text without a CHECK takes any: a misspelt `canceled` is neither active nor cancelled, and a client that may write the column invents its own. Add `check (status in ('draft', 'active'))`, an enum type, or a foreign key to a table of the words.",
        example: example!("schema/enumeration-unchecked"),
    },
    plan,
};

const EXPECTED: &str = "a CHECK, a type or a foreign key keeps the column to its words";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, _)) = designed(subject) else { return Vec::new() };
    let chosen: Vec<&Column> = table.columns.iter().filter(|column| is_choice(column)).collect();
    if chosen.is_empty() {
        return Vec::new();
    }
    let defects = chosen.into_iter().filter(|column| !is_kept(scene, table, column)).map(|column| {
        let name = quote_identifier(&column.name);
        let first = column.default.as_deref().and_then(literal).unwrap_or("…");
        let fix = format!("alter table {} add check ({name} in ('{first}', …));", table.name.quoted());
        let default = column.default.as_deref().and_then(literal).map(|word| format!(", {word} by default,"));
        Defect::new(
            &column.name,
            format!(
                "{} is text{} and nothing keeps it to the words it may be",
                column.name,
                default.unwrap_or_default()
            ),
            fix,
        )
    });
    cases(table, EXPECTED, defects.collect(), "each such column is kept to its words")
}

/// Whether a column's name and default say that it holds one of a few words.
fn is_choice(column: &Column) -> bool {
    const CHOICES: [&str; 16] = [
        "status",
        "state",
        "type",
        "kind",
        "category",
        "tier",
        "role",
        "priority",
        "severity",
        "level",
        "stage",
        "phase",
        "mode",
        "visibility",
        "privacy",
        "plan",
    ];
    // Media types are an open list, and a type's name in another system is that system's affair.
    const OPEN: [&str; 6] = ["content", "mime", "media", "external", "file", "resource"];
    let words = words(&column.name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let chosen = CHOICES.contains(&last) && !words.iter().any(|word| OPEN.contains(&word.as_str()));
    let begins = column.default.as_deref().and_then(literal).is_some_and(|word| !word.is_empty());
    // A status needs no default to be one.
    chosen && column.data_type.is_text() && column.generated == Generated::No && (begins || last == "status")
}

/// The text of `'draft'::text`.
fn literal(default: &str) -> Option<&str> {
    let (word, rest) = default.strip_prefix('\'')?.split_once('\'')?;
    (!rest.starts_with('\'')).then_some(word)
}

fn is_kept(scene: &Scene<'_>, table: &Table, column: &Column) -> bool {
    let domain = matches!(&column.data_type.kind, TypeKind::Domain { checks, .. } if !checks.is_empty());
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    let checked =
        table.checks.iter().any(|check| check.columns.contains(&column.name) && names_words(&check.expression));
    domain || refers || checked || guards(scene, table, &column.name).any(|(_, source)| source.contains("raise"))
}

/// Whether an expression says more than that the text is there or how long it is.
fn names_words(expression: &str) -> bool {
    const LENGTH: [&str; 9] =
        ["length", "char_length", "character_length", "octet_length", "btrim", "trim", "lower", "upper", "coalesce"];
    let calls = expression.match_indices('(').any(|(at, _)| {
        let before = expression.get(..at).unwrap_or_default();
        let name: String =
            before.chars().rev().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        let name: String = name.chars().rev().collect();
        !name.is_empty() && !LENGTH.contains(&name.as_str()) && name.to_uppercase() != name
    });
    calls || expression.contains("= ANY") || expression.contains("= '") || expression.contains('~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_the_length_is_no_list_of_words() {
        assert!(names_words("(status = ANY (ARRAY['a'::text, 'b'::text]))"));
        assert!(names_words("is_status(status)"));
        assert!(names_words("(status ~ '^[a-z]+$'::text)"));
        assert!(!names_words("(char_length(status) > 0)"));
        assert!(!names_words("(status <> ''::text)"));
    }

    #[test]
    fn a_default_is_read_where_it_is_a_word() {
        assert_eq!(literal("'draft'::text"), Some("draft"));
        assert_eq!(literal("'it''s'::text"), None);
        assert_eq!(literal("gen_random_uuid()"), None);
    }
}
