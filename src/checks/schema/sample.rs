//! Values on both sides of what a rule says of a column: each bound and its neighbours, each listed value and one other.

use super::rule::{Term, Value};
use crate::catalog::{Column, TypeKind, quote_literal};

/// A value to try.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) value: Value,
    /// As SQL.
    pub(super) sql: String,
    /// In words.
    pub(super) label: String,
}

/// Listed values that are tried at the most; a longer list is tried by its first ones.
const MOST_LISTED: usize = 10;
/// A longer text is not tried.
const LONGEST: f64 = 20_000.0;
/// Beyond this, a double does not tell neighbours apart.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// A value of each kind.
const JSON: [&str; 5] = ["{}", "[]", "\"seaworthy\"", "1", "true"];

/// What a rule compares a column with.
#[derive(Debug, Default)]
struct Mentioned {
    numbers: Vec<f64>,
    lengths: Vec<f64>,
    texts: Vec<String>,
    kinds: bool,
    null: bool,
    itself: bool,
}

/// The values that `rule` makes worth trying in `column`.
pub(super) fn samples(rule: &Term, column: &Column) -> Vec<Sample> {
    let mut mentioned = Mentioned { itself: is_column(rule, &column.name), ..Mentioned::default() };
    mentioned.read(rule, &column.name);
    let data_type = column.data_type.unwrapped();
    let mut samples = match data_type.name.as_str() {
        "int2" | "int4" | "int8" => numbers(&mentioned, 0, 1.0),
        "numeric" => {
            let scale = scale(&data_type.formatted);
            numbers(&mentioned, scale, 10_f64.powi(-i32::try_from(scale).unwrap_or(0)))
        }
        "float4" | "float8" => numbers(&mentioned, 3, 0.5),
        "bool" if mentioned.itself => [true, false].map(truth).to_vec(),
        "json" | "jsonb" if mentioned.kinds => JSON.into_iter().map(|text| text_sample(text.to_owned())).collect(),
        _ if column.data_type.is_text() => texts(&mentioned, longest(&data_type.formatted)),
        _ => match &data_type.kind {
            TypeKind::Enumeration(labels) => labels_of(&mentioned, labels),
            _ => Vec::new(),
        },
    };
    if mentioned.null {
        samples.push(Sample { value: Value::Null, sql: "null".to_owned(), label: "null".to_owned() });
    }
    let mut seen = std::collections::BTreeSet::new();
    samples.retain(|sample| seen.insert(sample.sql.clone()));
    samples
}

fn is_column(term: &Term, column: &str) -> bool {
    matches!(term, Term::Column(name) if name == column)
}

fn is_length(term: &Term, column: &str) -> bool {
    match term {
        Term::Length(inner) => is_text_of(inner, column),
        _ => false,
    }
}

fn is_text_of(term: &Term, column: &str) -> bool {
    match term {
        Term::Trimmed(inner) => is_text_of(inner, column),
        other => is_column(other, column),
    }
}

impl Mentioned {
    fn read(&mut self, term: &Term, column: &str) {
        match term {
            Term::Compare(left, _, right) => {
                self.pair(left, right, column);
                self.pair(right, left, column);
            }
            Term::OneOf(needle, list) => {
                if let Term::List(items) = list.as_ref() {
                    items.iter().for_each(|item| self.pair(needle, item, column));
                }
            }
            Term::IsNull(inner) => self.null |= is_column(inner, column),
            Term::Not(inner) => {
                self.itself |= is_column(inner, column);
                self.read(inner, column);
            }
            Term::All(terms) | Term::Any(terms) => {
                for term in terms {
                    self.itself |= is_column(term, column);
                    self.read(term, column);
                }
            }
            _ => {}
        }
    }

    fn pair(&mut self, side: &Term, constant: &Term, column: &str) {
        let number = match constant {
            Term::Number(number) => Some(*number),
            Term::Text(text) => text.trim().parse::<f64>().ok(),
            _ => None,
        };
        let number = number.filter(|number| number.abs() < LARGEST);
        self.kinds |= matches!(side, Term::Kind(inner) if is_column(inner, column));
        if is_length(side, column) {
            self.lengths.extend(number);
        } else if is_text_of(side, column) {
            self.numbers.extend(number);
            if let Term::Text(text) = constant {
                self.texts.push(text.clone());
            }
        }
    }
}

fn truth(truth: bool) -> Sample {
    Sample { value: Value::Truth(truth), sql: truth.to_string(), label: truth.to_string() }
}

/// Each number with its neighbours, at this many digits after the point.
fn numbers(mentioned: &Mentioned, scale: usize, step: f64) -> Vec<Sample> {
    let around = |number: &f64| [*number, number - step, number + step];
    let digits = |number: f64| format!("{number:.scale$}");
    mentioned
        .numbers
        .iter()
        .take(2 * MOST_LISTED)
        .flat_map(around)
        .filter_map(|number| {
            let text = digits(number);
            let value = Value::Number(text.parse().ok()?);
            Some(Sample { value, sql: quote_literal(&text), label: text })
        })
        .collect()
}

/// The digits after the point of `numeric(10,2)`; two where the type says nothing.
fn scale(formatted: &str) -> usize {
    let Some((_, modifiers)) = formatted.split_once('(') else { return 2 };
    modifiers
        .trim_end_matches(')')
        .split_once(',')
        .and_then(|(_, scale)| scale.trim().parse::<usize>().ok())
        .unwrap_or(0)
}

/// The most characters that `character varying(20)` holds.
fn longest(formatted: &str) -> Option<usize> {
    formatted.split_once('(')?.1.trim_end_matches(')').parse().ok()
}

fn texts(mentioned: &Mentioned, longest: Option<usize>) -> Vec<Sample> {
    let fits = |text: &String| longest.is_none_or(|longest| text.chars().count() <= longest);
    let mut texts: Vec<String> = mentioned.texts.iter().take(MOST_LISTED).cloned().collect();
    if !mentioned.texts.is_empty() {
        let cut = |text: &str| text.chars().take(longest.unwrap_or(usize::MAX)).collect::<String>();
        texts.extend(["seaworthy", "other", "zq"].into_iter().map(cut).find(|other| !mentioned.texts.contains(other)));
    }
    for length in &mentioned.lengths {
        for length in [length - 1.0, *length, length + 1.0] {
            if (0.0..=LONGEST).contains(&length) && length.fract() == 0.0 {
                texts.push("x".repeat(length as usize));
            }
        }
    }
    texts.retain(fits);
    texts.into_iter().map(text_sample).collect()
}

fn text_sample(text: String) -> Sample {
    let count = text.chars().count();
    let repeated = count > 40;
    let label = if repeated { format!("a text of {count} characters") } else { format!("'{text}'") };
    let sql = if repeated && text.bytes().all(|byte| byte == b'x') {
        format!("repeat('x', {count})")
    } else {
        quote_literal(&text)
    };
    Sample { value: Value::Text(text), sql, label }
}

/// The labels of an enumeration that the rule lists, and one that it does not.
fn labels_of(mentioned: &Mentioned, labels: &[String]) -> Vec<Sample> {
    let listed = mentioned.texts.iter().take(MOST_LISTED);
    let other = labels.iter().find(|label| !mentioned.texts.contains(label));
    let other = other.filter(|_| !mentioned.texts.is_empty());
    listed.chain(other).cloned().map(text_sample).collect()
}
