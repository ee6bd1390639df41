//! Reads policies and plans as the server prints them, for names alone: what is compared, what is called.

use crate::catalog::{Catalog, Table, Token, Volatility, tokens};

/// The alternatives of a condition: `(a OR b)` has two.
pub(super) fn branches(text: &str) -> Vec<Vec<Token>> {
    let all = tokens(text);
    split(&all).into_iter().map(<[Token]>::to_vec).collect()
}

fn split(all: &[Token]) -> Vec<&[Token]> {
    let mut all = all;
    while let Some(inner) = within_parentheses(all) {
        all = inner;
    }
    let mut depth = 0_usize;
    let alternatives: Vec<&[Token]> = all
        .split(|token| {
            if token.is_mark("(") {
                depth += 1;
            } else if token.is_mark(")") {
                depth = depth.saturating_sub(1);
            }
            depth == 0 && token.is_word("or")
        })
        .collect();
    if alternatives.len() < 2 { vec![all] } else { alternatives.into_iter().flat_map(split).collect() }
}

/// What stands between the first token and the last, where those are a pair of parentheses.
fn within_parentheses(all: &[Token]) -> Option<&[Token]> {
    let [first, inner @ .., last] = all else { return None };
    let mut depth = 0_usize;
    let closes_early = inner.iter().any(|token| {
        let closes = token.is_mark(")") && depth == 0;
        if token.is_mark("(") {
            depth += 1;
        } else if token.is_mark(")") {
            depth = depth.saturating_sub(1);
        }
        closes
    });
    (first.is_mark("(") && last.is_mark(")") && !closes_early).then_some(inner)
}

/// For each token, whether it stands inside a query, and whether the innermost query there reads a table.
fn queries(all: &[Token]) -> Vec<(bool, bool)> {
    // Each open parenthesis: where it opened, whether a query begins there, whether that has a FROM.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut reads = vec![false; all.len()];
    let mut innermost: Vec<Option<usize>> = Vec::with_capacity(all.len());
    for (place, token) in all.iter().enumerate() {
        if token.is_mark(")") {
            open.pop();
        }
        let query = open.iter().rev().find(|(_, query)| *query).map(|(at, _)| *at);
        innermost.push(query);
        if let (true, Some((at, true)), Some(read)) =
            (token.is_word("from"), open.last().copied(), query.and_then(|at| reads.get_mut(at)))
        {
            *read |= Some(at) == query;
        }
        if token.is_mark("(") {
            let query = all.get(place + 1).is_some_and(|next| next.is_word("select"));
            open.push((place, query));
        }
    }
    innermost
        .into_iter()
        .map(|query| (query.is_some(), query.and_then(|at| reads.get(at)).copied().unwrap_or_default()))
        .collect()
}

/// The columns of `table` that a condition looks up by equality with something that is no constant.
pub(super) fn compared_columns(all: &[Token], table: &Table) -> Vec<String> {
    let within = queries(all);
    let token = |place: usize| all.get(place);
    let mut found: Vec<String> = Vec::new();
    for place in 0..all.len() {
        let Some(name) = token(place).and_then(Token::name) else { continue };
        let qualified = place.checked_sub(1).and_then(token).is_some_and(|before| before.is_mark("."));
        let own = place.checked_sub(2).and_then(token).is_some_and(|before| before.name() == Some(&table.name.name));
        let inside = within.get(place).is_some_and(|(inside, _)| *inside);
        let is_column = if qualified {
            own
        } else {
            !inside && !token(place + 1).is_some_and(|next| next.is_mark("(") || next.is_mark("."))
        };
        let known = is_column && table.column(name).is_some();
        let begin = if qualified { place.saturating_sub(2) } else { place };
        if known && is_looked_up(all, begin, place) && !found.iter().any(|other| other == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Whether `=` or `IN (…)` stands beside the column from `begin` to `end`, and on its other side no constant.
fn is_looked_up(all: &[Token], begin: usize, end: usize) -> bool {
    let token = |place: usize| all.get(place);
    let mut after = end + 1;
    while token(after).is_some_and(|next| next.is_mark(")") || next.is_mark("::")) {
        // The type of a cast.
        after += if token(after).is_some_and(|next| next.is_mark("::")) { 2 } else { 1 };
    }
    if token(after).is_some_and(|next| next.is_word("in")) {
        return true;
    }
    if token(after).is_some_and(|next| next.is_mark("=")) {
        let mut other = after + 1;
        while token(other).is_some_and(|next| next.is_mark("(")) {
            other += 1;
        }
        return token(other).is_some_and(|value| !is_constant(value));
    }
    let mut before = begin;
    while before.checked_sub(1).and_then(token).is_some_and(|previous| previous.is_mark("(")) {
        before -= 1;
    }
    let equals = before.checked_sub(1).filter(|place| token(*place).is_some_and(|previous| previous.is_mark("=")));
    equals.and_then(|place| place.checked_sub(1)).is_some_and(|place| {
        // `'x'::text = column`.
        let cast = place.checked_sub(1).and_then(token).is_some_and(|previous| previous.is_mark("::"));
        let value = if cast { place.checked_sub(2).and_then(token) } else { token(place) };
        value.is_some_and(|value| !is_constant(value))
    })
}

fn is_constant(token: &Token) -> bool {
    let is_number = matches!(token, Token::Mark(mark) if mark.starts_with(|letter: char| letter.is_ascii_digit()));
    is_number
        || matches!(token, Token::Text(_))
        || token.is_word("true")
        || token.is_word("false")
        || token.is_word("null")
}

/// Functions that a statement calls for every row though no row has a say in them: no column among the arguments, and not in a query of
/// their own, which is asked once. Names come without their schema.
pub(super) fn calls_per_row(text: &str, catalog: &Catalog, table: Option<&Table>) -> Vec<String> {
    let all = tokens(text);
    let within = queries(&all);
    let token = |place: usize| all.get(place);
    let mut found: Vec<String> = Vec::new();
    for place in 0..all.len() {
        let (Some(name), Some(next)) = (token(place).and_then(Token::name), token(place + 1)) else { continue };
        let asked_once = within.get(place).is_some_and(|(inside, reads)| *inside && !*reads);
        if !next.is_mark("(") || asked_once || !depends_on_session(name, catalog) {
            continue;
        }
        if !reads_columns(&all, place + 1, table) && !found.iter().any(|other| other == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Whether a function of this name answers by who is asking, as far as can be told: `current_setting`, or one of the schema's that is not
/// immutable.
fn depends_on_session(name: &str, catalog: &Catalog) -> bool {
    name == "current_setting"
        || catalog.functions.iter().any(|function| {
            function.name.name == name && function.volatility != Volatility::Immutable && !function.is_aggregate
        })
}

/// Whether a column stands between the parenthesis at `open` and its partner.
fn reads_columns(all: &[Token], open: usize, table: Option<&Table>) -> bool {
    let token = |place: usize| all.get(place);
    let mut depth = 0_usize;
    for place in open..all.len() {
        match token(place) {
            Some(sign) if sign.is_mark("(") => depth += 1,
            Some(sign) if sign.is_mark(")") => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return false;
                }
            }
            Some(Token::Word(name) | Token::Name(name)) => {
                let before = |steps: usize| place.checked_sub(steps).and_then(token);
                let next_is = |sign: &str| token(place + 1).is_some_and(|next| next.is_mark(sign));
                let qualified = before(1).is_some_and(|previous| previous.is_mark("."));
                let cast = before(if qualified { 3 } else { 1 }).is_some_and(|previous| previous.is_mark("::"));
                let bare = !qualified && !next_is(".") && table.is_some_and(|table| table.column(name).is_some());
                if !cast && !next_is("(") && (qualified || bare) {
                    return true;
                }
            }
            Some(_) => {}
            None => break,
        }
    }
    false
}

/// Whether a text searches a jsonb column by what it contains: `@>`, `?`, `?|`, `?&`, `@?`, `@@`.
pub(super) fn searched_by_content(text: &str, column: &str) -> bool {
    let all = tokens(text);
    let token = |place: usize| all.get(place);
    (0..all.len()).any(|place| {
        let named = token(place).and_then(Token::name) == Some(column);
        let mut after = place + 1;
        while token(after).is_some_and(|next| next.is_mark(")")) {
            after += 1;
        }
        named && token(after).is_some_and(|next| ["@>", "?", "@"].iter().any(|sign| next.is_mark(sign)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Column, DataType, Generated, Identity, QualifiedName, RelationKind, TypeKind};

    fn table(columns: &[&str]) -> Table {
        let data_type = DataType {
            formatted: "uuid".into(),
            name: "uuid".into(),
            schema: "pg_catalog".into(),
            kind: TypeKind::Base,
        };
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            position: 1,
            data_type: data_type.clone(),
            not_null: true,
            default: None,
            generated: Generated::No,
            identity: Identity::No,
            comment: None,
        };
        Table {
            oid: 1,
            name: QualifiedName::new("public", "notes"),
            kind: RelationKind::Table,
            owner: "postgres".into(),
            comment: None,
            row_security: true,
            force_row_security: false,
            columns: columns.iter().map(column).collect(),
            primary_key: None,
            uniques: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            exclusions: Vec::new(),
            indexes: Vec::new(),
            policies: Vec::new(),
            triggers: Vec::new(),
            grants: Vec::new(),
            column_grants: Vec::new(),
            parent: None,
            definition: None,
            security_invoker: false,
            view_writes: crate::catalog::ViewWrites::default(),
            depends_on: Vec::new(),
        }
    }

    #[test]
    fn alternatives_are_told_from_what_must_hold_together() {
        assert_eq!(branches("((a = b) OR (c = d))"), [tokens("a = b"), tokens("c = d")]);
        assert_eq!(branches("(a AND (b OR c))"), [tokens("a AND (b OR c)")]);
        assert_eq!(branches("(((a)::text = ' OR ') OR b OR (c AND d))").len(), 3);
        assert_eq!(branches("((a = b) AND (c = d))").len(), 1);
        assert_eq!(branches("true"), [tokens("true")]);
    }

    #[test]
    fn columns_that_are_looked_up_are_found_in_queries_too() {
        let notes = table(&["workspace_id", "status", "author"]);
        let of = |text: &str| compared_columns(&tokens(text), &notes);
        assert_eq!(
            of("(workspace_id IN ( SELECT workspaces.id FROM workspaces WHERE (workspaces.author = auth.uid())))"),
            ["workspace_id"]
        );
        assert_eq!(
            of("(EXISTS ( SELECT 1 FROM w WHERE ((w.id = notes.workspace_id) AND (w.status = 'x'::text))))"),
            ["workspace_id"]
        );
        assert_eq!(
            of("(((workspace_id)::text = current_setting('a'::text, true)) AND (status = 'live'::text))"),
            ["workspace_id"]
        );
        assert_eq!(of("(( SELECT auth.uid() AS uid) = author)"), ["author"]);
        assert!(of("is_member(workspace_id)").is_empty());
        assert!(of("('live'::text = status)").is_empty());
    }

    #[test]
    fn a_call_in_a_query_of_its_own_is_asked_once() {
        let catalog = Catalog::default();
        let notes = table(&["workspace_id"]);
        let of = |text: &str| calls_per_row(text, &catalog, Some(&notes));
        let wrapped = "(workspace_id = ( SELECT (current_setting('a'::text, true))::uuid AS a))";
        assert!(of(wrapped).is_empty());
        assert_eq!(of("((workspace_id)::text = current_setting('a'::text, true))"), ["current_setting"]);
        assert_eq!(
            of("(workspace_id IN ( SELECT w.id FROM w WHERE (w.u = current_setting('a'::text))))"),
            ["current_setting"]
        );
        assert!(
            of("(workspace_id IN ( SELECT w.id FROM w WHERE (w.u = ( SELECT current_setting('a'::text) AS s))))")
                .is_empty()
        );
        assert!(of("(current_setting((workspace_id)::text) = 'x')").is_empty());
    }
}
