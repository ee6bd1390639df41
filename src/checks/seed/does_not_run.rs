//! `seed/does-not-run`: the seed runs on a database that the migrations have made.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding};
use super::{file_object, filled_tables, seeded_table};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "seed/does-not-run",
        family: Family::Seed,
        severity: Severity::Error,
        title: "The seed runs on a freshly migrated database",
        help: "A seed that does not run leaves everybody who sets the project up with half of it, and it shows that nobody has done so since the schema changed. The file, the line and the server's words are given. Bring the statement in step with the schema.",
        example: example!("seed/does-not-run", ["schema.sql", "seed.sql"]),
    },
    plan,
};

const EXPECTED: &str = "it runs on a freshly migrated database";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    if let Some(Err(none)) = seeded_table(scene, subject, EXPECTED) {
        return none;
    }
    let Subject::Seed(seed) = *subject else { return Vec::new() };
    let every_table =
        || scene.intent.tables.keys().filter(|name| scene.catalog.table(name).is_some_and(|table| table.holds_rows()));
    let case = |file: &crate::trial::SeedFile| {
        let Some(failure) = &file.failure else {
            if seed.filled.is_empty() && seed.files.iter().all(|file| file.failure.is_none()) {
                let tables = every_table().map(ToString::to_string).collect();
                let finding = Finding::new(Status::Fail, "it runs, and leaves no row in any table: nothing is seeded")
                    .at(Severity::Warning);
                return Case::settled(file_object(&file.path), tables, EXPECTED, finding);
            }
            let finding = Finding::new(Status::Pass, "it runs");
            return Case::settled(file_object(&file.path), filled_tables(scene, seed), EXPECTED, finding);
        };
        let finding = if failure.engine_limit {
            Finding::new(
                Status::Unproven,
                "it has an EXCEPTION handler, which this engine does not run: use --postgres docker or local",
            )
        } else {
            Finding::new(Status::Fail, format!("{}:{} does not run: {}", failure.file, failure.line, failure.message))
        };
        let finding = finding
            .observed(format!("{}: {}\n{}", failure.sqlstate, failure.message, failure.statement))
            .located(&failure.file, failure.line);
        let tables = every_table().map(ToString::to_string).collect();
        let case = Case::settled(file_object(&file.path), tables, EXPECTED, finding);
        match &failure.hint {
            Some(hint) => case.with_fix(hint.clone()),
            None => case,
        }
    };
    seed.files.iter().map(case).collect()
}
