use super::token::{Kind, Piece, Token, pieces};

/// One statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Its text, from its first word up to its semicolon, which is left off.
    pub text: &'a str,
    /// Where it begins in the file, in bytes.
    pub start: usize,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// For `COPY … FROM stdin` of a dump: the rows that follow, without the closing `\.`.
    pub copy_data: Option<&'a str>,
}

/// Cuts a file into statements as psql does: at semicolons outside of strings, comments, brackets and the bodies of
/// `BEGIN ATOMIC`. Commands of psql itself (`\connect`) are left out.
///
/// It works on tokens, not on a parse, so that a file with an error in it, or with syntax newer than a parser, is cut
/// all the same.
#[must_use]
pub fn split(sql: &str) -> Vec<Statement<'_>> {
    let mut splitter = Splitter { sql, line: 1, counted: 0, statements: Vec::new() };
    let mut from = 0;
    // COPY data is no SQL: after each block the lexer starts afresh.
    while let Some(next) = splitter.split_from(from) {
        from = next;
    }
    splitter.statements
}

struct Splitter<'a> {
    sql: &'a str,
    line: usize,
    /// Up to where lines have been counted, in bytes.
    counted: usize,
    statements: Vec<Statement<'a>>,
}

/// What is known of the statement being read.
#[derive(Default)]
struct Current<'a> {
    start: Option<usize>,
    end: usize,
    /// The first words, enough to tell `create or replace function` and `copy`.
    opening: Vec<Token<'a>>,
    round: usize,
    atomic: usize,
    last_words: [Option<Token<'a>>; 2],
    from_stdin: bool,
}

impl<'a> Splitter<'a> {
    /// Reads on from `from`, to the end (`None`) or to where the lexer has to start again.
    fn split_from(&mut self, from: usize) -> Option<usize> {
        let sql = self.sql;
        let mut current = Current::default();
        for piece in pieces(sql, from) {
            let Piece::Token(token) = piece else { continue };
            if token.is_sign("\\") {
                // A command of psql ends with its line, and what stands before it on the line (`\gexec`) is complete.
                self.finish(&current, None);
                return Some(end_of_line(sql, token.start));
            }
            if token.is_sign(";") && current.round == 0 && current.atomic == 0 {
                if current.from_stdin {
                    let begin = end_of_line(sql, token.end());
                    let (data, next) = copy_block(sql, begin);
                    self.finish(&current, Some(data));
                    return Some(next);
                }
                self.finish(&current, None);
                current = Current::default();
                continue;
            }
            current.take(token);
        }
        self.finish(&current, None);
        None
    }

    fn finish(&mut self, current: &Current<'a>, copy_data: Option<&'a str>) {
        let Some(start) = current.start else { return };
        let passed = self.sql.get(self.counted..start).unwrap_or_default();
        self.line += passed.bytes().filter(|&byte| byte == b'\n').count();
        self.counted = start;
        let text = self.sql.get(start..current.end).unwrap_or_default();
        self.statements.push(Statement { text, start, line: self.line, copy_data });
    }
}

impl<'a> Current<'a> {
    fn take(&mut self, token: Token<'a>) {
        self.start.get_or_insert(token.start);
        self.end = token.end();
        if self.opening.len() < 4 {
            self.opening.push(token);
        }
        match token.text {
            "(" if token.kind == Kind::Sign => self.round += 1,
            ")" if token.kind == Kind::Sign => self.round = self.round.saturating_sub(1),
            _ => {}
        }
        self.count_atomic(token);
        if self.round == 0 && token.is("stdin") && self.last_words[1].is_some_and(|word| word.is("from")) {
            self.from_stdin = self.opening.first().is_some_and(|word| word.is("copy"));
        }
        self.last_words = [self.last_words[1], Some(token)];
    }

    /// As psql: in a function's definition BEGIN opens a body that END closes, and so does CASE within.
    fn count_atomic(&mut self, token: Token<'a>) {
        if self.round > 0 || token.kind != Kind::Word || !self.defines_routine() {
            return;
        }
        if token.is("begin") || (token.is("case") && self.atomic > 0) {
            self.atomic += 1;
        } else if token.is("end") {
            self.atomic = self.atomic.saturating_sub(1);
        }
    }

    fn defines_routine(&self) -> bool {
        let word = |index: usize, text: &str| self.opening.get(index).is_some_and(|token| token.is(text));
        let routine = |index| word(index, "function") || word(index, "procedure");
        word(0, "create") && (routine(1) || (word(1, "or") && word(2, "replace") && routine(3)))
    }
}

/// Just behind the next line feed.
fn end_of_line(sql: &str, from: usize) -> usize {
    let rest = sql.get(from..).unwrap_or_default();
    rest.find('\n').map_or(sql.len(), |at| from + at + 1)
}

/// The rows of a COPY block that begins here, and where SQL goes on.
fn copy_block(sql: &str, begin: usize) -> (&str, usize) {
    let mut at = begin;
    while at < sql.len() {
        let next = end_of_line(sql, at);
        if sql.get(at..next).unwrap_or_default().trim_end() == "\\." {
            return (sql.get(begin..at).unwrap_or_default(), next);
        }
        at = next;
    }
    (sql.get(begin..).unwrap_or_default(), sql.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn semicolons_inside_strings_comments_and_brackets_do_not_cut() {
        let sql = "select ';', E'\\';', \";\" /* ; /* ; */ */; -- ;\ncreate rule r as on insert to t do (select 1; select 2);";
        assert_eq!(texts(sql).len(), 2);
        assert!(texts(sql)[1].starts_with("create rule"));
    }

    #[test]
    fn dollar_quotes_of_any_tag_hold_together() {
        let sql = "create function f() returns void as $a$ begin; $$ ; $$ end; $a$ language plpgsql; select 2";
        assert_eq!(
            texts(sql),
            [
                sql.split(" language").next().map(|head| format!("{head} language plpgsql")).as_deref().unwrap_or(""),
                "select 2"
            ]
        );
    }

    #[test]
    fn an_atomic_body_holds_together_with_its_cases() {
        let sql = "create or replace function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3;";
        assert_eq!(texts(sql).len(), 2);
        assert_eq!(texts(sql)[1], "select 3");
    }

    #[test]
    fn a_transaction_is_three_statements() {
        assert_eq!(texts("begin; select 1; end;"), ["begin", "select 1", "end"]);
    }

    #[test]
    fn every_statement_knows_its_line() {
        let lines: Vec<usize> =
            split("\n-- one\nselect 1;\n\n\nselect\n 2;select 3").iter().map(|one| one.line).collect();
        assert_eq!(lines, [3, 6, 7]);
    }

    #[test]
    fn copy_blocks_carry_their_rows_and_do_not_confuse_what_follows() {
        let sql = "COPY public.t (a) FROM stdin;\nit's; one\n\\.\n\nselect 1;\ncopy t from stdin with (format csv);\n\\.\nselect 2;";
        let statements = split(sql);
        assert_eq!(
            statements.iter().map(|one| one.text).collect::<Vec<_>>(),
            ["COPY public.t (a) FROM stdin", "select 1", "copy t from stdin with (format csv)", "select 2"]
        );
        assert_eq!(statements[0].copy_data, Some("it's; one\n"));
        assert_eq!(statements[2].copy_data, Some(""));
        assert_eq!(statements[3].line, 8);
    }

    #[test]
    fn commands_of_psql_are_left_out() {
        assert_eq!(
            texts("\\restrict abc\nselect 1;\n\\connect it's\nselect 'x' \\gexec\nselect 2;"),
            ["select 1", "select 'x'", "select 2"]
        );
    }

    #[test]
    fn nothing_but_comments_is_no_statement() {
        assert!(split("-- nothing\n;;\n/* at all */").is_empty());
    }
}
