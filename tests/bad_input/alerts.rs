//! Files of alert rules that are not there, or that Prometheus would refuse: told before any server is started.

use crate::program::{Done, Project, SOUND, finish};

fn rules(text: &[u8]) -> Done {
    let settings = b"[monitoring]\nrules = [\"prometheus/*.yml\"]\n";
    let files =
        [("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", settings.as_slice()), ("prometheus/alerts.yml", text)];
    let project = Project::with(&files);
    // Nobody answers there: whatever is said was said before.
    finish(project.command(&["check", "--postgres", "postgres://127.0.0.1:1/none"]))
}

#[test]
fn a_pattern_that_matches_no_file_is_shown_in_its_place() {
    let project = Project::with(&[
        ("schema.sql", SOUND.as_bytes()),
        ("seaworthy.toml", b"[monitoring]\nrules = [\"prometheus/*.yml\"]\n"),
    ]);
    project.check(&[]).refused(2, &["seaworthy.toml:2:", "there is no file `prometheus/*.yml`"]);
}

#[test]
fn a_file_that_is_no_yaml() {
    rules(b"groups:\n  - name: tables\n    rules: [\n").refused(2, &["alerts.yml:", "no YAML"]);
    rules(b"groups: \"unfinished\n").refused(2, &["alerts.yml:", "no YAML"]);
    rules(b"").refused(2, &["alerts.yml:1", "nothing in it"]);
    rules(b"\xff\xfe").refused(2, &["alerts.yml", "UTF-8"]);
}

#[test]
fn a_file_that_holds_something_else_than_rules() {
    rules(b"version: 2\nservices: {}\n").refused(2, &["alerts.yml:1", "no `groups`"]);
    rules(b"- a\n- b\n").refused(2, &["alerts.yml:1", "no mapping"]);
    rules(b"groups:\n  - name: tables\n    rules:\n      - alert: Down\n        for: 5m\n")
        .refused(2, &["alerts.yml:4", "`Down` has no `expr`"]);
}

#[test]
fn an_expression_that_is_no_promql_is_shown_with_its_line() {
    rules(b"groups:\n  - name: tables\n    rules:\n      - alert: Down\n        expr: select 1 from pg_class\n")
        .refused(2, &["alerts.yml:5", "`Down` is no PromQL", "promtool check rules"]);
}

#[test]
fn rules_of_the_wrong_type_are_shown_in_their_place() {
    let project = Project::with(&[
        ("schema.sql", SOUND.as_bytes()),
        ("seaworthy.toml", b"[monitoring]\nrules = \"prometheus/alerts.yml\"\n"),
    ]);
    project.check(&[]).refused(2, &["seaworthy.toml:2:", "a list of texts"]);
}

#[test]
fn indexes_that_are_no_lists_and_logs_that_are_not_there() {
    let settings =
        |text: &str| Project::with(&[("schema.sql", SOUND.as_bytes()), ("seaworthy.toml", text.as_bytes())]).check(&[]);
    settings("[tables.notes]\nindexes = [\"workspace_id\"]\n").refused(2, &["seaworthy.toml:2:", "a list of texts"]);
    settings("[tables.notes]\nindexes = [[\"workspace\"]]\n").refused(2, &["workspace", "workspace_id"]);
    settings("[tables.notes]\naudited = \"audit_log\"\n").refused(2, &["audit_log", "does not exist"]);
}
