use squawk_lexer::{LiteralKind, TokenKind, tokenize};

/// A word, constant or sign of SQL. White space and comments are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What sort.
    pub kind: Kind,
    /// As it is written.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
}

/// What sort of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in double quotes.
    Quoted,
    /// A string in single quotes, of any prefix.
    Text,
    /// A string in dollar quotes.
    Dollar,
    /// Anything else: numbers, operators, brackets, one sign each.
    Sign,
}

impl Token<'_> {
    /// Whether it is this word, whatever its case.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this sign.
    #[must_use]
    pub fn is_sign(&self, sign: &str) -> bool {
        self.kind == Kind::Sign && self.text == sign
    }

    /// The identifier that it spells, as the server folds it.
    #[must_use]
    pub fn identifier(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_lowercase()),
            Kind::Quoted => {
                let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
                Some(inner.replace("\"\"", "\""))
            }
            Kind::Text | Kind::Dollar | Kind::Sign => None,
        }
    }

    /// What stands between the quotes of a string; escapes are left as they are written.
    #[must_use]
    pub fn content(&self) -> Option<&str> {
        match self.kind {
            Kind::Text => {
                let open = self.text.find('\'')?;
                self.text.get(open + 1..)?.strip_suffix('\'')
            }
            Kind::Dollar => {
                let tag = self.text.get(..self.text.get(1..)?.find('$')? + 2)?;
                self.text.strip_prefix(tag)?.strip_suffix(tag)
            }
            Kind::Word | Kind::Quoted | Kind::Sign => None,
        }
    }

    /// Where it ends, in bytes.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// One step of the lexer, white space and comments included.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    /// White space or a comment.
    Blank(&'a str),
    /// A token; the flag tells the end of a statement.
    Token(Token<'a>),
}

/// Walks over `sql` from `from` on.
pub(super) fn pieces(sql: &str, from: usize) -> impl Iterator<Item = Piece<'_>> {
    let mut start = from;
    tokenize(sql.get(from..).unwrap_or_default()).map_while(move |token| {
        let end = start + usize::try_from(token.len).ok()?;
        let text = sql.get(start..end)?;
        let begin = std::mem::replace(&mut start, end);
        let kind = match token.kind {
            TokenKind::Eof => return None,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => {
                return Some(Piece::Blank(text));
            }
            TokenKind::Ident => Kind::Word,
            TokenKind::QuotedIdent { .. } => Kind::Quoted,
            TokenKind::Literal { kind: LiteralKind::DollarQuotedString { .. } } => Kind::Dollar,
            TokenKind::Literal { kind: LiteralKind::Int { .. } | LiteralKind::Numeric { .. } } => Kind::Sign,
            TokenKind::Literal { .. } => Kind::Text,
            _ => Kind::Sign,
        };
        Some(Piece::Token(Token { kind, text, start: begin }))
    })
}

/// The tokens of a text. A text that Postgres would refuse has tokens too.
#[must_use]
pub fn tokens(sql: &str) -> Vec<Token<'_>> {
    pieces(sql, 0)
        .filter_map(|piece| match piece {
            Piece::Token(token) => Some(token),
            Piece::Blank(_) => None,
        })
        .collect()
}

/// The text with each comment replaced by a space, inside function bodies too.
#[must_use]
pub fn without_comments(sql: &str) -> String {
    let mut bare = String::with_capacity(sql.len());
    for piece in pieces(sql, 0) {
        match piece {
            Piece::Blank(text) if text.trim().is_empty() => bare.push_str(text),
            Piece::Blank(_) => bare.push(' '),
            Piece::Token(token) => match (token.kind, token.content()) {
                (Kind::Dollar, Some(body)) => {
                    let tag = (token.text.len() - body.len()) / 2;
                    bare.push_str(&token.text[..tag]);
                    bare.push_str(&without_comments(body));
                    bare.push_str(&token.text[token.text.len() - tag..]);
                }
                _ => bare.push_str(token.text),
            },
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_knows_what_it_spells() {
        let all = tokens(r#"Create "A ""b""" 'it''s' $x$ body $x$ ; -- no"#);
        assert!(all[0].is("create"));
        assert_eq!(all[1].identifier().as_deref(), Some(r#"A "b""#));
        assert_eq!(all[2].content(), Some("it''s"));
        assert_eq!(all[3].content(), Some(" body "));
        assert!(all[4].is_sign(";"));
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn comments_go_even_inside_a_body() {
        let bare = without_comments("select 1; -- auth.uid()\ndo $$ begin /* auth.uid() */ null; end $$");
        assert!(!bare.contains("auth.uid"));
        assert!(bare.contains("null; end $$"));
    }

    #[test]
    fn text_that_never_ends_is_still_one_token() {
        assert_eq!(tokens("select 'open").len(), 2);
        assert_eq!(tokens("select $$ open").last().and_then(Token::content), None);
    }
}
