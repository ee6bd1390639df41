use tokio::sync::mpsc::UnboundedReceiver;

use super::arguments::{Check, Format, Scope};
use super::progress::Progress;
use super::{Console, FAILED, Failure};
use crate::report::{self, TerminalOptions, visible};
use crate::run::{
    CheckRequest, Only, Pipeline, Selection, Signal, SystemRun, Target, find_targets, interrupt, supervise,
};
use crate::settings::nearest;
use crate::verdict::{CheckInfo, Family, RunRecord, RunVerdict};

/// Checks the systems and returns what to exit with.
pub(super) async fn run<P: Pipeline>(
    arguments: Check,
    pipeline: &P,
    console: &mut Console,
    signals: &mut UnboundedReceiver<Signal>,
) -> Result<u8, Failure> {
    let request = request(arguments.scope, pipeline, console)?;
    let several = request.targets.len() > 1;
    let progress = Progress::new(console.interactive, arguments.verbose);
    let (interrupter, interrupt) = interrupt();
    let tell = |event| progress.tell(&event);
    let work = pipeline.check(&request, &tell, &interrupt);
    let stopping = |_| progress.tell(&crate::verdict::Event::Note("Stopping and cleaning up …".to_owned()));
    let outcome = supervise(work, &interrupter, signals, stopping).await;
    progress.finish();
    let runs = outcome.map_err(Failure::Stopped)?.map_err(|error| Failure::Run(Box::new(error)))?;

    let mut codes = Vec::new();
    let mut records = Vec::new();
    for SystemRun { system, outcome } in runs {
        match outcome {
            Ok(record) => {
                codes.push(record.run.verdict.exit_code());
                records.push(record);
            }
            Err(error) => {
                codes.push(FAILED);
                console.say(&format!("{} could not be checked:", visible(&system)));
                console.complain(&error);
            }
        }
    }
    // A report that cannot be printed is still written to its files, and one that cannot be written is still printed.
    let printed = print(&records, several, arguments.format, arguments.verbose, console);
    let folder = console.directory.join(&arguments.out);
    for record in &records {
        for path in report::write_files(&folder, record, &arguments.write.0)? {
            console.say(&format!("Wrote {}", path.strip_prefix(".").unwrap_or(&path).display()));
        }
    }
    printed?;
    Ok(worst(&codes))
}

/// What is to be checked, as the arguments say it.
pub(super) fn request<P: Pipeline>(scope: Scope, pipeline: &P, console: &Console) -> Result<CheckRequest, Failure> {
    Ok(CheckRequest {
        targets: chosen(find_targets(&scope.paths, &console.directory)?, &scope.systems)?,
        selection: Selection { only: only(&scope.only, &pipeline.checks())?, tables: scope.tables },
        server: scope.server.request(),
        seed: scope.seed,
    })
}

fn chosen(targets: Vec<Target>, names: &[String]) -> Result<Vec<Target>, Failure> {
    for name in names {
        if !targets.iter().any(|target| target.name == *name) {
            let known: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
            return Err(unknown("system", name, &known));
        }
    }
    let asked = |target: &Target| names.is_empty() || names.contains(&target.name);
    Ok(targets.into_iter().filter(asked).collect())
}

/// Families and checks by name, as far as there are any.
fn only(names: &[String], checks: &[CheckInfo]) -> Result<Vec<Only>, Failure> {
    let one = |name: &String| {
        if let Some(family) = Family::named(name) {
            if checks.iter().any(|check| check.family == family) {
                return Ok(Only::Family(family));
            }
            return Err(Failure::UnknownName {
                message: format!("no check of the family `{family}` is built yet"),
                help: "`seaworthy explain` lists every check that there is.".to_owned(),
            });
        }
        if checks.iter().any(|check| check.id == name) {
            return Ok(Only::Check(name.clone()));
        }
        let known: Vec<&str> = checks.iter().flat_map(|check| [check.id, check.family.as_str()]).collect();
        Err(unknown("check or family", name, &known))
    };
    names.iter().map(one).collect()
}

pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> Failure {
    let nearest = nearest(name, known.iter().copied());
    let help = match (nearest, known) {
        (Some(nearest), _) => format!("Did you mean `{}`?", visible(nearest)),
        (None, []) => "There is none at all.".to_owned(),
        (None, known) if known.len() <= 20 => format!("There is {}.", visible(&known.join(", "))),
        (None, _) => "`seaworthy explain` lists every check that there is.".to_owned(),
    };
    Failure::UnknownName { message: format!("there is no {what} `{}`", visible(name)), help }
}

fn print(
    records: &[RunRecord],
    several: bool,
    format: Format,
    verbose: bool,
    console: &mut Console,
) -> Result<(), Failure> {
    let text = match format {
        Format::Terminal => {
            let options = TerminalOptions { width: console.width, colour: console.colour, verbose };
            let mut pages: Vec<String> = records.iter().map(|record| report::terminal(record, &options)).collect();
            if several {
                pages.push(overview(records));
            }
            pages.join("\n")
        }
        Format::Markdown => {
            let pages: Vec<String> = records.iter().map(report::markdown).collect();
            pages.join("\n")
        }
        Format::Json => match records {
            records if several => report::json_array(records)?,
            [record] => report::json(record)?,
            _ => return Ok(()),
        },
    };
    console.print(&text).map_err(Failure::Output)
}

/// Of several systems, a line each at the very end, where the eye is.
fn overview(records: &[RunRecord]) -> String {
    let sign = |verdict| match verdict {
        RunVerdict::Ready => "✓",
        RunVerdict::Blocked => "✗",
        RunVerdict::Failed => "‼",
        RunVerdict::Empty => "·",
    };
    let line = |record: &RunRecord| {
        format!("{} {:<7} {}\n", sign(record.run.verdict), record.run.verdict.to_string(), visible(&record.run.system))
    };
    records.iter().map(line).collect()
}

/// The gravest of several exit codes: a failed tool before a blocked system, that before a system in which nothing was
/// checked, that before a ready one. Without any, nothing was checked.
fn worst(codes: &[u8]) -> u8 {
    let gravity = |code: &u8| match code {
        2 => 3,
        1 => 2,
        3 => 1,
        _ => 0,
    };
    codes.iter().copied().max_by_key(gravity).unwrap_or(RunVerdict::Empty.exit_code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_systems_the_worst_counts() {
        for (codes, code) in [(vec![0, 0], 0), (vec![0, 3], 3), (vec![3, 1, 0], 1), (vec![1, 2, 3], 2), (vec![], 3)] {
            assert_eq!(worst(&codes), code, "{codes:?}");
        }
    }
}
