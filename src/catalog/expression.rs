//! What `pg_get_expr` prints, read as far as its logic: AND, OR, NOT, comparisons, tests for null, CASE, COALESCE. The server puts parentheses
//! around every operator's operands, so no precedence is needed; what is not understood stays as it stands.

use super::token::{Token, tokens};

/// The operator of IS DISTINCT FROM.
pub const DISTINCT: &str = "is distinct from";

/// Tokens with what stands in parentheses put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// One token.
    Token(Token),
    /// `( … )`.
    Group(Vec<Tree>),
    /// `[ … ]`.
    Brackets(Vec<Tree>),
    /// `CASE … END`, both left out.
    Case(Vec<Tree>),
}

/// An expression's logic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `true` or `false`.
    Truth(bool),
    /// `NULL`.
    Null,
    /// A constant of any other type, in text form.
    Constant(String),
    /// AND.
    All(Vec<Expression>),
    /// OR.
    Any(Vec<Expression>),
    /// NOT.
    Not(Box<Expression>),
    /// IS NULL.
    IsNull(Box<Expression>),
    /// IS TRUE, IS FALSE.
    Is(Box<Expression>, bool),
    /// Two operands with an operator between them; `IS DISTINCT FROM` and `IN` are operators too.
    Operation(Box<Expression>, String, Box<Expression>),
    /// COALESCE.
    Coalesce(Vec<Expression>),
    /// NULLIF.
    NullIf(Box<Expression>, Box<Expression>),
    /// CASE: conditions with their values, and ELSE.
    Case(Vec<(Expression, Expression)>, Box<Expression>),
    /// Anything else: columns, calls, subqueries.
    Other(Vec<Tree>),
}

/// Cuts SQL into trees. It never fails: a parenthesis that is not closed reaches to the end.
#[must_use]
pub fn trees(sql: &str) -> Vec<Tree> {
    let mut tokens = tokens(sql).into_iter();
    let mut all = Vec::new();
    // A closing parenthesis too many ends one level: go on behind it.
    loop {
        let (part, closed) = level(&mut tokens, 0);
        all.extend(part);
        if !closed {
            return all;
        }
    }
}

/// Deeper than this nothing is put together any more.
const MAXIMUM_DEPTH: usize = 200;

/// The trees up to what closes the level, and whether something did.
fn level(tokens: &mut std::vec::IntoIter<Token>, depth: usize) -> (Vec<Tree>, bool) {
    let mut found = Vec::new();
    while let Some(token) = tokens.next() {
        if token.is_mark(")") || token.is_mark("]") || token.is_word("end") {
            return (found, true);
        }
        let deeper = depth < MAXIMUM_DEPTH;
        found.push(if deeper && token.is_mark("(") {
            Tree::Group(level(tokens, depth + 1).0)
        } else if deeper && token.is_mark("[") {
            Tree::Brackets(level(tokens, depth + 1).0)
        } else if deeper && token.is_word("case") {
            Tree::Case(level(tokens, depth + 1).0)
        } else {
            Tree::Token(token)
        });
    }
    (found, false)
}

impl Tree {
    /// Whether it is this word, unquoted.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Token(token) if token.is_word(word))
    }

    /// Whether it is this mark.
    #[must_use]
    pub fn is_mark(&self, mark: &str) -> bool {
        matches!(self, Self::Token(token) if token.is_mark(mark))
    }

    /// The text of a word or a quoted name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Token(token) => token.name(),
            Self::Group(_) | Self::Brackets(_) | Self::Case(_) => None,
        }
    }

    /// What is inside, if it has an inside.
    #[must_use]
    pub fn inside(&self) -> Option<&[Self]> {
        match self {
            Self::Token(_) => None,
            Self::Group(inside) | Self::Brackets(inside) | Self::Case(inside) => Some(inside),
        }
    }

    /// Whether it is a query in parentheses.
    #[must_use]
    pub fn is_query(&self) -> bool {
        matches!(self, Self::Group(inside) if inside.first().is_some_and(|first| first.is_word("select") || first.is_word("with")))
    }
}

impl Expression {
    /// Reads what the server printed, or the like.
    #[must_use]
    pub fn read(sql: &str) -> Self {
        Self::of(&trees(sql))
    }

    /// The expression that `trees` make.
    #[must_use]
    pub fn of(trees: &[Tree]) -> Self {
        if let [Tree::Group(inside)] = trees {
            return Self::in_parentheses(inside, trees);
        }
        if let [Tree::Case(inside)] = trees {
            return case(inside).unwrap_or_else(|| Self::Other(trees.to_vec()));
        }
        let either = split(trees, |tree| tree.is_word("or"));
        if either.len() > 1 {
            return Self::Any(either.into_iter().map(Self::of).collect());
        }
        let both = split(trees, |tree| tree.is_word("and"));
        if both.len() > 1 {
            return Self::All(both.into_iter().map(Self::of).collect());
        }
        match trees {
            [not, ..] if not.is_word("not") => {
                let count = trees.iter().take_while(|tree| tree.is_word("not")).count();
                let negated = Self::of(trees.get(count..).unwrap_or_default());
                if count % 2 == 0 { negated } else { Self::Not(Box::new(negated)) }
            }
            [name, Tree::Group(arguments)] if name.is_word("coalesce") => {
                Self::Coalesce(split(arguments, |tree| tree.is_mark(",")).into_iter().map(Self::of).collect())
            }
            [name, Tree::Group(arguments)] if name.is_word("nullif") => {
                match split(arguments, |tree| tree.is_mark(",")).as_slice() {
                    [left, right] => Self::NullIf(Box::new(Self::of(left)), Box::new(Self::of(right))),
                    _ => Self::Other(trees.to_vec()),
                }
            }
            _ => tested(trees)
                .or_else(|| operation(trees))
                .or_else(|| constant(trees))
                .or_else(|| cast(trees))
                .unwrap_or_else(|| Self::Other(trees.to_vec())),
        }
    }

    /// `( SELECT auth.uid() AS uid)` is what it selects.
    fn in_parentheses(inside: &[Tree], whole: &[Tree]) -> Self {
        const CLAUSES: [&str; 9] =
            ["from", "where", "group", "union", "intersect", "except", "limit", "offset", "distinct"];
        let [first, rest @ ..] = inside else { return Self::Other(whole.to_vec()) };
        if !first.is_word("select") {
            return if first.is_word("with") { Self::Other(whole.to_vec()) } else { Self::of(inside) };
        }
        if rest.iter().any(|tree| tree.is_mark(",") || CLAUSES.iter().any(|clause| tree.is_word(clause))) {
            return Self::Other(whole.to_vec());
        }
        let end = rest.iter().position(|tree| tree.is_word("as")).unwrap_or(rest.len());
        Self::of(rest.get(..end).unwrap_or(rest))
    }
}

/// The parts between what `separates`; one part where nothing does. BETWEEN, whose AND is none, is not printed.
fn split(trees: &[Tree], separates: impl Fn(&Tree) -> bool) -> Vec<&[Tree]> {
    trees.split(separates).collect()
}

/// `… IS [NOT] NULL`, `… IS [NOT] TRUE`, `… IS [NOT] DISTINCT FROM …`.
fn tested(trees: &[Tree]) -> Option<Expression> {
    let place = trees.iter().position(|tree| tree.is_word("is")).filter(|place| *place > 0)?;
    let (tested, rest) = trees.split_at(place);
    let rest = rest.get(1..)?;
    let (negated, rest) = match rest {
        [not, rest @ ..] if not.is_word("not") => (true, rest),
        rest => (false, rest),
    };
    let value = Box::new(Expression::of(tested));
    let test = match rest {
        [null] if null.is_word("null") || null.is_word("unknown") => Expression::IsNull(value),
        [truth] if truth.is_word("true") => Expression::Is(value, true),
        [truth] if truth.is_word("false") => Expression::Is(value, false),
        [distinct, from, other @ ..] if distinct.is_word("distinct") && from.is_word("from") => {
            Expression::Operation(value, DISTINCT.to_owned(), Box::new(Expression::of(other)))
        }
        _ => return None,
    };
    Some(if negated { Expression::Not(Box::new(test)) } else { test })
}

/// `a <operator> b`, `a IN (…)`, `a = ANY (…)`: there is one operator at a level.
fn operation(trees: &[Tree]) -> Option<Expression> {
    let is_operator = |tree: &Tree| match tree {
        Tree::Token(Token::Mark(mark)) => {
            !mark.starts_with(|c: char| c.is_ascii_digit()) && !matches!(mark.as_str(), "::" | "." | "," | ";" | "$")
        }
        tree => tree.is_word("in"),
    };
    let start = trees.iter().position(is_operator).filter(|start| *start > 0)?;
    let length = trees.iter().skip(start).take_while(|tree| is_operator(tree)).count();
    let (left, rest) = trees.split_at(start);
    let (marks, right) = rest.split_at(length);
    if right.is_empty() || right.iter().any(is_operator) {
        return None;
    }
    let operator: String = marks
        .iter()
        .filter_map(|tree| match tree {
            Tree::Token(Token::Mark(text) | Token::Word(text)) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let side = |trees: &[Tree]| Box::new(Expression::of(trees));
    Some(Expression::Operation(side(left), operator, side(right)))
}

/// `true`, `NULL`, a number, a text.
fn constant(trees: &[Tree]) -> Option<Expression> {
    match trees {
        [word] if word.is_word("true") => return Some(Expression::Truth(true)),
        [word] if word.is_word("false") => return Some(Expression::Truth(false)),
        [word] if word.is_word("null") => return Some(Expression::Null),
        [Tree::Token(Token::Text(text))] => return Some(Expression::Constant(text.clone())),
        _ => {}
    }
    let digits: Option<String> = trees
        .iter()
        .map(|tree| match tree {
            Tree::Token(Token::Mark(mark)) if mark.chars().all(|c| c.is_ascii_digit() || c == '.') => {
                Some(mark.as_str())
            }
            _ => None,
        })
        .collect();
    digits.filter(|digits| !digits.is_empty()).map(Expression::Constant)
}

/// `value::type`: the value.
fn cast(trees: &[Tree]) -> Option<Expression> {
    let place = trees.iter().position(|tree| tree.is_mark("::")).filter(|place| *place > 0)?;
    let (value, _) = trees.split_at(place);
    Some(match Expression::of(value) {
        // 't'::boolean
        Expression::Constant(text) if trees.get(place + 1).is_some_and(|tree| tree.is_word("boolean")) => {
            Expression::Truth(matches!(text.as_str(), "t" | "true" | "1" | "yes" | "on"))
        }
        value => value,
    })
}

/// The inside of `CASE … END`. With an operand, `CASE x WHEN y`, each condition is a comparison.
fn case(inside: &[Tree]) -> Option<Expression> {
    let first = inside.iter().position(|tree| tree.is_word("when"))?;
    let (operand, rest) = inside.split_at(first);
    let (branches, otherwise) = match rest.iter().position(|tree| tree.is_word("else")) {
        Some(place) => (rest.get(..place)?, Expression::of(rest.get(place + 1..)?)),
        None => (rest, Expression::Null),
    };
    let mut read = Vec::new();
    for branch in split(branches.get(1..)?, |tree| tree.is_word("when")) {
        let then = branch.iter().position(|tree| tree.is_word("then"))?;
        let (condition, value) = (branch.get(..then)?, branch.get(then + 1..)?);
        let condition = if operand.is_empty() {
            Expression::of(condition)
        } else {
            let side = |trees: &[Tree]| Box::new(Expression::of(trees));
            Expression::Operation(side(operand), "=".to_owned(), side(condition))
        };
        read.push((condition, Expression::of(value)));
    }
    Some(Expression::Case(read, Box::new(otherwise)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_prints_is_read_as_its_logic() {
        let uid = || Expression::of(&trees("auth.uid()"));
        let owner = || Expression::of(&trees("owner"));
        let own = || Expression::Operation(Box::new(owner()), "=".to_owned(), Box::new(uid()));
        for (sql, expected) in [
            ("true", Expression::Truth(true)),
            ("(owner = auth.uid())", own()),
            ("(owner = ( SELECT auth.uid() AS uid))", own()),
            ("((owner)::uuid = (auth.uid())::uuid)", own()),
            (
                "((auth.uid() IS NULL) OR (owner = auth.uid()))",
                Expression::Any(vec![Expression::IsNull(Box::new(uid())), own()]),
            ),
            (
                "(NOT (auth.uid() IS NOT NULL))",
                Expression::Not(Box::new(Expression::Not(Box::new(Expression::IsNull(Box::new(uid())))))),
            ),
            ("COALESCE((owner = auth.uid()), true)", Expression::Coalesce(vec![own(), Expression::Truth(true)])),
            (
                "(NOT (owner IS DISTINCT FROM auth.uid()))",
                Expression::Not(Box::new(Expression::Operation(
                    Box::new(owner()),
                    DISTINCT.to_owned(),
                    Box::new(uid()),
                ))),
            ),
            (
                "\nCASE\n    WHEN (auth.uid() IS NULL) THEN true\n    ELSE (owner = auth.uid())\nEND",
                Expression::Case(vec![(Expression::IsNull(Box::new(uid())), Expression::Truth(true))], Box::new(own())),
            ),
            (
                "(10 = 10)",
                Expression::Operation(
                    Box::new(Expression::Constant("10".into())),
                    "=".into(),
                    Box::new(Expression::Constant("10".into())),
                ),
            ),
        ] {
            assert_eq!(Expression::read(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_column_named_like_a_keyword_is_a_column() {
        let read = Expression::read(r#"("end" = 'x'::text)"#);
        let column = Expression::Other(vec![Tree::Token(Token::Name("end".into()))]);
        assert_eq!(
            read,
            Expression::Operation(Box::new(column), "=".into(), Box::new(Expression::Constant("x".into())))
        );
    }

    #[test]
    fn a_query_of_a_table_stays_as_it_stands() {
        for sql in ["(EXISTS ( SELECT 1\n   FROM members))", "( SELECT members.role\n   FROM members\n LIMIT 1)"] {
            assert!(matches!(Expression::read(sql), Expression::Other(_)), "{sql}");
        }
    }

    #[test]
    fn text_that_no_server_prints_does_no_harm() {
        for sql in [
            "",
            "(",
            ")",
            "())(",
            "case",
            "case when",
            "case when then end",
            "a is",
            "is null",
            "= b",
            "not",
            "or",
            "and or",
            "coalesce()",
            "nullif(a)",
            "::",
            "a ::",
        ] {
            let _ = Expression::read(sql);
        }
        let _ = Expression::read(&"(".repeat(5000));
        let _ = Expression::read(&"not ".repeat(20_000));
    }
}
