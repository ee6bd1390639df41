use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::quote_literal;
use crate::postgres::stand_ins::{self, StandIn};
use crate::postgres::supabase;
use crate::project::{Statement, Token, split, tokens};

use super::extension::{CreateExtension, rewrite_body};
use super::server_wide::{Confined, Server, confine};

/// One statement as the server will get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its text, without a semicolon.
    pub(super) sql: String,
    /// The statement of the file that it comes from, by index.
    pub(super) origin: usize,
    /// The rows of a `COPY … FROM stdin`.
    pub(super) copy_data: Option<String>,
    /// Its part in a transaction that the file opens itself.
    pub(super) control: Option<Control>,
    /// The extension that it creates on a server that offers it.
    pub(super) creates: Option<String>,
}

/// A statement about transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// It opens one or keeps what was done.
    Keeps,
    /// It undoes.
    Undoes,
}

/// A file, ready to be sent.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) pieces: Vec<Piece>,
    /// Stand-ins that it puts up.
    pub(super) stand_ins: Vec<StandIn>,
    /// What was left out or changed, and why.
    pub(super) notes: Vec<String>,
}

impl Prepared {
    /// Whether the file undoes what it did, so that its own transactions matter.
    pub(super) fn undoes(&self) -> bool {
        self.pieces.iter().any(|piece| piece.control == Some(Control::Undoes))
    }
}

/// What preparing a file depends on.
pub(super) struct Context<'a> {
    pub(super) database: &'a str,
    pub(super) login: &'a str,
    pub(super) roles: &'a mut BTreeSet<String>,
    /// Extensions that the server offers.
    pub(super) available: &'a BTreeSet<String>,
    /// Extensions that it offers and cannot install.
    pub(super) refused: &'a BTreeMap<String, String>,
    /// Stand-ins that are up already, with their schemas.
    pub(super) standing: &'a BTreeMap<String, String>,
    /// Statements to leave out, by index: indexes that rest on a stand-in and cannot be built.
    pub(super) left_out: &'a BTreeSet<usize>,
}

impl Context<'_> {
    fn lacks(&self, extension: &str) -> bool {
        !self.available.contains(extension)
            || self.refused.contains_key(extension)
            || self.standing.contains_key(extension)
    }

    /// Why a stand-in is needed, as a clause.
    fn reason(&self, extension: &str) -> String {
        match self.refused.get(extension) {
            Some(message) => format!("the server offers the extension but cannot install it: {message}"),
            None => "the server does not offer the extension".to_owned(),
        }
    }
}

/// Makes a file's statements ready for the server.
pub(super) fn prepare(statements: &[Statement<'_>], context: &mut Context<'_>) -> Prepared {
    let mut prepared = Prepared::default();
    for (origin, statement) in statements.iter().enumerate() {
        if context.left_out.contains(&origin) {
            prepared.notes.push(format!(
                "line {}: left out, for it needs an index method or operator class that the \
                stand-in for an extension does not have",
                statement.line
            ));
            continue;
        }
        let mut preparing = Preparing { context, prepared: &mut prepared, origin, line: statement.line };
        preparing.statement(statement);
    }
    prepared
}

struct Preparing<'a, 'b> {
    context: &'a mut Context<'b>,
    prepared: &'a mut Prepared,
    origin: usize,
    line: usize,
}

impl Preparing<'_, '_> {
    fn push(&mut self, sql: impl Into<String>) {
        let origin = self.origin;
        self.prepared.pieces.push(Piece { sql: sql.into(), origin, copy_data: None, control: None, creates: None });
    }

    fn change_last(&mut self, change: impl FnOnce(&mut Piece)) {
        if let Some(piece) = self.prepared.pieces.last_mut() {
            change(piece);
        }
    }

    fn note(&mut self, text: &str) {
        self.prepared.notes.push(format!("line {}: {text}", self.line));
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        let text = statement.text;
        if let Some(data) = statement.copy_data {
            self.push(text);
            return self.change_last(|piece| piece.copy_data = Some(data.to_owned()));
        }
        // The first tokens tell most statements apart; a long INSERT is not read to its end for that.
        let Some(first) = tokens_of_head(text) else { return };
        let is = |word: &str| first.first().is_some_and(|token| token.is(word));
        if let Some(control) = control(&first) {
            self.push(text);
            return self.change_last(|piece| piece.control = Some(control));
        }
        if is("do") {
            return self.block(text);
        }
        if !["create", "alter", "drop", "comment", "copy", "grant", "revoke"].iter().any(|word| is(word)) {
            return self.push(text);
        }
        if is("copy") && first.iter().any(|token| token.is("stdout")) {
            return self.note("left out, for it sends rows to whoever applies the file");
        }
        if let Some(create) = CreateExtension::parse(&tokens(text)) {
            return self.create_extension(&create);
        }
        if first.get(1).is_some_and(|token| token.is("extension"))
            || first.get(2).is_some_and(|token| is("comment") && token.is("extension"))
        {
            return self.change_extension(text, &first);
        }
        if is("create") && first.iter().any(|token| token.is("index")) {
            return self.index(text);
        }
        let mut server =
            Server { database: self.context.database, login: self.context.login, roles: self.context.roles };
        match confine(&mut server, text) {
            Confined::AsItIs => self.push(text),
            Confined::Instead(statements) => statements.into_iter().for_each(|one| self.push(one)),
            Confined::LeftOut(reason) => self.note(&format!("left out, for {reason}")),
        }
    }

    fn create_extension(&mut self, create: &CreateExtension) {
        let included = supabase::INCLUDED.iter().any(|(name, _)| *name == create.name);
        let standing = self.is_standing(&create.name);
        if !standing && !self.context.lacks(&create.name) {
            self.push(create.statement());
            let name = create.name.clone();
            return self.change_last(|piece| piece.creates = Some(name));
        }
        if standing && (create.if_not_exists || included) {
            return;
        }
        if standing {
            // What the server itself would say.
            let message = quote_literal(&format!("extension {:?} already exists", create.name));
            let body = format!("begin raise exception using message = {message}, errcode = '42710'; end");
            let quoted = quote_literal(&body);
            return self.push(format!("do {quoted}"));
        }
        self.stand_in(create);
    }

    fn is_standing(&self, extension: &str) -> bool {
        self.context.standing.contains_key(extension)
            || self.prepared.stand_ins.iter().any(|one| one.extension == extension)
    }

    fn stand_in(&mut self, create: &CreateExtension) {
        let wanted = create.schema.as_deref().unwrap_or("public");
        let schema = stand_ins::home(&create.name, wanted);
        let script = stand_ins::script(&create.name, schema);
        let reason = self.context.reason(&create.name);
        self.prepared.stand_ins.push(StandIn {
            extension: create.name.clone(),
            schema: schema.to_owned(),
            reason,
            empty: script.is_none(),
            used_by: Vec::new(),
        });
        for statement in split(&script.unwrap_or_default()) {
            self.push(statement.text);
        }
    }

    /// `ALTER`, `DROP` and `COMMENT ON` of an extension that is not really there.
    fn change_extension(&mut self, text: &str, first: &[Token<'_>]) {
        let all = tokens(text);
        let skipped = ["comment", "on", "alter", "drop", "extension", "if", "exists"];
        let names: Vec<String> = all
            .iter()
            .skip_while(|token| skipped.iter().any(|word| token.is(word)))
            .take_while(|token| token.identifier().is_some() || token.is_sign(","))
            .filter_map(Token::identifier)
            .filter(|name| name != "cascade" && name != "restrict")
            .collect();
        let dropped = first.first().is_some_and(|token| token.is("drop"));
        // Only DROP takes several names; of the others the first is the extension.
        let judged = if dropped { &names[..] } else { names.get(..1).unwrap_or_default() };
        let absent = |name: &String| self.is_standing(name) || !self.context.available.contains(name);
        if !judged.iter().any(absent) {
            return self.push(text);
        }
        if dropped && judged.iter().any(|name| self.is_standing(name)) {
            self.note("the stand-in for the extension stays, though the file drops the extension");
        }
    }

    /// The stand-ins' index methods know no storage parameters.
    fn index(&mut self, text: &str) {
        let all = tokens(text);
        let method = all.iter().position(|token| token.is("using")).and_then(|at| all.get(at + 1));
        let stood_in =
            self.is_standing("vector") && method.is_some_and(|method| method.is("hnsw") || method.is("ivfflat"));
        let with = all.windows(2).find(|pair| matches!(pair, [with, open] if with.is("with") && open.is_sign("(")));
        let (true, Some([with, _])) = (stood_in, with) else { return self.push(text) };
        let close = all.iter().find(|token| token.start > with.start && token.is_sign(")"));
        let end = close.map_or(text.len(), Token::end);
        let (head, tail) = (text.get(..with.start).unwrap_or(text), text.get(end..).unwrap_or_default());
        self.push(format!("{head} {tail}"));
    }

    fn block(&mut self, text: &str) {
        if !text.to_ascii_lowercase().contains("extension") {
            return self.push(text);
        }
        let lacking = |name: &str| self.is_standing(name) || self.context.lacks(name);
        let Some(rewritten) = rewrite_body(text, &lacking) else { return self.push(text) };
        for create in &rewritten.wanted {
            if !self.is_standing(&create.name) {
                self.stand_in(create);
            }
        }
        self.push(rewritten.text);
    }
}

/// The tokens of the beginning of a statement.
fn tokens_of_head(text: &str) -> Option<Vec<Token<'_>>> {
    let mut end = text.len().min(400);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let all = tokens(text.get(..end)?);
    (!all.is_empty()).then_some(all)
}

fn control(first: &[Token<'_>]) -> Option<Control> {
    let word = |index: usize, one: &str| first.get(index).is_some_and(|token| token.is(one));
    if word(0, "begin") || (word(0, "start") && word(1, "transaction")) || word(0, "end") {
        return Some(Control::Keeps);
    }
    if word(0, "commit") {
        return (!word(1, "prepared")).then_some(Control::Keeps);
    }
    let to_savepoint = first.iter().any(|token| token.is("to"));
    if (word(0, "rollback") && !to_savepoint && !word(1, "prepared")) || word(0, "abort") {
        return Some(Control::Undoes);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(sql: &str) -> Prepared {
        let available: BTreeSet<String> = ["citext".to_owned()].into();
        let mut roles = BTreeSet::new();
        let mut context = Context {
            database: "scratch",
            login: "postgres",
            roles: &mut roles,
            available: &available,
            refused: &BTreeMap::new(),
            standing: &BTreeMap::new(),
            left_out: &BTreeSet::new(),
        };
        prepare(&split(sql), &mut context)
    }

    fn texts(sql: &str) -> Vec<String> {
        prepared(sql).pieces.into_iter().map(|piece| piece.sql).collect()
    }

    #[test]
    fn an_extension_that_the_server_offers_is_created() {
        assert_eq!(texts("create extension citext version '1.6';"), [r#"create extension "citext""#]);
    }

    #[test]
    fn one_that_it_lacks_is_stood_in_for_once() {
        let all = prepared(
            "create extension if not exists moddatetime schema extensions;\n\
            create extension if not exists moddatetime;\nselect 1;",
        );
        assert_eq!(all.stand_ins.len(), 1);
        assert_eq!((all.stand_ins[0].schema.as_str(), all.stand_ins[0].empty), ("extensions", false));
        assert_eq!(all.pieces.len(), 2);
        assert_eq!((all.pieces[0].origin, all.pieces[1].origin), (0, 2));
    }

    #[test]
    fn one_that_nobody_knows_is_empty_and_recorded() {
        let all = prepared("create extension \"some-thing\";");
        assert!(all.stand_ins[0].empty && all.pieces.is_empty());
    }

    #[test]
    fn creating_it_twice_fails_as_it_would() {
        let all = texts("create extension pg_uuidv7; create extension pg_uuidv7;");
        assert!(all[1].contains("already exists") && all[1].contains("42710"), "{all:?}");
    }

    #[test]
    fn indexes_of_a_stood_in_vector_lose_their_parameters() {
        let all =
            texts("create extension vector; create index on t using hnsw (e vector_l2_ops) with (m = 16) where a;");
        assert_eq!(all.last().map(String::as_str), Some("create index on t using hnsw (e vector_l2_ops)   where a"));
    }

    #[test]
    fn what_concerns_a_lacking_extension_alone_is_left_out() {
        for sql in [
            "drop extension if exists pg_net;",
            "comment on extension pg_net is 'x';",
            "alter extension pg_net update;",
            "drop extension if exists pg_net cascade;",
        ] {
            assert!(texts(sql).is_empty(), "{sql}");
        }
        assert_eq!(texts("drop extension if exists citext;").len(), 1);
        assert_eq!(texts("alter extension citext set schema extensions;").len(), 1);
    }

    #[test]
    fn transactions_of_the_file_are_told_apart() {
        let all = prepared("begin; savepoint a; rollback to a; commit; rollback;");
        let controls: Vec<_> = all.pieces.iter().map(|piece| piece.control).collect();
        assert_eq!(controls, [Some(Control::Keeps), None, None, Some(Control::Keeps), Some(Control::Undoes)]);
        assert!(all.undoes());
    }
}
