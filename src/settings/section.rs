use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;

/// Collects the mistakes of one file.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, message: String, span: Range<usize>, label: impl Into<String>, help: Option<String>) {
        self.0.borrow_mut().push(Problem::new(message, span, label, help));
    }

    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by_key(|problem| problem.span.offset());
        problems
    }
}

/// A table of the file that is being read. It remembers which keys were asked for, so that [`Section::finish`] can tell
/// which ones nobody knows.
pub(super) struct Section<'document> {
    table: &'document DeTable<'document>,
    span: Range<usize>,
    name: String,
    known: Vec<&'static str>,
    problems: &'document Problems,
}

/// A key with its place, and its value.
pub(super) type Entry<'document> = (Text<'document>, &'document Spanned<DeValue<'document>>);

/// A text with its place.
pub(super) struct Text<'document> {
    pub(super) value: &'document str,
    pub(super) span: Range<usize>,
}

impl<'document> Section<'document> {
    /// `name` is how messages call the section; empty for the top of the file.
    pub(super) fn new(
        table: &'document DeTable<'document>,
        span: Range<usize>,
        name: String,
        problems: &'document Problems,
    ) -> Self {
        Self { table, span, name, known: Vec::new(), problems }
    }

    pub(super) fn problems(&self) -> &'document Problems {
        self.problems
    }

    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The place of a key, or of the section where it is missing.
    pub(super) fn key_span(&self, key: &str) -> Range<usize> {
        self.table.keys().find(|candidate| candidate.get_ref() == key).map_or_else(|| self.span(), Spanned::span)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn take(&mut self, key: &'static str) -> Option<&'document Spanned<DeValue<'document>>> {
        self.known.push(key);
        self.table.get(key)
    }

    fn path(&self, key: &str) -> String {
        let key = key.escape_debug();
        if self.name.is_empty() { format!("`{key}`") } else { format!("`{key}` in {}", self.name) }
    }

    fn wrong_type(&self, path: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = kind(value.get_ref());
        self.problems.add(
            format!("{path} is {found}, but {wanted} is wanted"),
            value.span(),
            format!("this is {found}"),
            Some(format!("Write {wanted}.")),
        );
    }

    fn as_text(&self, path: &str, value: &'document Spanned<DeValue<'document>>) -> Option<Text<'document>> {
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(path, value, "a text in quotes");
            return None;
        };
        Some(Text { value: text.as_ref(), span: value.span() })
    }

    /// A text; an empty one is a mistake.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Text<'document>> {
        let text = self.text_or_empty(key)?;
        if text.value.trim().is_empty() {
            let path = self.path(key);
            self.problems.add(
                format!("{path} is empty"),
                text.span,
                "nothing in here",
                Some("Give a value, or remove the line to have it inferred.".to_owned()),
            );
            return None;
        }
        Some(text)
    }

    /// A text that may be empty.
    pub(super) fn text_or_empty(&mut self, key: &'static str) -> Option<Text<'document>> {
        let value = self.take(key)?;
        self.as_text(&self.path(key), value)
    }

    /// A text that may not be left out. Where it is, or is no text, a mistake is noted and the empty text returned.
    pub(super) fn required(&mut self, key: &'static str) -> String {
        if !self.has(key) {
            self.known.push(key);
            let name = if self.name.is_empty() { "the file" } else { &self.name };
            self.problems.add(
                format!("`{key}` is missing in {name}"),
                self.span(),
                format!("needs `{key}`"),
                Some(format!("Add a line `{key} = \"…\"`.")),
            );
            return String::new();
        }
        self.text(key).map(|text| text.value.to_owned()).unwrap_or_default()
    }

    pub(super) fn owned_text(&mut self, key: &'static str) -> Option<String> {
        self.text(key).map(|text| text.value.to_owned())
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<Text<'document>>> {
        let value = self.take(key)?;
        let path = self.path(key);
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(&path, value, "a list of texts (`[\"…\"]`)");
            return None;
        };
        Some(items.iter().filter_map(|item| self.as_text(&format!("an entry of {path}"), item)).collect())
    }

    pub(super) fn owned_texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        Some(self.texts(key)?.into_iter().map(|text| text.value.to_owned()).collect())
    }

    /// A list of lists of texts; an empty list within is a mistake.
    pub(super) fn lists_of_texts(&mut self, key: &'static str) -> Option<Vec<Vec<String>>> {
        let value = self.take(key)?;
        let path = self.path(key);
        let wanted = "a list of lists of texts (`[[\"…\", \"…\"]]`)";
        let DeValue::Array(lists) = value.get_ref() else {
            self.wrong_type(&path, value, wanted);
            return None;
        };
        let mut all = Vec::new();
        for list in lists {
            let DeValue::Array(items) = list.get_ref() else {
                self.wrong_type(&format!("an entry of {path}"), list, "a list of texts (`[\"…\"]`)");
                continue;
            };
            let texts = items.iter().filter_map(|item| self.as_text(&format!("an entry of {path}"), item));
            let texts: Vec<String> = texts.map(|text| text.value.to_owned()).collect();
            if items.is_empty() {
                self.wrong_type(&format!("an entry of {path}"), list, "a list of at least one text");
            }
            all.push(texts);
        }
        Some(all)
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let DeValue::Boolean(flag) = value.get_ref() else {
            self.wrong_type(&self.path(key), value, "`true` or `false`");
            return None;
        };
        Some(*flag)
    }

    /// A whole number, zero or more.
    pub(super) fn number(&mut self, key: &'static str) -> Option<usize> {
        let value = self.take(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => usize::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(&self.path(key), value, "a number from 0 up");
        }
        number
    }

    /// A text out of a short list.
    pub(super) fn choice(&mut self, key: &'static str, allowed: &[&str]) -> Option<String> {
        let text = self.text(key)?;
        self.chosen(key, &text, allowed).map(str::to_owned)
    }

    /// Texts out of a short list.
    pub(super) fn choices(&mut self, key: &'static str, allowed: &[&str]) -> Option<Vec<String>> {
        let texts = self.texts(key)?;
        Some(texts.iter().filter_map(|text| self.chosen(key, text, allowed)).map(str::to_owned).collect())
    }

    fn chosen<'text>(&self, key: &str, text: &Text<'text>, allowed: &[&str]) -> Option<&'text str> {
        if allowed.contains(&text.value) {
            return Some(text.value);
        }
        let list: Vec<String> = allowed.iter().map(|word| format!("`{word}`")).collect();
        let found = text.value.escape_debug();
        let help = match nearest(text.value, allowed.iter().copied()) {
            Some(word) => format!("Did you mean `{word}`? It can be {}.", list.join(", ")),
            None => format!("It can be {}.", list.join(", ")),
        };
        self.problems.add(
            format!("{} cannot be `{found}`", self.path(key)),
            text.span.clone(),
            "unknown value",
            Some(help),
        );
        None
    }

    /// A date without a time, as `YYYY-MM-DD`: a TOML date or a text.
    pub(super) fn required_date(&mut self, key: &'static str) -> String {
        let path = self.path(key);
        let Some(value) = self.table.get(key) else { return self.required(key) };
        self.known.push(key);
        let date = match value.get_ref() {
            DeValue::Datetime(date) => Some(*date),
            DeValue::String(text) => text.parse().ok(),
            _ => None,
        };
        match date {
            Some(toml::value::Datetime { date: Some(date), time: None, offset: None }) => date.to_string(),
            _ => {
                self.problems.add(
                    format!("{path} is not a day"),
                    value.span(),
                    "not a day",
                    Some("Write a day of the calendar as YYYY-MM-DD, for example 2027-01-31.".to_owned()),
                );
                String::new()
            }
        }
    }

    /// A table within; where it is missing, an empty one that stands at this one's place.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Self> {
        let value = self.take(key)?;
        self.within(format!("`[{}]`", self.dotted(key)), &self.path(key), value)
    }

    /// A list of tables.
    pub(super) fn sections(&mut self, key: &'static str) -> Option<Vec<Self>> {
        let value = self.take(key)?;
        let name = format!("`[[{}]]`", self.dotted(key));
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(&self.path(key), value, &format!("a list of tables ({name})"));
            return None;
        };
        Some(items.iter().filter_map(|item| self.within(name.clone(), &name, item)).collect())
    }

    /// A section for each entry of a table whose keys are names.
    pub(super) fn named_sections(&mut self, key: &'static str) -> Vec<(&'document str, Self)> {
        self.entries(key)
            .into_iter()
            .filter_map(|(name, value)| {
                let path = format!("`[{}.{}]`", self.dotted(key), name.value.escape_debug());
                Some((name.value, self.within(path.clone(), &path, value)?))
            })
            .collect()
    }

    /// The entries of a table whose keys are names.
    pub(super) fn entries(&mut self, key: &'static str) -> Vec<Entry<'document>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(&self.path(key), value, &format!("a table (`[{}]`)", self.dotted(key)));
            return Vec::new();
        };
        entries_of(table)
    }

    /// The entries of each table of a list.
    pub(super) fn entry_lists(&mut self, key: &'static str) -> Vec<Vec<Entry<'document>>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let wanted = "a list of tables (`[{ column = \"value\" }]`)";
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(&self.path(key), value, wanted);
            return Vec::new();
        };
        let read = |item: &'document Spanned<DeValue<'document>>| match item.get_ref() {
            DeValue::Table(table) if !table.is_empty() => Some(entries_of(table)),
            _ => {
                self.wrong_type(&format!("an entry of {}", self.path(key)), item, "a table with a column in it");
                None
            }
        };
        items.iter().filter_map(read).collect()
    }

    /// A table within, where the key holds none of the simpler form, which is a text.
    pub(super) fn section_unless_text(&mut self, key: &'static str) -> Option<Self> {
        match self.table.get(key)?.get_ref() {
            DeValue::Table(_) => self.section(key),
            _ => None,
        }
    }

    /// The entries of a table whose keys are names and whose values are texts.
    pub(super) fn text_entries(&mut self, key: &'static str) -> Vec<(Text<'document>, Text<'document>)> {
        self.entries(key)
            .into_iter()
            .filter_map(|(name, value)| {
                let path = format!("`{}` in `[{}]`", name.value.escape_debug(), self.dotted(key));
                let text = self.as_text(&path, value)?;
                Some((name, text))
            })
            .collect()
    }

    fn within(&self, name: String, path: &str, value: &'document Spanned<DeValue<'document>>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(path, value, &format!("a table ({name})"));
            return None;
        };
        Some(Self::new(table, value.span(), name, self.problems))
    }

    /// The section's name and a key of it, as a header would spell it.
    fn dotted(&self, key: &str) -> String {
        let own = self.name.trim_matches(|character| matches!(character, '`' | '[' | ']'));
        if own.is_empty() { key.to_owned() } else { format!("{own}.{key}") }
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys().filter(|key| !self.known.contains(&key.get_ref().as_ref())) {
            let place = if self.name.is_empty() { "at the top of the file" } else { &self.name };
            let place = if self.name.is_empty() { place.to_owned() } else { format!("in {place}") };
            let help = match nearest(key.get_ref(), self.known.iter().copied()) {
                Some(known) => format!("Did you mean `{known}`?"),
                None => format!("Known {place}: {}.", self.known.join(", ")),
            };
            self.problems.add(
                format!("unknown key `{}` {place}", key.get_ref().escape_debug()),
                key.span(),
                "unknown key",
                Some(help),
            );
        }
    }
}

fn entries_of<'document>(table: &'document DeTable<'document>) -> Vec<Entry<'document>> {
    table.iter().map(|(key, value)| (Text { value: key.get_ref().as_ref(), span: key.span() }, value)).collect()
}

/// The known word that somebody most likely meant.
pub(crate) fn nearest<'known>(word: &str, known: impl Iterator<Item = &'known str>) -> Option<&'known str> {
    known
        .map(|candidate| (strsim::jaro_winkler(&word.to_lowercase(), candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKELY)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// From here on a likeness of words is taken for a slip of the fingers (0 nothing in common, 1 the same).
const LIKELY: f64 = 0.8;

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
