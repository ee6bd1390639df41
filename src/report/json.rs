use crate::verdict::RunRecord;

/// The record as one JSON object, with a line break at the end.
///
/// # Errors
/// When a number or key cannot be written as JSON; no record that a run makes has one.
pub fn render(record: &RunRecord) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(record).map(|text| text + "\n")
}

/// Several records as a JSON array.
///
/// # Errors
/// As [`render`].
pub fn render_all(records: &[RunRecord]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(records).map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::report::sample;
    use crate::snapshots::in_snapshots;

    #[test]
    fn a_record_reads_back_as_it_was() {
        for record in [sample::blocked(), sample::ready(), sample::hostile()] {
            let back: RunRecord = serde_json::from_str(&render(&record).unwrap()).unwrap();
            assert_eq!(back, record);
        }
    }

    #[test]
    fn several_records_are_an_array() {
        let back: Vec<RunRecord> =
            serde_json::from_str(&render_all(&[sample::ready(), sample::blocked()]).unwrap()).unwrap();
        assert_eq!(back.len(), 2);
    }

    #[test]
    fn the_form_is_the_documented_one() {
        in_snapshots(|| insta::assert_snapshot!("report_json", render(&sample::blocked()).unwrap()));
    }
}
