use std::collections::BTreeMap;

use super::rehearsal::{MigrationRehearsal, Rehearsal, Seeding, Wanted, look, put_back_roles};
use super::trials::{Tried, trials};
use super::{RunError, Target};
use crate::catalog::{Catalog, QualifiedName};
use crate::postgres::introspect::{introspect, introspect_roles, schema_fingerprint};
use crate::postgres::migrate::{Application, Applied, ApplyOptions, apply_seed};
use crate::postgres::provision::{Database, Server};
use crate::postgres::rehearse::table_states;
use crate::postgres::{Session, has_policies, make_application_role, populate};
use crate::project::{self, Checksums, Project, checksums};
use crate::settings::SystemSettings;
use crate::tenancy::{self, Intent, Profile, Surroundings};
use crate::trial::{MigrationFailure, Trials};
use crate::verdict::Event;
use crate::world::World;

/// A system's files and what surrounds them, before any server is asked.
pub(super) struct Found {
    /// The files.
    pub(super) project: Project,
    /// What surrounds the schema.
    pub(super) profile: Profile,
    /// Why.
    pub(super) profile_reason: String,
    /// What a file of checksums says about the migrations.
    pub(super) checksums: Checksums,
}

/// A system on a server, read back.
pub(super) struct Schema {
    /// The scratch database.
    pub(super) database: Database,
    /// What came of the migrations.
    pub(super) applied: Applied,
    /// What of the seed does not apply.
    pub(super) seed_failures: Vec<MigrationFailure>,
    /// The schema.
    pub(super) catalog: Catalog,
    /// Its fingerprint.
    pub(super) fingerprint: String,
    /// What should be allowed.
    pub(super) intent: Intent,
    /// The role that was made to stand for the application, where none is a client's and there are policies.
    pub(super) application_role: Option<&'static str>,
    /// What came of the files.
    pub(super) trials: Trials,
}

/// Finds a system's files.
pub(super) fn find(target: &Target) -> Result<Found, RunError> {
    let project = project::discover(&target.folder, &target.settings)?;
    let (detected, reason) = project::detect_profile(&project);
    let (profile, profile_reason) = match target.settings.profile.as_deref() {
        Some("supabase") => (Profile::Supabase, "seaworthy.toml says so".to_owned()),
        Some(_) => (Profile::Plain, "seaworthy.toml says so".to_owned()),
        None => (detected, reason),
    };
    let checksums = checksums(&project, &target.settings)?;
    Ok(Found { project, profile, profile_reason, checksums })
}

/// Migrates a scratch database, seeds it and reads it back. What else is wanted is tried on clones of it.
pub(super) async fn migrate(
    server: &Server,
    target: &Target,
    found: &Found,
    wanted: Wanted,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Schema, RunError> {
    let project = &found.project;
    tell(Event::Stage(format!("{}: applying {} migrations", target.name, project.migrations.len())));
    let database = server.create_database().await?;
    let mut session = database.connect().await?;
    let options = ApplyOptions::new(found.profile, project, &target.settings);
    let mut application = Application::begin(&mut session, project, &options, tell).await?;
    if wanted.way_back(project) {
        application.keep_traces().await?;
    }
    let applied = application.files(tell).await?;
    let rehearsal = Rehearsal { server, target, found, options: &options, wanted, tell };
    let mut of_migrations = MigrationRehearsal::default();
    if wanted.migrations(project) {
        tell(Event::Stage(format!("{}: trying the migrations again", target.name)));
        let roles = introspect_roles(&mut session).await?;
        session.close().await;
        of_migrations = rehearsal.migrations(&database, &applied).await;
        session = database.connect().await?;
        put_back_roles(&mut session, &roles).await?;
    }
    let mut unseeded = None;
    let mut seeding = Seeding::default();
    if wanted.seed(project) {
        seeding.before = table_states(&mut session).await?;
        session.close().await;
        // What cannot be cloned is not tried.
        unseeded = server.clone_database(&database).await.ok().flatten();
        session = database.connect().await?;
    }
    if let Some(seed) = &project.seed {
        seeding.failures = apply_seed(&mut session, seed, &options, tell).await?.failures;
    }
    tell(Event::Stage(format!("{}: reading the schema back", target.name)));
    let mut catalog = introspect(&mut session).await?;
    let fingerprint = schema_fingerprint(&catalog);
    let surroundings =
        Surroundings { profile: found.profile, exposed_schemas: exposed_schemas(&target.settings, found) };
    let mut intent = tenancy::infer(&catalog, &target.settings, &surroundings)?;
    let mut application_role = None;
    let nobody = intent.identity.member_roles.is_empty() && target.settings.identity.member_roles.is_none();
    // Policies are for somebody, who is made elsewhere: by whoever runs the database.
    if nobody && has_policies(&catalog) {
        application_role = make_application_role(&mut session, &catalog, &intent).await.ok();
        catalog = introspect(&mut session).await?;
        intent = tenancy::infer(&catalog, &target.settings, &surroundings)?;
        intent.identity.assumed = application_role.is_some();
    }
    if wanted.seed(project) {
        seeding.after = table_states(&mut session).await?;
    }
    let looked_at = wanted.seed(project).then_some(&mut seeding);
    let stored = look(&mut session, &catalog, &intent, target, looked_at).await?;
    session.close().await;
    let seed = rehearsal.seed(&seeding, &database, unseeded).await;
    let tried = Tried { checksums: found.checksums.clone(), rehearsal: of_migrations, seed, stored };
    let trials = trials(project, &applied, server, tried);
    Ok(Schema {
        database,
        applied,
        seed_failures: seeding.failures,
        catalog,
        fingerprint,
        intent,
        application_role,
        trials,
    })
}

/// Makes the world in the scratch database.
pub(super) async fn people(
    schema: &Schema,
    target: &Target,
    seed: u64,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<World, RunError> {
    tell(Event::Stage(format!("{}: making tenants, people and rows", target.name)));
    let mut session: Session = schema.database.connect().await?;
    let values = values(&target.settings, &schema.intent, &schema.catalog);
    let world = populate::populate(&mut session, &schema.catalog, &schema.intent, &values, seed, tell).await?;
    session.close().await;
    Ok(world)
}

/// Schemas of Supabase's own services. Older projects list them as exposed, since the CLI's template did; what lies in them is the
/// platform's, and the buckets are judged by checks of their own.
const OF_SERVICES: [&str; 4] = ["storage", "graphql", "graphql_public", "realtime"];

/// What is exposed: as the settings say, else `supabase/config.toml`, else what is inferred.
fn exposed_schemas(settings: &SystemSettings, found: &Found) -> Vec<String> {
    let configured = || {
        let mut schemas = found.project.supabase.as_ref().and_then(|config| config.schemas.clone())?;
        schemas.retain(|schema| !OF_SERVICES.contains(&schema.as_str()));
        Some(schemas).filter(|schemas| !schemas.is_empty())
    };
    let declared = match found.profile {
        Profile::Supabase => settings.supabase.exposed_schemas.clone().or_else(configured),
        Profile::Plain => settings.identity.exposed_schemas.clone(),
    };
    declared.unwrap_or_default()
}

/// `[tables.NAME.values]`, by the tables' full names, as text.
fn values(
    settings: &SystemSettings,
    intent: &Intent,
    catalog: &Catalog,
) -> BTreeMap<QualifiedName, BTreeMap<String, String>> {
    let text = |value: &toml::Value| match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut all = BTreeMap::new();
    for (name, table) in &settings.tables {
        let Some(found) = named(name, intent, catalog) else { continue };
        let values: BTreeMap<String, String> =
            table.values.iter().map(|(column, value)| (column.clone(), text(value))).collect();
        if !values.is_empty() {
            all.insert(found.clone(), values);
        }
    }
    all
}

/// The tables that are to be left alone (`skip`), by their full names, each with the reason.
pub(super) fn left_alone(settings: &SystemSettings, schema: &Schema) -> BTreeMap<String, String> {
    let reasons = settings.tables.iter().filter_map(|(name, table)| Some((name, table.skip.clone()?)));
    reasons
        .filter_map(|(name, reason)| Some((named(name, &schema.intent, &schema.catalog)?.to_string(), reason)))
        .collect()
}

/// The table that settings name: `schema.name`, or `name` in an exposed schema.
pub(super) fn named<'a>(name: &str, intent: &Intent, catalog: &'a Catalog) -> Option<&'a QualifiedName> {
    let matches = |candidate: &&QualifiedName| {
        candidate.to_string() == name || (candidate.name == name && intent.exposed_schemas.contains(&candidate.schema))
    };
    catalog.tables.iter().map(|table| &table.name).find(matches)
}
