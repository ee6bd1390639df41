//! What texts a block puts together, as far as reading tells: constants, loop variables over constants, `format` and `||`. The rest is
//! [`UNKNOWN`].

use std::collections::HashMap;

use squawk_syntax::ast::{self, AstNode, Expr};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::reading::{UNKNOWN, identifier};
use crate::catalog::{quote_identifier, quote_literal};

/// What variables of a block are known to hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables {
    texts: HashMap<String, String>,
    lists: HashMap<String, Vec<String>>,
}

impl Variables {
    /// The same with one variable set.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut variables = self.clone();
        variables.texts.insert(name.to_owned(), value.to_owned());
        variables
    }

    /// A variable that is declared with a value.
    pub(super) fn declare(&mut self, declaration: &ast::PlpgsqlVarDecl) {
        let name = declaration.name().and_then(|name| identifier(name.syntax()));
        let value = declaration.init().and_then(|init| init.expr()).and_then(|value| only_expression(value.syntax()));
        let (Some(name), Some(value)) = (name, value) else { return };
        if let Some(list) = self.list(&value) {
            self.lists.insert(name, list);
        } else if let Expr::Literal(literal) = value
            && let Some(text) = literal.string_value()
        {
            self.texts.insert(name, text);
        }
    }

    /// The constants of an array: `array['a', 'b']`, `'{a,b}'::text[]`, or a variable that holds one.
    pub(super) fn list(&self, value: &Expr) -> Option<Vec<String>> {
        match value {
            Expr::ArrayExpr(array) => array.exprs().map(|one| constant(&one)).collect(),
            Expr::CastExpr(cast) => self.list(&cast.expr()?),
            Expr::ParenExpr(inner) => self.list(&inner.expr()?),
            Expr::NameRef(name) => self.lists.get(&identifier(name.syntax())?).cloned(),
            Expr::Literal(literal) => {
                let text = literal.string_value()?;
                let inner = text.strip_prefix('{')?.strip_suffix('}')?;
                Some(inner.split(',').map(|one| one.trim().trim_matches('"').to_owned()).collect())
            }
            _ => None,
        }
    }

    /// The constants that a query gives row by row: those of `unnest(array[…])`, or the `('a', 'b')` that its rows must be in.
    pub(super) fn rows(&self, query: &SyntaxNode) -> Option<Vec<String>> {
        let unnested = query.descendants().filter_map(ast::CallExpr::cast).find(|call| is_call_of(call, "unnest"));
        if let Some(array) = unnested.and_then(|call| arguments(&call).into_iter().next()) {
            return self.list(&array);
        }
        let mut lists = query.descendants().filter_map(ast::TupleExpr::cast);
        let only = lists.next().filter(|_| lists.next().is_none())?;
        let within = only.syntax().parent().and_then(ast::BinExpr::cast)?;
        matches!(within.op(), Some(ast::BinOp::In(_))).then(|| only.exprs().map(|one| constant(&one)).collect())?
    }

    /// The text of an expression.
    pub(super) fn text(&self, value: &Expr) -> String {
        match value {
            Expr::Literal(literal) => literal.string_value(),
            Expr::NameRef(name) => identifier(name.syntax()).and_then(|name| self.texts.get(&name).cloned()),
            // A row of a loop: there is one column that is known.
            Expr::FieldExpr(field) => field.base().map(|base| self.text(&base)),
            Expr::ParenExpr(inner) => inner.expr().map(|inner| self.text(&inner)),
            Expr::CastExpr(cast) => cast.expr().map(|inner| self.text(&inner)),
            Expr::BinExpr(both) => match (both.lhs(), both.op(), both.rhs()) {
                (Some(left), Some(ast::BinOp::CustomOp(sign)), Some(right)) if sign.syntax().text() == "||" => {
                    Some(self.text(&left) + &self.text(&right))
                }
                _ => None,
            },
            Expr::CallExpr(call) => self.called(call),
            _ => None,
        }
        .unwrap_or_else(|| UNKNOWN.to_string())
    }

    fn called(&self, call: &ast::CallExpr) -> Option<String> {
        let mut given = arguments(call).into_iter().map(|argument| self.text(&argument));
        if is_call_of(call, "format") {
            let template = given.next()?;
            return Some(formatted(&template, &given.collect::<Vec<_>>()));
        }
        let quotes = if is_call_of(call, "quote_ident") {
            quoted_name
        } else if is_call_of(call, "quote_literal") || is_call_of(call, "quote_nullable") {
            quoted_value
        } else {
            return None;
        };
        given.next().map(|value| quotes(&value))
    }
}

/// The only value of an expression of PL/pgSQL.
pub(super) fn only_expression(node: &SyntaxNode) -> Option<Expr> {
    let target = node.descendants().find_map(ast::Target::cast)?;
    target.expr()
}

fn constant(value: &Expr) -> Option<String> {
    match value {
        Expr::Literal(literal) => literal.string_value(),
        Expr::CastExpr(cast) => constant(&cast.expr()?),
        _ => None,
    }
}

fn is_call_of(call: &ast::CallExpr, function: &str) -> bool {
    let named = call.syntax().children().find(|one| one.kind() == SyntaxKind::NAME_REF);
    named.and_then(|name| identifier(&name)).is_some_and(|name| name == function)
}

fn arguments(call: &ast::CallExpr) -> Vec<Expr> {
    let list = call.arg_list();
    let arguments = list.iter().flat_map(|list| list.syntax().children());
    arguments.filter_map(|argument| argument.children().find_map(Expr::cast)).collect()
}

fn quoted_name(name: &str) -> String {
    let plain = name.chars().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_');
    if plain || name.contains(UNKNOWN) { name.to_owned() } else { quote_identifier(name) }
}

fn quoted_value(value: &str) -> String {
    if value.contains(UNKNOWN) { "''".to_owned() } else { quote_literal(value) }
}

/// `format`: `%I`, `%L` and `%s`, in order or by position (`%1$I`).
fn formatted(template: &str, values: &[String]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut next = 0;
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let digits = after.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(after.len());
        let (number, behind) = after.split_at_checked(digits).unwrap_or(("", after));
        let positioned = behind.strip_prefix('$').zip(number.parse::<usize>().ok());
        let (index, behind) = positioned.map_or((next, behind), |(behind, number)| (number.saturating_sub(1), behind));
        let unknown = UNKNOWN.to_string();
        let value = values.get(index).unwrap_or(&unknown);
        let mut signs = behind.chars();
        match signs.next() {
            Some('I') => text.push_str(&quoted_name(value)),
            Some('L') => text.push_str(&quoted_value(value)),
            Some('s') => text.push_str(value),
            other => text.extend(other),
        }
        if behind.starts_with(['I', 'L', 's']) {
            next = index + 1;
        }
        rest = signs.as_str();
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_fills_in_what_is_known() {
        let values = ["notes".to_owned(), UNKNOWN.to_string(), "My T".to_owned()];
        assert_eq!(
            formatted("alter table %I add %s %3$I 100%%", &values),
            format!("alter table notes add {UNKNOWN} \"My T\" 100%")
        );
        assert_eq!(formatted("%L %L %I", &values), format!("'notes' '' \"My T\""));
    }
}
