//! What a PL/pgSQL body names in its plain statements: relations, columns of an INSERT or UPDATE, fields of NEW and OLD. Read with care to
//! leave out rather than to find: what a string, a variable or a WITH could mean is not named.

use std::collections::BTreeSet;

use crate::world::reading::{Token, tokens};

/// Something that a body names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Relation {
    pub(super) schema: Option<String>,
    pub(super) name: String,
    /// The columns that an INSERT or UPDATE of it gives.
    pub(super) columns: Vec<String>,
}

/// A body in pieces.
#[derive(Debug, Clone)]
pub(super) struct Body {
    tokens: Vec<Token>,
    /// It holds a string that could be a statement of its own.
    pub(super) dynamic: bool,
}

impl Body {
    pub(super) fn of(source: &str) -> Self {
        let (plain, quoted) = without_comments(source);
        let tokens: Vec<Token> = tokens(&plain).into_iter().map(folded).collect();
        let dynamic = quoted || tokens.iter().any(|token| is(token, "execute"));
        Self { tokens, dynamic }
    }

    /// Every name and keyword, in lower case where it was not quoted.
    pub(super) fn words(&self) -> BTreeSet<&str> {
        self.tokens.iter().filter_map(word).collect()
    }

    /// Whether the body asks what there is before it uses it, or lives with its absence.
    pub(super) fn asks_what_is_there(&self) -> bool {
        const ASKING: [&str; 9] = [
            "to_regclass",
            "to_regproc",
            "undefined_table",
            "undefined_column",
            "undefined_function",
            "others",
            "information_schema",
            "pg_class",
            "pg_tables",
        ];
        let words = self.words();
        ASKING.iter().any(|asking| words.contains(asking))
    }

    /// The fields of NEW or OLD that are named.
    pub(super) fn fields(&self) -> BTreeSet<&str> {
        self.tokens
            .windows(3)
            .filter_map(|window| match window {
                [Token::Word(record), Token::Symbol(dot), Token::Word(field)]
                    if dot == "." && (record == "new" || record == "old") =>
                {
                    Some(field.as_str())
                }
                _ => None,
            })
            .collect()
    }

    /// The relations of its plain statements, but for those that it makes or names itself.
    pub(super) fn relations(&self) -> BTreeSet<Relation> {
        let own = self.own_names();
        let mut found = BTreeSet::new();
        // For each open bracket, whether it is of a function in whose arguments FROM is a keyword.
        let mut brackets: Vec<bool> = Vec::new();
        let mut opening: Option<&str> = None;
        for (index, token) in self.tokens.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| self.tokens.get(before));
            match token {
                Token::Symbol(symbol) if symbol == "(" => {
                    let keyword = before
                        .and_then(word)
                        .is_some_and(|name| ["extract", "trim", "substring", "overlay", "position"].contains(&name));
                    brackets.push(keyword);
                }
                Token::Symbol(symbol) if symbol == ")" => {
                    brackets.pop();
                }
                Token::Symbol(symbol) if symbol == ";" => opening = None,
                Token::Word(name) => {
                    if ["begin", "then", "else", "loop"].contains(&name.as_str()) {
                        opening = None;
                        continue;
                    }
                    let first = *opening.get_or_insert(name.as_str());
                    let plain = !["revoke", "fetch", "move", "copy", "grant", "execute", "close"].contains(&first);
                    let in_call = brackets.last().copied().unwrap_or(false);
                    let relation = (plain && !in_call).then(|| self.relation_after(index, name, before)).flatten();
                    found
                        .extend(relation.filter(|relation| relation.schema.is_some() || !own.contains(&relation.name)));
                }
                _ => {}
            }
        }
        found
    }

    fn relation_after(&self, index: usize, keyword: &str, before: Option<&Token>) -> Option<Relation> {
        let before = before.and_then(word).unwrap_or_default();
        match keyword {
            "from" if before != "distinct" => self.read_at(index + 1, &[]),
            "join" => self.read_at(index + 1, &["lateral"]),
            "into" if before == "insert" => {
                let (relation, next) = self.name_at(index + 1)?;
                Some(Relation { columns: self.listed(next), ..relation })
            }
            // FOR UPDATE, ON CONFLICT DO UPDATE and BEFORE UPDATE name nothing.
            "update" if !["for", "do", "key", "or", "on"].contains(&before) => {
                let (relation, next) = self.name_at(index + 1)?;
                let set = (next..next + 3).find(|at| self.tokens.get(*at).is_some_and(|token| is(token, "set")))?;
                let column = self.tokens.get(set + 1).and_then(word).map(str::to_owned);
                let assigned = matches!(self.tokens.get(set + 2), Some(Token::Symbol(symbol)) if symbol == "=");
                Some(Relation { columns: column.filter(|_| assigned).into_iter().collect(), ..relation })
            }
            _ => None,
        }
    }

    /// The relation that is read at a place; none where it is a function or a subquery.
    fn read_at(&self, index: usize, not: &[&str]) -> Option<Relation> {
        let start = if self.tokens.get(index).is_some_and(|token| is(token, "only")) { index + 1 } else { index };
        let (relation, next) = self.name_at(start)?;
        let called = matches!(self.tokens.get(next), Some(Token::Symbol(symbol)) if symbol == "(");
        let keyword = ["lateral", "select", "unnest", "rows", "values"].contains(&relation.name.as_str());
        (!called && !keyword && !not.contains(&relation.name.as_str())).then_some(relation)
    }

    fn name_at(&self, index: usize) -> Option<(Relation, usize)> {
        let first = self.tokens.get(index).and_then(word)?.to_owned();
        let dot = matches!(self.tokens.get(index + 1), Some(Token::Symbol(symbol)) if symbol == ".");
        if !dot {
            return Some((Relation { schema: None, name: first, columns: Vec::new() }, index + 1));
        }
        let second = self.tokens.get(index + 2).and_then(word)?.to_owned();
        Some((Relation { schema: Some(first), name: second, columns: Vec::new() }, index + 3))
    }

    /// The names in brackets that follow; none unless they are plain.
    fn listed(&self, index: usize) -> Vec<String> {
        if !matches!(self.tokens.get(index), Some(Token::Symbol(symbol)) if symbol == "(") {
            return Vec::new();
        }
        let mut names = Vec::new();
        for pair in self.tokens.get(index + 1..).unwrap_or_default().chunks(2) {
            let [Token::Word(name), Token::Symbol(symbol)] = pair else { return Vec::new() };
            names.push(name.clone());
            match symbol.as_str() {
                "," => {}
                ")" => return names,
                _ => return Vec::new(),
            }
        }
        Vec::new()
    }

    /// Names that a body gives: of a WITH (`name as (`, `name (a, b) as (`), of a table that it makes.
    fn own_names(&self) -> BTreeSet<String> {
        let at = |index: usize| self.tokens.get(index);
        let symbol = |index: usize, wanted: &str| matches!(at(index), Some(Token::Symbol(symbol)) if symbol == wanted);
        let mut names = BTreeSet::new();
        for (index, token) in self.tokens.iter().enumerate() {
            let Some(name) = word(token) else { continue };
            let before = index.checked_sub(1).and_then(at);
            match name {
                "table" | "exists" | "recursive" | "with" => {
                    names.extend(at(index + 1).and_then(word).map(str::to_owned));
                }
                "as" if symbol(index + 1, "(")
                    || at(index + 1).is_some_and(|next| is(next, "materialized") || is(next, "not")) =>
                {
                    names.extend(before.and_then(word).map(str::to_owned));
                }
                // A WITH that lists its columns; INSERT INTO lists some too, of a table.
                _ if symbol(index + 1, "(") && !before.is_some_and(|before| is(before, "into")) => {
                    names.insert(name.to_owned());
                }
                _ => {}
            }
        }
        names
    }
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(word),
        _ => None,
    }
}

fn is(token: &Token, keyword: &str) -> bool {
    word(token) == Some(keyword)
}

/// Names are folded as the server folds them; a quoted one with capitals is compared in lower case too, which finds less.
fn folded(token: Token) -> Token {
    match token {
        Token::Word(word) => Token::Word(word.to_lowercase()),
        other => other,
    }
}

/// The text without comments between `/*` and `*/` and without dollar-quoted strings, and whether there were such strings.
fn without_comments(source: &str) -> (String, bool) {
    let mut plain = String::with_capacity(source.len());
    let mut quoted = false;
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        let (kept, length) = match character {
            '\'' => quoted_length(rest),
            '-' if rest.starts_with("--") => (false, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (false, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '$' => match dollar_quoted(rest) {
                Some(length) => {
                    quoted = true;
                    (false, length)
                }
                None => (true, 1),
            },
            other => (true, other.len_utf8()),
        };
        plain.push_str(if kept { rest.get(..length).unwrap_or_default() } else { " " });
        rest = rest.get(length..).unwrap_or_default();
    }
    (plain, quoted)
}

fn quoted_length(rest: &str) -> (bool, usize) {
    let end = rest.get(1..).and_then(|inner| inner.find('\''));
    (true, end.map_or(rest.len(), |end| end + 2))
}

/// The length of the string that opens with `$tag$`.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let tag_end = rest.get(1..)?.find('$')? + 2;
    let tag = rest.get(..tag_end)?;
    let is_tag = tag.trim_matches('$').chars().all(|character| character.is_alphanumeric() || character == '_')
        && !tag.trim_matches('$').starts_with(|character: char| character.is_ascii_digit());
    if !is_tag {
        return None;
    }
    Some(rest.get(tag_end..)?.find(tag)? + 2 * tag_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        let full = |relation: &Relation| {
            relation.schema.iter().cloned().chain([relation.name.clone()]).collect::<Vec<_>>().join(".")
        };
        Body::of(source).relations().iter().map(full).collect()
    }

    #[test]
    fn relations_of_plain_statements_are_named() {
        assert_eq!(
            names(
                "begin insert into public.audit (a, b) values (1, 2); update jobs set state = 'x' where id = 1; \
                 perform 1 from only teams t join \"members\" m on true; delete from gone; end"
            ),
            ["gone", "jobs", "members", "teams", "public.audit"].map(str::to_owned).to_vec()
        );
    }

    #[test]
    fn what_is_not_a_relation_is_not_named() {
        for source in [
            "begin x := extract(year from started); y := trim(both from z); end",
            "begin if new.a is distinct from old_a then return new; end if; end",
            "begin with fresh as (select 1) select * into row from fresh; return row; end",
            "begin with recursive up(id) as (select 1) select id into x from up; end",
            "begin return query select * from unnest(items); for r in select * from generate_series(1, 2) loop end loop; end",
            "begin create temp table scratch (id int); insert into scratch values (1); delete from scratch; end",
            "begin execute 'delete from nowhere'; execute format($q$select * from nothing$q$); end",
            "begin fetch next from cursor_one into x; move forward from cursor_one; end",
            "begin select a into b from (select 1) s for update; end -- from nowhere",
            "begin /* from nowhere */ insert into x select 1 on conflict do update set a = 1; end",
        ] {
            assert!(names(source).iter().all(|name| name == "x"), "{source}: {:?}", names(source));
        }
    }

    #[test]
    fn columns_that_are_given_and_fields_are_named() {
        let body = Body::of("begin insert into t (a, b) values (new.c, OLD.d); update u as v set e = 1, f = 2; end");
        let columns: Vec<Vec<String>> = body.relations().into_iter().map(|relation| relation.columns).collect();
        assert_eq!(columns, [vec!["a".to_owned(), "b".to_owned()], vec!["e".to_owned()]]);
        assert_eq!(body.fields().into_iter().collect::<Vec<_>>(), ["c", "d"]);
    }
}
