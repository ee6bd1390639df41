use std::collections::BTreeMap;
use std::fmt::Write as _;

use tokio::sync::mpsc::UnboundedReceiver;

use super::arguments::Plan;
use super::check::request;
use super::progress::Progress;
use super::{Console, Failure};
use crate::report::visible;
use crate::run::{Pipeline, PlannedCheck, Signal, Subject, SystemPlan, interrupt, supervise};

/// Says what a check would judge, and why.
pub(super) async fn run<P: Pipeline>(
    arguments: Plan,
    pipeline: &P,
    console: &mut Console,
    signals: &mut UnboundedReceiver<Signal>,
) -> Result<u8, Failure> {
    let request = request(arguments.scope, pipeline, console)?;
    let progress = Progress::new(console.interactive, false);
    let (interrupter, interrupt) = interrupt();
    let tell = |event| progress.tell(&event);
    let work = pipeline.plan(&request, &tell, &interrupt);
    let outcome = supervise(work, &interrupter, signals, |_| {}).await;
    progress.finish();
    let plans = outcome.map_err(Failure::Stopped)?.map_err(|error| Failure::Run(Box::new(error)))?;
    let pages: Vec<String> = plans.iter().map(|plan| page(plan, arguments.verbose, console.width)).collect();
    console.print(&pages.join("\n")).map_err(Failure::Output)?;
    Ok(0)
}

fn page(plan: &SystemPlan, verbose: bool, width: usize) -> String {
    let mut by_subject: BTreeMap<&Subject, Vec<&PlannedCheck>> = BTreeMap::new();
    for check in &plan.checks {
        by_subject.entry(&check.subject).or_default().push(check);
    }
    let probes: usize = plan.checks.iter().map(|check| check.probes).sum();
    let mut text = format!(
        "{}: {} results on {} tables and other objects, by {probes} probes at the most\n",
        visible(&plan.system),
        plan.checks.len(),
        by_subject.len()
    );
    for (subject, checks) in by_subject {
        let name = subject.to_string();
        put(&mut text, &format!("\n{}\n", visible(&name)));
        if let Some(why) = plan.tables.get(&name) {
            put(&mut text, &wrapped("  ", &visible(why), width));
        }
        put(&mut text, &if verbose { each(&checks, width) } else { families(&checks, width) });
    }
    text
}

/// A line for each family, with the names of its checks.
fn families(checks: &[&PlannedCheck], width: usize) -> String {
    let mut families: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for check in checks {
        let (family, defect) = check.check.split_once('/').unwrap_or((&check.check, ""));
        *families.entry(family).or_default().entry(defect).or_default() += 1;
    }
    let named = |(defect, count): (&str, usize)| {
        if count == 1 { defect.to_owned() } else { format!("{defect} × {count}") }
    };
    families
        .into_iter()
        .map(|(family, defects)| {
            let defects: Vec<String> = defects.into_iter().map(named).collect();
            wrapped(&format!("  {family:<11} "), &defects.join(", "), width)
        })
        .collect()
}

/// A line for each check, with what it expects.
fn each(checks: &[&PlannedCheck], width: usize) -> String {
    checks
        .iter()
        .map(|check| {
            let lead = format!("  {} on {}: ", check.check, visible(&check.object));
            wrapped("", &format!("{lead}{} ({} probes)", visible(&check.expected), check.probes), width)
        })
        .collect()
}

fn wrapped(lead: &str, text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width).initial_indent(lead).subsequent_indent("              ");
    textwrap::fill(text, options) + "\n"
}

/// Writing to a text does not fail.
fn put(text: &mut String, part: &str) {
    let _written = text.write_str(part);
}
