//! Three-valued logic over a condition, with what is supposed of whoever asks.

use super::{Caller, Reading};
use crate::catalog::{DISTINCT, Expression, Tree};

/// What an expression is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Truth(bool),
    Null,
    Text(String),
    /// Who asks, or a part of that; not null.
    Identity,
    /// Not null.
    Given,
    /// Anything.
    Something,
}

/// Facts that are not known, with what is supposed of each.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) keys: Vec<String>,
    /// The truth of each, a bit for a key.
    pub(super) truths: u32,
}

/// Facts that are tried both ways; others are false.
pub(super) const MAXIMUM_FACTS: usize = 8;

impl Facts {
    fn ask(&mut self, key: String) -> bool {
        let index = self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        index < MAXIMUM_FACTS && self.truths & (1 << index) != 0
    }
}

/// What is supposed of single conditions: `Some` where it is.
pub(in crate::checks::rls) type Supposed<'s> = &'s dyn Fn(&Expression) -> Option<bool>;

/// One evaluation.
pub(super) struct Evaluation<'e, 'a> {
    pub(super) reading: &'e Reading<'a>,
    pub(super) caller: Caller,
    pub(super) supposed: Supposed<'e>,
    pub(super) facts: &'e mut Facts,
}

impl Evaluation<'_, '_> {
    /// True, false, or null.
    pub(super) fn truth(&mut self, expression: &Expression) -> Option<bool> {
        if let Some(supposed) = (self.supposed)(expression) {
            return Some(supposed);
        }
        match self.value(expression) {
            Value::Truth(truth) => Some(truth),
            Value::Null => None,
            Value::Text(_) | Value::Identity | Value::Given | Value::Something => Some(self.fact(expression)),
        }
    }

    fn fact(&mut self, expression: &Expression) -> bool {
        self.facts.ask(format!("{expression:?}"))
    }

    fn value(&mut self, expression: &Expression) -> Value {
        let truth = |truth: Option<bool>| truth.map_or(Value::Null, Value::Truth);
        match expression {
            Expression::Truth(truth) => Value::Truth(*truth),
            Expression::Null => Value::Null,
            Expression::Constant(text) => Value::Text(text.clone()),
            Expression::All(parts) => truth(self.joined(parts, false)),
            Expression::Any(parts) => truth(self.joined(parts, true)),
            Expression::Not(part) => truth(self.truth(part).map(|truth| !truth)),
            Expression::Is(part, wanted) => Value::Truth(self.truth(part) == Some(*wanted)),
            Expression::IsNull(part) => Value::Truth(self.is_null(part)),
            Expression::Operation(left, operator, right) => self.operation(expression, left, operator, right),
            Expression::Coalesce(parts) => {
                parts.iter().map(|part| self.value(part)).find(|value| *value != Value::Null).unwrap_or(Value::Null)
            }
            Expression::NullIf(left, right) => match (self.value(left), self.value(right)) {
                (Value::Text(left), Value::Text(right)) if left == right => Value::Null,
                (left, _) => left,
            },
            Expression::Case(branches, otherwise) => {
                for (condition, value) in branches {
                    if self.truth(condition) == Some(true) {
                        return self.value(value);
                    }
                }
                self.value(otherwise)
            }
            Expression::Other(trees) => self.other(trees),
        }
    }

    /// AND, which `false` decides, or OR, which `true` does.
    fn joined(&mut self, parts: &[Expression], decides: bool) -> Option<bool> {
        let mut joined = Some(!decides);
        for part in parts {
            match self.truth(part) {
                Some(truth) if truth == decides => return Some(decides),
                Some(_) => {}
                None => joined = None,
            }
        }
        joined
    }

    fn is_null(&mut self, part: &Expression) -> bool {
        match self.value(part) {
            Value::Null => true,
            Value::Something => self.facts.ask(format!("null {part:?}")),
            Value::Truth(_) | Value::Text(_) | Value::Identity | Value::Given => false,
        }
    }

    fn operation(&mut self, whole: &Expression, left: &Expression, operator: &str, right: &Expression) -> Value {
        let (first, second) = (self.value(left), self.value(right));
        if operator == DISTINCT {
            return Value::Truth(self.is_distinct(whole, (left, &first), (right, &second)));
        }
        if first == Value::Null || second == Value::Null {
            return Value::Null;
        }
        let equal = match operator {
            "=" | "<>" | "!=" => self.are_equal(whole, (left, &first), (right, &second)),
            "->" | "->>" | "#>" | "#>>" if first == Value::Identity => return Value::Identity,
            _ => return Value::Something,
        };
        match equal {
            Some(equal) => Value::Truth(equal == (operator == "=")),
            None => Value::Something,
        }
    }

    /// Whether two values that are not null are equal, where that is known.
    fn are_equal(
        &mut self,
        whole: &Expression,
        (left, first): (&Expression, &Value),
        (right, second): (&Expression, &Value),
    ) -> Option<bool> {
        let unknown = |value: &Value| matches!(value, Value::Given | Value::Something);
        match (first, second) {
            _ if left == right && !is_drawn_anew(left) => Some(true),
            (Value::Text(first), Value::Text(second)) => Some(first == second),
            (Value::Truth(first), Value::Truth(second)) => Some(first == second),
            (Value::Identity, other) | (other, Value::Identity) if unknown(other) => Some(false),
            (Value::Truth(truth), other) | (other, Value::Truth(truth)) if unknown(other) => {
                Some(self.fact(whole) == *truth)
            }
            _ => None,
        }
    }

    fn is_distinct(
        &mut self,
        whole: &Expression,
        (left, first): (&Expression, &Value),
        (right, second): (&Expression, &Value),
    ) -> bool {
        match (first, second) {
            (Value::Null, Value::Null) => false,
            (Value::Null, _) => !self.is_null(right),
            (_, Value::Null) => !self.is_null(left),
            _ => match self.are_equal(whole, (left, first), (right, second)) {
                Some(equal) => !equal,
                None => self.fact(whole),
            },
        }
    }

    fn other(&self, trees: &[Tree]) -> Value {
        if let [column] = trees {
            let not_null = column.name().and_then(|name| self.reading.table.column(name)).is_some_and(|c| c.not_null);
            return if not_null { Value::Given } else { Value::Something };
        }
        // The call must be all that there is.
        let whole = matches!(trees, [_, Tree::Group(_)] | [_, _, _, Tree::Group(_)]);
        let Some(setting) = self.reading.identity_call(trees).filter(|_| whole) else { return Value::Something };
        match self.caller {
            Caller::Anybody => Value::Something,
            Caller::Blank if setting => Value::Text(String::new()),
            Caller::Nobody | Caller::Blank => Value::Null,
            Caller::Stranger => Value::Identity,
        }
    }
}

/// Whether an expression is another value each time: `random() = random()` is no tautology.
fn is_drawn_anew(expression: &Expression) -> bool {
    let text = format!("{expression:?}");
    ["random", "clock_timestamp", "nextval", "gen_random_uuid"].iter().any(|name| text.contains(name))
}
