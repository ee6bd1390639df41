use std::collections::BTreeMap;

use super::prepare::{Found, named};
use super::{RunError, Selection, Target};
use crate::catalog::{Catalog, Role, quote_identifier};
use crate::checks::every_check;
use crate::postgres::Session;
use crate::postgres::introspect::introspect_roles;
use crate::postgres::migrate::{Applied, ApplyOptions, apply_seed};
use crate::postgres::provision::{Database, Server};
use crate::postgres::rehearse::{
    RehearsalError, RolledBack, TableStates, repeat, required_rows, roll_back, roll_back_each, seeded_texts, stored,
    table_states,
};
use crate::project::{Project, Tool, constants};
use crate::settings::Environment;
use crate::tenancy::Intent;
use crate::trial::{
    Attempt, MigrationFailure, ProductionTrial, Repetition, RollbackTrial, SeedFile, SeedTrial, Stored,
};
use crate::verdict::Event;

/// What is to be tried beside applying the files once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The migrations, a second time.
    repetition: bool,
    /// The migrations, backwards.
    rollback: bool,
    /// The seed, a second time and in production; and what it left.
    seed: bool,
}

impl Wanted {
    /// What the selected checks judge.
    pub(super) fn by(selection: &Selection) -> Self {
        let of_no_table = |id: &str| selection.tables.is_empty() && selection.takes_check(id);
        Self {
            repetition: of_no_table("migrations/not-repeatable"),
            rollback: of_no_table("migrations/rollback-differs"),
            seed: every_check().iter().any(|info| info.id.starts_with("seed/") && selection.takes_check(info.id)),
        }
    }

    /// Whether the seed is looked at closely.
    pub(super) fn seed(self, project: &Project) -> bool {
        self.seed && project.seed.is_some()
    }

    /// Whether the migrations are tried in any other way.
    pub(super) fn migrations(self, project: &Project) -> bool {
        self.repetition || self.way_back(project)
    }

    /// Whether the schema between the migrations is compared.
    pub(super) fn way_back(self, project: &Project) -> bool {
        self.rollback && project.migrations.iter().any(|migration| migration.down.is_some())
    }
}

/// What came of trying the migrations in other ways, by their order.
#[derive(Debug, Default)]
pub(super) struct MigrationRehearsal {
    /// A second time.
    pub(super) repetitions: Vec<Repetition>,
    /// Backwards; `None` where a file has no way back.
    pub(super) ways_back: Vec<Option<RollbackTrial>>,
}

/// A system in the middle of being brought onto a server.
pub(super) struct Rehearsal<'a> {
    pub(super) server: &'a Server,
    pub(super) target: &'a Target,
    pub(super) found: &'a Found,
    pub(super) options: &'a ApplyOptions,
    pub(super) wanted: Wanted,
    pub(super) tell: &'a (dyn Fn(Event) + Sync),
}

impl Rehearsal<'_> {
    /// Tries the migrations on clones of `migrated`, to which nobody is connected.
    pub(super) async fn migrations(&self, migrated: &Database, applied: &Applied) -> MigrationRehearsal {
        let Project { migrations, .. } = &self.found.project;
        let untried = if !applied.failures.is_empty() || !applied.retried.is_empty() {
            Some("the migrations do not all apply in their order".to_owned())
        } else {
            None
        };
        let mut rehearsal = MigrationRehearsal::default();
        let repetitions = async {
            match &untried {
                _ if !self.wanted.repetition => Ok(Vec::new()),
                Some(reason) => Err(reason.clone()),
                None => self.repetitions(migrated, applied).await,
            }
        };
        let ways_back = async {
            match &untried {
                _ if !self.wanted.way_back(&self.found.project) => Ok(Vec::new()),
                Some(reason) => Err(reason.clone()),
                None => self.ways_back(migrated, applied).await,
            }
        };
        let (repetitions, ways_back) = self.both(repetitions, ways_back).await;
        let count = migrations.len();
        rehearsal.repetitions = repetitions.unwrap_or_else(|reason| vec![Repetition::NotTried(reason); count]);
        rehearsal.ways_back = ways_back.unwrap_or_else(|reason| vec![Some(RollbackTrial::NotTried(reason)); count]);
        rehearsal
    }

    /// Does both side by side, or where the server takes one connection at a time, one after the other.
    async fn both<One, Other>(
        &self,
        one: impl Future<Output = One>,
        other: impl Future<Output = Other>,
    ) -> (One, Other) {
        if self.server.parallelism() > 1 { tokio::join!(one, other) } else { (one.await, other.await) }
    }

    async fn repetitions(&self, migrated: &Database, applied: &Applied) -> Result<Vec<Repetition>, String> {
        let (project, options) = (&self.found.project, self.options);
        let again = async |attribute: bool| {
            self.on(Some(migrated), async |session: &mut Session| {
                repeat(session, project, options, &applied.stand_ins, attribute).await
            })
            .await
        };
        let first = again(false).await?;
        // Most sets change nothing; which file did is looked for only where something did.
        if first.changed { Ok(again(true).await?.files) } else { Ok(first.files) }
    }

    async fn ways_back(&self, migrated: &Database, applied: &Applied) -> Result<Vec<Option<RollbackTrial>>, String> {
        let (project, options, tell) = (&self.found.project, self.options, self.tell);
        let all =
            self.on(Some(migrated), async |session: &mut Session| roll_back(session, project, options, applied).await);
        if all.await? == RolledBack::Restores {
            let of = |down: bool| down.then_some(RollbackTrial::Restores);
            return Ok(project.migrations.iter().map(|migration| of(migration.down.is_some())).collect());
        }
        self.on(None, async |session: &mut Session| roll_back_each(session, project, options, tell).await).await
    }

    /// Tries the seed on clones: `seeded`, to which nobody is connected, and `unseeded`, which is used up.
    pub(super) async fn seed(
        &self,
        seeding: &Seeding,
        seeded: &Database,
        unseeded: Option<Database>,
    ) -> Option<SeedTrial> {
        let seed = self.found.project.seed.as_ref().filter(|_| self.wanted.seed)?;
        let file = |path: &String, sql: &String| SeedFile {
            path: path.clone(),
            failure: seeding.failures.iter().find(|failure| failure.file == *path).cloned(),
            constants: constants(sql),
        };
        let Environment { setting, production, .. } = &self.target.settings.environment;
        let mut trial = SeedTrial {
            files: seed.files.iter().map(|one| file(&one.path, &one.sql)).collect(),
            filled: seeding.before.changes(&seeding.after),
            texts: seeding.texts.clone(),
            for_production: self.target.settings.seed.production,
            kept_by_tool: self.kept_by_tool(),
            marker: (setting.clone(), production.clone()),
            own_domains: self.target.settings.seed.own_domains.clone(),
            ..SeedTrial::default()
        };
        if !seeding.failures.is_empty() {
            let reason = "the seed does not run as a whole".to_owned();
            trial.again = Attempt::NotMade(reason.clone());
            trial.production = Attempt::NotMade(reason);
        } else {
            let again = self.on(Some(seeded), async |session: &mut Session| self.run_seed(session, self.options).await);
            let (again, production) = self.both(again, self.in_production(seeding, unseeded.as_ref())).await;
            trial.production = production;
            match again {
                Ok((states, refusal)) => {
                    trial.again = Attempt::Made(seeding.after.changes(&states));
                    trial.again_refused = refusal;
                }
                Err(reason) => trial.again = Attempt::NotMade(reason),
            }
        }
        if let Some(unseeded) = unseeded {
            // What cannot be dropped now goes with the server.
            let _left = self.server.drop_database(unseeded).await;
        }
        Some(trial)
    }

    async fn in_production(&self, seeding: &Seeding, unseeded: Option<&Database>) -> Attempt<ProductionTrial> {
        let Some(unseeded) = unseeded else { return Attempt::NotMade("the database could not be cloned".to_owned()) };
        let options = ApplyOptions {
            environment_value: self.target.settings.environment.production.clone(),
            ..self.options.clone()
        };
        let tried = async {
            let mut session = unseeded.connect().await?;
            let tried = self.run_seed(&mut session, &options).await;
            session.close().await;
            tried
        };
        match tried.await {
            Ok((states, refusal)) => {
                Attempt::Made(ProductionTrial { filled: seeding.before.changes(&states), refusal })
            }
            Err(error) => Attempt::NotMade(error.to_string()),
        }
    }

    async fn run_seed(
        &self,
        session: &mut Session,
        options: &ApplyOptions,
    ) -> Result<(TableStates, Option<MigrationFailure>), RehearsalError> {
        let Some(seed) = &self.found.project.seed else { return Ok((TableStates::default(), None)) };
        let applied = apply_seed(session, seed, options, &|_| ()).await?;
        Ok((table_states(session).await?, applied.failures.into_iter().next()))
    }

    /// The Supabase CLI seeds local and preview databases; a linked project only when told so. A project that speaks of the marker
    /// means its seed to ask for it all the same.
    fn kept_by_tool(&self) -> bool {
        let Project { tool, supabase, seed, migrations, .. } = &self.found.project;
        let marker = &self.target.settings.environment;
        let texts = migrations.iter().map(|migration| &migration.sql);
        let mut texts = texts.chain(seed.iter().flat_map(|seed| &seed.files).map(|file| &file.sql));
        (*tool == Tool::Supabase || supabase.is_some())
            && *marker == Environment::default()
            && !texts.any(|text| text.contains(&marker.setting))
    }

    /// Does the work on a clone of `template`, or on an empty database, which is dropped again. What cannot be done is told as a reason.
    async fn on<Output>(
        &self,
        template: Option<&Database>,
        work: impl AsyncFnOnce(&mut Session) -> Result<Output, RehearsalError>,
    ) -> Result<Output, String> {
        let made = match template {
            Some(template) => self.server.clone_database(template).await,
            None => self.server.create_database().await.map(Some),
        };
        let database = match made {
            Ok(Some(database)) => database,
            Ok(None) => return Err("this engine cannot clone a database".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let output = match database.connect().await {
            Ok(mut session) => {
                let output = work(&mut session).await.map_err(|error| error.to_string());
                session.close().await;
                output
            }
            Err(error) => Err(error.to_string()),
        };
        // What cannot be dropped now goes with the server.
        let _left = self.server.drop_database(database).await;
        output
    }
}

/// What seeding the database did.
#[derive(Debug, Default)]
pub(super) struct Seeding {
    /// What of it does not run.
    pub(super) failures: Vec<MigrationFailure>,
    /// What the tables held before.
    pub(super) before: TableStates,
    /// What they hold after.
    pub(super) after: TableStates,
    /// What may name people.
    pub(super) texts: Vec<crate::trial::SeededText>,
}

/// Looks at what is stored, once the database is seeded.
pub(super) async fn look(
    session: &mut Session,
    catalog: &Catalog,
    intent: &Intent,
    target: &Target,
    seeding: Option<&mut Seeding>,
) -> Result<Stored, RunError> {
    let mut found = Stored::default();
    if let Some(seeding) = seeding {
        found =
            stored(session, catalog, &seeding.after, &|name| intent.is_own_schema(&name.schema), intent.users.as_ref())
                .await?;
        seeding.texts = seeded_texts(session, catalog, &seeding.before.changes(&seeding.after)).await?;
    }
    let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut wanted = Vec::new();
    for (name, settings) in &target.settings.tables {
        let Some(table) = named(name, intent, catalog).and_then(|name| catalog.table(name)) else { continue };
        wanted.extend(settings.required.iter().map(|row| {
            let values: BTreeMap<String, String> =
                row.iter().map(|(column, value)| (column.clone(), text(value))).collect();
            (table, values)
        }));
    }
    found.required = required_rows(session, &wanted).await?;
    Ok(found)
}

/// Gives the server's roles back what the files made of them: they belong to no database, and a way back that was tried on a clone has
/// changed them for all.
pub(super) async fn put_back_roles(session: &mut Session, before: &[Role]) -> Result<(), RunError> {
    let after = introspect_roles(session).await?;
    for role in before {
        let Some(now) = after.iter().find(|now| now.name == role.name).filter(|now| *now != role) else { continue };
        let name = quote_identifier(&role.name);
        let no = |holds: bool| if holds { "" } else { "no" };
        let mut statements = vec![format!(
            "alter role {name} {}superuser {}bypassrls {}login",
            no(role.superuser),
            no(role.bypass_row_security),
            no(role.login)
        )];
        let missing = role.member_of.iter().filter(|parent| !now.member_of.contains(parent));
        statements.extend(missing.map(|parent| format!("grant {} to {name}", quote_identifier(parent))));
        let added = now.member_of.iter().filter(|parent| !role.member_of.contains(parent));
        statements.extend(added.map(|parent| format!("revoke {} from {name}", quote_identifier(parent))));
        session.run(&statements.join("; ")).await?;
    }
    Ok(())
}
