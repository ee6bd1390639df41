/// The constants of an expression as `pg_get_expr` prints it: what a value that satisfies it is likely to be, or near to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Constants {
    /// String constants.
    pub(crate) texts: Vec<String>,
    /// Numbers, those within string constants too.
    pub(crate) numbers: Vec<f64>,
    /// Regular expressions that are matched.
    pub(crate) patterns: Vec<String>,
}

impl Constants {
    pub(crate) fn of(expression: &str) -> Self {
        let mut constants = Self::default();
        let mut matching = Matching::No;
        for token in tokens(expression) {
            match token {
                Token::Text(text) => constants.take_text(text, matching),
                Token::Number(number) => constants.numbers.push(number),
                // A cast, a bracket or an ARRAY may stand between the operator and its constant.
                Token::Symbol(symbol) => match symbol.as_str() {
                    "~" | "~*" => matching = Matching::Regex,
                    "~~" | "~~*" => matching = Matching::Like,
                    "(" | "[" | "::" | "," => {}
                    _ => matching = Matching::No,
                },
                Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                    "similar_to_escape" => matching = Matching::Like,
                    "like" | "ilike" => matching = Matching::Like,
                    "and" | "or" => matching = Matching::No,
                    _ => {}
                },
            }
        }
        constants
    }

    fn take_text(&mut self, text: String, matching: Matching) {
        match matching {
            Matching::Regex => self.patterns.push(text),
            Matching::Like => self.patterns.push(pattern_of_like(&text)),
            Matching::No => {
                if let Ok(number) = text.trim().parse::<f64>()
                    && number.is_finite()
                {
                    self.numbers.push(number);
                }
                self.texts.push(text);
            }
        }
    }

    /// Adds what `other` has.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self { texts, numbers, patterns } = other;
        self.texts.extend(texts.into_iter().filter(|text| text.len() <= 200));
        self.numbers.extend(numbers);
        self.patterns.extend(patterns);
    }

    /// Sorts numbers and drops what is there twice; texts keep their order, in which lists are written.
    pub(crate) fn tidy(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        self.texts.retain(|text| seen.insert(text.clone()));
        self.numbers.sort_by(f64::total_cmp);
        self.numbers.dedup();
        self.patterns.sort();
        self.patterns.dedup();
    }
}

#[derive(Clone, Copy)]
enum Matching {
    No,
    Regex,
    Like,
}

/// LIKE's wildcards as a regular expression; SIMILAR TO has the same two.
fn pattern_of_like(like: &str) -> String {
    let mut pattern = String::new();
    let mut characters = like.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => pattern.push_str("[a-z0-9]{6}"),
            '_' => pattern.push_str("[a-z]"),
            '\\' => pattern.extend(characters.next().map(|next| regex_syntax::escape(&next.to_string()))),
            '|' | '(' | ')' | '[' | ']' | '*' | '+' | '{' | '}' | '?' => pattern.push(character),
            other => pattern.push_str(&regex_syntax::escape(&other.to_string())),
        }
    }
    pattern
}

/// A piece of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A string constant, unquoted.
    Text(String),
    /// A numeric constant.
    Number(f64),
    /// A keyword or an identifier, unquoted.
    Word(String),
    /// An operator or a bracket.
    Symbol(String),
}

/// Splits SQL into tokens, comments left out. What does not lex is skipped: this reads for hints, not for meaning.
pub(crate) fn tokens(sql: &str) -> Vec<Token> {
    let characters: Vec<char> = sql.chars().collect();
    let at = |index: usize| characters.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut index = 0;
    while index < characters.len() {
        let character = at(index);
        let escaped = (character == 'E' || character == 'e') && at(index + 1) == '\'';
        let (token, next) = match character {
            '\'' => quoted(&characters, index, '\'', false).map_text(Token::Text),
            _ if escaped => quoted(&characters, index + 1, '\'', true).map_text(Token::Text),
            '"' => quoted(&characters, index, '"', false).map_text(Token::Word),
            '-' if at(index + 1) == '-' => {
                (None, (index..characters.len()).find(|next| at(*next) == '\n').unwrap_or(characters.len()))
            }
            _ if character.is_ascii_digit() => number(&characters, index),
            _ if character.is_alphabetic() || character == '_' => {
                let end = (index..characters.len())
                    .find(|next| !(at(*next).is_alphanumeric() || at(*next) == '_' || at(*next) == '$'))
                    .unwrap_or(characters.len());
                (Some(Token::Word(characters.iter().take(end).skip(index).collect())), end)
            }
            _ if character.is_whitespace() => (None, index + 1),
            _ if "~!@#%^&|?<>=*+-:".contains(character) => {
                let end = (index..characters.len())
                    .find(|next| !"~!@#%^&|?<>=*+-:".contains(at(*next)))
                    .unwrap_or(characters.len());
                (Some(Token::Symbol(characters.iter().take(end).skip(index).collect())), end)
            }
            other => (Some(Token::Symbol(other.to_string())), index + 1),
        };
        tokens.extend(token);
        index = next.max(index + 1);
    }
    tokens
}

/// The words of a definition: names among them.
pub(crate) fn identifiers(sql: &str) -> std::collections::BTreeSet<String> {
    let word = |token| match token {
        Token::Word(word) => Some(word),
        _ => None,
    };
    tokens(sql).into_iter().filter_map(word).collect()
}

struct Quoted {
    text: String,
    next: usize,
}

impl Quoted {
    fn map_text(self, wrap: impl FnOnce(String) -> Token) -> (Option<Token>, usize) {
        (Some(wrap(self.text)), self.next)
    }
}

fn quoted(characters: &[char], start: usize, quote: char, backslashes: bool) -> Quoted {
    let mut text = String::new();
    let mut index = start + 1;
    while let Some(character) = characters.get(index).copied() {
        let following = characters.get(index + 1).copied();
        if character == quote && following == Some(quote) {
            text.push(quote);
            index += 2;
        } else if character == quote {
            return Quoted { text, next: index + 1 };
        } else if backslashes && character == '\\' {
            text.extend(following);
            index += 2;
        } else {
            text.push(character);
            index += 1;
        }
    }
    Quoted { text, next: index }
}

fn number(characters: &[char], start: usize) -> (Option<Token>, usize) {
    let end = (start..characters.len())
        .find(|index| !characters.get(*index).is_some_and(|digit| digit.is_ascii_digit() || *digit == '.'))
        .unwrap_or(characters.len());
    let text: String = characters.iter().take(end).skip(start).collect();
    (text.parse().ok().map(Token::Number), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_ranges_and_patterns_are_found() {
        let list = Constants::of("(status = ANY (ARRAY['draft'::text, 'it''s'::text]))");
        assert_eq!(list.texts, ["draft", "it's"]);
        let range = Constants::of("((score >= 0) AND (score <= 100))");
        assert_eq!(range.numbers, [0.0, 100.0]);
        let pattern = Constants::of(r"((slug ~ '^[a-z]+$'::text) AND (kind <> 'x'::text))");
        assert_eq!((pattern.patterns, pattern.texts), (vec!["^[a-z]+$".to_owned()], vec!["x".to_owned()]));
    }

    #[test]
    fn escaped_constants_lose_their_escapes() {
        assert_eq!(Constants::of(r"(code ~ E'^\\d+$'::text)").patterns, [r"^\d+$"]);
    }

    #[test]
    fn a_like_becomes_a_pattern() {
        assert_eq!(Constants::of("(path ~~ 'files/%'::text)").patterns, ["files/[a-z0-9]{6}"]);
    }

    #[test]
    fn a_negated_pattern_is_no_pattern_to_follow() {
        assert!(Constants::of("(name !~ '^x'::text)").patterns.is_empty());
    }

    #[test]
    fn numbers_in_quotes_count_as_numbers() {
        assert_eq!(Constants::of("(balance > '-5'::integer)").numbers, [-5.0]);
    }

    #[test]
    fn text_that_does_not_lex_is_survived() {
        for odd in ["'", "E'\\", "\"", "--", "1.2.3", "😀 ~ '"] {
            let _constants = Constants::of(odd);
        }
    }
}
