//! The report for people and pull requests.

mod markup;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use self::markup::{block, code, prose};
use super::digest::{Digest, SOON_DAYS, column_of, columns, days_left, gaps, sign_and_word};
use super::text::{counted, duration};
use crate::verdict::{CellStatus, CheckResult, Column, Evidence, RunRecord, Severity, Status};

/// The report, verdict first. Every name and value in it is neutralised.
#[must_use]
pub fn render(record: &RunRecord) -> String {
    let digest = Digest::of(record);
    let mut text =
        format!("# {}: {}\n\n{}\n\n", prose(&record.run.system), record.run.verdict, digest.sentence(record));
    blockers(&mut text, &digest);
    matrix(&mut text, "Matrix", "Table", record, &record.matrix);
    matrix(&mut text, "Operations", "Operation", record, &record.operations);
    findings(&mut text, "Findings", &digest.failed);
    findings(&mut text, "Where the harness broke", &digest.broken);
    unproven(&mut text, &digest);
    minor(&mut text, &digest);
    waived(&mut text, record, &digest);
    claims(&mut text, record);
    facts(&mut text, record);
    text
}

/// Writing to a text does not fail.
macro_rules! put {
    ($text:expr, $($rest:tt)*) => {
        let _written = writeln!($text, $($rest)*);
    };
}

fn anchor(result: &CheckResult) -> String {
    result.fingerprint.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn blockers(text: &mut String, digest: &Digest<'_>) {
    let blockers = digest.blockers();
    if blockers.is_empty() {
        return;
    }
    put!(text, "## Blockers\n");
    for blocker in blockers {
        let word = match blocker.status {
            Status::Unproven => "? unproven".to_owned(),
            Status::Error => "‼ error".to_owned(),
            _ => format!("✗ {}", blocker.severity),
        };
        let objects: Vec<String> = blocker
            .results
            .iter()
            .map(|result| format!("[{}](#{})", code(&result.object.to_string()), anchor(result)))
            .collect();
        put!(text, "- **{word}** {}: {}", code(blocker.check), objects.join(", "));
    }
    put!(text, "");
}

fn matrix(
    text: &mut String,
    heading: &str,
    subject: &str,
    record: &RunRecord,
    rows: &BTreeMap<String, BTreeMap<Column, CellStatus>>,
) {
    if rows.is_empty() {
        return;
    }
    let columns = columns(rows.values());
    put!(text, "## {heading}\n");
    let headings: Vec<&str> = columns.iter().map(|column| column.heading()).collect();
    put!(text, "| {subject} | {} |", headings.join(" | "));
    put!(text, "|---|{}", "---|".repeat(columns.len()));
    let places = places(record);
    for (name, row) in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| match row.get(column) {
                None => String::new(),
                Some(status) => {
                    let words = sign_and_word(*status);
                    places
                        .get(&(name.as_str(), *column))
                        .map_or_else(|| words.to_owned(), |anchor| format!("[{words}](#{anchor})"))
                }
            })
            .collect();
        put!(text, "| {} | {} |", code(name), cells.join(" | "));
    }
    put!(text, "");
}

/// Where the gravest finding behind a cell is told.
fn places(record: &RunRecord) -> BTreeMap<(&str, Column), String> {
    let told = |result: &&CheckResult| !matches!(result.status, Status::Pass | Status::NotApplicable);
    let mut results: Vec<&CheckResult> = record.results.iter().filter(told).collect();
    results.sort_by_key(|result| (result.status == Status::Waived, result.severity));
    let mut places = BTreeMap::new();
    for result in results {
        let Some(column) = column_of(result) else { continue };
        for table in &result.tables {
            places.entry((table.as_str(), column)).or_insert_with(|| anchor(result));
        }
    }
    places
}

fn findings(text: &mut String, heading: &str, results: &[&CheckResult]) {
    if results.is_empty() {
        return;
    }
    put!(text, "## {heading}\n");
    let mut severity = None;
    for result in results {
        if severity != Some(result.severity) {
            put!(text, "### {}\n", title(result.severity));
            severity = Some(result.severity);
        }
        finding(text, result);
    }
}

fn title(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Info => "Info",
    }
}

fn finding(text: &mut String, result: &CheckResult) {
    put!(text, "<a id=\"{}\"></a>\n", anchor(result));
    put!(text, "#### {} on {}\n", code(&result.check), code(&result.object.to_string()));
    put!(text, "{}\n", prose(&result.summary));
    let mut facts = Vec::new();
    let mut fact = |label: &str, value: &str| {
        if !value.trim().is_empty() {
            facts.push(format!("- {label}: {}", prose(value)));
        }
    };
    fact("Expected", &result.expected);
    fact("Observed", &result.observed);
    let consequences: Vec<String> = result.consequences.iter().map(|text| code(text)).collect();
    if !consequences.is_empty() {
        facts.push(format!("- Explains {}", consequences.join(", ")));
    }
    if let Some(source) = &result.source {
        facts.push(format!("- Defined in {}", code(&format!("{}:{}", source.file, source.line))));
    }
    if !facts.is_empty() {
        put!(text, "{}\n", facts.join("\n"));
    }
    if let Some(fix) = &result.fix {
        put!(text, "Fix:\n\n{}", block(fix_language(fix), fix));
    }
    if !result.evidence.is_empty() || result.repro.is_some() {
        evidence(text, result);
    }
}

/// A fix is SQL, or a piece of `seaworthy.toml`, which begins with a header.
fn fix_language(fix: &str) -> &'static str {
    if fix.trim_start().starts_with('[') { "toml" } else { "sql" }
}

fn evidence(text: &mut String, result: &CheckResult) {
    put!(text, "<details><summary>Evidence: {}</summary>\n", counted(result.evidence.len(), "probe"));
    for evidence in &result.evidence {
        probe(text, evidence);
    }
    if let Some(repro) = &result.repro {
        put!(text, "Repeat it by hand in psql:\n\n{}", block("sql", repro));
    }
    put!(text, "</details>\n");
}

fn probe(text: &mut String, evidence: &Evidence) {
    let shape = if evidence.shape.is_empty() { String::new() } else { format!(" ({})", prose(&evidence.shape)) };
    put!(
        text,
        "**{}**{shape}: {}, as role {}\n",
        prose(&evidence.part),
        prose(&evidence.principal),
        code(&evidence.role)
    );
    let claims: Vec<String> =
        evidence.claims.iter().map(|(setting, value)| format!("-- {setting} = {value}")).collect();
    // A line break in a claim must not leave the comment.
    let claims: Vec<String> = claims.iter().map(|claim| super::visible(claim).into_owned()).collect();
    let lines: Vec<&str> = claims.iter().map(String::as_str).chain([evidence.statement.as_str()]).collect();
    put!(text, "{}", block("sql", &lines.join("\n")));
    put!(text, "→ {}\n", prose(&evidence.response));
}

fn unproven(text: &mut String, digest: &Digest<'_>) {
    if digest.unproven.is_empty() {
        return;
    }
    put!(text, "## Unproven\n");
    for gap in gaps(&digest.unproven) {
        for result in &gap.results {
            put!(text, "<a id=\"{}\"></a>", anchor(result));
        }
        put!(text, "\n#### {} ({})\n", code(gap.check), gap.severity);
        let objects: Vec<String> = gap.results.iter().map(|result| code(&result.object.to_string())).collect();
        put!(text, "- On: {}", objects.join(", "));
        put!(text, "- Because: {}\n", prose(gap.observed));
        if let Some(fix) = gap.fix {
            put!(text, "What would help:\n\n{}", block(fix_language(fix), fix));
        }
    }
}

fn minor(text: &mut String, digest: &Digest<'_>) {
    if digest.minor.is_empty() {
        return;
    }
    put!(text, "## Warnings and notes\n");
    put!(text, "<details><summary>{}</summary>\n", digest.minor_counts());
    for result in &digest.minor {
        finding(text, result);
    }
    put!(text, "</details>\n");
}

fn waived(text: &mut String, record: &RunRecord, digest: &Digest<'_>) {
    if digest.waived.is_empty() {
        return;
    }
    put!(text, "## Waived\n");
    put!(text, "| Check | Object | Until | Who answers | Why | Accepted by |\n|---|---|---|---|---|---|");
    for result in &digest.waived {
        let Some(waiver) = &result.waiver else { continue };
        let soon = days_left(record, &waiver.expires).is_some_and(|days| days <= SOON_DAYS);
        put!(
            text,
            "| <a id=\"{}\"></a>{} | {} | {}{} | {} | {} | {} |",
            anchor(result),
            code(&result.check),
            code(&result.object.to_string()),
            prose(&waiver.expires),
            if soon { " **(soon)**" } else { "" },
            prose(&waiver.owner),
            prose(&waiver.reason),
            prose(waiver.accepted_by.as_deref().unwrap_or_default()),
        );
    }
    put!(text, "");
}

fn claims(text: &mut String, record: &RunRecord) {
    if record.release.is_empty() {
        return;
    }
    put!(text, "## Claims\n\n| What is said | What the run shows | By |\n|---|---|---|");
    for line in &record.release {
        let word = match line.status {
            Status::Pass => "✓ confirmed",
            Status::Fail => "✗ refuted",
            _ => "? unproven",
        };
        put!(text, "| {} | {word} | {} |", prose(&line.line), prose(&line.evidence));
    }
    put!(text, "");
}

fn facts(text: &mut String, record: &RunRecord) {
    let run = &record.run;
    put!(text, "## Run\n");
    put!(text, "| | |\n|---|---|");
    let mut fact = |label: &str, value: String| {
        if !value.is_empty() {
            put!(text, "| {label} | {value} |");
        }
    };
    fact("Server", prose(&format!("PostgreSQL {}, {}", run.postgres.version, run.postgres.provider)));
    fact("Because", prose(&run.postgres.reason));
    fact("Profile", prose(&run.profile));
    fact("Default privileges", prose(&run.default_privileges));
    fact("Seed", run.seed.to_string());
    fact("Started", prose(&run.started));
    fact("Took", duration(run.duration_ms));
    fact("Commit", run.commit.as_deref().map(code).unwrap_or_default());
    fact("Schema", code(&run.schema_fingerprint));
    let stand_ins: Vec<String> = run.postgres.stand_ins.iter().map(|name| code(name)).collect();
    fact("Stand-ins", stand_ins.join(", "));
    if !run.notes.is_empty() {
        put!(text, "");
        for note in &run.notes {
            put!(text, "- {}", prose(note));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::snapshots::in_snapshots;

    /// The text without its blocks of code.
    fn outside_blocks(text: &str) -> Vec<&str> {
        let mut fence: Option<&str> = None;
        let mut lines = Vec::new();
        for line in text.lines() {
            let ticks = line.get(..line.len() - line.trim_start_matches('`').len()).unwrap_or_default();
            match fence {
                None if ticks.len() >= 3 => fence = Some(ticks),
                None => lines.push(line),
                Some(open) if line == open => fence = None,
                Some(_) => {}
            }
        }
        assert_eq!(fence, None, "a block does not end");
        lines
    }

    #[test]
    fn a_blocked_run_reads_verdict_first() {
        in_snapshots(|| insta::assert_snapshot!("markdown_blocked", render(&sample::blocked())));
    }

    #[test]
    fn a_ready_run_is_short() {
        in_snapshots(|| insta::assert_snapshot!("markdown_ready", render(&sample::ready())));
    }

    #[test]
    fn hostile_names_stay_in_their_places() {
        let text = render(&sample::hostile());
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        for line in outside_blocks(&text) {
            for acting in ["<script", "](http", "@everyone", "*b*", "~~~"] {
                assert!(!line.contains(acting), "{acting} in {line}");
            }
            let opened = line.matches("<details").count() + line.matches("</details").count();
            assert!(opened == 0 || line.starts_with("<details>") || line == "</details>", "{line}");
        }
        assert_eq!(
            outside_blocks(&text).join("\n").matches("<details>").count(),
            outside_blocks(&text).join("\n").matches("</details>").count()
        );
    }

    #[test]
    fn every_row_of_a_table_has_as_many_cells_as_its_heading() {
        for record in [sample::blocked(), sample::hostile(), sample::large(3)] {
            let text = render(&record);
            let mut width = None;
            for line in outside_blocks(&text) {
                if !line.starts_with('|') {
                    width = None;
                    continue;
                }
                let cells = line.matches('|').count();
                assert_eq!(*width.get_or_insert(cells), cells, "{line}");
            }
        }
    }

    #[test]
    fn every_link_leads_somewhere() {
        let text = render(&sample::blocked());
        let targets: Vec<&str> = text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(targets.len() > 4, "{targets:?}");
        for target in targets {
            assert!(text.contains(&format!("<a id=\"{target}\"></a>")), "{target}");
        }
    }
}
