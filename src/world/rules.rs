//! Constraints as questions to the server: which of these candidates would pass?

use std::fmt::Write as _;

use super::value::Cell;
use crate::catalog::{Column, DataType, Table, TypeKind, quote_identifier, quote_literal};

/// A condition that a row must meet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// The constraint's name, or the domain's, or the partition's.
    pub(crate) name: String,
    /// The condition, about the table's columns.
    pub(crate) expression: String,
    /// The columns that it reads.
    pub(crate) columns: Vec<String>,
}

/// The name of the column that numbers candidates; no column of a user is likely to be called so.
const NUMBER: &str = "seaworthy candidate";

/// The rules of `table`: its CHECK constraints, those of its columns' domains, and what its partitions hold.
pub(crate) fn rules(table: &Table, partitions: &[String]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = table
        .checks
        .iter()
        .map(|check| Rule {
            name: check.name.clone(),
            expression: check.expression.clone(),
            columns: check.columns.clone(),
        })
        .collect();
    for column in &table.columns {
        domain_rules(&column.data_type, column, &mut rules);
    }
    if !partitions.is_empty() {
        let expression = partitions.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" or ");
        let words = super::constants::tokens(&expression);
        let named = |column: &&Column| {
            words.iter().any(|token| matches!(token, super::constants::Token::Word(word) if *word == column.name))
        };
        let columns = table.columns.iter().filter(named).map(|column| column.name.clone()).collect();
        rules.push(Rule { name: format!("the partitions of {}", table.name), expression, columns });
    }
    rules.retain(|rule| !rule.columns.is_empty());
    rules
}

fn domain_rules(data_type: &DataType, column: &Column, rules: &mut Vec<Rule>) {
    let TypeKind::Domain { base, checks, .. } = &data_type.kind else {
        return;
    };
    for check in checks {
        let inner = check.trim().strip_prefix("CHECK").unwrap_or(check).trim();
        let inner = inner.strip_suffix("NOT VALID").unwrap_or(inner);
        rules.push(Rule {
            name: format!("domain {}", data_type.name),
            expression: replace_value(inner, &quote_identifier(&column.name)),
            columns: vec![column.name.clone()],
        });
    }
    domain_rules(base, column, rules);
}

/// Puts `name` where a domain's constraint says `VALUE`, outside of quotes.
fn replace_value(expression: &str, name: &str) -> String {
    let mut replaced = String::with_capacity(expression.len());
    let mut quote: Option<char> = None;
    let mut word = String::new();
    let finish = |word: &mut String, replaced: &mut String| {
        replaced.push_str(if word == "VALUE" { name } else { word });
        word.clear();
    };
    for character in expression.chars() {
        if quote.is_none() && (character.is_alphanumeric() || character == '_') {
            word.push(character);
            continue;
        }
        finish(&mut word, &mut replaced);
        match quote {
            Some(open) if open == character => quote = None,
            None if character == '\'' || character == '"' => quote = Some(character),
            _ => {}
        }
        replaced.push(character);
    }
    finish(&mut word, &mut replaced);
    replaced
}

/// A question: which of these rows of candidates meet these rules?
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) rules: Vec<&'a Rule>,
    pub(crate) columns: Vec<&'a Column>,
    pub(crate) candidates: Vec<Vec<Cell>>,
}

impl Question<'_> {
    /// A query with a row `(question, candidate)` for each candidate that meets every rule, in order.
    pub(crate) fn sql(&self, number: usize) -> String {
        let mut sql = format!("select {number}, {} from (values ", quote_identifier(NUMBER));
        for (index, cells) in self.candidates.iter().enumerate() {
            // Writing to a String does not fail.
            let _written = write!(sql, "{}({index}", if index == 0 { "" } else { ", " });
            for (column, cell) in self.columns.iter().zip(cells) {
                let _written = write!(sql, ", {}", literal(column, cell));
            }
            sql.push(')');
        }
        let names: Vec<String> = self.columns.iter().map(|column| quote_identifier(&column.name)).collect();
        let conditions: Vec<String> =
            self.rules.iter().map(|rule| format!("coalesce(({}), true)", rule.expression)).collect();
        let _written = write!(
            sql,
            ") as \"candidate\"({}, {}) where {}",
            quote_identifier(NUMBER),
            names.join(", "),
            conditions.join(" and ")
        );
        sql
    }
}

/// A cell as an expression of its column's type, the domain left out so that the domain's own rule is asked, not run into.
fn literal(column: &Column, cell: &Cell) -> String {
    let data_type = &column.data_type.unwrapped().formatted;
    match cell {
        Cell::Value { text: Some(text), .. } => format!("{}::{data_type}", quote_literal(text)),
        Cell::Value { text: None, .. } => format!("null::{data_type}"),
        Cell::Default => match default_expression(column) {
            // Asking must not use up a number of the sequence.
            Some(default) if !default.contains("nextval(") => format!("({default})::{data_type}"),
            _ => format!("null::{data_type}"),
        },
    }
}

fn default_expression(column: &Column) -> Option<&str> {
    let of_domain = || match &column.data_type.kind {
        TypeKind::Domain { default, .. } => default.as_deref(),
        _ => None,
    };
    column.default.as_deref().or_else(of_domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domains_value_becomes_the_column_outside_of_quotes_alone() {
        let replaced = replace_value("((VALUE ~ 'VALUE'::text) AND (\"VALUE\" OR VALUES))", "\"c\"");
        assert_eq!(replaced, "((\"c\" ~ 'VALUE'::text) AND (\"VALUE\" OR VALUES))");
    }
}
