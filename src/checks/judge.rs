//! The rule that most checks share: an attack must not show what its control shows.

use std::collections::BTreeSet;

use super::{Case, Finding, Judge};
use crate::probe::{Outcome, Part, Signal};
use crate::verdict::{Severity, Status};

/// Reads the outcomes of a case.
#[must_use]
pub fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    read_by(&case.judge, case, outcomes)
}

fn read_by(judge: &Judge, case: &Case, outcomes: &[Outcome]) -> Finding {
    match judge {
        Judge::Settled(finding) => finding.clone(),
        Judge::BesideControls { meant, optional } => beside_controls(case, outcomes, meant, optional),
        Judge::Doubted(inner, reason) => {
            let finding = read_by(inner, case, outcomes);
            if finding.status != Status::Fail {
                return finding;
            }
            let summary = format!(
                "{}; that may be meant, since {reason}: say so with `public` or `shared`, or `shared = []` if not",
                finding.summary
            );
            Finding { summary, ..finding.at(Severity::Warning) }
        }
        Judge::Own(own) => own(case, outcomes),
    }
}

fn is_beside_controls(judge: &Judge) -> bool {
    match judge {
        Judge::BesideControls { .. } => true,
        Judge::Doubted(inner, _) => is_beside_controls(inner),
        Judge::Settled(_) | Judge::Own(_) => false,
    }
}

/// Whether the outcome of probe `index` can still matter, after those before it. Of several owners one that manages in a shape is
/// enough; where an owner manages, the service role need not be asked.
#[must_use]
pub fn is_needed(case: &Case, outcomes: &[Outcome], index: usize) -> bool {
    let Some(probe) = case.probes.get(index).filter(|_| is_beside_controls(&case.judge)) else { return true };
    let shown_before = |same_shape: bool| {
        case.probes.iter().zip(outcomes).any(|(other, outcome)| {
            other.part == Part::Control
                && other.topic == probe.topic
                && (!same_shape || other.shape == probe.shape)
                && other.signal.shows(outcome)
        })
    };
    match probe.part {
        Part::Attack => true,
        Part::Control => !shown_before(true),
        Part::Service => !shown_before(false),
    }
}

/// How a shape's controls ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Control {
    /// The rightful owner managed.
    Owner(usize),
    /// No client managed; the service role did.
    ServiceAlone(usize),
    /// Nobody managed: the statement means nothing here.
    Nobody,
}

/// Fails where an attack shows its signal. Passes where none does and, in every topic, the rightful owner's same
/// statement shows it in some shape; or where no client can do it at all, nobody meant one to, and the service role's
/// shows it. Everything else is unproven (ARCHITECTURE.md, "Why it is so").
#[must_use]
pub fn beside_controls(case: &Case, outcomes: &[Outcome], meant: &[String], optional: &[String]) -> Finding {
    let shows = |index: &usize| match (case.probes.get(*index), outcomes.get(*index)) {
        (Some(probe), Some(outcome)) => probe.signal.shows(outcome),
        _ => false,
    };
    let of_part = |part: Part| {
        (0..case.probes.len()).filter(move |index| case.probes.get(*index).is_some_and(|probe| probe.part == part))
    };
    if let Some(breach) = of_part(Part::Attack).find(&shows) {
        return breached(case, outcomes, breach, &shows);
    }
    let attacks: Vec<usize> = of_part(Part::Attack).collect();
    if attacks.is_empty() {
        return Finding::new(
            Status::Unproven,
            "there is nobody who could attack: the world has no other tenant's user for this table",
        );
    }
    let topics: BTreeSet<&str> =
        attacks.iter().filter_map(|index| case.probes.get(*index)).map(|probe| probe.topic.as_str()).collect();
    let mut proven = Vec::new();
    let mut denied = Vec::new();
    let mut kept = Vec::new();
    for topic in topics {
        match topic_control(case, topic, &shows) {
            Control::Owner(index) => proven.push(index),
            Control::ServiceAlone(index) if !meant.iter().any(|meant| meant == topic) => denied.push(index),
            // Where clients are meant to do it, only the owner's own arrival says that policies let it through.
            control => match (reached(case, outcomes, topic, meant.iter().any(|meant| meant == topic)), control) {
                (Some(index), _) => kept.push(index),
                (None, Control::ServiceAlone(index)) => return owner_cannot(case, outcomes, topic, index),
                (None, _) if optional.iter().any(|optional| optional == topic) => {}
                (None, _) => return nobody_can(case, outcomes, topic),
            },
        }
    }
    let undecided = attacks
        .iter()
        .find(|index| matches!(outcomes.get(**index), Some(Outcome::Invalid(_) | Outcome::Lost(_)) | None));
    if let Some(index) = undecided {
        return Finding::new(Status::Unproven, "a probe could not be run")
            .observed(describe(outcomes.get(*index)))
            .shown_by([*index]);
    }
    if proven.is_empty() && denied.is_empty() && !kept.is_empty() {
        return Finding::new(
            Status::Pass,
            "the database keeps these rows as they are for everybody, and nobody else gets as far as that",
        )
        .observed(describe(kept.first().and_then(|index| outcomes.get(*index))))
        .shown_by(attacks.first().copied().into_iter().chain(kept));
    }
    denied.extend(kept);
    passed(case, outcomes, &attacks, &proven, &denied)
}

/// The probe of an owner or the service role that reached the victim's rows, though it had no effect there: a trigger refused it, as in a
/// table that is appended to alone, or undid it. It says something where every attack in the topic stopped short of that: denied, or
/// finding no row at all.
fn reached(case: &Case, outcomes: &[Outcome], topic: &str, owner_alone: bool) -> Option<usize> {
    let mut of_topic = case.probes.iter().zip(outcomes).enumerate().filter(|(_, (probe, _))| probe.topic == topic);
    let short = |outcome: &Outcome| match outcome {
        Outcome::Completed { rows, affected, .. } => *affected == 0 && rows.is_empty(),
        // 24000: WHERE CURRENT OF, with no row for the cursor to stand on.
        Outcome::Refused(refusal) => matches!(refusal.sqlstate.as_str(), "42501" | "24000"),
        Outcome::Invalid(_) | Outcome::Lost(_) | Outcome::Skipped => false,
    };
    let arrived = |probe: &crate::probe::SqlProbe, outcome: &Outcome| match outcome {
        Outcome::Completed { affected, .. } => *affected > 0 && probe.signal == Signal::Change,
        // Raised by a trigger.
        Outcome::Refused(refusal) => refusal.sqlstate == "P0001",
        Outcome::Invalid(_) | Outcome::Lost(_) | Outcome::Skipped => false,
    };
    if !of_topic.clone().all(|(_, (probe, outcome))| probe.part != Part::Attack || short(outcome)) {
        return None;
    }
    let vouches = |part: Part| part == Part::Control || (part == Part::Service && !owner_alone);
    of_topic.find(|(_, (probe, outcome))| vouches(probe.part) && arrived(probe, outcome)).map(|(index, _)| index)
}

/// As [`beside_controls`], for what nobody may do: where the service role's same statement is taken without effect, or a trigger refuses
/// it, the database itself keeps the value for everybody, and that is a pass too.
#[must_use]
pub fn kept_from_everybody(case: &Case, outcomes: &[Outcome], optional: &[String]) -> Finding {
    let finding = beside_controls(case, outcomes, &[], optional);
    let keeps = |outcome: &Outcome| match outcome {
        Outcome::Completed { affected, .. } => *affected > 0 && !outcome.changed(),
        // Raised by a trigger; a column that is generated always.
        Outcome::Refused(refusal) => matches!(refusal.sqlstate.as_str(), "P0001" | "428C9"),
        Outcome::Invalid(_) | Outcome::Lost(_) | Outcome::Skipped => false,
    };
    let keeper =
        case.probes.iter().zip(outcomes).position(|(probe, outcome)| probe.part == Part::Service && keeps(outcome));
    match (finding.status, keeper) {
        (Status::Unproven, Some(keeper)) => {
            Finding::new(Status::Pass, "a trigger keeps it for everybody, the service role too")
                .observed(describe(outcomes.get(keeper)))
                .shown_by([keeper])
        }
        _ => finding,
    }
}

fn passed(case: &Case, outcomes: &[Outcome], attacks: &[usize], proven: &[usize], denied: &[usize]) -> Finding {
    let summary = if proven.is_empty() {
        "no client can do this at all; the service role can".to_owned()
    } else if denied.is_empty() {
        "refused to everybody else; the rightful owner can".to_owned()
    } else {
        let topics: Vec<&str> =
            denied.iter().filter_map(|index| case.probes.get(*index)).map(|probe| probe.topic.as_str()).collect();
        format!("refused to everybody else; the rightful owner can, but for {}, which no client can", topics.join(", "))
    };
    let first = attacks.first().copied();
    let observed = format!(
        "{} attempts without effect; for example: {}",
        attacks.len(),
        describe(first.and_then(|index| outcomes.get(index)))
    );
    Finding::new(Status::Pass, summary)
        .observed(observed)
        .shown_by(first.into_iter().chain(proven.iter().chain(denied).copied()))
}

fn breached(case: &Case, outcomes: &[Outcome], breach: usize, shows: &dyn Fn(&usize) -> bool) -> Finding {
    let Some(probe) = case.probes.get(breach) else { return Finding::new(Status::Error, "a probe is missing") };
    let mut others: Vec<String> = (0..case.probes.len())
        .filter(|index| *index != breach && shows(index))
        .filter_map(|index| case.probes.get(index))
        .filter(|other| other.part == Part::Attack)
        .map(|other| format!("{} {} ({})", other.principal.name, other.topic, other.shape))
        .collect();
    others.dedup();
    let control = (0..case.probes.len()).find(|index| {
        case.probes
            .get(*index)
            .is_some_and(|other| other.part != Part::Attack && other.topic == probe.topic && other.shape == probe.shape)
            && shows(index)
    });
    let mut observed = describe(outcomes.get(breach));
    if !others.is_empty() {
        observed = format!(
            "{observed}; so do {} more: {}",
            others.len(),
            others.iter().take(6).cloned().collect::<Vec<_>>().join("; ")
        );
    }
    Finding::new(Status::Fail, format!("{} can {} ({})", probe.principal.name, probe.topic, probe.shape))
        .observed(observed)
        .shown_by(std::iter::once(breach).chain(control))
}

fn topic_control(case: &Case, topic: &str, shows: &dyn Fn(&usize) -> bool) -> Control {
    let shown = |part: Part| {
        (0..case.probes.len()).find(|index| {
            case.probes.get(*index).is_some_and(|probe| probe.part == part && probe.topic == topic) && shows(index)
        })
    };
    match (shown(Part::Control), shown(Part::Service)) {
        (Some(index), _) => Control::Owner(index),
        (None, Some(index)) => Control::ServiceAlone(index),
        (None, None) => Control::Nobody,
    }
}

fn owner_cannot(case: &Case, outcomes: &[Outcome], topic: &str, service: usize) -> Finding {
    let tried = (0..case.probes.len())
        .find(|index| case.probes.get(*index).is_some_and(|probe| probe.part == Part::Control && probe.topic == topic));
    Finding::new(
        Status::Unproven,
        format!(
            "the control failed: the rightful owner cannot {topic} either, though a policy or grant means somebody to"
        ),
    )
    .observed(tried.map_or_else(|| "no rightful owner to try".to_owned(), |index| describe(outcomes.get(index))))
    .shown_by(tried.into_iter().chain([service]))
}

fn nobody_can(case: &Case, outcomes: &[Outcome], topic: &str) -> Finding {
    let service = (0..case.probes.len())
        .find(|index| case.probes.get(*index).is_some_and(|probe| probe.part == Part::Service && probe.topic == topic));
    Finding::new(Status::Unproven, format!("the control failed: not even the service role can {topic}"))
        .observed(service.map_or_else(|| "no control to try".to_owned(), |index| describe(outcomes.get(index))))
        .shown_by(service)
}

/// An outcome in words.
#[must_use]
pub fn describe(outcome: Option<&Outcome>) -> String {
    match outcome {
        None => "not run".to_owned(),
        Some(Outcome::Completed { rows, affected, .. }) => {
            let changed = outcome.is_some_and(Outcome::changed);
            let first: Vec<String> = rows
                .first()
                .map(|row| {
                    row.iter().map(|value| value.as_deref().unwrap_or("null").chars().take(60).collect()).collect()
                })
                .unwrap_or_default();
            let rows_seen = match rows.len() {
                0 => "no row came back".to_owned(),
                1 => format!("1 row came back: {}", first.join(" | ")),
                count => format!("{count} rows came back, the first: {}", first.join(" | ")),
            };
            let effect = if changed { "; what the harness watches has changed" } else { "" };
            format!("{rows_seen}; {affected} affected{effect}")
        }
        Some(Outcome::Refused(refusal)) => format!("refused with {}: {}", refusal.sqlstate, refusal.message),
        Some(Outcome::Invalid(refusal)) => {
            format!("the probe could not be made: {} {}", refusal.sqlstate, refusal.message)
        }
        Some(Outcome::Lost(message)) => format!("the server is gone: {message}"),
        Some(Outcome::Skipped) => "not run, since an earlier probe answered".to_owned(),
    }
}
