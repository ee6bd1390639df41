use squawk_syntax::SourceFile;
use squawk_syntax::ast::{self, AstNode};

use super::depth::is_parsable;
use super::ledger::{Ledger, Place};
use super::reading::Text;
use crate::catalog::QualifiedName;
use crate::project::token::{Piece, pieces};
use crate::project::{Kind, Token, split, tokens};

/// Where names without a schema are made.
const PUBLIC: &str = "public";

/// Reads the statements of one file.
pub(super) struct Reader<'l> {
    pub(super) ledger: &'l mut Ledger,
    file: usize,
    search_path: Vec<String>,
    /// Within a block, whose conditions and handlers are not run here: what is there already stays as it is.
    pub(super) conditional: bool,
}

impl<'l> Reader<'l> {
    /// Every file begins with the search path of a new session.
    pub(super) fn new(ledger: &'l mut Ledger, path: &str) -> Self {
        let file = ledger.files.len();
        ledger.files.push(path.to_owned());
        Self { ledger, file, search_path: vec![PUBLIC.to_owned()], conditional: false }
    }

    /// Reads a file, up to the line of the first statement that does not stand.
    pub(super) fn file(&mut self, sql: &str, before: Option<usize>) {
        for statement in split(sql) {
            if before.is_some_and(|line| statement.line >= line) {
                break;
            }
            self.text(&Text { sql: statement.text, first_line: statement.line });
        }
    }

    /// Reads a statement, where it defines anything.
    pub(super) fn text(&mut self, text: &Text<'_>) {
        const DEFINING: [&str; 6] = ["create", "alter", "drop", "grant", "revoke", "do"];
        let Some(first) = first_word(text.sql) else { return };
        let is_one_of = |words: &[&str]| words.iter().any(|word| first.eq_ignore_ascii_case(word));
        if is_one_of(&["set", "reset", "select"]) {
            self.read_search_path(&tokens(text.sql));
        }
        if !is_one_of(&DEFINING) {
            return;
        }
        let head = head(text.sql);
        if !is_parsable(head) {
            return;
        }
        for statement in SourceFile::parse(head).tree().stmts() {
            self.statement(&statement, text);
        }
    }

    /// Reads a parsed statement.
    pub(super) fn statement(&mut self, statement: &ast::Stmt, text: &Text<'_>) {
        let node = statement.syntax();
        match statement {
            ast::Stmt::CreateTable(_) | ast::Stmt::CreateForeignTable(_) => self.create_table(node, text),
            ast::Stmt::CreateIndex(create) => self.create_index(create, text),
            ast::Stmt::AlterTable(_) | ast::Stmt::AlterForeignTable(_) => self.alter_table(node, text),
            ast::Stmt::Grant(_) | ast::Stmt::Revoke(_) => self.grant(node, text),
            ast::Stmt::AlterDefaultPrivileges(_) => self.default_privileges(node, text),
            ast::Stmt::Do(block) => self.block(block, text),
            _ => self.other_object(statement, text),
        }
    }

    pub(super) fn place(&self, line: usize) -> Place {
        Place { file: self.file, line }
    }

    /// Whether a definition changes nothing, since what it defines is there.
    pub(super) fn is_kept(&self, known: bool, if_not_exists: bool) -> bool {
        known && (if_not_exists || self.conditional)
    }

    /// The full name of what a statement makes.
    pub(super) fn created(&self, mut path: Vec<String>) -> Option<QualifiedName> {
        let name = path.pop()?;
        let schema = path.pop().or_else(|| self.search_path.first().cloned()).unwrap_or_else(|| PUBLIC.to_owned());
        Some(QualifiedName::new(schema, name))
    }

    /// The full name of what a statement refers to: the first in the search path that is there.
    pub(super) fn referred(
        &self,
        path: Vec<String>,
        is_there: impl Fn(&QualifiedName) -> bool,
    ) -> Option<QualifiedName> {
        if let [name] = path.as_slice() {
            let candidates = self.search_path.iter().map(|schema| QualifiedName::new(schema, name));
            if let Some(found) = candidates.into_iter().find(|candidate| is_there(candidate)) {
                return Some(found);
            }
        }
        self.created(path)
    }

    /// The same for a relation.
    pub(super) fn relation_named(&self, path: Vec<String>) -> Option<QualifiedName> {
        self.referred(path, |name| self.ledger.relations.contains_key(name))
    }

    /// Runs with another schema before the search path, as `CREATE SCHEMA` does with its elements.
    pub(super) fn within_schema(&mut self, schema: &str, work: impl FnOnce(&mut Self)) {
        self.search_path.insert(0, schema.to_owned());
        work(self);
        self.search_path.remove(0);
    }

    /// `SET search_path`, `RESET`, and `set_config('search_path', …)` as dumps have it.
    fn read_search_path(&mut self, tokens: &[Token<'_>]) {
        let is = |index: usize, word: &str| tokens.get(index).is_some_and(|token| token.is(word));
        let names: Vec<String> = if is(0, "select") {
            let Some(at) = tokens.iter().position(|token| token.is("set_config")) else { return };
            let text = |index: usize| tokens.get(at + index).and_then(Token::content);
            if text(2) != Some("search_path") {
                return;
            }
            text(4).map(listed).unwrap_or_default()
        } else {
            let scope = usize::from(is(1, "session") || is(1, "local"));
            if is(0, "reset") || is(3 + scope, "default") {
                if is(1, "all") || is(1 + scope, "search_path") {
                    self.search_path = vec![PUBLIC.to_owned()];
                }
                return;
            }
            let skipped = if is(1 + scope, "search_path") { 3 } else { 2 };
            if skipped == 2 && !is(1 + scope, "schema") {
                return;
            }
            tokens.iter().skip(skipped + scope).filter_map(spelt).collect()
        };
        self.search_path = names.into_iter().filter(|name| name != "$user" && !name.is_empty()).collect();
    }
}

/// As much of a statement as says what it defines and on what. Parsing takes most of the time, and the expressions of policies and the
/// queries of views are most of many files. The words that end a head are reserved.
fn head(sql: &str) -> &str {
    let mut ends: Option<&[&str]> = None;
    let words = pieces(sql, 0).filter_map(|piece| match piece {
        Piece::Token(token) if token.kind == Kind::Word => Some(token),
        Piece::Token(_) | Piece::Blank(_) => None,
    });
    for word in words {
        match ends {
            None => ends = HEADS.iter().find(|(defined, _)| word.is(defined)).map(|(_, ends)| *ends),
            Some([]) => break,
            Some(ends) if ends.iter().any(|end| word.is(end)) => return sql.get(..word.start).unwrap_or(sql),
            Some(_) => {}
        }
    }
    sql
}

/// What is defined, and the words that end what says so; none where all of it is read.
const HEADS: [(&str, &[&str]); 9] = [
    ("policy", &["using", "with"]),
    ("view", &["as"]),
    ("trigger", &["for", "when"]),
    ("table", &[]),
    ("function", &[]),
    ("index", &[]),
    ("do", &[]),
    ("grant", &[]),
    ("revoke", &[]),
];

/// The first word of a text that begins with one.
fn first_word(sql: &str) -> Option<&str> {
    let end = sql.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(sql.len());
    sql.get(..end)
}

fn spelt(token: &Token<'_>) -> Option<String> {
    match token.kind {
        Kind::Text => token.content().map(str::to_owned),
        _ => token.identifier(),
    }
}

fn listed(text: &str) -> Vec<String> {
    text.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect()
}
