//! Signs of a person in a text: an address, a telephone number, a card number that could be somebody's.

/// What gives a person away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Address,
    Telephone,
    Card,
}

impl Sort {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Address => "the address",
            Self::Telephone => "the telephone number",
            Self::Card => "the card number",
        }
    }

    pub(super) fn instead(self) -> &'static str {
        match self {
            Self::Address => "an address of example.com, .test or .example",
            Self::Telephone => "a number from 555-0100 to 555-0199",
            Self::Card => "a card number that is published for tests, such as 4242 4242 4242 4242",
        }
    }
}

/// A sign, with what may be shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) sort: Sort,
    /// As it stands in the text.
    pub(super) raw: String,
    /// Without what tells whose it is: reports are passed on.
    pub(super) masked: String,
}

/// The signs in a text. The name of its column says whether digits are a telephone number.
pub(super) fn signs(text: &str, column: Option<&str>, own_domains: &[String]) -> Vec<Sign> {
    let mut found = addresses(text, own_domains);
    let numbers = digit_runs(text);
    found.extend(numbers.iter().filter(|run| is_card(run)).map(|run| Sign {
        sort: Sort::Card,
        raw: run.text.to_owned(),
        masked: format!("… {}", last(&run.digits, 4)),
    }));
    let named = column.is_some_and(names_a_telephone);
    found.extend(numbers.iter().filter(|run| !is_card(run) && is_telephone(run, named)).map(|run| Sign {
        sort: Sort::Telephone,
        raw: run.text.to_owned(),
        masked: format!("… {}", last(&run.digits, 2)),
    }));
    found
}

fn last(digits: &str, count: usize) -> &str {
    digits.get(digits.len().saturating_sub(count)..).unwrap_or_default()
}

/// Top-level domains that are kept from everybody (RFC 2606, 6761, 6762, and ICANN for `internal`).
const RESERVED: [&str; 6] = ["test", "example", "invalid", "localhost", "local", "internal"];
/// Second-level domains that are kept for examples.
const EXAMPLES: [&str; 4] = ["example.com", "example.net", "example.org", "example.edu"];
/// What ends like a domain and is a file: `logo@2x.png`.
const FILES: [&str; 14] =
    ["png", "jpg", "jpeg", "gif", "svg", "webp", "js", "ts", "css", "html", "json", "pdf", "sql", "mp4"];
/// Mailboxes that are no person's.
const OF_NOBODY: [&str; 16] = [
    "abuse",
    "billing",
    "contact",
    "do-not-reply",
    "donotreply",
    "git",
    "hello",
    "help",
    "info",
    "no-reply",
    "noreply",
    "notifications",
    "postmaster",
    "sales",
    "support",
    "webmaster",
];

fn addresses(text: &str, own_domains: &[String]) -> Vec<Sign> {
    let mut found: Vec<Sign> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        let in_mailbox = |letter: char| letter.is_alphanumeric() || "._%+-".contains(letter);
        let mailbox = before.rsplit(|letter| !in_mailbox(letter)).next().unwrap_or_default();
        let rest = before.strip_suffix(mailbox).unwrap_or_default();
        let in_domain = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
        let domain = after.split(|letter| !in_domain(letter)).next().unwrap_or_default().trim_end_matches(['.', '-']);
        // `postgres://user:password@host` is a connection's.
        let in_locator = (rest.ends_with(':') || rest.ends_with('/')) && !rest.ends_with("mailto:");
        if mailbox.is_empty() || in_locator || !could_be_owned(domain, own_domains) {
            continue;
        }
        if OF_NOBODY.contains(&mailbox.to_ascii_lowercase().as_str()) {
            continue;
        }
        let first = mailbox.chars().next().map(String::from).unwrap_or_default();
        found.push(Sign {
            sort: Sort::Address,
            raw: format!("{mailbox}@{domain}"),
            masked: format!("{first}…@{domain}"),
        });
    }
    found
}

fn could_be_owned(domain: &str, own_domains: &[String]) -> bool {
    let domain = domain.to_ascii_lowercase();
    let Some((_, top)) = domain.rsplit_once('.') else { return false };
    let within = |whole: &str| domain == whole || domain.strip_suffix(whole).is_some_and(|rest| rest.ends_with('.'));
    let is_domain = top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_domain
        && !RESERVED.contains(&top)
        && !FILES.contains(&top)
        && !EXAMPLES.iter().any(|example| within(example))
        && !own_domains.iter().any(|own| within(&own.to_ascii_lowercase()))
}

/// Digits with what may stand between those of one number.
struct Run<'a> {
    text: &'a str,
    digits: String,
    international: bool,
}

/// The longest runs of digits, each neither within a word nor within a longer name such as a uuid.
fn digit_runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut index = 0;
    while let Some((start, letter)) = letters.get(index).copied() {
        if !(letter.is_ascii_digit() || letter == '+' || letter == '(') {
            index += 1;
            continue;
        }
        let mut next = index + 1;
        while letters.get(next).is_some_and(|(_, letter)| letter.is_ascii_digit() || " ()-./".contains(*letter)) {
            next += 1;
        }
        let end = letters.get(next).map_or(text.len(), |(end, _)| *end);
        let whole = text.get(start..end).unwrap_or_default();
        let trimmed = whole.trim_end_matches([' ', '(', '-', '.', '/']);
        let word = |letter: Option<&(usize, char)>| {
            letter.is_some_and(|(_, letter)| letter.is_alphanumeric() || *letter == '_')
        };
        let within = word(index.checked_sub(1).and_then(|before| letters.get(before)))
            || (trimmed.len() == whole.len() && word(letters.get(next)));
        let digits: String = trimmed.chars().filter(char::is_ascii_digit).collect();
        if !within && digits.len() >= 7 {
            runs.push(Run { text: trimmed, digits, international: letter == '+' });
        }
        index = next;
    }
    runs
}

fn names_a_telephone(column: &str) -> bool {
    let column = column.to_lowercase();
    ["phone", "mobile", "whatsapp", "fax"].iter().any(|word| column.contains(word))
        || column.split('_').any(|word| ["tel", "cell", "sms"].contains(&word))
}

fn is_telephone(run: &Run<'_>, named: bool) -> bool {
    let count = run.digits.len();
    let bracketed = run.text.starts_with('(') && count == 10 && run.text.contains(')');
    if !(named || run.international || bracketed) || !(7..=15).contains(&count) || is_made_up(&run.digits) {
        return false;
    }
    // North America, where most fiction lives: an area code and an exchange begin with 2 to 9.
    let national = match (run.digits.strip_prefix('1'), run.international) {
        (Some(rest), _) if rest.len() == 10 => Some(rest),
        (_, false) if count == 10 => Some(run.digits.as_str()),
        _ => None,
    };
    match national {
        Some(number) => is_american(number),
        None => !is_fiction_elsewhere(&run.digits),
    }
}

fn is_american(number: &str) -> bool {
    let part = |from: usize, to: usize| number.get(from..to).unwrap_or_default();
    let begins = |code: &str| code.starts_with(|digit: char| ('2'..='9').contains(&digit));
    let (area, exchange, line) = (part(0, 3), part(3, 6), part(6, 10));
    let reserved = exchange == "555" && line.starts_with("01");
    begins(area) && begins(exchange) && area != "555" && !reserved
}

/// 0000000, 1234567, 5551234: nobody's.
fn is_made_up(digits: &str) -> bool {
    let same = |length: usize| {
        digits.as_bytes().windows(length).any(|window| window.iter().all(|digit| Some(digit) == window.first()))
    };
    digits.contains("123456") || digits.contains("987654") || digits.contains("55501") || same(6)
}

/// Ranges that regulators keep for drama: Ofcom's, ACMA's, ARCEP's.
fn is_fiction_elsewhere(digits: &str) -> bool {
    let bare = digits.trim_start_matches('0');
    let beginnings = [
        "447700900",
        "7700900",
        "442079460",
        "2079460",
        "441632960",
        "1632960",
        "61491570",
        "491570",
        "33199",
        "33639",
    ];
    beginnings.iter().any(|beginning| bare.starts_with(beginning))
}

/// Beginnings of card numbers that payment services publish for tests.
const TEST_CARDS: [&str; 16] = [
    "4242",
    "400000",
    "40000",
    "411111111111",
    "401288888888",
    "55555555555",
    "510510510510",
    "520082828282",
    "222300",
    "378282246310005",
    "371449635398431",
    "601111111111",
    "60110009901",
    "30569300090",
    "35660020203",
    "620000000000",
];

fn is_card(run: &Run<'_>) -> bool {
    let digits = run.digits.as_str();
    let grouped = run
        .text
        .split([' ', '-'])
        .all(|group| (3..=19).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit()));
    let groups_of_four =
        run.text.split([' ', '-']).count() == 1 || run.text.split([' ', '-']).take(1).all(|group| group.len() == 4);
    let issuer = digits.starts_with('4')
        || ["51", "52", "53", "54", "55", "34", "37", "22", "23", "24", "25", "26", "27", "60", "65", "35", "36"]
            .iter()
            .any(|issuer| digits.starts_with(issuer));
    let length = matches!(digits.len(), 13 | 15 | 16 | 19);
    let same = digits.as_bytes().windows(8).any(|window| window.iter().all(|digit| Some(digit) == window.first()));
    grouped
        && groups_of_four
        && issuer
        && length
        && !same
        && luhn(digits)
        && !TEST_CARDS.iter().any(|test| digits.starts_with(test))
}

/// The check digit of ISO/IEC 7812.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            let doubled = if place % 2 == 1 { digit * 2 } else { digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, column: Option<&str>) -> Vec<String> {
        signs(text, column, &["shop.dev".to_owned()]).into_iter().map(|sign| sign.masked).collect()
    }

    #[test]
    fn an_address_that_somebody_could_own_is_told_without_its_name() {
        assert_eq!(shown("mail jane.doe@gmail.com now", None), ["j…@gmail.com"]);
        assert_eq!(shown(r#"{"to":"mailto:jo@acme.io"}"#, None), ["j…@acme.io"]);
        for safe in [
            "ada@example.com",
            "ada@mail.example.org",
            "ada@shop.test",
            "ada@localhost",
            "ada@team.shop.dev",
            "support@acme.io",
            "logo@2x.png",
            "postgres://me:secret@db.acme.io/x",
            "git@github.com:acme/shop",
            "@handle",
            "a @ b",
        ] {
            assert!(shown(safe, None).is_empty(), "{safe}");
        }
    }

    #[test]
    fn a_telephone_number_is_told_from_fiction_and_other_digits() {
        assert_eq!(shown("+1 212 736 5000", None), ["… 00"]);
        assert_eq!(shown("212-736-5001", Some("phone_number")), ["… 01"]);
        assert_eq!(shown("+49 30 2273 6027", None), ["… 27"]);
        for safe in [
            "+1 212 555 0147",
            "(555) 867-5309",
            "+44 7700 900123",
            "+1234567890",
            "0000000000",
            "10000000-0000-4000-8000-000000000001",
            "2024-01-01 00:00:00+00",
            "a1b2c3d4-1234-4567-8901-123456789012",
        ] {
            assert!(shown(safe, None).is_empty(), "{safe}");
        }
        assert!(shown("212-736-5001", Some("order_number")).is_empty());
        assert!(shown("555-0100", Some("phone")).is_empty());
    }

    #[test]
    fn a_card_number_is_told_by_its_check_digit_and_not_where_it_is_published_for_tests() {
        assert_eq!(shown("4539 1488 0343 6467", None), ["… 6467"]);
        assert_eq!(shown("4539148803436467", None), ["… 6467"]);
        for safe in
            ["4242 4242 4242 4242", "4539148803436468", "4111111111111111", "sub_4539148803436467", "1700000000000"]
        {
            assert!(shown(safe, None).is_empty(), "{safe}");
        }
    }
}
