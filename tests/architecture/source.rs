//! Which paths a source file names, outside of its tests.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What one file of `src/` names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// Paths within this crate, resolved to its root: `catalog::QualifiedName`.
    pub(crate) own: BTreeSet<Vec<String>>,
    /// Paths that begin elsewhere: with a library, `std`, or a name in scope.
    pub(crate) foreign: BTreeSet<Vec<String>>,
}

impl Source {
    /// Reads a file, whose path below `src/` says which module it is.
    pub(crate) fn of(path: &Path, text: &str) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut source = Self::default();
        source.walk(tokens, &module_of(path));
        source
    }

    fn walk(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_test_attribute(tokens.get(at + 1)) => {
                    end_of_item(&tokens, at + 2)
                }
                TokenTree::Ident(word) if word == "mod" && is_braces(tokens.get(at + 2)) => {
                    let mut inner = module.to_vec();
                    inner.extend(tokens.get(at + 1).map(ToString::to_string));
                    self.walk_group(tokens.get(at + 2), &inner);
                    at + 3
                }
                TokenTree::Ident(_) if is_double_colon(&tokens, at + 1) => {
                    let (paths, next) = paths_at(&tokens, at);
                    paths.into_iter().for_each(|path| self.note(path, module));
                    next
                }
                TokenTree::Group(_) => {
                    self.walk_group(Some(token), module);
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    fn walk_group(&mut self, token: Option<&TokenTree>, module: &[String]) {
        if let Some(TokenTree::Group(group)) = token {
            self.walk(group.stream(), module);
        }
    }

    fn note(&mut self, path: Vec<String>, module: &[String]) {
        let mut base = match path.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("self" | "super") => module.to_vec(),
            _ => {
                self.foreign.insert(path);
                return;
            }
        };
        for segment in path {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(base.pop()),
                _ => base.push(segment),
            }
        }
        self.own.insert(base);
    }
}

/// `checks/isolation/mod.rs` → checks, isolation.
fn module_of(path: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// The paths of a tree that begins here: `a::{b, c::*}` is two. Also where it ends.
fn paths_at(tokens: &[TokenTree], start: usize) -> (Vec<Vec<String>>, usize) {
    let mut path = Vec::new();
    let mut at = start;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(word)) => path.push(word.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let below = branches(group).into_iter().map(|branch| [path.clone(), branch].concat());
                return (below.collect(), at + 1);
            }
            _ => return (vec![path], at),
        }
        if !is_double_colon(tokens, at + 1) {
            return (vec![path], at + 1);
        }
        at += 3;
    }
}

fn branches(group: &Group) -> Vec<Vec<String>> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    tokens.split(is_comma).filter(|branch| !branch.is_empty()).flat_map(|branch| paths_at(branch, 0).0).collect()
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    [at, at + 1].iter().all(|at| matches!(tokens.get(*at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':'))
}

fn is_braces(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace)
}

/// `[cfg(test)]`.
fn is_test_attribute(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.to_string().replace(' ', "") == "[cfg(test)]")
}

/// Behind the item that begins here: behind its braces or its semicolon.
fn end_of_item(tokens: &[TokenTree], start: usize) -> usize {
    let ends = |token: &TokenTree| {
        is_braces(Some(token)) || matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';')
    };
    tokens.iter().skip(start).position(ends).map_or(tokens.len(), |length| start + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> Vec<String> {
        Source::of(Path::new(path), text).own.into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_in_uses_bodies_and_macros() {
        let text = "use crate::{a::{B, c::*}, d}; fn f() { crate::e::f(); g!(crate::h::I); } impl crate::j::K for L {}";
        assert_eq!(names("x.rs", text), ["a::B", "a::c", "d", "e::f", "h::I", "j::K"]);
    }

    #[test]
    fn the_way_up_leads_to_other_rooms_too() {
        let text =
            "use super::super::scene::Scene; use super::tenant_table; use self::inner::X; mod y { use super::Z; }";
        let found = names("checks/isolation/z.rs", text);
        let inner = ["checks::isolation::tenant_table", "checks::isolation::z::Z", "checks::isolation::z::inner::X"];
        assert_eq!(found, [inner.as_slice(), &["checks::scene::Scene"]].concat());
        assert_eq!(names("run/mod.rs", "use super::report::json;"), ["report::json"]);
    }

    #[test]
    fn tests_comments_and_texts_name_nothing() {
        let text = "//! crate::a\n/// [`crate::b`]\nfn f() -> &'static str { \"crate::c\" }\n\
            #[cfg(test)] mod samples; #[cfg(test)] #[expect(dead_code)] mod tests { use crate::d::E; } use crate::f;";
        assert_eq!(names("x.rs", text), ["f"]);
    }

    #[test]
    fn libraries_are_told_from_the_crate() {
        let source = Source::of(Path::new("x.rs"), "use sqlx::Row; fn f() { std::fs::read(\"x\"); }");
        let foreign: Vec<String> = source.foreign.iter().map(|path| path.join("::")).collect();
        assert_eq!((foreign, source.own.len()), (vec!["sqlx::Row".to_owned(), "std::fs::read".to_owned()], 0));
    }
}
