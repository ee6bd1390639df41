//! `monitoring/no-alert-rule`: an alert of the declared Prometheus rule files looks at the table.

use super::super::scene::{Scene, Subject, object_of};
use super::super::{Case, Check, Finding};
use crate::catalog::Table;
use crate::trial::AlertRule;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "monitoring/no-alert-rule",
        family: Family::Monitoring,
        severity: Severity::Warning,
        title: "An alert looks at each table",
        help: "The rule files under `rules` of `[monitoring]` hold no alert that looks at this table: none chooses it by its name (relname), and none is about every table (pg_stat_user_tables_…). Its growth, its dead rows, its scans are seen by nobody. Write an alert about all tables, and name only those that it leaves out.",
        example: example!("monitoring/no-alert-rule", ["schema.sql", "seaworthy.toml", "prometheus/alerts.yml"]),
    },
    plan,
};

const EXPECTED: &str = "an alert that names the table, or one about all tables that does not leave it out";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _)) = *subject else { return Vec::new() };
    let finding = match &scene.trials.alerts {
        None => Finding::new(
            Status::NotApplicable,
            "no alert rules are declared: name the files under `rules` of [monitoring] to have them judged",
        ),
        Some(rules) => match rules.iter().find(|rule| covers(rule, table)) {
            Some(rule) => Finding::new(Status::Pass, format!("the alert {} looks at it", rule.name))
                .observed(format!("{}:{}", rule.file, rule.line)),
            None => Finding::new(Status::Fail, format!("none of {} alerts looks at it", rules.len())),
        },
    };
    vec![Case::settled(object_of(table), vec![table.name.to_string()], EXPECTED, finding).with_fix(suggestion(table))]
}

/// A partition is looked at with its parent, whose name the alert may give.
fn covers(rule: &AlertRule, table: &Table) -> bool {
    rule.covers(&table.name.schema, &table.name.name)
        || table.parent.as_ref().is_some_and(|parent| rule.covers(&parent.schema, &parent.name))
}

fn suggestion(table: &Table) -> String {
    format!(
        "# {} needs an alert such as this one, about every table, in a file of Prometheus rules:\n\
         - alert: PostgresTableDeadRows\n  \
         expr: pg_stat_user_tables_n_dead_tup > 10000 and pg_stat_user_tables_n_dead_tup > 0.2 * pg_stat_user_tables_n_live_tup\n  \
         for: 30m",
        table.name
    )
}
