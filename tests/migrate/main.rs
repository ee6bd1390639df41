//! Migrations on a real server: surroundings, stand-ins, failures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cluster;
mod failures;
mod sources;
mod stand_ins;
mod supabase;

use std::sync::Arc;

use cluster::Cluster;
use seaworthy::postgres::Session;
use seaworthy::postgres::migrate::{Applied, ApplyOptions, apply};
use seaworthy::postgres::supabase::DefaultPrivileges;
use seaworthy::project::{Project, discover};
use seaworthy::settings::SystemSettings;
use seaworthy::tenancy::Profile;

/// A fresh database with migrations applied.
struct Fixture {
    cluster: Arc<Cluster>,
    session: Session,
    applied: Applied,
    project: Project,
}

impl Fixture {
    async fn new(profile: Profile, files: &[(&str, &str)]) -> Option<Self> {
        let cluster = Cluster::shared()?;
        let folder = tempfile::tempdir().unwrap();
        for (name, sql) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, sql).unwrap();
        }
        let settings = SystemSettings::default();
        let project = discover(folder.path(), &settings).unwrap();
        let options = ApplyOptions::new(profile, &project, &settings);
        let mut session = cluster.database().await;
        let applied = apply(&mut session, &project, &options, &|_| ()).await.unwrap();
        Some(Self { cluster, session, applied, project })
    }

    /// One that must apply whole.
    async fn whole(profile: Profile, files: &[(&str, &str)]) -> Option<Self> {
        let fixture = Self::new(profile, files).await?;
        assert_eq!(fixture.applied.failures, []);
        Some(fixture)
    }

    /// The first cell of a query on a new connection, as a client has it.
    async fn ask(&mut self, sql: &str) -> String {
        let mut session = self.cluster.again(&mut self.session).await;
        let results = session.run(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let rows = results.into_iter().rev().find(|result| !result.rows.is_empty()).unwrap_or_default().rows;
        rows.into_iter().flatten().flatten().next().unwrap_or_default()
    }

    /// What a query is refused with.
    async fn refusal(&mut self, sql: &str) -> String {
        let mut session = self.cluster.again(&mut self.session).await;
        session.run(sql).await.expect_err("the statement is refused").sqlstate.unwrap_or_default()
    }
}
