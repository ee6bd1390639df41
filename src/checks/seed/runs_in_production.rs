//! `seed/runs-in-production`: where the marker says production, the seed leaves no person and no tenant behind. Told by the rows, not by an error;
//! the control is the same seed in development, which must leave some.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{filled_tables, seed_object, seeded_table};
use crate::catalog::{quote_identifier, quote_literal};
use crate::tenancy::{TableRole, Tie};
use crate::trial::{Attempt, SeedTrial};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "seed/runs-in-production",
        family: Family::Seed,
        severity: Severity::Error,
        title: "The seed refuses to run in production",
        help: "One wrong connection string, and production has accounts with passwords that stand in the repository, and tenants that nobody is. Let the seed ask for the environment's marker (`[environment]` in seaworthy.toml) before it writes. A seed of reference data alone may run anywhere; one that is meant for production says so: `[seed] production = true`.",
        example: example!("seed/runs-in-production", ["schema.sql", "seed.sql"]),
    },
    plan,
};

const EXPECTED: &str = "with the marker of production set, it leaves no person's and no tenant's row";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    if let Some(Err(none)) = seeded_table(scene, subject, EXPECTED) {
        return none;
    }
    let Subject::Seed(seed) = *subject else { return Vec::new() };
    let (finding, tables) = finding(scene, seed);
    let tables = if tables.is_empty() { filled_tables(scene, seed) } else { tables };
    vec![Case::settled(seed_object(seed), tables, EXPECTED, finding).with_fix(guard(seed))]
}

fn finding(scene: &Scene<'_>, seed: &SeedTrial) -> (Finding, Vec<String>) {
    let none = Vec::new();
    if seed.for_production {
        let said = "seaworthy.toml says that it is meant for production ([seed] production = true)";
        return (Finding::new(Status::NotApplicable, said), none);
    }
    let production = match &seed.production {
        Attempt::NotMade(reason) if seed.files.iter().any(|file| file.failure.is_some()) => {
            return (Finding::new(Status::NotApplicable, reason.clone()), none);
        }
        Attempt::NotMade(reason) => {
            let unproven = Finding::new(
                Status::Unproven,
                format!("it could not be run as in production: {reason}; [seed] production = true says that it may"),
            );
            return (unproven, none);
        }
        Attempt::Made(production) => production,
    };
    if seed.filled.is_empty() {
        return (Finding::new(Status::NotApplicable, "it leaves no row in development either"), none);
    }
    let (name, value) = &seed.marker;
    let marked = format!("{name} = {value}");
    let theirs: Vec<&String> = production.filled.keys().filter(|table| is_somebodys(scene, table)).collect();
    if theirs.is_empty() {
        let finding = match &production.refusal {
            _ if !production.filled.is_empty() => Finding::new(
                Status::Pass,
                format!("with {marked} it leaves reference data alone, in {}", names(production.filled.keys())),
            ),
            Some(refusal) => Finding::new(Status::Pass, format!("with {marked} it refuses, and leaves no row"))
                .observed(format!("{}: {}", refusal.sqlstate, refusal.message)),
            None => Finding::new(Status::Pass, format!("with {marked} it leaves no row")),
        };
        return (finding, none);
    }
    let count: u64 = theirs
        .iter()
        .filter_map(|table| production.filled.get(*table))
        .map(|filled| filled.after.saturating_sub(filled.before))
        .sum();
    let mut finding = Finding::new(
        Status::Fail,
        format!(
            "with {marked} it runs all the same, and leaves rows of people or tenants in {}",
            names(theirs.iter().copied())
        ),
    )
    .observed(format!("{count} more rows in these tables than before"));
    if seed.kept_by_tool {
        finding.summary.push_str("; the Supabase CLI seeds no linked project unless it is told to (--include-seed), and nothing here speaks of the marker");
        finding = finding.at(Severity::Warning);
    }
    let rows = theirs.into_iter().filter(|table| filled_tables(scene, seed).contains(table)).cloned().collect();
    (finding, rows)
}

/// Whether rows of the table are people, or belong to tenants.
fn is_somebodys(scene: &Scene<'_>, name: &str) -> bool {
    let Some(table) = scene.catalog.tables.iter().find(|table| table.name.to_string() == name) else { return false };
    let users = scene.intent.users.as_ref().is_some_and(|(users, _)| *users == table.name);
    let accounts = table.name.schema == "auth" && !scene.intent.is_own_schema("auth");
    let intended = scene.intent.table(&table.name).is_some_and(|intent| {
        intent.role != TableRole::Plain || !matches!(intent.tie.value, Tie::Global | Tie::Untied)
    });
    users || accounts || intended
}

fn names<'a>(all: impl Iterator<Item = &'a String>) -> String {
    let all: Vec<&str> = all.map(String::as_str).collect();
    match all.as_slice() {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more tables", rest.len())
        }
        few => few.join(", "),
    }
}

fn guard(seed: &SeedTrial) -> String {
    let (name, value) = &seed.marker;
    let (setting, value) = (quote_literal(name), quote_literal(value));
    let spoken: Vec<String> = name.split('.').map(quote_identifier).collect();
    format!(
        "-- first in the seed; in production: alter database … set {} to {value};\ndo $$\nbegin\n  if current_setting({setting}, true) = {value} then\n    raise exception 'this seed is for development';\n  end if;\nend\n$$;",
        spoken.join(".")
    )
}
