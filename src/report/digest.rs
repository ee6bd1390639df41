use std::collections::{BTreeMap, BTreeSet};

use super::text::{counted, listed};
use crate::verdict::{CellStatus, CheckResult, Column, Family, RunRecord, RunVerdict, Severity, Status};

/// The results of a run, sorted by what they ask of the reader; within each group the gravest first, then by object.
pub(super) struct Digest<'record> {
    /// The harness broke on these.
    pub(super) broken: Vec<&'record CheckResult>,
    /// Failures that block.
    pub(super) failed: Vec<&'record CheckResult>,
    /// What would block and could not be proved.
    pub(super) unproven: Vec<&'record CheckResult>,
    /// Failed or unproven, but only a warning or worth knowing.
    pub(super) minor: Vec<&'record CheckResult>,
    /// Failed or unproven for the same cause as another result: told with that one.
    pub(super) explained: Vec<&'record CheckResult>,
    /// Answered for by somebody.
    pub(super) waived: Vec<&'record CheckResult>,
    /// How many passed.
    pub(super) passed: usize,
    /// How many had nothing to be about.
    pub(super) not_applicable: usize,
}

impl<'record> Digest<'record> {
    pub(super) fn of(record: &'record RunRecord) -> Self {
        let mut results: Vec<&CheckResult> = record.results.iter().collect();
        results.sort_by(|left, right| {
            (left.severity, &left.object, &left.check).cmp(&(right.severity, &right.object, &right.check))
        });
        let pick = |wanted: &dyn Fn(&CheckResult) -> bool| -> Vec<&'record CheckResult> {
            results.iter().copied().filter(|result| wanted(result)).collect()
        };
        let undecided = |result: &CheckResult| matches!(result.status, Status::Fail | Status::Unproven);
        let explained = |result: &CheckResult| undecided(result) && result.cause.is_some();
        let open = |result: &CheckResult| undecided(result) && result.cause.is_none();
        let count = |status: Status| results.iter().filter(|result| result.status == status).count();
        Self {
            broken: pick(&|result| result.status == Status::Error),
            failed: pick(&|result| result.status == Status::Fail && open(result) && result.severity.blocks()),
            unproven: pick(&|result| result.status == Status::Unproven && open(result) && result.severity.blocks()),
            minor: pick(&|result| open(result) && !result.severity.blocks()),
            explained: pick(&explained),
            waived: pick(&|result| result.status == Status::Waived),
            passed: count(Status::Pass),
            not_applicable: count(Status::NotApplicable),
        }
    }

    /// What blocks, a line for each check, the gravest first, with the objects.
    pub(super) fn blockers(&self) -> Vec<Blocker<'record>> {
        let mut blockers: Vec<Blocker<'record>> = Vec::new();
        for result in self.broken.iter().chain(&self.failed).chain(&self.unproven) {
            let same = |blocker: &&mut Blocker<'_>| {
                blocker.check == result.check && blocker.status == result.status && blocker.severity == result.severity
            };
            match blockers.iter_mut().find(same) {
                Some(blocker) => blocker.results.push(result),
                None => blockers.push(Blocker {
                    check: &result.check,
                    status: result.status,
                    severity: result.severity,
                    results: vec![result],
                }),
            }
        }
        blockers
    }

    /// The verdict in a sentence or two.
    pub(super) fn sentence(&self, record: &RunRecord) -> String {
        let tables = record.matrix.len();
        let mut blocking = Vec::new();
        let mut say = |count: usize, one: &str, many: &str| {
            if count > 0 {
                blocking.push(format!("{count} {}", if count == 1 { one } else { many }));
            }
        };
        say(self.failed.len(), "fault", "faults");
        say(self.unproven.len(), "unproven check", "unproven checks");
        say(self.broken.len(), "check on which the harness broke", "checks on which the harness broke");
        let count: usize = self.failed.len() + self.unproven.len() + self.broken.len();
        let first = match record.run.verdict {
            RunVerdict::Ready => "Nothing blocks the launch.".to_owned(),
            RunVerdict::Blocked if count == 0 => "The launch is blocked; see the notes below.".to_owned(),
            RunVerdict::Blocked => {
                format!("{} {} the launch.", listed(&blocking), if count == 1 { "blocks" } else { "block" })
            }
            RunVerdict::Failed => "The run did not come to its end: what is below is not a verdict.".to_owned(),
            RunVerdict::Empty => return "Nothing was checked.".to_owned(),
        };
        let mut rest = Vec::new();
        if !self.explained.is_empty() {
            rest.push(format!("{} for the same causes", counted(self.explained.len(), "more failure")));
        }
        rest.push(format!("{} passed on {}", counted(self.passed, "check"), counted(tables, "table")));
        if !self.minor.is_empty() {
            rest.push(self.minor_counts());
        }
        if self.not_applicable > 0 {
            rest.push(format!("{} not applicable", self.not_applicable));
        }
        if !self.waived.is_empty() {
            rest.push(format!("{} waived", self.waived.len()));
        }
        format!("{first} {}.", rest.join("; "))
    }

    /// `3 warnings and 1 info`.
    pub(super) fn minor_counts(&self) -> String {
        let of = |severity| self.minor.iter().filter(|result| result.severity == severity).count();
        let counts = [(of(Severity::Warning), "warning"), (of(Severity::Info), "note")];
        let parts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(*count, noun)).collect();
        listed(&parts)
    }
}

/// Results of one check that block, all for the same cause.
pub(super) struct Blocker<'record> {
    pub(super) check: &'record str,
    pub(super) status: Status,
    pub(super) severity: Severity,
    pub(super) results: Vec<&'record CheckResult>,
}

/// Unproven results that have the same reason, so that it is told once.
pub(super) struct Gap<'record> {
    pub(super) check: &'record str,
    pub(super) severity: Severity,
    pub(super) observed: &'record str,
    pub(super) fix: Option<&'record str>,
    pub(super) results: Vec<&'record CheckResult>,
}

/// The unproven results by check and reason.
pub(super) fn gaps<'record>(results: &[&'record CheckResult]) -> Vec<Gap<'record>> {
    let mut gaps: Vec<Gap<'record>> = Vec::new();
    for result in results {
        let same = |gap: &&mut Gap<'_>| {
            gap.check == result.check && gap.observed == result.observed && gap.fix == result.fix.as_deref()
        };
        match gaps.iter_mut().find(same) {
            Some(gap) => gap.results.push(result),
            None => gaps.push(Gap {
                check: &result.check,
                severity: result.severity,
                observed: &result.observed,
                fix: result.fix.as_deref(),
                results: vec![result],
            }),
        }
    }
    gaps
}

/// The sign and the word of a cell: never one without the other.
pub(super) fn sign_and_word(status: CellStatus) -> &'static str {
    match status {
        CellStatus::Error => "‼ error",
        CellStatus::Fail => "✗ fail",
        CellStatus::Unproven => "? unproven",
        CellStatus::Warn => "! warn",
        CellStatus::Waived => "~ waived",
        CellStatus::Pass => "✓ pass",
        CellStatus::NotApplicable => "· n/a",
    }
}

/// The columns in which anything at all was checked.
pub(super) fn columns<'rows>(rows: impl Iterator<Item = &'rows BTreeMap<Column, CellStatus>>) -> Vec<Column> {
    let used: BTreeSet<Column> = rows.flat_map(|row| row.keys().copied()).collect();
    Column::ALL.into_iter().filter(|column| used.contains(column)).collect()
}

/// The column that a result counts in.
pub(super) fn column_of(result: &CheckResult) -> Option<Column> {
    let (family, _) = result.check.split_once('/')?;
    Family::named(family)?.column()
}

/// Whether a waiver ends within [`SOON_DAYS`] of the day of the run; `None` where either is no date.
pub(super) fn days_left(record: &RunRecord, expires: &str) -> Option<i64> {
    Some(day_number(expires)? - day_number(&record.run.started)?)
}

/// A waiver that ends within so many days is pointed out.
pub(super) const SOON_DAYS: i64 = 14;

/// Days since some day long ago, of the `YYYY-MM-DD` that the text begins with (Fliegel and Van Flandern, 1968).
fn day_number(text: &str) -> Option<i64> {
    let date: toml::value::Datetime = text.get(..10)?.parse().ok()?;
    let date = date.date?;
    let (year, month, day) = (i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let shift = (month - 14) / 12;
    Some(
        day - 32_075 + 1461 * (year + 4800 + shift) / 4 + 367 * (month - 2 - shift * 12) / 12
            - 3 * ((year + 4900 + shift) / 100) / 4,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        let mut record = sample::blocked();
        record.run.started = "2028-02-27T23:59:59Z".to_owned();
        assert_eq!(days_left(&record, "2028-03-01"), Some(3));
        assert_eq!(days_left(&record, "2027-02-27"), Some(-365));
        assert_eq!(days_left(&record, "soon"), None);
    }

    #[test]
    fn results_are_sorted_by_what_they_ask_of_the_reader() {
        let record = sample::blocked();
        let digest = Digest::of(&record);
        let severities: Vec<Severity> = digest.failed.iter().map(|result| result.severity).collect();
        assert!(severities.is_sorted(), "{severities:?}");
        let all = digest.broken.len()
            + digest.failed.len()
            + digest.unproven.len()
            + digest.minor.len()
            + digest.explained.len()
            + digest.waived.len()
            + digest.passed
            + digest.not_applicable;
        assert_eq!(all, record.results.len(), "every result is in exactly one group");
    }

    #[test]
    fn unproven_results_of_one_cause_are_told_once() {
        let record = sample::blocked();
        let gaps = gaps(&Digest::of(&record).unproven);
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].results.len(), 2);
    }
}
