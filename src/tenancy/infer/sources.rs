//! How identity is passed: every claim and setting that policies, functions, views and defaults read, and what they
//! compare it with. That is all that is taken from policies; what they allow is of no interest here.

use std::collections::HashMap;

use super::tokens::{Token, tokens};
use crate::catalog::{Catalog, Function, QualifiedName};

/// The setting that PostgREST puts the whole token in.
pub(super) const CLAIMS: &str = "request.jwt.claims";
/// Settings of PostgREST before version 9, one for each claim.
const LEGACY_CLAIM: &str = "request.jwt.claim.";

/// Where a piece of identity comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Source {
    /// The setting.
    pub(super) setting: String,
    /// The keys within its JSON; empty where the setting is the value.
    pub(super) path: Vec<String>,
}

/// One place that reads a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) source: Source,
    /// The column that it is compared with.
    pub(super) column: Option<String>,
    /// The table that the place belongs to; functions belong to none.
    pub(super) table: Option<QualifiedName>,
    /// Where, for people: `policy "x" on public.y`.
    pub(super) place: String,
}

/// The column of `auth.users` that users write themselves, in place of a setting.
pub(super) const USER_METADATA: &str = "auth.users.raw_user_meta_data";
/// What PostgREST hands a request's headers and cookies over in.
const WRITTEN_BY_CLIENTS: [&str; 2] = ["request.headers", "request.cookies"];

/// Every use of a claim or setting in the schema.
pub(super) fn uses(catalog: &Catalog) -> Vec<Use> {
    found_by(&Scanner { helpers: helpers(catalog), client_written: false }, catalog)
}

/// Every use of what clients write themselves. Metadata that a trigger reads when a user signs up is left out: that is where a
/// new user's name comes from.
pub(super) fn client_written(catalog: &Catalog) -> Vec<Use> {
    let signing_up: Vec<String> = catalog
        .functions
        .iter()
        .filter(|function| function.is_trigger)
        .map(|function| format!("function {}", function.name))
        .collect();
    let mut uses = found_by(&Scanner { helpers: helpers(catalog), client_written: true }, catalog);
    uses.retain(|found| {
        let written = found.source.setting == USER_METADATA && !signing_up.contains(&found.place)
            || WRITTEN_BY_CLIENTS.contains(&found.source.setting.as_str())
            || found.source.path.first().is_some_and(|key| key == "user_metadata");
        written && !found.source.path.is_empty()
    });
    uses
}

fn found_by(scanner: &Scanner, catalog: &Catalog) -> Vec<Use> {
    let mut uses = Vec::new();
    for table in &catalog.tables {
        for policy in &table.policies {
            let place = format!("policy \"{}\" on {}", policy.name, table.name);
            for expression in [&policy.using, &policy.check].into_iter().flatten() {
                scanner.scan(expression, Some(&table.name), &place, &mut uses);
            }
        }
        if let Some(definition) = &table.definition {
            scanner.scan(definition, Some(&table.name), &format!("view {}", table.name), &mut uses);
        }
        for column in &table.columns {
            if let Some(default) = &column.default {
                let place = format!("the default of {}.{}", table.name, column.name);
                let before = uses.len();
                scanner.scan(default, Some(&table.name), &place, &mut uses);
                uses.iter_mut().skip(before).for_each(|found| found.column = Some(column.name.clone()));
            }
        }
    }
    for function in catalog.functions.iter().filter(|function| !is_platform(&function.name.schema)) {
        scanner.scan(&function.source, None, &format!("function {}", function.name), &mut uses);
    }
    uses
}

/// Supabase's own schemas say nothing about how this project passes identity.
fn is_platform(schema: &str) -> bool {
    super::reading::PLATFORM_SCHEMAS.contains(&schema)
}

/// Functions that hand on one piece of identity and do nothing else, by name: `current_tenant()`.
fn helpers(catalog: &Catalog) -> HashMap<String, Source> {
    let mut helpers = HashMap::new();
    helpers.insert("auth.uid".to_owned(), claim(&["sub"]));
    helpers.insert("auth.role".to_owned(), claim(&["role"]));
    helpers.insert("auth.email".to_owned(), claim(&["email"]));
    // A helper may call another.
    for _ in 0..3 {
        let scanner = Scanner { helpers: helpers.clone(), client_written: false };
        for function in catalog.functions.iter().filter(|function| hands_on(function)) {
            let mut found = Vec::new();
            scanner.scan(&function.source, None, "", &mut found);
            let mut sources: Vec<Source> = found.into_iter().map(|found| found.source).collect();
            sources.sort();
            sources.dedup();
            sources.retain(|source| !source.setting.starts_with(LEGACY_CLAIM) || !source.path.is_empty());
            if let [source] = sources.as_slice() {
                helpers.entry(function.name.to_string()).or_insert_with(|| source.clone());
            }
        }
    }
    helpers
}

fn claim(path: &[&str]) -> Source {
    Source { setting: CLAIMS.to_owned(), path: path.iter().map(|key| (*key).to_owned()).collect() }
}

/// Whether a function may be one that hands identity on: no argument, no table, no yes or no.
fn hands_on(function: &Function) -> bool {
    function.arguments.is_empty()
        && !function.returns_set
        && !function.is_trigger
        && function.returns != "boolean"
        && !is_platform(&function.name.schema)
        && !tokens(&function.source).iter().any(|token| token.is_word("from"))
}

struct Scanner {
    helpers: HashMap<String, Source>,
    /// Whether what clients write themselves counts too.
    client_written: bool,
}

impl Scanner {
    fn scan(&self, sql: &str, table: Option<&QualifiedName>, place: &str, into: &mut Vec<Use>) {
        let tokens = tokens(sql);
        for start in 0..tokens.len() {
            let Some((base, end)) = self.base(&tokens, start) else { continue };
            let extracts = start.checked_sub(2).and_then(|place| tokens.get(place)).is_some_and(is_extraction);
            let (path, end) = path(&tokens, end, extracts);
            let source = Source { path: base.path.into_iter().chain(path).collect(), ..base };
            // `auth.jwt()` handed to a variable or a function says nothing yet.
            if source.setting == CLAIMS && source.path.is_empty() {
                continue;
            }
            let column = column_after(&tokens, end).or_else(|| column_before(&tokens, start));
            into.push(Use { source, column, table: table.cloned(), place: place.to_owned() });
        }
    }

    /// A source that begins at `start`, and the place after it: `current_setting('…')`, `auth.jwt()`, a helper's call,
    /// `jsonb_extract_path_text(auth.jwt(), …)` through the second.
    fn base(&self, tokens: &[Token], start: usize) -> Option<(Source, usize)> {
        let Token::Word(first) = tokens.get(start)? else { return None };
        if self.client_written && first == "raw_user_meta_data" {
            return Some((named(USER_METADATA.to_owned()), start + 1));
        }
        let qualified_before = start > 0 && tokens.get(start - 1).is_some_and(|token| token.is_mark("."));
        if first == "current_setting" {
            let (Some(open), Some(Token::Text(name))) = (tokens.get(start + 1), tokens.get(start + 2)) else {
                return None;
            };
            if !open.is_mark("(") {
                return None;
            }
            let setting = name.to_lowercase();
            let end = closing(tokens, start + 1)?;
            let written = self.client_written && WRITTEN_BY_CLIENTS.contains(&setting.as_str());
            return (written || is_identity(&setting)).then_some((named(setting), end));
        }
        if qualified_before {
            return None;
        }
        let (name, open) = match (tokens.get(start + 1), tokens.get(start + 2)) {
            (Some(dot), Some(Token::Word(second))) if dot.is_mark(".") => (format!("{first}.{second}"), start + 3),
            _ => (first.clone(), start + 1),
        };
        if !tokens.get(open)?.is_mark("(") || !tokens.get(open + 1)?.is_mark(")") {
            return None;
        }
        if name == "auth.jwt" {
            return Some((claim(&[]), open + 2));
        }
        let exact = self.helpers.get(&name);
        // Unqualified in a function's body: any schema's.
        let source = exact.or_else(|| {
            let suffix = format!(".{name}");
            self.helpers
                .iter()
                .find(|(helper, _)| !name.contains('.') && helper.ends_with(&suffix))
                .map(|(_, source)| source)
        });
        source.map(|source| (source.clone(), open + 2))
    }
}

/// `request.jwt.claim.sub` is the same claim as `sub` in `request.jwt.claims`, but in a setting of its own.
fn named(setting: String) -> Source {
    Source { setting, path: Vec::new() }
}

/// Settings of Postgres itself have no dot; custom ones do. Headers and paths of a request are no identity.
fn is_identity(setting: &str) -> bool {
    setting.contains('.')
        && ![
            "request.headers",
            "request.header.",
            "request.method",
            "request.path",
            "request.cookie",
            "request.spec",
            "pgrst.",
        ]
        .iter()
        .any(|other| setting.starts_with(other))
}

/// The place after the parenthesis that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(open) {
        if token.is_mark("(") {
            depth += 1;
        } else if token.is_mark(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(place + 1);
            }
        }
    }
    None
}

/// Whether a word is one of `jsonb_extract_path_text` and its kin, which take the keys as arguments.
fn is_extraction(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.starts_with("json") && word.contains("_extract_path"))
}

/// The keys that follow a JSON value at `place`, and the place after them.
fn path(tokens: &[Token], mut place: usize, extracts: bool) -> (Vec<String>, usize) {
    let mut keys = Vec::new();
    loop {
        let next = skip_wrapping(tokens, place);
        let (mark, key) = (tokens.get(next), tokens.get(next + 1));
        match (mark, key) {
            (Some(mark), Some(Token::Text(key))) if mark.is_mark("->") || mark.is_mark("->>") || mark.is_mark("[") => {
                keys.push(key.clone());
                let after = next + 2;
                place = if mark.is_mark("[") { after + 1 } else { after };
            }
            (Some(mark), Some(Token::Text(many))) if mark.is_mark("#>") || mark.is_mark("#>>") => {
                let many = many.trim_matches(['{', '}']);
                keys.extend(many.split(',').map(|key| key.trim().trim_matches('"').to_owned()));
                place = next + 2;
            }
            // jsonb_extract_path_text(auth.jwt(), 'app_metadata', 'org_id')
            (Some(comma), Some(Token::Text(key))) if extracts && comma.is_mark(",") && next == place => {
                keys.push(key.clone());
                place = skip_casts(tokens, next + 2);
            }
            _ => return (keys, place),
        }
    }
}

/// Skips what may stand between a value and what is done with it: casts, closing parentheses, `, ''` of nullif, `AS name`.
fn skip_wrapping(tokens: &[Token], mut place: usize) -> usize {
    loop {
        let after = skip_casts(tokens, place);
        let skipped = match (tokens.get(after), tokens.get(after + 1)) {
            (Some(close), _) if close.is_mark(")") => after + 1,
            (Some(comma), Some(Token::Text(text))) if comma.is_mark(",") && text.is_empty() => after + 2,
            (Some(alias), Some(Token::Word(_))) if alias.is_word("as") => after + 2,
            _ => after,
        };
        if skipped == place {
            return place;
        }
        place = skipped;
    }
}

/// Skips `::type`, `::character varying(20)`, `::text[]`.
fn skip_casts(tokens: &[Token], mut place: usize) -> usize {
    while tokens.get(place).is_some_and(|token| token.is_mark("::")) {
        place += 1;
        while let Some(Token::Word(word)) = tokens.get(place) {
            if matches!(word.as_str(), "and" | "or" | "as" | "is" | "in" | "not" | "then" | "else" | "end") {
                break;
            }
            place += 1;
            if tokens.get(place).is_some_and(|token| token.is_mark(".")) {
                place += 1;
            }
        }
        while tokens.get(place).is_some_and(|token| token.is_mark("["))
            && tokens.get(place + 1).is_some_and(|token| token.is_mark("]"))
        {
            place += 2;
        }
    }
    place
}

/// The column in `… = column` after a value that ends before `place`.
fn column_after(tokens: &[Token], place: usize) -> Option<String> {
    let mut place = skip_wrapping(tokens, place);
    if !tokens.get(place)?.is_mark("=") {
        return None;
    }
    place += 1;
    while tokens.get(place)?.is_mark("(") {
        place += 1;
    }
    let mut column = None;
    while let Token::Word(word) = tokens.get(place)? {
        column = Some(word.clone());
        match tokens.get(place + 1) {
            Some(dot) if dot.is_mark(".") => place += 2,
            // A call is no column.
            Some(open) if open.is_mark("(") => return None,
            _ => break,
        }
    }
    column.filter(|word| !is_keyword(word))
}

/// The column in `column = …` or `column LIKE …` before a value that begins at `start`.
fn column_before(tokens: &[Token], start: usize) -> Option<String> {
    let mut place = start;
    let previous = |place: usize| place.checked_sub(1).and_then(|place| Some((place, tokens.get(place)?)));
    // Inward wrappings: `= ( select nullif ( …`
    while let Some((before, token)) = previous(place) {
        let wraps = token.is_mark("(")
            || [
                "select",
                "nullif",
                "coalesce",
                "cast",
                "any",
                "jsonb_array_elements_text",
                "unnest",
                "string_to_array",
            ]
            .iter()
            .any(|word| token.is_word(word));
        if !wraps {
            break;
        }
        place = before;
    }
    let (mut place, compares) = previous(place)?;
    // The server writes LIKE as `~~`, which falls apart into two marks.
    if let Some((first, _)) = previous(place).filter(|(_, token)| compares.is_mark("~") && token.is_mark("~")) {
        place = first;
    } else if !(compares.is_mark("=") || compares.is_word("in") || compares.is_word("like")) {
        return None;
    }
    loop {
        let (before, token) = previous(place)?;
        match token {
            Token::Word(word) => {
                // `(column)::public.kind =`: the words are a type.
                let mut first = before;
                while let Some((dot, _)) = previous(first).filter(|(_, token)| token.is_mark(".")) {
                    first = previous(dot)?.0;
                }
                let Some((cast, _)) = previous(first).filter(|(_, token)| token.is_mark("::")) else {
                    return Some(word.clone()).filter(|word| !is_keyword(word));
                };
                place = cast;
            }
            token if token.is_mark(")") => place = before,
            _ => return None,
        }
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "select" | "any" | "all" | "null" | "true" | "false" | "not" | "case" | "exists" | "and" | "or" | "coalesce"
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn read(sql: &str) -> Vec<(String, String, Option<String>)> {
        let scanner = Scanner { helpers: helpers(&Catalog::default()), client_written: false };
        let mut uses = Vec::new();
        scanner.scan(sql, None, "", &mut uses);
        uses.into_iter().map(|found| (found.source.setting, found.source.path.join("."), found.column)).collect()
    }

    fn one(sql: &str) -> (String, String, Option<String>) {
        let found = read(sql);
        assert_eq!(found.len(), 1, "{sql}: {found:?}");
        found.into_iter().next().unwrap()
    }

    fn claim_of(path: &str, column: &str) -> (String, String, Option<String>) {
        (CLAIMS.to_owned(), path.to_owned(), Some(column.to_owned()))
    }

    #[test]
    fn a_claim_is_found_however_it_is_written() {
        for sql in [
            "(org_id = (((auth.jwt() -> 'app_metadata'::text) ->> 'org_id'::text))::uuid)",
            "org_id::text = auth.jwt()->'app_metadata'->>'org_id'",
            "t.org_id = (select auth.jwt() #>> '{app_metadata,org_id}')::uuid",
            "(((auth.jwt() -> 'app_metadata'::text) ->> 'org_id'::text))::uuid = org_id",
            "org_id = ((nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata') ->> 'org_id')::uuid",
            "org_id = ((current_setting('request.jwt.claims'::text, true))::json #>> '{app_metadata,org_id}'::text[])::uuid",
            "org_id = jsonb_extract_path_text(auth.jwt(), 'app_metadata', 'org_id')::uuid",
            "(org_id)::text = (auth.jwt()['app_metadata']['org_id'])::text",
            "(org_id)::public.key = ((auth.jwt() -> 'app_metadata') ->> 'org_id')::public.key",
        ] {
            let (setting, path, column) = one(sql);
            assert_eq!((setting.as_str(), path.as_str()), (CLAIMS, "app_metadata.org_id"), "{sql}");
            // A value wrapped in a call of a function is compared through it.
            if !sql.contains("extract_path") {
                assert_eq!(column.as_deref(), Some("org_id"), "{sql}");
            }
        }
    }

    #[test]
    fn a_setting_is_found_with_the_column_that_it_is_compared_with() {
        for sql in [
            "(tenant_id = (current_setting('app.tenant_id'::text, true))::uuid)",
            "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid",
            "current_setting('app.tenant_id') = (tenant_id)::text",
            "(tenant_id ~~ (current_setting('app.tenant_id'::text, true) || '%'::text))",
            "tenant_id = cast(current_setting('app.tenant_id') as uuid)",
            "(tenant_id = ( SELECT (current_setting('app.tenant_id'::text))::uuid AS current_setting))",
        ] {
            let expected = ("app.tenant_id".to_owned(), String::new(), Some("tenant_id".to_owned()));
            assert_eq!(one(sql), expected, "{sql}");
        }
    }

    #[test]
    fn the_user_is_found_with_the_column_that_it_is_compared_with() {
        assert_eq!(one("(( SELECT auth.uid() AS uid) = user_id)"), claim_of("sub", "user_id"));
        assert_eq!(one("'x'::public.role = (auth.jwt() ->> 'user_role')::public.role").2, None);
        assert_eq!(one("(w.user_id = auth.uid())"), claim_of("sub", "user_id"));
        assert_eq!(one("(auth.uid())::text = (storage.foldername(name))[1]").2, None);
    }

    #[test]
    fn what_is_no_identity_is_left_alone() {
        assert!(read("current_setting('search_path')").is_empty());
        let object = "jsonb_build_object('mine', owner_id = auth.uid(), 'tenant_id', a.id)";
        assert_eq!(one(object), claim_of("sub", "owner_id"));
        assert!(read("current_setting('request.headers', true)::json ->> 'x-tenant'").is_empty());
        assert!(read("'auth.uid()' = name and now() > created_at").is_empty());
    }
}
