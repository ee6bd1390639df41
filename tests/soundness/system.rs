//! A small system, checked on a real server through the whole pipeline.

use seaworthy::run::{
    CheckRequest, DEFAULT_SEED, Harness, Pipeline, Selection, ServerRequest, find_targets, interrupt,
};
use seaworthy::verdict::{CheckResult, RunRecord, RunVerdict, Status};

/// Workspaces with an owner, and notes in them; the policies of the notes are the test's.
pub(crate) const NOTES: &str = "
    create table public.workspaces (id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users, name text not null);
    create table public.notes (id uuid primary key default gen_random_uuid(), workspace_id uuid not null references public.workspaces on delete cascade, body text not null);
    create index on public.workspaces (user_id);
    create index on public.notes (workspace_id);
    alter table public.workspaces enable row level security;
    alter table public.notes enable row level security;
    create policy own on public.workspaces for select to authenticated using (user_id = (select auth.uid()));
    create function public.mine(workspace uuid) returns boolean language sql stable set search_path = '' as
      $$ select exists (select from public.workspaces w where w.id = workspace and w.user_id = (select auth.uid())) $$;
    revoke all on public.workspaces, public.notes from anon, authenticated;
    grant select on public.workspaces to authenticated;
    grant select, insert, delete, update (body) on public.notes to authenticated;
";

/// Each owner's notes to the owner.
pub(crate) const SOUND: &str = "
    create policy own on public.notes for all to authenticated using (public.mine(workspace_id)) with check (public.mine(workspace_id));
";

/// What comes of this schema with these settings.
pub(crate) fn check_with(schema: &str, settings: &str, seed: u64) -> RunRecord {
    let folder = tempfile::tempdir().unwrap();
    let system = folder.path().join("system");
    std::fs::create_dir(&system).unwrap();
    std::fs::write(system.join("schema.sql"), schema).unwrap();
    std::fs::write(system.join("seaworthy.toml"), settings).unwrap();
    let request = CheckRequest {
        targets: find_targets(&[system], folder.path()).unwrap(),
        selection: Selection::default(),
        server: ServerRequest {
            postgres: std::env::var("SEAWORTHY_POSTGRES").unwrap_or_else(|_| server().to_owned()),
            image: std::env::var("SEAWORTHY_PG_IMAGE").ok(),
        },
        seed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_interrupter, interrupt) = interrupt();
    let runs = runtime.block_on(Harness.check(&request, &|_| (), &interrupt));
    let run = runs.unwrap_or_else(|error| panic!("{error}")).remove(0);
    run.outcome.unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn check(schema: &str) -> RunRecord {
    check_with(schema, "", DEFAULT_SEED)
}

/// The quickest server here that needs nothing from the network.
fn server() -> &'static str {
    if std::path::Path::new("/usr/lib/postgresql").is_dir() { "local" } else { "auto" }
}

/// The results of a check on an object whose name contains this.
pub(crate) fn results<'a>(record: &'a RunRecord, check: &str, object: &str) -> Vec<&'a CheckResult> {
    record.results.iter().filter(|result| result.check == check && result.object.to_string().contains(object)).collect()
}

/// All of them have this status, and there is one.
#[track_caller]
pub(crate) fn expect(record: &RunRecord, check: &str, object: &str, status: Status) {
    let found = results(record, check, object);
    assert!(!found.is_empty() && found.iter().all(|result| result.status == status), "{found:#?}");
}

#[track_caller]
pub(crate) fn expect_ready(record: &RunRecord) {
    let bad: Vec<&CheckResult> = record
        .results
        .iter()
        .filter(|result| matches!(result.status, Status::Fail | Status::Unproven | Status::Error))
        .collect();
    assert_eq!(record.run.verdict, RunVerdict::Ready, "{bad:#?}");
}

#[track_caller]
pub(crate) fn expect_blocked(record: &RunRecord) {
    assert_eq!((record.run.verdict, record.run.exit_code), (RunVerdict::Blocked, 1), "{:#?}", record.run);
}
