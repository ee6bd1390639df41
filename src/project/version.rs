use std::cmp::Ordering;

/// The version at the head of a name: `20240101` of `20240101_x.sql`, `1.2` of `1.2__x`, `2024-01-31` of
/// `2024-01-31-x.sql`.
pub(super) fn leading_version(name: &str) -> Option<&str> {
    let digits = |from: usize| name.get(from..).unwrap_or_default().bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    if end == 0 {
        return None;
    }
    // A date with hyphens is one version (Diesel adds the time: 2024-01-31-093000). A timestamp is followed by names
    // that begin with digits too, so that a longer first number ends it.
    let separators: &[u8] = if end == 4 { b"-." } else { b"." };
    while name.as_bytes().get(end).is_some_and(|byte| separators.contains(byte)) {
        let more = digits(end + 1);
        let behind = name.as_bytes().get(end + 1 + more);
        if more == 0 || behind.is_some_and(|byte| byte.is_ascii_alphabetic()) {
            break;
        }
        end += 1 + more;
    }
    name.get(..end)
}

/// Compares versions number by number, however many leading zeros they have and however large they are.
pub(super) fn compare_versions(left: &str, right: &str) -> Ordering {
    let parts = |text: &str| -> Vec<String> {
        text.split(|sign: char| !sign.is_ascii_digit()).map(|part| part.trim_start_matches('0').to_owned()).collect()
    };
    let (left, right) = (parts(left), parts(right));
    let mut pairs = left.iter().zip(&right);
    let first_difference = pairs.find_map(|(one, other)| {
        let order = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
        (order != Ordering::Equal).then_some(order)
    });
    first_difference.unwrap_or_else(|| left.len().cmp(&right.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_off_each_naming() {
        let cases = [
            ("20240101000000_init.sql", Some("20240101000000")),
            ("1700000000-5f1c2c1e.sql", Some("1700000000")),
            ("2024-01-31-093000_users", Some("2024-01-31-093000")),
            ("2024-01-31-2fa.sql", Some("2024-01-31")),
            ("1.2.3__x.sql", Some("1.2.3")),
            ("0001.sql", Some("0001")),
            ("schema.sql", None),
        ];
        for (name, version) in cases {
            assert_eq!(leading_version(name), version, "{name}");
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(compare_versions("10", "9"), Ordering::Greater);
        assert_eq!(compare_versions("001", "1"), Ordering::Equal);
        assert_eq!(compare_versions("1.2", "1.10"), Ordering::Less);
        assert_eq!(compare_versions("1", "1.1"), Ordering::Less);
        assert_eq!(compare_versions("99999999999999999999999", "100000000000000000000000"), Ordering::Less);
    }
}
