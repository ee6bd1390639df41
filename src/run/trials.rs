use super::rehearsal::MigrationRehearsal;
use crate::postgres::migrate::Applied;
use crate::postgres::provision::Server;
use crate::project::{Checksums, MigrationFile, Project, ProjectProblem, Tool, risks};
use crate::trial::{MigrationTrial, Repetition, RollbackTrial, SeedTrial, ServerTrial, Stored, Trials, WayBack};

/// What was tried beside applying the files.
pub(super) struct Tried {
    /// What the files of checksums say.
    pub(super) checksums: Checksums,
    /// The migrations, again and back.
    pub(super) rehearsal: MigrationRehearsal,
    /// The seed.
    pub(super) seed: Option<SeedTrial>,
    /// What was stored before the world was made.
    pub(super) stored: Stored,
}

/// What came of a system's files.
pub(super) fn trials(project: &Project, applied: &Applied, server: &Server, tried: Tried) -> Trials {
    let Tried { checksums, rehearsal, seed, stored } = tried;
    let mut risks = risks(project);
    let not_asked = || Repetition::NotTried("it was not asked for".to_owned());
    let migrations = project.migrations.iter().enumerate().map(|(index, migration)| MigrationTrial {
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
        repetition: rehearsal.repetitions.get(index).cloned().unwrap_or_else(not_asked),
        way_back: way_back(project, migration, rehearsal.ways_back.get(index).cloned().flatten()),
        checksum: checksums.of(&migration.path),
        risks: risks.remove(&migration.path).unwrap_or_default(),
    });
    let stand_ins = applied.stand_ins.iter().map(|stand_in| stand_in.extension.clone()).collect();
    Trials {
        migrations: migrations.collect(),
        gone: checksums.gone,
        stand_ins,
        alerts: project.alerts.clone(),
        server: ServerTrial { lent: server.provider() == "url" },
        seed,
        stored,
    }
}

fn way_back(project: &Project, migration: &MigrationFile, trial: Option<RollbackTrial>) -> WayBack {
    let not_kept = |reason: &str| WayBack::NotKept(reason.to_owned());
    if let Some(down) = &migration.down {
        let trial = trial.unwrap_or_else(|| RollbackTrial::NotTried("it was not asked for".to_owned()));
        return WayBack::There { file: down.path.clone(), trial };
    }
    let pairs = matches!(project.tool, Tool::UpDown | Tool::Diesel | Tool::Goose | Tool::Dbmate);
    if !pairs && project.migrations.iter().all(|other| other.down.is_none()) {
        not_kept(&format!("with {} there is no way back but a new migration", project.tool.as_str()))
    } else if migration.version.is_none() {
        not_kept("it has no version: it is applied anew, not taken back")
    } else {
        WayBack::Missing
    }
}
