//! What a CHECK says of a column, as far as it can be read off its expression: lists, bounds, lengths. The rule is taken as it is meant: a
//! null in a list, or as an alternative, allows nothing by itself, though to Postgres it lets every value pass.

use crate::world::reading::{Token, tokens};

/// A piece of the expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Column(String),
    Text(String),
    Number(f64),
    Truth(bool),
    Null,
    List(Vec<Term>),
    Length(Box<Term>),
    Trimmed(Box<Term>),
    /// `jsonb_typeof`.
    Kind(Box<Term>),
    Compare(Box<Term>, Comparison, Box<Term>),
    OneOf(Box<Term>, Box<Term>),
    IsNull(Box<Term>),
    Not(Box<Term>),
    All(Vec<Term>),
    Any(Vec<Term>),
    /// Something that is not understood: a function, an operator.
    Unread,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A value, or what is not known of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Unknown,
    Null,
    Truth(bool),
    Number(f64),
    Text(String),
}

/// The rule of an expression as `pg_get_expr` prints it; `None` where its form is not understood at all.
pub(super) fn read(expression: &str) -> Option<Term> {
    let mut reader = Reader { tokens: tokens(expression), next: 0 };
    let term = reader.alternatives()?;
    (reader.next == reader.tokens.len()).then_some(term)
}

impl Term {
    /// Whether a row with `given` in `column` is allowed; `None` where that depends on what is not known.
    pub(super) fn allows(&self, column: &str, given: &Value) -> Option<bool> {
        match self.value(column, given) {
            Value::Truth(truth) => Some(truth),
            Value::Null => Some(true),
            Value::Unknown | Value::Number(_) | Value::Text(_) => None,
        }
    }

    fn value(&self, column: &str, given: &Value) -> Value {
        let of = |term: &Self| term.value(column, given);
        match self {
            Self::Column(name) if name == column => given.clone(),
            Self::Column(_) | Self::Unread | Self::List(_) => Value::Unknown,
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(*number),
            Self::Truth(truth) => Value::Truth(*truth),
            Self::Null => Value::Null,
            Self::Length(inner) => match of(inner) {
                Value::Text(text) => Value::Number(text.chars().count() as f64),
                Value::Null => Value::Null,
                _ => Value::Unknown,
            },
            Self::Trimmed(inner) => match of(inner) {
                Value::Text(text) => Value::Text(text.trim_matches(' ').to_owned()),
                Value::Null => Value::Null,
                _ => Value::Unknown,
            },
            Self::Kind(inner) => match of(inner) {
                Value::Text(text) => Value::Text(kind_of_json(&text).to_owned()),
                Value::Null => Value::Null,
                _ => Value::Unknown,
            },
            // A comparison with a bare null means nothing that anybody could have wanted.
            Self::Compare(left, _, right) if **left == Self::Null || **right == Self::Null => Value::Unknown,
            Self::Compare(left, comparison, right) => compare(&of(left), *comparison, &of(right)),
            Self::OneOf(needle, list) => one_of(&of(needle), list, &of),
            Self::IsNull(inner) => match of(inner) {
                Value::Unknown => Value::Unknown,
                value => Value::Truth(value == Value::Null),
            },
            Self::Not(inner) => match of(inner) {
                Value::Truth(truth) => Value::Truth(!truth),
                Value::Null => Value::Null,
                _ => Value::Unknown,
            },
            Self::All(terms) => together(terms.iter().map(of), false),
            Self::Any(terms) => together(terms.iter().filter(|term| **term != Self::Null).map(of), true),
        }
    }
}

/// What `jsonb_typeof` says of a plain JSON text.
fn kind_of_json(text: &str) -> &'static str {
    match text.chars().next() {
        Some('{') => "object",
        Some('[') => "array",
        Some('"') => "string",
        Some('t' | 'f') => "boolean",
        Some('n') => "null",
        _ => "number",
    }
}

/// AND (`decisive` false) or OR (`decisive` true) of three-valued terms.
fn together(values: impl Iterator<Item = Value>, decisive: bool) -> Value {
    let mut whole = Value::Truth(!decisive);
    for value in values {
        match value {
            Value::Truth(truth) if truth == decisive => return Value::Truth(decisive),
            Value::Truth(_) => {}
            Value::Null if whole != Value::Unknown => whole = Value::Null,
            _ => whole = Value::Unknown,
        }
    }
    whole
}

fn one_of(needle: &Value, list: &Term, of: &dyn Fn(&Term) -> Value) -> Value {
    let Term::List(items) = list else { return Value::Unknown };
    let answers: Vec<Value> = items
        .iter()
        .filter(|item| **item != Term::Null)
        .map(|item| compare(needle, Comparison::Equal, &of(item)))
        .collect();
    together(answers.into_iter(), true)
}

fn compare(left: &Value, comparison: Comparison, right: &Value) -> Value {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    };
    match (left, right) {
        (Value::Unknown, _) | (_, Value::Unknown) => Value::Unknown,
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        (Value::Number(_), _) | (_, Value::Number(_)) => match (number(left), number(right)) {
            (Some(left), Some(right)) => Value::Truth(match comparison {
                Comparison::Equal => left == right,
                Comparison::Different => left != right,
                Comparison::Less => left < right,
                Comparison::AtMost => left <= right,
                Comparison::More => left > right,
                Comparison::AtLeast => left >= right,
            }),
            _ => Value::Unknown,
        },
        (left, right) => match comparison {
            Comparison::Equal => Value::Truth(left == right),
            Comparison::Different => Value::Truth(left != right),
            // The order of texts is the collation's.
            _ => Value::Unknown,
        },
    }
}

struct Reader {
    tokens: Vec<Token>,
    next: usize,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Symbol(found)) if found == symbol);
        self.next += usize::from(there);
        there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(there);
        there
    }

    fn alternatives(&mut self) -> Option<Term> {
        let mut terms = vec![self.conjunction()?];
        while self.take_word("or") {
            terms.push(self.conjunction()?);
        }
        Some(if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) })
    }

    fn conjunction(&mut self) -> Option<Term> {
        let mut terms = vec![self.negation()?];
        while self.take_word("and") {
            terms.push(self.negation()?);
        }
        Some(if terms.len() == 1 { terms.remove(0) } else { Term::All(terms) })
    }

    fn negation(&mut self) -> Option<Term> {
        if self.take_word("not") {
            return Some(Term::Not(Box::new(self.negation()?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Option<Term> {
        let mut left = self.operand()?;
        loop {
            if self.take_word("is") {
                left = self.is(left)?;
                continue;
            }
            let Some(Token::Symbol(symbol)) = self.peek() else { return Some(left) };
            let symbol = symbol.clone();
            if [")", "]", ",", "(", "["].contains(&symbol.as_str()) {
                return Some(left);
            }
            self.next += 1;
            left = self.compared(left, &symbol)?;
        }
    }

    fn compared(&mut self, left: Term, symbol: &str) -> Option<Term> {
        let any = self.take_word("any") || self.take_word("some");
        let all = !any && self.take_word("all");
        if any || all {
            let list = self.operand()?;
            let one_of = Term::OneOf(Box::new(left), Box::new(list));
            return Some(match (symbol, any) {
                ("=", true) => one_of,
                ("<>", false) => Term::Not(Box::new(one_of)),
                _ => Term::Unread,
            });
        }
        let right = self.operand()?;
        let comparison = match symbol {
            "=" => Comparison::Equal,
            "<>" | "!=" => Comparison::Different,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            ">=" => Comparison::AtLeast,
            _ => return Some(Term::Unread),
        };
        Some(Term::Compare(Box::new(left), comparison, Box::new(right)))
    }

    fn is(&mut self, left: Term) -> Option<Term> {
        let not = self.take_word("not");
        let term = if self.take_word("null") {
            Term::IsNull(Box::new(left))
        } else if self.take_word("distinct") {
            self.take_word("from").then_some(())?;
            self.operand()?;
            return Some(Term::Unread);
        } else if ["true", "false", "unknown"].into_iter().any(|word| self.take_word(word)) {
            return Some(Term::Unread);
        } else {
            return None;
        };
        Some(if not { Term::Not(Box::new(term)) } else { term })
    }

    /// A primary with its casts and subscripts.
    fn operand(&mut self) -> Option<Term> {
        let mut term = self.primary()?;
        loop {
            if self.take_symbol("::") {
                self.type_name()?;
            } else if self.take_symbol("[") {
                self.alternatives()?;
                self.take_symbol("]").then_some(())?;
                term = Term::Unread;
            } else if self.take_symbol(".") {
                self.next += 1;
                term = Term::Unread;
            } else if self.take_word("collate") {
                self.next += 1;
                if self.take_symbol(".") {
                    self.next += 1;
                }
            } else {
                return Some(term);
            }
        }
    }

    fn primary(&mut self) -> Option<Term> {
        let token = self.peek()?.clone();
        self.next += 1;
        match token {
            Token::Text(text) => Some(Term::Text(text)),
            Token::Number(number) => Some(Term::Number(number)),
            Token::Symbol(symbol) => match symbol.as_str() {
                "(" => self.bracketed(),
                "-" => match self.operand()? {
                    Term::Number(number) => Some(Term::Number(-number)),
                    _ => Some(Term::Unread),
                },
                _ => None,
            },
            Token::Word(word) => self.word(word),
        }
    }

    fn bracketed(&mut self) -> Option<Term> {
        let term = self.alternatives()?;
        let mut single = true;
        while self.take_symbol(",") {
            self.alternatives()?;
            single = false;
        }
        self.take_symbol(")").then_some(())?;
        Some(if single { term } else { Term::Unread })
    }

    fn word(&mut self, word: String) -> Option<Term> {
        match word.to_ascii_lowercase().as_str() {
            "null" => return Some(Term::Null),
            "true" => return Some(Term::Truth(true)),
            "false" => return Some(Term::Truth(false)),
            "array" if self.take_symbol("[") => {
                let items = self.items("]")?;
                return Some(Term::List(items));
            }
            "trim" if self.take_symbol("(") => {
                let both = self.take_word("both");
                self.take_word("from");
                let items = self.items(")")?;
                return Some(match items.as_slice() {
                    [inner] if both => Term::Trimmed(Box::new(inner.clone())),
                    _ => Term::Unread,
                });
            }
            "case" | "exists" | "extract" | "row" | "select" => return None,
            _ => {}
        }
        let mut name = word;
        while matches!(self.tokens.get(self.next..self.next + 2), Some([Token::Symbol(dot), Token::Word(_)]) if dot == ".")
        {
            let Some(Token::Word(last)) = self.tokens.get(self.next + 1) else { return None };
            name = last.clone();
            self.next += 2;
        }
        if !self.take_symbol("(") {
            return Some(Term::Column(name));
        }
        let items = self.items(")")?;
        Some(match (name.as_str(), items.as_slice()) {
            ("length" | "char_length" | "character_length", [inner]) => Term::Length(Box::new(inner.clone())),
            ("jsonb_typeof" | "json_typeof", [inner]) => Term::Kind(Box::new(inner.clone())),
            ("btrim", [inner]) => Term::Trimmed(Box::new(inner.clone())),
            _ => Term::Unread,
        })
    }

    fn items(&mut self, end: &str) -> Option<Vec<Term>> {
        let mut items = Vec::new();
        if self.take_symbol(end) {
            return Some(items);
        }
        loop {
            items.push(self.alternatives()?);
            if self.take_symbol(end) {
                return Some(items);
            }
            self.take_symbol(",").then_some(())?;
        }
    }

    fn type_name(&mut self) -> Option<()> {
        let Some(Token::Word(_)) = self.peek() else { return None };
        self.next += 1;
        while self.take_symbol(".") {
            self.next += 1;
        }
        while ["varying", "precision", "with", "without", "time", "zone"].into_iter().any(|word| self.take_word(word)) {
        }
        if self.take_symbol("(") {
            self.items(")")?;
        }
        while self.take_symbol("[") {
            self.take_symbol("]").then_some(())?;
        }
        while ["with", "without", "time", "zone"].into_iter().any(|word| self.take_word(word)) {}
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn allows(expression: &str, column: &str, value: Value) -> Option<bool> {
        let rule = read(expression);
        assert!(rule.is_some(), "{expression}");
        rule?.allows(column, &value)
    }

    #[test]
    fn a_list_allows_what_it_lists() {
        for list in [
            "(status = ANY (ARRAY['draft'::text, 'active'::text]))",
            "((status)::text = ANY ((ARRAY['draft'::character varying, 'active'::character varying])::text[]))",
            "((status = 'draft'::text) OR (status = 'active'::text))",
            "((status)::text = ANY (ARRAY[('draft'::character varying)::text, ('active'::character varying(20))::text]))",
        ] {
            assert_eq!(allows(list, "status", text("active")), Some(true), "{list}");
            assert_eq!(allows(list, "status", text("other")), Some(false), "{list}");
        }
    }

    #[test]
    fn a_null_in_a_list_allows_nothing_else() {
        assert_eq!(allows("(s = ANY (ARRAY['a'::text, NULL::text]))", "s", text("b")), Some(false));
        assert_eq!(allows("((s = 'a'::text) OR NULL::boolean)", "s", text("b")), Some(false));
        assert_eq!(allows("((s IS NULL) OR (s = 'a'::text))", "s", text("b")), Some(false));
        assert_eq!(allows("((s IS NULL) OR (s = 'a'::text))", "s", Value::Null), Some(true));
    }

    #[test]
    fn bounds_hold_on_both_sides() {
        let range = "((score >= 0) AND (score <= 100))";
        assert_eq!(allows(range, "score", Value::Number(100.0)), Some(true));
        assert_eq!(allows(range, "score", Value::Number(101.0)), Some(false));
        assert_eq!(allows("(balance > '-5'::integer)", "balance", Value::Number(-5.0)), Some(false));
        assert_eq!(allows("(price >= (0)::numeric)", "price", Value::Number(0.0)), Some(true));
        assert_eq!(allows("(lat >= ('-90'::integer)::numeric)", "lat", Value::Number(-91.0)), Some(false));
    }

    #[test]
    fn lengths_count_characters() {
        assert_eq!(allows("(char_length((name)::text) <= 3)", "name", text("éèà")), Some(true));
        assert_eq!(allows("(jsonb_typeof(d) = 'object'::text)", "d", text("[]")), Some(false));
        assert_eq!(allows("(length(TRIM(BOTH FROM name)) > 0)", "name", text("  ")), Some(false));
    }

    #[test]
    fn what_is_not_known_decides_nothing() {
        assert_eq!(allows("((low < high) AND (low >= 0))", "low", Value::Number(1.0)), None);
        assert_eq!(allows("((low < high) AND (low >= 0))", "low", Value::Number(-1.0)), Some(false));
        assert_eq!(allows("((slug ~ '^[a-z]+$'::text) AND (length(slug) <= 2))", "slug", text("abc")), Some(false));
        assert_eq!(allows("((state <> 'done'::text) OR (done_at IS NOT NULL))", "state", text("done")), None);
        assert_eq!(allows("(num_nonnulls(a, b) = 1)", "a", Value::Null), None);
    }

    #[test]
    fn what_does_not_parse_is_no_rule() {
        for odd in ["CASE WHEN a THEN b ELSE c END", "(a", ")", "", "(a = )", "a IS", "(x::)", "((((("] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
