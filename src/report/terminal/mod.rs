//! The report as a person reads it after a run.

mod finding;
mod matrix;
mod page;

use owo_colors::Style;

use self::page::Page;
use super::digest::{Digest, Gap, SOON_DAYS, days_left, gaps};
use super::text::{counted, duration, visible};
use crate::verdict::{CheckResult, RunRecord, RunVerdict, Severity, Status};

/// How to print for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// In columns.
    pub width: usize,
    /// Whether escape sequences for colours may be used.
    pub colour: bool,
    /// Everything: warnings, every probe, every row of the matrix.
    pub verbose: bool,
}

/// So many findings are shown in full without `--verbose`; the record has them all.
const MOST_FINDINGS: usize = 30;

/// So many objects of a check are named in the list of blockers.
const MOST_OBJECTS: usize = 6;

/// The report, verdict first.
#[must_use]
pub fn render(record: &RunRecord, options: &Options) -> String {
    let digest = Digest::of(record);
    let mut page = Page::new(options.width, options.colour);
    verdict(&mut page, record, &digest);
    blockers(&mut page, &digest, options);
    if !record.matrix.is_empty() {
        page.heading("Matrix");
        matrix::print(&mut page, "table", &record.matrix, options.verbose);
    }
    if !record.operations.is_empty() {
        page.heading("Operations");
        matrix::print(&mut page, "operation", &record.operations, options.verbose);
    }
    findings(&mut page, "Findings", &digest.failed, options);
    findings(&mut page, "Where the harness broke", &digest.broken, options);
    unproven(&mut page, &gaps(&digest.unproven), options);
    minor(&mut page, &digest, options);
    waived(&mut page, record, &digest);
    claims(&mut page, record);
    facts(&mut page, record);
    page.finish()
}

/// One result with what was seen, as the report prints it.
#[must_use]
pub fn finding(result: &CheckResult, options: &Options) -> String {
    let mut page = Page::new(options.width, options.colour);
    finding::print(&mut page, result, options.verbose);
    page.finish()
}

fn verdict(page: &mut Page, record: &RunRecord, digest: &Digest<'_>) {
    let (sign, style) = match record.run.verdict {
        RunVerdict::Ready => ("✓", Style::new().green().bold()),
        RunVerdict::Blocked => ("✗", Style::new().red().bold()),
        RunVerdict::Failed => ("‼", Style::new().red().bold()),
        RunVerdict::Empty => ("·", Style::new().yellow().bold()),
    };
    let word = format!("{sign} {}", record.run.verdict);
    page.parts(0, &[(&word, style), (&record.run.system, Style::new().bold())]);
    page.prose(0, &digest.sentence(record));
}

fn blockers(page: &mut Page, digest: &Digest<'_>, options: &Options) {
    let blockers = digest.blockers();
    if blockers.is_empty() {
        return;
    }
    page.heading("Blockers");
    for blocker in blockers {
        let (sign, word) = match blocker.status {
            Status::Unproven => ("?", "unproven".to_owned()),
            Status::Error => ("‼", "error".to_owned()),
            _ => ("✗", blocker.severity.to_string()),
        };
        let most = if options.verbose { usize::MAX } else { MOST_OBJECTS };
        let mut objects: Vec<String> =
            blocker.results.iter().take(most).map(|result| visible(&result.object.to_string()).into_owned()).collect();
        let more = blocker.results.len().saturating_sub(most);
        if more > 0 {
            objects.push(format!("and {more} more"));
        }
        let lead = format!("  {sign} {word:<9} ");
        page.hanging(&lead, "      ", &format!("{}: {}", visible(blocker.check), objects.join(", ")));
    }
}

fn findings(page: &mut Page, heading: &str, results: &[&CheckResult], options: &Options) {
    if results.is_empty() {
        return;
    }
    page.heading(heading);
    let most = if options.verbose { usize::MAX } else { MOST_FINDINGS };
    for result in results.iter().take(most) {
        page.blank();
        finding::print(page, result, options.verbose);
    }
    let more = results.len().saturating_sub(most);
    if more > 0 {
        page.blank();
        page.prose(0, &format!("… {}: in the files of the report, or with --verbose.", counted(more, "more finding")));
    }
}

fn unproven(page: &mut Page, gaps: &[Gap<'_>], options: &Options) {
    if gaps.is_empty() {
        return;
    }
    page.heading("Unproven");
    for gap in gaps {
        page.blank();
        let tag = format!("? unproven ({})", gap.severity);
        page.parts(0, &[(&tag, Style::new().magenta().bold()), (gap.check, Style::new().bold())]);
        let most = if options.verbose { usize::MAX } else { MOST_OBJECTS };
        let mut objects: Vec<String> = gap.results.iter().take(most).map(|result| result.object.to_string()).collect();
        let more = gap.results.len().saturating_sub(most);
        if more > 0 {
            objects.push(format!("and {more} more"));
        }
        page.field(2, "on", &objects.join(", "));
        page.field(2, "because", gap.observed);
        page.block(2, "to mend", gap.fix.unwrap_or_default());
    }
}

fn minor(page: &mut Page, digest: &Digest<'_>, options: &Options) {
    if digest.minor.is_empty() {
        return;
    }
    if options.verbose {
        findings(page, "Warnings and notes", &digest.minor, options);
        return;
    }
    page.heading("Warnings and notes");
    let mut checks: Vec<(Severity, &str, usize)> = Vec::new();
    for result in &digest.minor {
        match checks.iter_mut().find(|(_, check, _)| *check == result.check) {
            Some((_, _, count)) => *count += 1,
            None => checks.push((result.severity, &result.check, 1)),
        }
    }
    for (severity, check, count) in checks {
        let sign = if severity == Severity::Warning { "!" } else { "·" };
        page.prose(2, &format!("{sign} {:<9} {check}: {}", severity.to_string(), counted(count, "object")));
    }
    page.prose(2, "--verbose shows them.");
}

fn waived(page: &mut Page, record: &RunRecord, digest: &Digest<'_>) {
    if digest.waived.is_empty() {
        return;
    }
    page.heading("Waived");
    for result in &digest.waived {
        let object = result.object.to_string();
        page.parts(2, &[("~", Style::new().cyan()), (&result.check, Style::new()), (&object, Style::new())]);
        let Some(waiver) = &result.waiver else { continue };
        let accepted = waiver.accepted_by.as_ref().map(|who| format!(", accepted by {who}")).unwrap_or_default();
        let soon = match days_left(record, &waiver.expires) {
            Some(days) if days <= SOON_DAYS => {
                format!(" ({} left)", counted(usize::try_from(days).unwrap_or(0), "day"))
            }
            _ => String::new(),
        };
        let text = format!("{}: until {}{soon}, {} answers{accepted}", waiver.reason, waiver.expires, waiver.owner);
        page.prose(6, &text);
    }
}

/// What a document says, and what came of it.
fn claims(page: &mut Page, record: &RunRecord) {
    if record.release.is_empty() {
        return;
    }
    page.heading("Claims");
    for line in &record.release {
        let (word, style) = match line.status {
            Status::Pass => ("✓ confirmed", Style::new().green()),
            Status::Fail => ("✗ refuted", Style::new().red().bold()),
            _ => ("? unproven", Style::new().magenta().bold()),
        };
        page.parts(2, &[(word, style), (&line.line, Style::new().bold())]);
        page.prose(6, &line.evidence);
    }
}

fn facts(page: &mut Page, record: &RunRecord) {
    let run = &record.run;
    page.heading("Run");
    let why = if run.postgres.reason.is_empty() { String::new() } else { format!(": {}", run.postgres.reason) };
    page.field(2, "server", &format!("PostgreSQL {}, {}{why}", run.postgres.version, run.postgres.provider));
    let privileges = match run.default_privileges.as_str() {
        "" | "none" => String::new(),
        mode => format!(", default privileges {mode}"),
    };
    page.field(2, "profile", &format!("{}{privileges}", run.profile));
    page.field(2, "seed", &run.seed.to_string());
    page.field(2, "took", &format!("{}, started {}", duration(run.duration_ms), run.started));
    page.field(2, "commit", run.commit.as_deref().unwrap_or_default());
    page.field(2, "schema", &run.schema_fingerprint);
    page.field(2, "stand-ins", &run.postgres.stand_ins.join(", "));
    for note in &run.notes {
        page.field(2, "note", note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::snapshots::in_snapshots;

    const NARROW: Options = Options { width: 80, colour: false, verbose: false };

    fn assert_fits(text: &str, width: usize) {
        for line in text.lines() {
            assert!(textwrap::core::display_width(line) <= width, "wider than {width}: {line}");
        }
    }

    /// The matrix alone: statements are never wrapped, so that they can be copied.
    fn matrix_of(text: &str) -> &str {
        let from = text.find("Matrix\n").unwrap_or_default();
        text.get(from..).and_then(|rest| rest.split("\n\nFindings").next()).unwrap_or_default()
    }

    #[test]
    fn a_blocked_run_reads_verdict_first() {
        in_snapshots(|| insta::assert_snapshot!("terminal_blocked_80", render(&sample::blocked(), &NARROW)));
    }

    #[test]
    fn a_wide_terminal_is_used() {
        let wide = Options { width: 200, verbose: true, ..NARROW };
        in_snapshots(|| insta::assert_snapshot!("terminal_blocked_200_verbose", render(&sample::blocked(), &wide)));
    }

    #[test]
    fn a_ready_run_is_short() {
        in_snapshots(|| insta::assert_snapshot!("terminal_ready_80", render(&sample::ready(), &NARROW)));
    }

    #[test]
    fn the_matrix_fits_80_columns_with_every_column_and_long_names() {
        let record = sample::large(3);
        let text = render(&record, &NARROW);
        assert_fits(matrix_of(&text), 80);
        in_snapshots(|| insta::assert_snapshot!("terminal_matrix_80", matrix_of(&text)));
    }

    #[test]
    fn the_matrix_stands_side_by_side_where_there_is_room() {
        let text = render(&sample::large(3), &Options { width: 200, ..NARROW });
        assert_eq!(matrix_of(&text).matches("Monitoring").count(), 1);
        let heading = matrix_of(&text).lines().find(|line| line.contains("Schema")).unwrap_or_default();
        assert!(heading.contains("Contract"), "one band: {heading}");
    }

    #[test]
    fn rows_on_which_everything_passed_are_counted_where_there_are_many() {
        let short = render(&sample::large(100), &NARROW);
        assert!(short.contains("Everything passed on 101 more tables"), "{}", matrix_of(&short));
        let long = render(&sample::large(100), &Options { verbose: true, width: 200, ..NARROW });
        assert!(long.contains("longer_than_most_0099"));
    }

    #[test]
    fn hostile_names_do_not_act_on_the_terminal() {
        let text = render(&sample::hostile(), &Options { verbose: true, ..NARROW });
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        assert!(text.lines().all(|line| !line.starts_with('#')), "a line break in a name starts no line");
        let one = finding(&sample::hostile().results[0], &NARROW);
        assert!(!one.contains('\u{1b}'));
    }

    #[test]
    fn colours_only_add_to_signs_and_words() {
        let plain = render(&sample::blocked(), &NARROW);
        let colourful = render(&sample::blocked(), &Options { colour: true, ..NARROW });
        assert!(colourful.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&colourful).to_string().replace(' ', ""), plain.replace(' ', ""));
    }

    #[test]
    fn the_first_attack_and_control_are_shown_and_the_rest_on_demand() {
        let short = render(&sample::blocked(), &NARROW);
        assert!(short.contains("1 more probe in the record"));
        assert!(!short.contains("by id"));
        let long = render(&sample::blocked(), &Options { verbose: true, ..NARROW });
        assert!(long.contains("by id") && long.contains("set local role"));
    }
}
