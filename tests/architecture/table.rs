//! Tables in Markdown.

/// The rows of the first table below a heading, as the texts of their cells; without its head.
pub(crate) fn rows_below(document: &str, heading: &str) -> Vec<Vec<String>> {
    let body = document
        .lines()
        .skip_while(|line| line.trim_end() != heading)
        .skip(1)
        .take_while(|line| !is_heading(line, heading))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2);
    let rows: Vec<Vec<String>> = body.map(cells).collect();
    assert!(!rows.is_empty(), "no table below `{heading}`");
    rows
}

/// A heading of the same or a higher level ends what stands below `heading`.
fn is_heading(line: &str, heading: &str) -> bool {
    let level = |text: &str| text.chars().take_while(|character| *character == '#').count();
    (1..=level(heading)).contains(&level(line)) && line.trim_start_matches('#').starts_with(' ')
}

fn cells(line: &str) -> Vec<String> {
    line.trim()
        .trim_matches('|')
        .replace("\\|", "\u{0}")
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

/// What stands in backticks: "`catalog`, `world`" → catalog, world.
pub(crate) fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_below_its_heading_is_read() {
    let document = "## One\n\n| a | b |\n|---|---|\n| `x` | 1 |\n\n## Two\n\n| c |\n|---|\n| y \\| z |\n";
    assert_eq!(rows_below(document, "## One"), [["`x`", "1"]]);
    assert_eq!(rows_below(document, "## Two"), [["y | z"]]);
    assert_eq!(quoted("`x`, and `y`"), ["x", "y"]);
}
