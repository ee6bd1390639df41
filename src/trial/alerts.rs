use regex::Regex;

/// A Prometheus rule that raises an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// Its name.
    pub name: String,
    /// The file, relative to the system.
    pub file: String,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// The series that it looks at; where it looks at a recorded one, those that are recorded.
    pub selectors: Vec<Selector>,
}

/// A choice of series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// The metric, where it is named in full.
    pub metric: Option<String>,
    /// What the labels have to be.
    pub matchers: Vec<Matcher>,
}

/// What a label has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// What it is compared with.
    pub value: Match,
}

/// What a label is compared with. Patterns are anchored at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "`=`, `!=`, `=~`, `!~` of PromQL")]
pub enum Match {
    Equal(String),
    NotEqual(String),
    Pattern(String),
    NotPattern(String),
}

/// Labels by which exporters name a table, and its schema.
const TABLE: [&str; 5] = ["relname", "table", "table_name", "tablename", "relation"];
const SCHEMA: [&str; 4] = ["schemaname", "schema", "table_schema", "nspname"];
/// Metrics that postgres_exporter gives for each table.
const BY_TABLE: [&str; 3] = ["pg_stat_user_tables_", "pg_statio_user_tables_", "pg_stat_all_tables_"];

impl AlertRule {
    /// Whether it looks at this table: one of its series is given for each table, or chosen by a table's name, and this one
    /// is not left out.
    #[must_use]
    pub fn covers(&self, schema: &str, table: &str) -> bool {
        self.selectors.iter().any(|selector| selector.covers(schema, table))
    }
}

impl Selector {
    fn covers(&self, schema: &str, table: &str) -> bool {
        let of = |labels: &'static [&'static str]| {
            self.matchers.iter().filter(move |matcher| labels.contains(&matcher.label.as_str()))
        };
        let by_table =
            self.metric.as_deref().is_some_and(|metric| BY_TABLE.iter().any(|begins| metric.starts_with(begins)));
        let chosen = of(&TABLE).any(|matcher| matches!(matcher.value, Match::Equal(_) | Match::Pattern(_)));
        (by_table || chosen)
            && of(&TABLE).all(|matcher| matcher.value.takes(table))
            && of(&SCHEMA).all(|matcher| matcher.value.takes(schema))
    }
}

impl Match {
    fn takes(&self, text: &str) -> bool {
        let matches = |pattern: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
        match self {
            Self::Equal(value) => value == text,
            Self::NotEqual(value) => value != text,
            Self::Pattern(pattern) => matches(pattern),
            Self::NotPattern(pattern) => !matches(pattern),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(metric: &str, matchers: &[(&str, Match)]) -> AlertRule {
        let matchers = matchers
            .iter()
            .map(|(label, value)| Matcher { label: (*label).to_owned(), value: value.clone() })
            .collect();
        let selectors = vec![Selector { metric: Some(metric.to_owned()), matchers }];
        AlertRule { name: "Rule".to_owned(), file: "rules.yml".to_owned(), line: 1, selectors }
    }

    #[test]
    fn a_metric_by_table_covers_every_table_but_those_it_leaves_out() {
        assert!(rule("pg_stat_user_tables_n_dead_tup", &[]).covers("public", "notes"));
        let but = rule("pg_stat_user_tables_n_dead_tup", &[("relname", Match::NotEqual("notes".into()))]);
        assert!(!but.covers("public", "notes") && but.covers("public", "other"));
        let elsewhere = rule("pg_stat_user_tables_n_dead_tup", &[("schemaname", Match::Equal("shop".into()))]);
        assert!(!elsewhere.covers("public", "notes") && elsewhere.covers("shop", "notes"));
    }

    #[test]
    fn another_metric_covers_the_tables_that_it_names() {
        assert!(!rule("pg_up", &[]).covers("public", "notes"));
        let named = rule("table_bytes", &[("relname", Match::Pattern("^(?:notes|tags)$".into()))]);
        assert!(named.covers("public", "notes") && !named.covers("public", "notes_old"));
        assert!(!rule("table_bytes", &[("relname", Match::NotEqual("tags".into()))]).covers("public", "notes"));
    }
}
