//! SQL as inference reads it: a quoted name is a word like any other.

pub(super) use crate::catalog::Token;

/// Cuts SQL into tokens.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    crate::catalog::tokens(sql).into_iter().map(Token::unquoted).collect()
}
