use crate::report::text::{visible, visible_lines};

/// Prose on one line that means nothing to Markdown, in any place where text may stand, cells of tables included. Line
/// breaks become `<br>`.
pub(super) fn prose(text: &str) -> String {
    let lines: Vec<String> = visible_lines(text).iter().map(|line| neutral(line)).collect();
    lines.join("<br>")
}

/// A name as code, on one line. A plain one stands in backticks, so that the source reads well; any other is spelt in
/// HTML, where neither backticks nor pipes can end it.
pub(super) fn code(text: &str) -> String {
    let text = visible(text);
    let plain = |character: char| character.is_alphanumeric() || "_./:,()=-+ \"'".contains(character);
    if !text.trim().is_empty() && text.trim() == text && text.chars().all(plain) {
        format!("`{text}`")
    } else {
        format!("<code>{}</code>", neutral(&text))
    }
}

/// A block of code that ends where it should: its fence is longer than any run of backticks within.
pub(super) fn block(language: &str, text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n", visible_lines(text).join("\n"))
}

/// Characters that Markdown, HTML or the autolinks of code hosts act on become character references, which never do.
fn neutral(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| characters.get(index)).copied();
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let mut neutral = String::with_capacity(text.len() + 16);
    for (index, character) in characters.iter().copied().enumerate() {
        let before = at(index.checked_sub(1));
        let after = at(index.checked_add(1));
        let acts = match character {
            '&' | '<' | '>' | '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' => true,
            // Within a word an underscore is only itself.
            '_' => !(is_word(before) && is_word(after)),
            ':' => after == Some('/') || !is_word(before) && is_word(after),
            '.' => matches!(before, Some('w' | 'W')),
            // A heading, a list, a rule or a quotation begins with one of these.
            '#' | '-' | '+' | '=' | '!' => index == 0 || character == '#',
            _ => false,
        };
        if acts {
            neutral.push_str(&format!("&#{};", u32::from(character)));
        } else {
            neutral.push(character);
        }
        if character == '@' {
            // Code hosts look for mentions after the references are resolved; a comment keeps the name apart.
            neutral.push_str("<!-- -->");
        }
    }
    neutral
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_readable() {
        assert_eq!(code("public.campaign_moves"), "`public.campaign_moves`");
        assert_eq!(
            prose("tier went from 'free' to 12_000, not-null (23505)."),
            "tier went from 'free' to 12_000, not-null (23505)."
        );
    }

    #[test]
    fn a_name_cannot_end_its_code_or_its_cell() {
        assert_eq!(code("a`b|c\\"), "<code>a&#96;b&#124;c&#92;</code>");
        assert_eq!(code(""), "<code></code>");
        assert_eq!(code("</code>"), "<code>&#60;/code&#62;</code>");
    }

    #[test]
    fn markup_links_and_mentions_do_nothing() {
        let text = prose("# <img src=x> [a](https://evil.example) *b* _c_ @everyone www.evil.example\n- x");
        for acting in ["<img", "](", "://", "*b*", "_c_", "@everyone", "www.evil", "\n", "# "] {
            assert!(!text.contains(acting), "{acting} in {text}");
        }
        assert!(text.contains("<br>"));
    }

    #[test]
    fn a_block_ends_where_it_should() {
        assert_eq!(block("sql", "a\n```\nb"), "````sql\na\n```\nb\n````\n");
        assert_eq!(block("", "a\u{1b}b"), "```\na\\u{1b}b\n```\n");
    }
}
