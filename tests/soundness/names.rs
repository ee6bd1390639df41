//! 5. Names are always quoted, and catalog text is never trusted to be simple.

use seaworthy::catalog::quote_identifier;
use seaworthy::verdict::Status;

use crate::system::{check, expect_blocked, expect_ready, results};

const NAMES: [&str; 7] = [
    "a\"; drop table b; --",
    "it's",
    "Two Words",
    "dotted.name",
    "camelCase",
    "déjà 🦀",
    "sixty_three_bytes_are_as_many_as_a_name_of_postgres_can_ever_be",
];

/// A table under each name, with a column of that name, under a policy of that name.
fn schema(condition: &str) -> String {
    let mut sql = String::from(
        "create table public.workspaces (id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users, name text not null);
        create index on public.workspaces (user_id);
        alter table public.workspaces enable row level security;
        create policy own on public.workspaces for select to authenticated using (user_id = (select auth.uid()));
        revoke all on public.workspaces from anon, authenticated;
        grant select on public.workspaces to authenticated;
        create table public.b (id int primary key);
        alter table public.b enable row level security;
        revoke all on public.b from anon, authenticated;",
    );
    for name in NAMES {
        let name = quote_identifier(name);
        sql.push_str(&format!(
            "create table public.{name} (id uuid primary key default gen_random_uuid(), workspace_id uuid not null references public.workspaces, {name} text not null);
            create index on public.{name} (workspace_id);
            alter table public.{name} enable row level security;
            create policy {name} on public.{name} for select to authenticated using ({condition});
            revoke all on public.{name} from anon, authenticated;
            grant select on public.{name} to authenticated;"
        ));
    }
    sql
}

#[test]
fn sixty_three_bytes_are_sixty_three_bytes() {
    assert_eq!(NAMES[6].len(), 63);
}

#[test]
fn a_sound_schema_with_hostile_names_is_ready_and_a_leaking_one_is_found_table_by_table() {
    let own = "exists (select from public.workspaces w where w.id = workspace_id and w.user_id = (select auth.uid()))";
    let sound = check(&schema(own));
    expect_ready(&sound);
    let leaking = check(&schema("true"));
    expect_blocked(&leaking);
    for name in NAMES {
        for (record, status) in [(&sound, Status::Pass), (&leaking, Status::Fail)] {
            let found = results(record, "isolation/cross-tenant-read", "");
            let found = found.iter().find(|result| result.object.name == name).unwrap();
            assert_eq!(found.status, status, "{found:#?}");
        }
    }
}
