use crate::postgres::migrate::Applied;
use crate::project::{Project, SourceMap, Standing};
use crate::verdict::{CheckResult, Family, ObjectKind, Source};

/// Says of each result that does not know it where its object was last defined.
pub(super) fn locate(results: &mut [CheckResult], project: &Project, applied: &Applied) {
    let sources = SourceMap::read(standing(project, applied));
    for result in results.iter_mut().filter(|result| result.source.is_none()) {
        let family = result.check.split_once('/').and_then(|(family, _)| Family::named(family));
        result.source = match (result.object.kind, family, &result.object.sub) {
            (ObjectKind::Migration, _, _) => {
                let file = project.migrations.iter().find(|migration| migration.path == result.object.name);
                file.map(|file| Source { file: file.path.clone(), line: 1 })
            }
            // What is said of a table's row security as a whole is mended where that is switched.
            (_, Some(Family::Rls), None) => sources.of_row_security(&result.object),
            _ => sources.of(&result.object),
        };
    }
}

/// The migrations that stand, in the order in which they were applied; then those that stand in part.
fn standing<'a>(project: &'a Project, applied: &'a Applied) -> impl Iterator<Item = Standing<'a>> {
    let file = |path: &str| project.migrations.iter().find(|migration| migration.path == path);
    let whole = applied.files.iter().filter_map(move |path| file(path)).map(|migration| Standing {
        path: &migration.path,
        sql: &migration.sql,
        before: None,
    });
    let in_part = applied.failures.iter().filter(|failure| failure.partly_applied).filter_map(move |failure| {
        let migration = file(&failure.file)?;
        Some(Standing { path: &migration.path, sql: &migration.sql, before: Some(failure.line) })
    });
    whole.chain(in_part)
}
