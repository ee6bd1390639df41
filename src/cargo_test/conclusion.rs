use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};

use crate::report::{self, TerminalOptions, visible};
use crate::verdict::{CheckResult, RunRecord, RunVerdict, Status};

/// How failures are printed: whoever collects the output of tests has no terminal.
const OPTIONS: TerminalOptions = TerminalOptions { width: 100, colour: false, verbose: false };

/// What came of one system: a record, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Concluded {
    pub(super) system: String,
    pub(super) record: Option<Box<RunRecord>>,
    pub(super) error: Option<String>,
}

/// The outcome of every trial by its name: nothing where it passes, else the evidence.
#[derive(Debug, Default)]
pub(super) struct Conclusions {
    trials: BTreeMap<String, Option<String>>,
    /// Systems of which nothing is known, with the reason.
    failed: Vec<(String, String)>,
}

/// `raptorflow::public.moves::isolation/cross-tenant-read`, always one line.
pub(super) fn trial_name(system: &str, subject: &str, check: &str) -> String {
    visible(&format!("{system}::{subject}::{check}")).into_owned()
}

/// The trial that stands for a system as a whole: it also catches what no other trial is about.
pub(super) fn verdict_name(system: &str) -> String {
    visible(&format!("{system}::verdict")).into_owned()
}

impl Conclusions {
    pub(super) fn of(concluded: &[Concluded]) -> Self {
        let mut conclusions = Self::default();
        for one in concluded {
            let verdict = match (&one.record, &one.error) {
                (Some(record), _) => {
                    conclusions.add_results(&one.system, record);
                    verdict_failure(record)
                }
                (None, error) => {
                    let reason = error.clone().unwrap_or_else(|| "nothing is known about the run".to_owned());
                    conclusions.failed.push((one.system.clone(), reason.clone()));
                    Some(reason)
                }
            };
            conclusions.trials.insert(verdict_name(&one.system), verdict);
        }
        conclusions
    }

    fn add_results(&mut self, system: &str, record: &RunRecord) {
        for result in &record.results {
            let subjects =
                if result.tables.is_empty() { vec![result.object.to_string()] } else { result.tables.clone() };
            for subject in subjects {
                let outcome = self.trials.entry(trial_name(system, &subject, &result.check)).or_default();
                if fails(result) {
                    let text = outcome.get_or_insert_default();
                    text.push('\n');
                    text.push_str(&report::terminal_finding(result, &OPTIONS));
                }
            }
        }
    }

    /// The trial of this name; without a result it fails, since a check that was not judged proves nothing.
    pub(super) fn take(&mut self, name: String) -> Trial {
        let outcome = self.trials.remove(&name).unwrap_or_else(|| {
            let prefix = |system: &str| visible(&format!("{system}::")).into_owned();
            let failed = self.failed.iter().find(|(system, _)| name.starts_with(&prefix(system)));
            Some(failed.map_or_else(|| "the run gave no result for this".to_owned(), |(_, reason)| reason.clone()))
        });
        trial(name, outcome)
    }

    pub(super) fn into_trials(self) -> Vec<Trial> {
        self.trials.into_iter().map(|(name, outcome)| trial(name, outcome)).collect()
    }
}

fn trial(name: String, outcome: Option<String>) -> Trial {
    Trial::test(name, move || outcome.map_or(Ok(()), |text| Err(Failed::from(text))))
}

/// A trial gates as the verdict does: what would not block does not fail it.
fn fails(result: &CheckResult) -> bool {
    match result.status {
        Status::Error => true,
        Status::Fail | Status::Unproven => result.severity.blocks(),
        Status::Pass | Status::NotApplicable | Status::Waived => false,
    }
}

fn verdict_failure(record: &RunRecord) -> Option<String> {
    match record.run.verdict {
        RunVerdict::Ready => None,
        RunVerdict::Blocked | RunVerdict::Failed | RunVerdict::Empty => Some(report::terminal(record, &OPTIONS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn conclusions(record: RunRecord) -> Conclusions {
        let system = record.run.system.clone();
        Conclusions::of(&[Concluded { system, record: Some(Box::new(record)), error: None }])
    }

    #[test]
    fn a_trial_fails_with_the_evidence_where_the_verdict_would_be_blocked() {
        let trials = conclusions(sample::blocked()).trials;
        let failed = |name: &str| trials.get(name).cloned().flatten();
        let text = failed("raptorflow::public.moves::isolation/cross-tenant-read").unwrap_or_default();
        assert!(text.contains("select * from \"public\".\"moves\"") && text.contains("control"), "{text}");
        assert!(failed("raptorflow::public.icp_tags::isolation/cross-tenant-insert").is_some(), "unproven blocks");
        assert!(failed("raptorflow::verdict").is_some());
    }

    #[test]
    fn what_does_not_block_passes() {
        let trials = conclusions(sample::blocked()).trials;
        for name in [
            "raptorflow::public.icp_tags::isolation/uniqueness-oracle",
            "raptorflow::public.plans::privileges/truncate-granted",
            "raptorflow::public.plans::isolation/cross-tenant-read",
            "raptorflow::public.moves::isolation/cross-tenant-insert",
        ] {
            assert_eq!(trials.get(name), Some(&None), "{name}");
        }
    }

    #[test]
    fn one_failure_among_several_results_of_a_trial_fails_it() {
        let mut record = sample::blocked();
        let mut passing = record.results.clone();
        for result in &mut passing {
            result.status = Status::Pass;
        }
        record.results.extend(passing);
        let trials = conclusions(record).trials;
        assert!(trials["raptorflow::public.moves::isolation/cross-tenant-read"].is_some());
    }

    #[test]
    fn a_hostile_name_is_one_line() {
        let names: Vec<String> = conclusions(sample::hostile()).trials.into_keys().collect();
        assert!(names.iter().all(|name| !name.contains(['\n', '\u{1b}'])), "{names:?}");
    }
}
