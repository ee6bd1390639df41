use owo_colors::Style;

use super::page::Page;
use crate::report::text::{clip, counted};
use crate::verdict::{CheckResult, Evidence, Severity, Status};

/// An answer or value longer than this is cut: the record has it whole.
const LONGEST_VALUE: usize = 2_000;

/// So many consequences are named without `--verbose`.
const MOST_CONSEQUENCES: usize = 6;

/// Prints one result with what was seen; `all` its probes, or the first attack and the first control.
pub(super) fn print(page: &mut Page, result: &CheckResult, all: bool) {
    let object = result.object.to_string();
    let tag = match result.status {
        Status::Fail => format!("✗ {}", result.severity),
        Status::Unproven => format!("? unproven ({})", result.severity),
        Status::Error => "‼ error".to_owned(),
        Status::Waived => "~ waived".to_owned(),
        Status::Pass => "✓ pass".to_owned(),
        Status::NotApplicable => "· n/a".to_owned(),
    };
    page.parts(0, &[(&tag, tag_style(result)), (&result.check, Style::new().bold()), (&object, Style::new().bold())]);
    page.prose(2, &result.summary);
    page.field(2, "expected", &result.expected);
    page.field(2, "observed", &clip(&result.observed, LONGEST_VALUE));
    let mut hidden = 0;
    let mut parts: Vec<&str> = Vec::new();
    for evidence in &result.evidence {
        if all || !parts.contains(&evidence.part.as_str()) {
            print_evidence(page, evidence);
            parts.push(&evidence.part);
        } else {
            hidden += 1;
        }
    }
    if hidden > 0 {
        page.field(2, "", &format!("… {} in the record; --verbose shows them", counted(hidden, "more probe")));
    }
    page.block(2, "fix", result.fix.as_deref().unwrap_or_default());
    if let Some(source) = &result.source {
        page.field(2, "defined", &format!("{}:{}", source.file, source.line));
    }
    explains(page, result, all);
    if all {
        page.block(2, "repeat", result.repro.as_deref().unwrap_or_default());
    }
}

/// What follows from the fault, a line for each: some, or all.
fn explains(page: &mut Page, result: &CheckResult, all: bool) {
    let shown = if all { usize::MAX } else { MOST_CONSEQUENCES };
    for (index, consequence) in result.consequences.iter().take(shown).enumerate() {
        page.field(2, if index == 0 { "explains" } else { "" }, consequence);
    }
    let more = result.consequences.len().saturating_sub(shown);
    if more > 0 {
        page.field(2, "", &format!("… and {}", counted(more, "more failure")));
    }
}

fn print_evidence(page: &mut Page, evidence: &Evidence) {
    let who = format!("{}, as role {}", evidence.principal, evidence.role);
    let shape = if evidence.shape.is_empty() { String::new() } else { format!(" ({})", evidence.shape) };
    page.field(2, &evidence.part, &format!("{who}{shape}"));
    for (setting, value) in &evidence.claims {
        page.block(2, "", &format!("{setting} = {}", clip(value, LONGEST_VALUE)));
    }
    page.block(2, "", &clip(&evidence.statement, LONGEST_VALUE * 2));
    page.field(2, "", &format!("→ {}", clip(&evidence.response, LONGEST_VALUE)));
}

fn tag_style(result: &CheckResult) -> Style {
    match (result.status, result.severity) {
        (Status::Fail, Severity::Critical | Severity::Error) | (Status::Error, _) => Style::new().red().bold(),
        (Status::Fail, Severity::Warning) => Style::new().yellow().bold(),
        (Status::Fail, Severity::Info) => Style::new().blue().bold(),
        (Status::Unproven, _) => Style::new().magenta().bold(),
        (Status::Waived, _) => Style::new().cyan(),
        (Status::Pass, _) => Style::new().green(),
        (Status::NotApplicable, _) => Style::new().dimmed(),
    }
}
