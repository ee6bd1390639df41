//! What is known of a check without running it, as people read it: on a terminal, and as a page of `docs/checks/`.

use std::fmt::Write as _;

use similar::TextDiff;

use crate::verdict::{CheckInfo, ExampleFile, Family};

/// A check on a terminal of this width: what it proves, why it matters, an example and what mends it.
#[must_use]
pub fn explanation(check: &CheckInfo, width: usize) -> String {
    let mut text = format!(
        "{} ({})\n{}\n\n{}\n",
        check.id,
        check.severity,
        textwrap::fill(check.title, width),
        textwrap::fill(check.help, width)
    );
    put(&mut text, "\nIt fails on:\n");
    for file in check.example.failing {
        put(&mut text, &format!("\n  -- {}\n{}", file.path, indented(file.text)));
    }
    put(&mut text, "\nWhat mends that:\n\n");
    put(&mut text, &indented(&mending(check)));
    text
}

/// A line for each check.
#[must_use]
pub fn listing<'checks>(checks: impl Iterator<Item = &'checks CheckInfo>) -> String {
    checks.fold(String::new(), |mut text, check| {
        put(&mut text, &format!("{:<40} {:<9} {}\n", check.id, check.severity.to_string(), check.title));
        text
    })
}

/// A check's page of `docs/checks/`.
#[must_use]
pub fn check_page(check: &CheckInfo) -> String {
    let mut text = format!("# {}\n\n{}.\n\n", check.id, check.title);
    let column = check.family.column().map_or("none", |column| column.heading());
    put(&mut text, &format!("Severity: {}. Column of the matrix: {column}.\n\n{}\n\n", check.severity, check.help));
    put(&mut text, "## It fails on\n\n");
    for file in check.example.failing {
        let language = if file.path.ends_with(".sql") { "sql" } else { "toml" };
        put(&mut text, &format!("`{}`\n\n```{language}\n{}\n```\n\n", file.path, file.text.trim_end()));
    }
    put(&mut text, &format!("## What mends that\n\n```diff\n{}\n```\n", mending(check).trim_end()));
    text
}

/// The first page of `docs/checks/`: how to read the rest, and every check.
#[must_use]
pub fn check_index(checks: &[CheckInfo]) -> String {
    let mut text = INDEX_OPENING.to_owned();
    for family in Family::ALL {
        let Some(purpose) = purpose(family).filter(|_| checks.iter().any(|check| check.family == family)) else {
            continue;
        };
        let column = family.column().map_or("none", |column| column.heading());
        put(&mut text, &format!("| `{family}` | {column} | {purpose} |\n"));
    }
    put(&mut text, "\n## Every check\n\n| check | severity | the rule that holds where it passes |\n|---|---|---|\n");
    for check in checks {
        put(&mut text, &format!("| [`{0}`]({0}.md) | {1} | {2} |\n", check.id, check.severity, check.title));
    }
    text
}

const INDEX_OPENING: &str = "\
# Checks

A check is one named defect, looked for. Its id is `family/defect`; ids are never reused. `seaworthy explain ID` prints a
check's page, `seaworthy check --only ID` runs it alone, `seaworthy plan` says what would run and why.

Critical and error block a launch, and so does an `unproven` at these severities. Warnings and notes are counted, `--verbose` shows
them, and they do not block. A result may be graver or milder than its check where the case is; it says so.

These pages are written by `SEAWORTHY_WRITE_DOCS=1 cargo test --test architecture`, from the checks and their fixtures.

## Families

| family | column of the matrix | looks for |
|---|---|---|
";

/// What a family looks for; `None` for those that have no check yet.
fn purpose(family: Family) -> Option<&'static str> {
    Some(match family {
        Family::Schema => {
            "tables that do not hold what they promise: keys, types, bounds, timestamps, functions and views that break"
        }
        Family::Migrations => "files that do not apply, not in their order, not twice, not back, or not without harm",
        Family::Rls => "tables that policies do not protect, as the catalog says it",
        Family::Isolation => "what acting as somebody else reads, changes, moves or gives away",
        Family::Privileges => "grants, roles, owners and functions that reach past policies",
        Family::Indexes => "indexes that are missing, superfluous, broken, or of no use to policies",
        Family::Seed => "seeds that fail, differ when run twice, run in production, or hold people",
        Family::Monitoring => "tables that nobody would notice failing: statistics, alerts, audit",
        Family::Contract
        | Family::Auth
        | Family::Tokens
        | Family::CrossTenant
        | Family::Limits
        | Family::Envelope
        | Family::Release => return None,
    })
}

/// What turns the failing files of the example into the passing ones.
fn mending(check: &CheckInfo) -> String {
    let text_of = |files: &'static [ExampleFile], path: &str| {
        files.iter().find(|file| file.path == path).map_or("", |file| file.text)
    };
    let mut paths: Vec<&str> =
        check.example.failing.iter().chain(check.example.passing).map(|file| file.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .map(|path| {
            let (failing, passing) = (text_of(check.example.failing, path), text_of(check.example.passing, path));
            TextDiff::from_lines(failing, passing).unified_diff().context_radius(2).header(path, path).to_string()
        })
        .collect()
}

fn indented(text: &str) -> String {
    textwrap::indent(text, "  ")
}

/// Writing to a text does not fail.
fn put(text: &mut String, part: &str) {
    let _written = text.write_str(part);
}
