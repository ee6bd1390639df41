use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{quote_identifier, quote_literal};
use crate::postgres::Session;
use crate::postgres::rehearse::trace;
use crate::postgres::stand_ins::{self, StandIn};
use crate::postgres::supabase::{self, DefaultPrivileges};
use crate::project::{Bucket, Project, Seed, tokens};
use crate::tenancy::Profile;
use crate::trial::MigrationFailure;
use crate::verdict::Event;

use super::extension::{implied_extensions, named_extensions};
use super::file::{Applier, Task};
use super::history::history_table;
use super::usage::find_users;
use super::{Applied, ApplyOptions, MigrateError, broken};

/// Brings a project's migrations onto the database of `session`, within what surrounds them.
///
/// Each file is one transaction, as with the Supabase CLI, or statement by statement where it refuses. A file that
/// fails is undone and tried again after the others, until none more applies.
///
/// # Errors
/// When the server is gone, or the surroundings cannot be made. A file that does not apply is no error: see
/// [`Applied::failures`].
pub async fn apply(
    session: &mut Session,
    project: &Project,
    options: &ApplyOptions,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Applied, MigrateError> {
    Application::begin(session, project, options, tell).await?.files(tell).await
}

/// [`apply`] in steps, for who wants to compare what was there between the files.
pub struct Application<'a> {
    applier: Applier<'a>,
    project: &'a Project,
}

impl<'a> Application<'a> {
    /// Makes what surrounds the migrations.
    ///
    /// # Errors
    /// As [`apply`].
    pub async fn begin(
        session: &'a mut Session,
        project: &'a Project,
        options: &'a ApplyOptions,
        tell: &(dyn Fn(Event) + Sync),
    ) -> Result<Self, MigrateError> {
        let mut applier = Applier::new(session, options);
        applier.look_around().await?;
        applier.mark_environment().await?;
        if options.profile == Profile::Supabase {
            tell(Event::Stage("making the surroundings of a Supabase database".to_owned()));
            applier.surround(project).await?;
        }
        applier.created_roles = created_roles(project);
        applier.make_history_table(project).await?;
        Ok(Self { applier, project })
    }

    /// Keeps the schema's trace from here on, before the first file and after each: see [`Applied::traces`].
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn keep_traces(&mut self) -> Result<(), MigrateError> {
        self.applier.traces = Some(Vec::new());
        self.applier.keep_trace().await
    }

    /// Applies the files.
    ///
    /// # Errors
    /// As [`apply`].
    pub async fn files(mut self, tell: &(dyn Fn(Event) + Sync)) -> Result<Applied, MigrateError> {
        let Self { applier, project } = &mut self;
        tell(Event::Stage(format!("applying {} migrations", project.migrations.len())));
        let tasks = project.migrations.iter().map(|file| Task::new(&file.path, &file.sql)).collect();
        let outcome = applier.all(tasks, tell).await?;
        let supabase = applier.options.profile == Profile::Supabase;
        if let Some(config) = project.supabase.as_ref().filter(|_| supabase) {
            applier.make_buckets(&config.buckets).await?;
        }
        self.applier.finish(outcome).await
    }

    /// Applies single files instead, in whatever order.
    #[must_use]
    pub fn steps(self) -> Steps<'a> {
        Steps { applier: self.applier }
    }
}

/// Applies single files to a database that was made before, forwards or backwards, each once.
pub struct Steps<'a> {
    applier: Applier<'a>,
}

impl<'a> Steps<'a> {
    /// Begins on a database in which these stand-ins are up.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn on(
        session: &'a mut Session,
        options: &'a ApplyOptions,
        standing: &[StandIn],
    ) -> Result<Self, MigrateError> {
        let mut applier = Applier::new(session, options);
        applier.look_around().await?;
        if options.profile == Profile::Supabase {
            applier.choose_owner().await?;
        }
        applier.stand_ins = standing.to_vec();
        Ok(Self { applier })
    }

    /// Applies a file; what is returned is why it does not apply.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn file(&mut self, path: &str, sql: &str) -> Result<Option<MigrationFailure>, MigrateError> {
        self.applier.file(&mut Task::new(path, sql)).await
    }

    /// The stand-ins that are up.
    #[must_use]
    pub fn standing(&self) -> Vec<StandIn> {
        self.applier.stand_ins.clone()
    }

    /// The session, as it was given.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn session(&mut self) -> Result<&mut Session, MigrateError> {
        self.applier.end().await?;
        Ok(self.applier.session)
    }
}

/// Runs a seed on a database that [`apply`] made, as a development tool would.
///
/// # Errors
/// When the server is gone. A seed that fails is no error: see [`Applied::failures`].
pub async fn apply_seed(
    session: &mut Session,
    seed: &Seed,
    options: &ApplyOptions,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Applied, MigrateError> {
    let mut applier = Applier::new(session, options);
    applier.look_around().await?;
    if options.profile == Profile::Supabase {
        applier.choose_owner().await?;
    }
    tell(Event::Stage("seeding".to_owned()));
    let tasks = seed.files.iter().map(|file| Task::new(&file.path, &file.sql)).collect();
    let outcome = applier.all(tasks, tell).await?;
    applier.finish(outcome).await
}

/// The roles that the migrations create themselves, in whichever way: a file that names one too early is at fault.
fn created_roles(project: &Project) -> BTreeSet<String> {
    let mut created = BTreeSet::new();
    for file in &project.migrations {
        let lower = file.sql.to_lowercase();
        for kind in ["create role", "create user", "create group"] {
            for (at, _) in lower.match_indices(kind) {
                let rest = file.sql.get(at + kind.len()..).unwrap_or_default();
                let name =
                    tokens(rest.get(..200).unwrap_or(rest)).into_iter().next().and_then(|token| token.identifier());
                created.extend(name);
            }
        }
    }
    created
}

/// How the files fared.
#[derive(Default)]
struct Outcome {
    files: Vec<String>,
    retried: Vec<String>,
    failures: Vec<MigrationFailure>,
}

impl Task {
    fn new(path: &str, sql: &str) -> Self {
        Self { path: path.to_owned(), sql: sql.to_owned(), resume: None }
    }
}

impl<'a> Applier<'a> {
    fn new(session: &'a mut Session, options: &'a ApplyOptions) -> Self {
        Self {
            session,
            options,
            database: String::new(),
            login: String::new(),
            owner: None,
            roles: BTreeSet::new(),
            created_roles: BTreeSet::new(),
            available: BTreeSet::new(),
            refused: BTreeMap::new(),
            stand_ins: Vec::new(),
            notes: Vec::new(),
            autocommitted: Vec::new(),
            traces: None,
            handlers_catch: None,
        }
    }

    /// The marker holds for every later connection to the database, so that triggers and seeds can ask for it.
    async fn mark_environment(&mut self) -> Result<(), MigrateError> {
        let setting: Vec<String> = self.options.environment_setting.split('.').map(quote_identifier).collect();
        let sql = format!(
            "alter database {} set {} to {}",
            quote_identifier(&self.database),
            setting.join("."),
            quote_literal(&self.options.environment_value)
        );
        self.session.run(&sql).await.map(|_| ()).map_err(|error| broken("setting the environment's marker", error))
    }

    async fn make_history_table(&mut self, project: &Project) -> Result<(), MigrateError> {
        let Some(sql) = history_table(project) else { return Ok(()) };
        self.begin_file().await?;
        self.session.run(&sql).await.map(|_| ()).map_err(|error| broken("making the tool's own table", error))
    }

    async fn surround(&mut self, project: &Project) -> Result<(), MigrateError> {
        let superuser = super::one_value(self.session, "select current_setting('is_superuser')").await;
        if superuser.map_err(|error| broken("looking around", error))? != "on" {
            return Err(MigrateError::NotSuperuser { login: self.login.clone() });
        }
        supabase::surround(self.session, self.options.default_privileges).await.map_err(|source| {
            if source.is_lost() {
                broken("making the surroundings", source)
            } else {
                MigrateError::Surroundings { source }
            }
        })?;
        self.choose_owner().await?;
        for (extension, schema) in supabase::PREINSTALLED {
            let reason = "Supabase has it from the start, and the server does not offer it";
            self.install(extension, schema, reason).await?;
        }
        let named = named_extensions(project);
        for (extension, schema) in supabase::INCLUDED.iter().filter(|(name, _)| named.iter().any(|one| one == name)) {
            self.record(extension, schema, "the surroundings have their own form of it");
        }
        for extension in implied_extensions(project) {
            self.notes.push(format!("no migration creates the extension {extension}, and some use it: it is created"));
            let schema = stand_ins::home(extension, "extensions");
            self.install(extension, schema, "no migration creates it, and the server does not offer it").await?;
        }
        Ok(())
    }

    /// Creates an extension that no migration creates, or stands in for it.
    async fn install(&mut self, extension: &str, schema: &str, reason: &str) -> Result<(), MigrateError> {
        let schema_clause = if stand_ins::home(extension, "").is_empty() {
            format!(" with schema {}", quote_identifier(schema))
        } else {
            String::new()
        };
        if self.available.contains(extension) {
            let sql = format!("create extension if not exists {}{schema_clause}", quote_identifier(extension));
            match self.session.run(&sql).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_lost() => return Err(broken("creating an extension", error)),
                Err(error) => drop(self.refused.insert(extension.to_owned(), error.message)),
            }
        }
        let script = stand_ins::script(extension, schema).unwrap_or_default();
        self.session.run(&script).await.map_err(|error| broken("standing in for an extension", error))?;
        self.record(extension, schema, reason);
        Ok(())
    }

    fn record(&mut self, extension: &str, schema: &str, reason: &str) {
        self.stand_ins.push(StandIn {
            extension: extension.to_owned(),
            schema: schema.to_owned(),
            reason: reason.to_owned(),
            empty: false,
            used_by: Vec::new(),
        });
    }

    /// Applies the files in order, then those that failed again, as long as that helps.
    async fn all(&mut self, tasks: Vec<Task>, tell: &(dyn Fn(Event) + Sync)) -> Result<Outcome, MigrateError> {
        let mut outcome = Outcome::default();
        let mut waiting = tasks;
        let mut first_round = true;
        loop {
            let mut failed = Vec::new();
            let before = waiting.len();
            for mut task in std::mem::take(&mut waiting) {
                match self.file(&mut task).await? {
                    Some(failure) => failed.push((task, failure)),
                    None => {
                        if !first_round {
                            tell(Event::Note(format!("{} applied only after later files", task.path)));
                            outcome.retried.push(task.path.clone());
                        }
                        outcome.files.push(task.path);
                        self.keep_trace().await?;
                    }
                }
            }
            let stuck = failed.len() == before;
            if failed.is_empty() || stuck {
                outcome.failures = failed.into_iter().map(|(_, failure)| failure).collect();
                break;
            }
            waiting = failed.into_iter().map(|(task, _)| task).collect();
            first_round = false;
        }
        self.end().await?;
        Ok(outcome)
    }

    async fn keep_trace(&mut self) -> Result<(), MigrateError> {
        if let Some(traces) = &mut self.traces {
            traces.push(trace(self.session).await.map_err(|error| broken("looking at the schema", error))?);
        }
        Ok(())
    }

    /// The buckets that the CLI makes from `supabase/config.toml`.
    async fn make_buckets(&mut self, buckets: &BTreeMap<String, Bucket>) -> Result<(), MigrateError> {
        if buckets.is_empty() {
            return Ok(());
        }
        let row = |(name, bucket): (&String, &Bucket)| {
            let types = bucket.allowed_mime_types.as_ref().map_or_else(
                || "null::text[]".to_owned(),
                |types| {
                    format!(
                        "array[{}]::text[]",
                        types.iter().map(|one| quote_literal(one)).collect::<Vec<_>>().join(", ")
                    )
                },
            );
            let name = quote_literal(name);
            format!("({name}, {name}, {}, {types})", bucket.public)
        };
        let rows: Vec<String> = buckets.iter().map(row).collect();
        let sql = format!(
            "insert into storage.buckets (id, name, public, allowed_mime_types) values {} on conflict do nothing",
            rows.join(", ")
        );
        self.session.run(&sql).await.map(|_| ()).map_err(|error| broken("making the buckets", error))
    }

    async fn finish(mut self, outcome: Outcome) -> Result<Applied, MigrateError> {
        let mut stand_ins = std::mem::take(&mut self.stand_ins);
        let found = find_users(self.session, &mut stand_ins).await;
        found.map_err(|error| broken("finding what rests on stand-ins", error))?;
        Ok(Applied {
            files: outcome.files,
            failures: outcome.failures,
            retried: outcome.retried,
            autocommitted: self.autocommitted,
            traces: self.traces.unwrap_or_default(),
            stand_ins,
            default_privileges: match self.options.profile {
                Profile::Supabase => self.options.default_privileges,
                Profile::Plain => DefaultPrivileges::None,
            },
            notes: self.notes,
        })
    }
}
