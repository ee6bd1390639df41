//! SQL text as a flat list of tokens: enough to find how identity is passed and what a policy asks, and no more.

/// A token of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A keyword, or an unquoted name, in lower case.
    Word(String),
    /// A quoted name as it is.
    Name(String),
    /// A string constant's value.
    Text(String),
    /// Anything else: `->>`, `::`, `(`, a number.
    Mark(String),
}

impl Token {
    /// Whether it is this mark.
    #[must_use]
    pub fn is_mark(&self, mark: &str) -> bool {
        matches!(self, Self::Mark(text) if text == mark)
    }

    /// Whether it is this word, unquoted.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text == word)
    }

    /// The text of a word or a quoted name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Name(text) => Some(text),
            Self::Text(_) | Self::Mark(_) => None,
        }
    }

    /// The same with a quoted name as a word.
    #[must_use]
    pub fn unquoted(self) -> Self {
        match self {
            Self::Name(text) => Self::Word(text),
            other => other,
        }
    }
}

/// Marks of several characters, longest first.
const MARKS: [&str; 12] = ["#>>", "->>", "->", "#>", "::", ":=", "<>", "!=", "<=", ">=", "@>", "||"];

/// Cuts SQL into tokens. What it does not understand becomes a mark of one character; it never fails.
#[must_use]
pub fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        rest = if first.is_whitespace() {
            rest.trim_start()
        } else if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else if let Some((text, after)) = quoted(rest, '\'') {
            tokens.push(Token::Text(text));
            after
        } else if let Some((name, after)) = quoted(rest, '"') {
            tokens.push(Token::Name(name));
            after
        } else if first == '$' {
            dollar(rest, &mut tokens)
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            // E'…' and its kin: the letter is no word.
            if !(word.len() == 1 && after.starts_with('\'')) {
                tokens.push(Token::Word(word.to_lowercase()));
            }
            after
        } else {
            let length = MARKS.iter().find(|mark| rest.starts_with(**mark)).map_or(first.len_utf8(), |mark| mark.len());
            let (mark, after) = rest.split_at(length);
            tokens.push(Token::Mark(mark.to_owned()));
            after
        };
    }
    tokens
}

/// A constant or name in quotes, doubled ones undone, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix(quote)?;
    loop {
        let Some((part, after)) = rest.split_once(quote) else {
            // It never ends: take what there is.
            value.push_str(rest);
            return Some((value, ""));
        };
        value.push_str(part);
        match after.strip_prefix(quote) {
            Some(more) => {
                value.push(quote);
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

/// `$tag$ … $tag$`: its inside is code as often as not, so it is cut into tokens in place.
fn dollar<'a>(text: &'a str, into: &mut Vec<Token>) -> &'a str {
    let after_dollar = &text[1..];
    let tag = after_dollar.split_once('$').map(|(tag, _)| tag);
    let is_tag = |tag: &&str| {
        tag.chars().all(|c| c.is_alphanumeric() || c == '_') && !tag.starts_with(|c: char| c.is_ascii_digit())
    };
    let Some(tag) = tag.filter(is_tag) else {
        into.push(Token::Mark("$".to_owned()));
        return after_dollar;
    };
    let fence = format!("${tag}$");
    let inside = &text[fence.len()..];
    match inside.split_once(fence.as_str()) {
        Some((body, after)) => {
            into.extend(tokens(body));
            after
        }
        None => inside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_falls_apart_into_words_constants_and_marks() {
        let expected = [
            Token::Word("select".into()),
            Token::Name("A \"b\"".into()),
            Token::Mark("->>".into()),
            Token::Text("it's".into()),
            Token::Mark("::".into()),
            Token::Word("text".into()),
        ];
        assert_eq!(tokens("SELECT /* no */ \"A \"\"b\"\"\" ->> E'it''s'::text -- end"), expected);
    }

    #[test]
    fn broken_sql_does_no_harm() {
        for sql in ["'never ends", "$a$ never ends", "$1 + $", "\"", "/* ", "🦀 -> 'ü'"] {
            let _ = tokens(sql);
        }
        assert_eq!(tokens("$body$select 'x'$body$;").len(), 3);
    }
}
