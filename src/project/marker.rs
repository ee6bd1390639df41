use super::Tool;

/// The way there and the way back, of a file that holds both.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marked {
    /// The tool whose markers they are.
    pub(super) tool: Tool,
    /// The file with every line that goes back made blank.
    pub(super) up: String,
    /// The file with every line that goes there made blank; `None` where it holds no way back.
    pub(super) down: Option<String>,
}

/// Parts a file at the markers of goose or dbmate; `None` where it has none.
pub(super) fn part(sql: &str) -> Option<Marked> {
    let tool = sql.lines().find_map(|line| marker(line).map(|(tool, _)| tool))?;
    let (mut up, mut down) = (String::with_capacity(sql.len()), String::new());
    let mut goes_back = false;
    let mut has_down = false;
    for line in sql.split_inclusive('\n') {
        if let Some((_, back)) = marker(line) {
            goes_back = back;
            has_down |= back;
        }
        let feed = if line.ends_with('\n') { "\n" } else { "" };
        up.push_str(if goes_back { feed } else { line });
        down.push_str(if goes_back { line } else { feed });
    }
    Some(Marked { tool, up, down: has_down.then_some(down) })
}

/// The tool of a marker line, and whether what follows goes back.
fn marker(line: &str) -> Option<(Tool, bool)> {
    let comment = line.trim().strip_prefix("--")?.trim_start().to_ascii_lowercase();
    if let Some(goose) = comment.strip_prefix("+goose") {
        return match goose.trim() {
            "up" => Some((Tool::Goose, false)),
            "down" => Some((Tool::Goose, true)),
            _ => None,
        };
    }
    let dbmate = comment.strip_prefix("migrate:")?;
    match dbmate.split_whitespace().next() {
        Some("up") => Some((Tool::Dbmate, false)),
        Some("down") => Some((Tool::Dbmate, true)),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn goose_markers_part_a_file_and_keep_its_lines() {
        let marked = part("-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- +goose Down\nselect 2;\n").unwrap();
        assert_eq!(marked.tool, Tool::Goose);
        assert_eq!(marked.up, "-- +goose Up\n-- +goose StatementBegin\nselect 1;\n\n\n");
        assert_eq!(marked.down.unwrap(), "\n\n\n-- +goose Down\nselect 2;\n");
    }

    #[test]
    fn dbmate_markers_may_carry_options_and_lack_a_way_back() {
        let marked = part("-- migrate:up transaction:false\nselect 1;").unwrap();
        assert_eq!((marked.tool, marked.down), (Tool::Dbmate, None));
    }

    #[test]
    fn an_ordinary_comment_is_no_marker() {
        assert_eq!(part("-- migrate: upwards\nselect 1;"), None);
    }
}
