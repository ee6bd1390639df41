use std::borrow::Cow;

/// The text on one line, with everything that could act on a terminal or hide from a reader spelt out: control characters,
/// line breaks, marks that reverse the writing direction, characters without width.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, is_unprintable)
}

/// As [`visible`], but lines stay lines.
#[must_use]
pub(super) fn visible_lines(text: &str) -> Vec<Cow<'_, str>> {
    text.trim_end().split('\n').map(|line| visible(line.strip_suffix('\r').unwrap_or(line))).collect()
}

fn escape(text: &str, acts: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\t' => escaped.push_str("    "),
            _ if acts(character) => escaped.extend(character.escape_default()),
            _ => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// At most `limit` of the lines, with a last one that says how many are left out.
pub(super) fn first_lines<'text>(mut lines: Vec<Cow<'text, str>>, limit: usize) -> Vec<Cow<'text, str>> {
    if lines.len() > limit {
        let more = lines.len() - limit;
        lines.truncate(limit);
        lines.push(Cow::Owned(format!("… {more} more {}", plural(more, "line"))));
    }
    lines
}

/// At most `limit` characters, with a mark where the rest is left out.
pub(super) fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// The noun as it stands after this number.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// A number with its noun.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A duration for people.
pub(super) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_spelt_out() {
        assert_eq!(visible("a\u{1b}[31mb\u{7}\r\nc"), "a\\u{1b}[31mb\\u{7}\\r\\nc");
        assert_eq!(visible("abc\u{202e}fed"), "abc\\u{202e}fed");
        assert_eq!(visible("a\u{9b}2Jb"), "a\\u{9b}2Jb", "the one-byte form of an escape sequence");
        assert_eq!(visible("pay\u{200b}ments"), "pay\\u{200b}ments");
    }

    #[test]
    fn letters_of_any_script_stay() {
        assert_eq!(visible("Größe 表 👨‍👩‍👧 \"x\""), "Größe 表 👨‍👩‍👧 \"x\"");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(visible_lines("a\n\tb\r\n"), ["a", "    b"]);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        assert_eq!(first_lines(visible_lines("a\nb\nc"), 2), ["a", "b", "… 1 more line"]);
        assert_eq!(clip("äöü", 2), "äö…");
        assert_eq!(clip("äöü", 3), "äöü");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!([duration(999), duration(1_250), duration(61_000)], ["999 ms", "1.2 s", "1 min 1 s"]);
    }
}
