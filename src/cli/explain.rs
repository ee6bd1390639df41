use std::fmt::Write as _;

use super::arguments::Explain;
use super::check::unknown;
use super::{Console, Failure};
use crate::verdict::{CheckInfo, Family};

/// Prints one check, or a line for each.
pub(super) fn run(arguments: &Explain, checks: &[CheckInfo], console: &mut Console) -> Result<u8, Failure> {
    let mut text = String::new();
    let asked = arguments.id.as_deref();
    let family = asked.and_then(Family::named);
    if let Some(check) = checks.iter().find(|check| Some(check.id) == asked) {
        let help = textwrap::fill(check.help, console.width);
        // Writing to a text does not fail.
        let _written = writeln!(text, "{} ({})\n{}\n\n{help}", check.id, check.severity, check.title);
    } else if let (Some(id), None) = (asked, family) {
        let known: Vec<&str> = checks.iter().flat_map(|check| [check.id, check.family.as_str()]).collect();
        return Err(unknown("check or family", id, &known));
    } else {
        for check in checks.iter().filter(|check| family.is_none_or(|family| check.family == family)) {
            let _written = writeln!(text, "{:<40} {:<9} {}", check.id, check.severity.to_string(), check.title);
        }
    }
    console.print(&text).map_err(Failure::Output)?;
    Ok(0)
}
