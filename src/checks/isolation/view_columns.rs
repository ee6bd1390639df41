//! Which column of a view is which column of a table, as far as its query says it plainly: `t.id`, `t.id as booking`.

use std::collections::BTreeMap;

use crate::catalog::{Column, Table};
use crate::world::reading::{Token, tokens};

/// The view's column for each column of `table` that it shows as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mapping(BTreeMap<String, String>);

impl Mapping {
    /// As the first SELECT of the view's query says; what a WITH or a bracket opens is not followed.
    pub(super) fn of(view: &Table, table: &Table) -> Self {
        let listed = listed(view.definition.as_deref().unwrap_or_default());
        let mut mapping = BTreeMap::new();
        for (place, column) in view.columns.iter().enumerate() {
            // Through other views, names are all that there is to go by.
            let source = listed.get(place).cloned().flatten().unwrap_or_else(|| column.name.clone());
            if shows(table, &source, column) {
                mapping.entry(source).or_insert_with(|| column.name.clone());
            }
        }
        Self(mapping)
    }

    /// The view's column for this one.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }

    /// How many columns the view shows.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn shows(table: &Table, source: &str, column: &Column) -> bool {
    table
        .column(source)
        .is_some_and(|original| original.data_type.unwrapped().name == column.data_type.unwrapped().name)
}

/// For each item of the first SELECT's list the column that it is; none where it is an expression.
fn listed(definition: &str) -> Vec<Option<String>> {
    let tokens = tokens(definition);
    let is = |token: &Token, keyword: &str| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword));
    let mut items: Vec<Vec<&Token>> = Vec::new();
    let mut item = Vec::new();
    let mut depth = 0_usize;
    for token in tokens.iter().skip_while(|token| !is(token, "select")).skip(1) {
        match token {
            Token::Symbol(symbol) if symbol == "(" || symbol == "[" => depth += 1,
            Token::Symbol(symbol) if symbol == ")" || symbol == "]" => depth = depth.saturating_sub(1),
            Token::Symbol(symbol) if symbol == "," && depth == 0 => {
                items.push(std::mem::take(&mut item));
                continue;
            }
            token if depth == 0 && is(token, "from") => break,
            _ => {}
        }
        item.push(token);
    }
    items.push(item);
    items.iter().map(|item| plain(item)).collect()
}

/// `column`, `t.column`, either of them with `AS name`.
fn plain(item: &[&Token]) -> Option<String> {
    let mut words = Vec::new();
    for token in item {
        match token {
            Token::Word(word) => words.push(word.as_str()),
            Token::Symbol(symbol) if symbol == "." => {}
            _ => return None,
        }
    }
    if let [source @ .., keyword, _] = words.as_slice()
        && keyword.eq_ignore_ascii_case("as")
    {
        return source.last().map(|last| (*last).to_owned());
    }
    words.last().map(|last| (*last).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_columns_are_told_from_expressions() {
        let query = " SELECT e.id AS booking,\n    title,\n    lower(e.name) AS name,\n    e.\"Odd, name\" AS odd\n   FROM public.e\n  WHERE (e.a = 1);";
        let expected = [Some("id"), Some("title"), None, Some("Odd, name")];
        assert_eq!(listed(query), expected.map(|name| name.map(str::to_owned)));
    }
}
