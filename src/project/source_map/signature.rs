//! Types as one spelling, so that what a migration writes meets what `format_type` prints.

use squawk_syntax::ast::{self, AstNode};

use crate::project::{Kind, tokens};

/// The types of the arguments that take a value.
pub(super) fn arguments(parameters: &ast::ParamList) -> Vec<String> {
    let taken = |parameter: &ast::Param| !matches!(parameter.mode(), Some(ast::ParamMode::ParamOut(_)));
    let spelt =
        |parameter: ast::Param| parameter.func_type().map(|of| canonical(&of.syntax().to_string())).unwrap_or_default();
    parameters.params().filter(taken).map(spelt).collect()
}

/// A function's name and the types in its brackets, of `name(type, type)`.
pub(super) fn parted(signature: &str) -> (&str, Option<Vec<String>>) {
    let Some((name, rest)) = signature.rsplit_once('(') else { return (signature, None) };
    let types = rest.trim_end_matches(')');
    let spelt = types.split(',').map(str::trim).filter(|one| !one.is_empty()).map(canonical).collect();
    (name, Some(spelt))
}

/// A type without its schema and its modifiers, under its long name.
pub(super) fn canonical(written: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut dimension = false;
    let mut round = 0_usize;
    for token in tokens(written) {
        match token.text {
            "(" if token.kind == Kind::Sign => round += 1,
            ")" if token.kind == Kind::Sign => round = round.saturating_sub(1),
            "[" if token.kind == Kind::Sign => dimension = true,
            "." if token.kind == Kind::Sign => drop(words.pop()),
            _ if round > 0 => {}
            _ if token.is("array") && !words.is_empty() => dimension = true,
            _ if token.is("setof") => {}
            _ => words.extend(token.identifier()),
        }
    }
    let name = words.join(" ");
    let long = long_name(&name);
    if dimension { format!("{long}[]") } else { long.to_owned() }
}

fn long_name(name: &str) -> &str {
    match name {
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "float" | "float8" => "double precision",
        "float4" => "real",
        "decimal" | "dec" => "numeric",
        "varchar" | "char varying" => "character varying",
        "char" | "bpchar" => "character",
        "varbit" => "bit varying",
        "timestamptz" => "timestamp with time zone",
        "timestamp" => "timestamp without time zone",
        "timetz" => "time with time zone",
        "time" => "time without time zone",
        other if other.starts_with("interval ") => "interval",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_and_what_is_printed_meet() {
        for (written, printed) in [
            ("int", "integer"),
            ("pg_catalog.int4[]", "integer[]"),
            ("VARCHAR(20)", "character varying"),
            ("timestamp(3) with time zone", "timestamp with time zone"),
            ("timestamptz", "timestamp with time zone"),
            ("text array", "text[]"),
            ("public.\"Mood\"", "\"Mood\""),
            ("double  precision", "double precision"),
            ("setof uuid", "uuid"),
        ] {
            assert_eq!(canonical(written), canonical(printed), "{written}");
        }
        assert_ne!(canonical("int[]"), canonical("int"));
    }

    #[test]
    fn a_signature_parts_into_name_and_types() {
        let (name, types) = parted("f(integer, character varying)");
        assert_eq!((name, types), ("f", Some(vec!["integer".to_owned(), "character varying".to_owned()])));
        assert_eq!(parted("g()"), ("g", Some(Vec::new())));
        assert_eq!(parted("h"), ("h", None));
    }
}
