//! Files of Prometheus alert rules, read as `promtool check rules` reads them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use promql_parser::label::{MatchOp, Matcher as LabelMatcher};
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};

use super::ProjectError;
use super::files::{read_text, relative};
use super::seed::globbed;
use crate::settings::MonitoringSettings;
use crate::trial::{AlertRule, Match, Matcher, Selector};

/// The rules of every file that the settings name; `None` where they name none.
pub(super) fn read(root: &Path, settings: &MonitoringSettings) -> Result<Option<Vec<AlertRule>>, ProjectError> {
    let Some(globs) = &settings.rules else { return Ok(None) };
    for glob in globs {
        if globbed(root, std::slice::from_ref(glob)).is_empty() {
            return Err(ProjectError::SettingNamesNothing {
                setting: "monitoring.rules",
                value: glob.clone(),
                path: root.join(glob),
            });
        }
    }
    let mut rules = Rules::default();
    for path in globbed(root, globs) {
        let text = read_text(&path)?;
        let file = File { name: relative(&path, root), path };
        file.read(&text, &mut rules)?;
    }
    Ok(Some(rules.resolved()))
}

#[derive(Default)]
struct Rules {
    alerts: Vec<AlertRule>,
    /// What is recorded, by the name of the new series.
    recorded: BTreeMap<String, Vec<Selector>>,
}

impl Rules {
    /// The alerts, each with what lies under the recorded series that it looks at.
    fn resolved(mut self) -> Vec<AlertRule> {
        for alert in &mut self.alerts {
            let mut followed: Vec<String> = Vec::new();
            let mut next = 0;
            while let Some(metric) = alert.selectors.get(next).map(|selector| selector.metric.clone()) {
                next += 1;
                let Some(metric) = metric.filter(|metric| !followed.contains(metric)) else { continue };
                alert.selectors.extend(self.recorded.get(&metric).cloned().unwrap_or_default());
                followed.push(metric);
            }
        }
        self.alerts
    }
}

struct File {
    path: PathBuf,
    name: String,
}

impl File {
    fn read(&self, text: &str, rules: &mut Rules) -> Result<(), ProjectError> {
        let documents = MarkedYaml::load_from_str(text)
            .map_err(|error| self.refuse(error.marker().line(), format!("no YAML: {}", error.info())))?;
        let [document] = documents.as_slice() else {
            let found = if documents.is_empty() { "nothing in it" } else { "several documents in one file" };
            return Err(self.refuse(1, format!("no rules: {found}")));
        };
        let groups = self.list(document, "groups", "the file")?;
        for group in groups {
            let name = self.text(group, "name", "the group")?;
            for rule in self.list(group, "rules", &format!("the group `{name}`"))? {
                self.rule(rule, rules)?;
            }
        }
        Ok(())
    }

    fn rule(&self, node: &MarkedYaml<'_>, rules: &mut Rules) -> Result<(), ProjectError> {
        const KNOWN: [&str; 7] = ["alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"];
        self.mapping(node, "a rule")?;
        if let YamlData::Mapping(entries) = &node.data {
            for key in entries.keys() {
                let known = key.data.as_str().is_some_and(|key| KNOWN.contains(&key));
                if !known {
                    let key = key.data.as_str().unwrap_or("…");
                    return Err(self.refuse(line(node), format!("a rule has no `{key}`; it has {}", KNOWN.join(", "))));
                }
            }
        }
        let (alert, record) = (node.data.as_mapping_get("alert"), node.data.as_mapping_get("record"));
        let name = match (alert, record) {
            (Some(_), None) => self.text(node, "alert", "the rule")?,
            (None, Some(_)) => self.text(node, "record", "the rule")?,
            (Some(_), Some(_)) => return Err(self.refuse(line(node), "a rule is an `alert` or a `record`, not both")),
            (None, None) => return Err(self.refuse(line(node), "a rule needs `alert` (or `record`)")),
        };
        let selectors = self.selectors(node, &name)?;
        if record.is_some() {
            rules.recorded.entry(name).or_default().extend(selectors);
            return Ok(());
        }
        for key in ["for", "keep_firing_for"] {
            if let Some(value) = node.data.as_mapping_get(key) {
                let known = value
                    .data
                    .as_str()
                    .is_some_and(|text| text == "0" || promql_parser::util::parse_duration(text).is_ok());
                if !(known || value.data.as_integer() == Some(0)) {
                    return Err(self.refuse(line(value), format!("`{key}` of `{name}` is no duration, as `5m` is")));
                }
            }
        }
        for key in ["labels", "annotations"] {
            if let Some(value) = node.data.as_mapping_get(key) {
                self.mapping(value, &format!("`{key}` of `{name}`"))?;
            }
        }
        rules.alerts.push(AlertRule { name, file: self.name.clone(), line: line(node), selectors });
        Ok(())
    }

    /// What the rule's expression looks at.
    fn selectors(&self, rule: &MarkedYaml<'_>, name: &str) -> Result<Vec<Selector>, ProjectError> {
        let missing = || self.refuse(line(rule), format!("`{name}` has no `expr`"));
        let node = rule.data.as_mapping_get("expr").ok_or_else(missing)?;
        let text = match &node.data {
            YamlData::Value(Scalar::String(text)) => text.to_string(),
            YamlData::Value(Scalar::Integer(number)) => number.to_string(),
            YamlData::Value(Scalar::FloatingPoint(number)) => number.to_string(),
            _ => return Err(self.refuse(line(node), format!("`expr` of `{name}` is no text"))),
        };
        let expression = parser::parse(&text)
            .map_err(|error| self.refuse(line(node), format!("`expr` of `{name}` is no PromQL: {error}")))?;
        let mut found = Found::default();
        let Ok(_) = walk_expr(&mut found, &expression);
        Ok(found.0)
    }

    fn list<'a, 'text>(
        &self,
        node: &'a MarkedYaml<'text>,
        key: &str,
        of: &str,
    ) -> Result<&'a [MarkedYaml<'text>], ProjectError> {
        self.mapping(node, of)?;
        let missing = || self.refuse(line(node), format!("{of} has no `{key}`"));
        let value = node.data.as_mapping_get(key).ok_or_else(missing)?;
        let no_list = || self.refuse(line(value), format!("`{key}` of {of} is no list"));
        Ok(value.data.as_sequence().ok_or_else(no_list)?.as_slice())
    }

    fn text(&self, node: &MarkedYaml<'_>, key: &str, of: &str) -> Result<String, ProjectError> {
        self.mapping(node, of)?;
        let text = node.data.as_mapping_get(key).and_then(|value| value.data.as_str()).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| self.refuse(line(node), format!("{of} has no `{key}`, or it is no text")))
    }

    fn mapping(&self, node: &MarkedYaml<'_>, what: &str) -> Result<(), ProjectError> {
        if matches!(node.data, YamlData::Mapping(_)) {
            return Ok(());
        }
        Err(self.refuse(line(node), format!("{what} is no mapping (`key: value`)")))
    }

    fn refuse(&self, line: usize, problem: impl Into<String>) -> ProjectError {
        ProjectError::AlertRules { path: self.path.clone(), line, problem: problem.into() }
    }
}

/// The line that a node begins on, from 1.
fn line(node: &MarkedYaml<'_>) -> usize {
    node.span.start.line().max(1)
}

#[derive(Default)]
struct Found(Vec<Selector>);

impl ExprVisitor for Found {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        match expression {
            Expr::VectorSelector(selector) => self.0.extend(selectors(selector)),
            Expr::MatrixSelector(matrix) => self.0.extend(selectors(&matrix.vs)),
            _ => {}
        }
        Ok(true)
    }
}

/// A selector, or one for each of its alternatives (`{a="1" or b="2"}`).
fn selectors(selector: &VectorSelector) -> Vec<Selector> {
    let alternatives: Vec<&[LabelMatcher]> = if selector.matchers.or_matchers.is_empty() {
        vec![&selector.matchers.matchers]
    } else {
        selector.matchers.or_matchers.iter().map(Vec::as_slice).collect()
    };
    let one = |matchers: &[LabelMatcher]| {
        let named = matchers.iter().find(|matcher| matcher.name == "__name__" && matcher.op == MatchOp::Equal);
        Selector {
            metric: selector.name.clone().or_else(|| named.map(|matcher| matcher.value.clone())),
            matchers: matchers.iter().map(matcher).collect(),
        }
    };
    alternatives.into_iter().map(one).collect()
}

fn matcher(matcher: &LabelMatcher) -> Matcher {
    let value = match &matcher.op {
        MatchOp::Equal => Match::Equal(matcher.value.clone()),
        MatchOp::NotEqual => Match::NotEqual(matcher.value.clone()),
        MatchOp::Re(pattern) => Match::Pattern(pattern.as_str().to_owned()),
        MatchOp::NotRe(pattern) => Match::NotPattern(pattern.as_str().to_owned()),
    };
    Matcher { label: matcher.name.clone(), value }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn read_rules(text: &str) -> Result<Vec<AlertRule>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rules.yml"), text).unwrap();
        let settings = MonitoringSettings { rules: Some(vec!["*.yml".to_owned()]) };
        read(folder.path(), &settings).map(Option::unwrap).map_err(|error| error.to_string())
    }

    #[test]
    fn an_alert_is_read_with_its_place_and_what_it_looks_at() {
        let rules = read_rules(
            "groups:\n  - name: tables\n    rules:\n      - alert: Dead\n        expr: |\n          sum by (relname) (rate(pg_stat_user_tables_n_dead_tup{relname=~\"a|b\"}[5m])) > 10\n        for: 10m\n",
        )
        .unwrap();
        assert_eq!(rules.len(), 1);
        let rule = rules.first().unwrap();
        assert_eq!((rule.name.as_str(), rule.line), ("Dead", 4));
        assert!(rule.covers("public", "a") && !rule.covers("public", "c"));
    }

    #[test]
    fn an_alert_on_a_recorded_series_looks_at_what_is_recorded() {
        let rules = read_rules(
            "groups:\n- name: g\n  rules:\n  - record: dead:ratio\n    expr: pg_stat_user_tables_n_dead_tup / pg_stat_user_tables_n_live_tup\n  - alert: Dead\n    expr: dead:ratio > 0.2\n",
        )
        .unwrap();
        assert!(rules.first().unwrap().covers("public", "anything"));
    }

    #[test]
    fn what_prometheus_would_refuse_is_refused_with_its_line() {
        for (text, words) in [
            ("groups:\n  - name: [\n", "rules.yml:"),
            ("", "nothing in it"),
            ("rules: []\n", "no `groups`"),
            ("groups:\n  - name: g\n    rules: 7\n", "rules.yml:3: `rules`"),
            ("groups:\n  - name: g\n    rules:\n      - expr: up == 0\n", "rules.yml:4: a rule needs `alert`"),
            ("groups:\n  - name: g\n    rules:\n      - alert: A\n", "`A` has no `expr`"),
            ("groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up ==\n", "is no PromQL"),
            (
                "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up\n        for: soon\n",
                "no duration",
            ),
            (
                "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up\n        severity: x\n",
                "no `severity`",
            ),
        ] {
            let said = read_rules(text).unwrap_err();
            assert!(said.contains(words), "{text:?}: {said}");
        }
    }
}
