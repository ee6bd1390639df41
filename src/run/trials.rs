use crate::postgres::migrate::Applied;
use crate::postgres::provision::Server;
use crate::project::{Project, ProjectProblem};
use crate::trial::{MigrationTrial, ServerTrial, Trials};

/// What came of a system's files.
pub(super) fn trials(project: &Project, applied: &Applied, server: &Server) -> Trials {
    let migrations = project.migrations.iter().map(|migration| MigrationTrial {
        file: migration.path.clone(),
        failure: applied.failures.iter().find(|failure| failure.file == migration.path).cloned(),
        retried: applied.retried.contains(&migration.path),
        misplaced_after: project.problems.iter().find_map(|problem| match problem {
            ProjectProblem::OutOfOrder { file, after } if *file == migration.path => Some(after.clone()),
            ProjectProblem::OutOfOrder { .. } | ProjectProblem::DuplicateVersion { .. } => None,
        }),
        shared_version: project.problems.iter().find_map(|problem| match problem {
            ProjectProblem::DuplicateVersion { version, files } if files.contains(&migration.path) => {
                Some((version.clone(), files.clone()))
            }
            ProjectProblem::OutOfOrder { .. } | ProjectProblem::DuplicateVersion { .. } => None,
        }),
    });
    let stand_ins = applied.stand_ins.iter().map(|stand_in| stand_in.extension.clone()).collect();
    Trials {
        migrations: migrations.collect(),
        stand_ins,
        alerts: project.alerts.clone(),
        server: ServerTrial { lent: server.provider() == "url" },
    }
}
