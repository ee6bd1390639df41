use proptest::string::string_regex_parsed;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

use super::entropy::Entropy;

/// An unbounded repetition is drawn at most this many times: enough for chance to keep values apart.
const USUAL_REPETITIONS: u32 = 12;

/// A text that matches `pattern`, a regular expression of Postgres; `None` where its dialect is not understood.
///
/// Anchors are dropped (proptest refuses them, and the whole text matches anyway), and classes are narrowed to printable
/// ASCII, to letters and digits where they allow it: no NUL, which Postgres refuses, and nothing that needs escaping.
pub(crate) fn matching(pattern: &str, entropy: Entropy, labels: &[&str]) -> Option<String> {
    let parsed = regex_syntax::parse(pattern).ok()?;
    let strategy = string_regex_parsed(&narrowed(&parsed)).ok()?;
    entropy.sample(&strategy, labels)
}

fn narrowed(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Unicode(narrowed_class(class))),
        HirKind::Class(Class::Bytes(class)) => Hir::class(Class::Bytes(class.clone())),
        HirKind::Repetition(repetition) => {
            let most = repetition.min.max(USUAL_REPETITIONS);
            Hir::repetition(Repetition {
                min: repetition.min,
                max: Some(repetition.max.map_or(most, |max| max.min(most))),
                greedy: repetition.greedy,
                sub: Box::new(narrowed(&repetition.sub)),
            })
        }
        HirKind::Capture(capture) => narrowed(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(narrowed).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(narrowed).collect()),
    }
}

fn narrowed_class(class: &ClassUnicode) -> ClassUnicode {
    let within = |ranges: &[(char, char)]| {
        let mut narrow = class.clone();
        narrow.intersect(&ClassUnicode::new(ranges.iter().map(|(low, high)| ClassUnicodeRange::new(*low, *high))));
        (!narrow.ranges().is_empty()).then_some(narrow)
    };
    within(&[('a', 'z'), ('0', '9')])
        .or_else(|| within(&[('A', 'Z')]))
        .or_else(|| within(&[(' ', '~')]))
        .unwrap_or_else(|| class.clone())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn draw(pattern: &str) -> String {
        matching(pattern, Entropy::new(11), &[pattern]).unwrap()
    }

    #[test]
    fn anchors_anywhere_are_no_hindrance() {
        assert!(draw("^[A-Z]{3}$").chars().all(|character| character.is_ascii_uppercase()));
        assert!(["a", "b"].contains(&draw("^a$|^b$").as_str()));
    }

    #[test]
    fn values_are_printable_ascii_however_wide_the_class() {
        for pattern in [".+", r"^[^@\s]+@[^@\s]+\.[^@\s]+$", r"\w{4,}", "[^a]{5}"] {
            let text = draw(pattern);
            assert!(text.chars().all(|character| (' '..='~').contains(&character)), "{pattern} gave {text:?}");
        }
    }

    #[test]
    fn a_dialect_that_is_not_understood_is_no_panic() {
        assert_eq!(matching(r"(?<=a)b\m", Entropy::new(1), &[]), None);
    }
}
