use serde::{Deserialize, Serialize};

use super::{CheckResult, Status};

/// Somebody answers for a failure, until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The exact check id.
    pub check: String,
    /// The exact object, as results print it: `public.moves`, `public.moves (tier)`.
    pub object: String,
    /// Why it is borne.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: String,
    /// Who accepted a critical one.
    pub accepted_by: Option<String>,
}

/// A waiver as a result carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedWaiver {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub expires: String,
    /// Who accepted a critical one.
    pub accepted_by: Option<String>,
    /// The status that it covers.
    pub covers: Status,
}

/// A waiver that did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaiverProblem {
    /// Its day has passed: the result stands.
    Expired(Waiver),
    /// It names nothing that failed or was unproven.
    Unused(Waiver),
    /// It covers a critical result but does not say who accepted that: the result stands.
    NotAccepted(Waiver),
}

/// Turns each failing or unproven result that a waiver names into a waived one, and tells which waivers did nothing.
///
/// `today` is `YYYY-MM-DD`.
pub fn apply_waivers(results: &mut [CheckResult], waivers: &[Waiver], today: &str) -> Vec<WaiverProblem> {
    let mut problems = Vec::new();
    for waiver in waivers {
        let mut covered: Vec<&mut CheckResult> = results
            .iter_mut()
            .filter(|result| result.check == waiver.check && result.object.to_string() == waiver.object)
            .filter(|result| matches!(result.status, Status::Fail | Status::Unproven))
            .collect();
        if covered.is_empty() {
            problems.push(WaiverProblem::Unused(waiver.clone()));
        } else if waiver.expires.as_str() < today {
            problems.push(WaiverProblem::Expired(waiver.clone()));
        } else if waiver.accepted_by.is_none()
            && covered.iter().any(|result| result.severity == super::Severity::Critical)
        {
            problems.push(WaiverProblem::NotAccepted(waiver.clone()));
        } else {
            for result in &mut covered {
                result.waiver = Some(AppliedWaiver {
                    owner: waiver.owner.clone(),
                    reason: waiver.reason.clone(),
                    expires: waiver.expires.clone(),
                    accepted_by: waiver.accepted_by.clone(),
                    covers: result.status,
                });
                result.status = Status::Waived;
            }
        }
    }
    problems
}
