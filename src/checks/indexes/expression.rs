//! Reads policies and plans as the server prints them, for names alone: what is compared, what is called.

use crate::catalog::{Catalog, Table, Volatility};

/// A token of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// A keyword, or a name without its quotes.
    Word(&'a str),
    /// A text or a number.
    Value,
    /// Anything else; operators are whole.
    Sign(&'a str),
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(text) if text.eq_ignore_ascii_case(word))
    }

    fn sign(&self, sign: &str) -> bool {
        matches!(self, Token::Sign(text) if *text == sign)
    }
}

/// Cuts an expression into tokens, each with where it begins and ends.
fn tokens(text: &str) -> Vec<(Token<'_>, std::ops::Range<usize>)> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        let (token, length) = match first {
            '\'' => (Some(Token::Value), quoted(rest, '\'')),
            '"' => {
                let length = quoted(rest, '"');
                (rest.get(1..length.saturating_sub(1)).map(Token::Word), length)
            }
            _ if first.is_alphabetic() || first == '_' => {
                let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
                let length = rest.find(|letter| !part(letter)).unwrap_or(rest.len());
                (rest.get(..length).map(Token::Word), length)
            }
            _ if first.is_ascii_digit() => {
                let length = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
                (Some(Token::Value), length)
            }
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ if OPERATOR.contains(first) => {
                let length = rest.find(|letter| !OPERATOR.contains(letter)).unwrap_or(rest.len());
                (rest.get(..length).map(Token::Sign), length)
            }
            _ => (rest.get(..first.len_utf8()).map(Token::Sign), first.len_utf8()),
        };
        all.extend(token.map(|token| (token, at..at + length)));
        at += length.max(1);
    }
    all
}

const OPERATOR: &str = "+-*/<>=~!@#%^&|`?:";

/// The length of what begins with this quote, with both quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            continue;
        }
        if letters.peek().is_some_and(|(_, next)| *next == quote) {
            letters.next();
        } else {
            return at + 1;
        }
    }
    text.len()
}

/// The alternatives of a condition: `(a OR b)` has two.
pub(super) fn branches(text: &str) -> Vec<&str> {
    let all = tokens(text);
    let mut depths = Vec::with_capacity(all.len());
    let mut depth = 0_usize;
    for (token, _) in &all {
        if token.sign(")") {
            depth = depth.saturating_sub(1);
        }
        depths.push(depth);
        depth += usize::from(token.sign("("));
    }
    // Parentheses around the whole.
    let mut level = 0;
    while depths.len() > 2 * level + 2
        && all.get(level).is_some_and(|(token, _)| token.sign("("))
        && depths
            .get(level + 1..depths.len() - level - 1)
            .is_some_and(|within| within.iter().all(|depth| *depth > level))
    {
        level += 1;
    }
    let cuts: Vec<_> = all
        .iter()
        .zip(&depths)
        .filter(|((token, _), depth)| **depth == level && token.is("or"))
        .map(|((_, at), _)| at)
        .collect();
    if cuts.is_empty() {
        return vec![text];
    }
    let mut begin = all.get(level).map_or(0, |(_, at)| at.start);
    let mut parts = Vec::new();
    for cut in cuts {
        parts.extend(text.get(begin..cut.start));
        begin = cut.end;
    }
    parts.extend(text.get(begin..));
    parts.into_iter().flat_map(|part| if part == text { vec![part] } else { branches(balanced(part)) }).collect()
}

/// The part without the parentheses at its ends that have no partner in it.
fn balanced(part: &str) -> &str {
    let part = part.trim();
    let count = |sign: &str| tokens(part).iter().filter(|(token, _)| token.sign(sign)).count();
    let (opened, closed) = (count("("), count(")"));
    let mut kept = part;
    for _ in closed..opened {
        kept = kept.strip_prefix('(').unwrap_or(kept).trim();
    }
    for _ in opened..closed {
        kept = kept.strip_suffix(')').unwrap_or(kept).trim();
    }
    kept
}

/// For each token, whether it stands inside a query, and whether the innermost query there reads a table.
fn queries(all: &[(Token<'_>, std::ops::Range<usize>)]) -> Vec<(bool, bool)> {
    // Each open parenthesis: where it opened, whether a query begins there, whether that has a FROM.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let mut reads = vec![false; all.len()];
    let mut innermost: Vec<Option<usize>> = Vec::with_capacity(all.len());
    for (place, (token, _)) in all.iter().enumerate() {
        if token.sign(")") {
            open.pop();
        }
        let query = open.iter().rev().find(|(_, query)| *query).map(|(at, _)| *at);
        innermost.push(query);
        if let (true, Some((at, true)), Some(read)) =
            (token.is("from"), open.last().copied(), query.and_then(|at| reads.get_mut(at)))
        {
            *read |= Some(at) == query;
        }
        if token.sign("(") {
            let query = all.get(place + 1).is_some_and(|(next, _)| next.is("select"));
            open.push((place, query));
        }
    }
    innermost
        .into_iter()
        .map(|query| (query.is_some(), query.and_then(|at| reads.get(at)).copied().unwrap_or_default()))
        .collect()
}

/// The columns of `table` that a condition looks up by equality with something that is no constant.
pub(super) fn compared_columns(text: &str, table: &Table) -> Vec<String> {
    let all = tokens(text);
    let within = queries(&all);
    let token = |place: usize| all.get(place).map(|(token, _)| token);
    let mut found: Vec<String> = Vec::new();
    for place in 0..all.len() {
        let Some(Token::Word(name)) = token(place) else { continue };
        let qualified = place.checked_sub(1).and_then(token).is_some_and(|before| before.sign("."));
        let own = place
            .checked_sub(2)
            .and_then(token)
            .is_some_and(|before| matches!(before, Token::Word(word) if *word == table.name.name));
        let inside = within.get(place).is_some_and(|(inside, _)| *inside);
        let is_column = if qualified {
            own
        } else {
            !inside && !token(place + 1).is_some_and(|next| next.sign("(") || next.sign("."))
        };
        let known = is_column && table.column(name).is_some();
        let begin = if qualified { place.saturating_sub(2) } else { place };
        if known && is_looked_up(&all, begin, place) && !found.iter().any(|other| other == name) {
            found.push((*name).to_owned());
        }
    }
    found
}

/// Whether `=` or `IN (…)` stands beside the column from `begin` to `end`, and on its other side no constant.
fn is_looked_up(all: &[(Token<'_>, std::ops::Range<usize>)], begin: usize, end: usize) -> bool {
    let token = |place: usize| all.get(place).map(|(token, _)| token);
    let mut after = end + 1;
    while token(after).is_some_and(|next| next.sign(")") || next.sign("::")) {
        // The type of a cast.
        after += if token(after).is_some_and(|next| next.sign("::")) { 2 } else { 1 };
    }
    if token(after).is_some_and(|next| next.is("in")) {
        return true;
    }
    if token(after).is_some_and(|next| next.sign("=")) {
        let mut other = after + 1;
        while token(other).is_some_and(|next| next.sign("(")) {
            other += 1;
        }
        return token(other).is_some_and(|value| !is_constant(value));
    }
    let mut before = begin;
    while before.checked_sub(1).and_then(token).is_some_and(|previous| previous.sign("(")) {
        before -= 1;
    }
    let equals = before.checked_sub(1).filter(|place| token(*place).is_some_and(|previous| previous.sign("=")));
    equals.and_then(|place| place.checked_sub(1)).is_some_and(|place| {
        // `'x'::text = column`.
        let cast = place.checked_sub(1).and_then(token).is_some_and(|previous| previous.sign("::"));
        let value = if cast { place.checked_sub(2).and_then(token) } else { token(place) };
        value.is_some_and(|value| !is_constant(value))
    })
}

fn is_constant(token: &Token<'_>) -> bool {
    *token == Token::Value || token.is("true") || token.is("false") || token.is("null")
}

/// Functions that a statement calls for every row though no row has a say in them: no column among the arguments, and not in a query of
/// their own, which is asked once. Names come without their schema.
pub(super) fn calls_per_row(text: &str, catalog: &Catalog, table: Option<&Table>) -> Vec<String> {
    let all = tokens(text);
    let within = queries(&all);
    let token = |place: usize| all.get(place).map(|(token, _)| token);
    let mut found: Vec<String> = Vec::new();
    for place in 0..all.len() {
        let (Some(Token::Word(name)), Some(next)) = (token(place), token(place + 1)) else { continue };
        let asked_once = within.get(place).is_some_and(|(inside, reads)| *inside && !*reads);
        if !next.sign("(") || asked_once || !depends_on_session(name, catalog) {
            continue;
        }
        if !reads_columns(&all, place + 1, table) && !found.iter().any(|other| other == name) {
            found.push((*name).to_owned());
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
fn reads_columns(all: &[(Token<'_>, std::ops::Range<usize>)], open: usize, table: Option<&Table>) -> bool {
    let token = |place: usize| all.get(place).map(|(token, _)| token);
    let mut depth = 0_usize;
    for place in open..all.len() {
        match token(place) {
            Some(sign) if sign.sign("(") => depth += 1,
            Some(sign) if sign.sign(")") => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return false;
                }
            }
            Some(Token::Word(name)) => {
                let before = |steps: usize| place.checked_sub(steps).and_then(token);
                let next_is = |sign: &str| token(place + 1).is_some_and(|next| next.sign(sign));
                let qualified = before(1).is_some_and(|previous| previous.sign("."));
                let cast = before(if qualified { 3 } else { 1 }).is_some_and(|previous| previous.sign("::"));
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

/// Whether a text searches a jsonb column by what it contains.
pub(super) fn searched_by_content(text: &str, column: &str) -> bool {
    const BY_CONTENT: [&str; 6] = ["@>", "?", "?|", "?&", "@?", "@@"];
    let all = tokens(text);
    let token = |place: usize| all.get(place).map(|(token, _)| token);
    (0..all.len()).any(|place| {
        let named = matches!(token(place), Some(Token::Word(name)) if *name == column);
        let mut after = place + 1;
        while token(after).is_some_and(|next| next.sign(")")) {
            after += 1;
        }
        named && token(after).is_some_and(|next| BY_CONTENT.iter().any(|sign| next.sign(sign)))
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
        assert_eq!(branches("((a = b) OR (c = d))"), ["(a = b)", "(c = d)"]);
        assert_eq!(branches("(a AND (b OR c))"), ["(a AND (b OR c))"]);
        assert_eq!(branches("(((a)::text = ' OR ') OR b OR (c AND d))").len(), 3);
        assert_eq!(branches("true"), ["true"]);
    }

    #[test]
    fn columns_that_are_looked_up_are_found_in_queries_too() {
        let notes = table(&["workspace_id", "status", "author"]);
        let of = |text: &str| compared_columns(text, &notes);
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
