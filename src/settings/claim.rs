use super::ClaimSettings;
use super::section::Section;
use crate::verdict::Family;

/// What can be counted.
const COUNTED: [&str; 4] = ["migrations", "tables", "policies", "policy-files"];

/// Reads one of `[[claims]]`.
pub(super) fn claim(mut section: Section<'_>) -> ClaimSettings {
    let checks = section.texts("checks").unwrap_or_default();
    for check in &checks {
        let family = check.value.split_once('/').map_or(check.value, |(family, _)| family);
        if Family::named(family).is_none() {
            section.problems().add(
                format!("`{}` is neither a check nor a family", check.value.escape_debug()),
                check.span.clone(),
                "not a check",
                Some("`seaworthy explain` lists every check that there is.".to_owned()),
            );
        }
    }
    let halved = section.has("count") != section.has("is");
    let claim = ClaimSettings {
        says: section.required("says"),
        checks: checks.into_iter().map(|check| check.value.to_owned()).collect(),
        count: section.choice("count", &COUNTED),
        is: section.number("is"),
    };
    if halved {
        section.problems().add(
            "`count` and `is` go together".to_owned(),
            section.span(),
            "one without the other",
            Some("For example: `count = \"tables\"` and `is = 11`.".to_owned()),
        );
    }
    section.finish();
    claim
}
