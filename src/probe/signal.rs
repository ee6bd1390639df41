use super::Outcome;

/// What shows that an act took effect. A check asks with one signal on both sides: where it shows in the control it must not
/// show in the attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The rows that came back tell something of the victim's.
    Rows(Needles),
    /// The first value of the last row is a number other than zero.
    Nonzero,
    /// What the harness observes is different after the act.
    Change,
    /// At least one row was affected.
    Affected,
    /// The act was not refused.
    Completes,
    /// The act was refused with one of these SQLSTATEs.
    Refused(Vec<&'static str>),
}

/// Texts that only the victim's rows hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needles {
    /// Found anywhere in a value: canaries, random keys.
    pub contained: Vec<String>,
    /// Found as a whole value: labels made of a row's key.
    pub whole: Vec<String>,
}

impl Signal {
    /// Whether the signal shows in `outcome`.
    #[must_use]
    pub fn shows(&self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Self::Refused(states), Outcome::Refused(refusal)) => states.contains(&refusal.sqlstate.as_str()),
            (Self::Rows(needles), Outcome::Refused(refusal)) => {
                needles.inside(&refusal.message)
                    || refusal.detail.as_deref().is_some_and(|detail| needles.inside(detail))
            }
            (Self::Rows(needles), Outcome::Completed { rows, .. }) => {
                rows.iter().flatten().flatten().any(|value| needles.in_value(value))
            }
            (Self::Nonzero, Outcome::Completed { rows, .. }) => rows
                .last()
                .and_then(|row| row.first())
                .and_then(Option::as_deref)
                .and_then(|value| value.parse::<f64>().ok())
                .is_some_and(|number| number != 0.0),
            (Self::Change, Outcome::Completed { .. }) => outcome.changed(),
            (Self::Affected, Outcome::Completed { affected, .. }) => *affected > 0,
            (Self::Completes, Outcome::Completed { .. }) => true,
            (
                _,
                Outcome::Completed { .. }
                | Outcome::Refused(_)
                | Outcome::Invalid(_)
                | Outcome::Lost(_)
                | Outcome::Skipped,
            ) => false,
        }
    }
}

impl Needles {
    /// Whether there is anything to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contained.is_empty() && self.whole.is_empty()
    }

    fn in_value(&self, value: &str) -> bool {
        self.whole.iter().any(|needle| needle == value) || self.inside(value)
    }

    fn inside(&self, text: &str) -> bool {
        self.contained.iter().any(|needle| text.contains(needle.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(rows: Vec<Vec<Option<String>>>) -> Outcome {
        Outcome::Completed { rows, affected: 0, before: Vec::new(), after: Vec::new() }
    }

    #[test]
    fn a_key_label_must_match_as_a_whole_and_a_canary_anywhere() {
        let signal = Signal::Rows(Needles { contained: vec!["canary-1".into()], whole: vec!["row 1".into()] });
        assert!(signal.shows(&completed(vec![vec![Some("row 1".into())]])));
        assert!(!signal.shows(&completed(vec![vec![Some("row 17".into())]])));
        assert!(signal.shows(&completed(vec![vec![None, Some("so canary-1 it is".into())]])));
    }

    #[test]
    fn a_count_of_zero_or_null_is_no_signal() {
        assert!(!Signal::Nonzero.shows(&completed(vec![vec![Some("0".into())]])));
        assert!(!Signal::Nonzero.shows(&completed(vec![vec![None]])));
        assert!(Signal::Nonzero.shows(&completed(vec![vec![Some("2".into())]])));
    }

    #[test]
    fn an_error_message_that_quotes_the_victims_row_is_a_signal() {
        let refusal = super::super::Refusal {
            sqlstate: "23505".into(),
            message: "duplicate key".into(),
            detail: Some("Key (slug)=(canary-1) already exists.".into()),
            constraint: None,
        };
        let needles = Needles { contained: vec!["canary-1".into()], whole: Vec::new() };
        assert!(Signal::Rows(needles).shows(&Outcome::Refused(refusal)));
    }
}
