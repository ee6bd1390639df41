use super::arguments::Explain;
use super::check::unknown;
use super::{Console, Failure};
use crate::report;
use crate::verdict::{CheckInfo, Family};

/// Prints one check, or a line for each.
pub(super) fn run(arguments: &Explain, checks: &[CheckInfo], console: &mut Console) -> Result<u8, Failure> {
    let asked = arguments.id.as_deref();
    let family = asked.and_then(Family::named);
    let text = match (checks.iter().find(|check| Some(check.id) == asked), asked, family) {
        (Some(check), ..) => report::explanation(check, console.width),
        (None, Some(id), None) => {
            let known: Vec<&str> = checks.iter().flat_map(|check| [check.id, check.family.as_str()]).collect();
            return Err(unknown("check or family", id, &known));
        }
        (None, ..) => report::listing(checks.iter().filter(|check| family.is_none_or(|family| check.family == family))),
    };
    console.print(&text).map_err(Failure::Output)?;
    Ok(0)
}
