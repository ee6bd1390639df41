//! `monitoring/slow-query-log-off`: slow statements are logged, as far as the system's files or somebody's own server say.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{database, of_server, set_by_migrations, whose};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "monitoring/slow-query-log-off",
        family: Family::Monitoring,
        severity: Severity::Warning,
        title: "Slow statements are logged",
        help: "log_min_duration_statement is -1: a statement that takes a minute leaves no trace, and after an incident nobody knows which it was. Set it to what no statement of a request should take, as 500 ms.",
        example: example!("monitoring/slow-query-log-off"),
    },
    plan,
};

const NAME: &str = "log_min_duration_statement";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Database = subject else { return Vec::new() };
    let off = |value: &str| value.trim().starts_with('-');
    let mut set = set_by_migrations(scene, NAME).peekable();
    let finding = if set.peek().is_some() {
        match set.find(|setting| off(&setting.value)) {
            Some(setting) => Finding::new(Status::Fail, format!("{NAME} is {} for {}", setting.value, whose(setting))),
            None => Finding::new(Status::Pass, format!("the migrations set {NAME}")),
        }
    } else if !scene.trials.server.lent {
        Finding::new(
            Status::NotApplicable,
            "no migration sets it, and the server was started for this run; give --postgres a URL to have yours judged",
        )
    } else {
        match of_server(scene, NAME) {
            Some(value) if off(value) => Finding::new(Status::Fail, format!("{NAME} is {value} on the server")),
            Some(value) => Finding::new(Status::Pass, format!("{NAME} is {value} ms on the server")),
            None => Finding::new(Status::NotApplicable, format!("the server does not say what {NAME} is")),
        }
    };
    let fix =
        format!("do $$ begin execute format('alter database %I set {NAME} = ''500ms''', current_database()); end $$;");
    vec![Case::settled(database(NAME), Vec::new(), "slow statements are logged", finding).with_fix(fix)]
}
