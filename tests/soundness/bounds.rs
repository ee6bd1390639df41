//! 7. Everything is bounded. No clock is read: a run that hangs would never end.

use seaworthy::verdict::Status;

use crate::system::{NOTES, SOUND, check, expect, expect_blocked, results};

#[test]
fn a_policy_that_recurses_for_ever_is_told_as_what_it_is() {
    let record = check(&format!(
        "{NOTES}
        create policy own on public.notes for select to authenticated
          using (exists (select from public.notes n where n.workspace_id = notes.workspace_id));"
    ));
    expect(&record, "isolation/policy-recursion", "notes", Status::Fail);
    expect_blocked(&record);
}

#[test]
fn a_policy_that_sleeps_is_unproven_and_does_not_hold_up_the_run() {
    let record = check(&format!(
        "{NOTES}
        create policy own on public.notes for select to authenticated
          using (pg_catalog.pg_sleep(3600) is null and public.mine(workspace_id));"
    ));
    expect_blocked(&record);
    let found = results(&record, "isolation/cross-tenant-read", "notes");
    assert!(found.iter().all(|result| result.status == Status::Unproven), "{found:#?}");
    assert!(found.iter().any(|result| result.observed.contains("57014")), "{found:#?}");
}

#[test]
fn a_table_that_the_migrations_fill_with_many_rows_is_checked_as_any_other() {
    let schema = |policy: &str| {
        format!(
            "{NOTES}{policy}
            insert into auth.users (id, email) values ('6b1f7c1e-0000-4000-8000-000000000001', 'seed@example.com');
            insert into public.workspaces (id, user_id, name)
              values ('6b1f7c1e-0000-4000-8000-000000000002', '6b1f7c1e-0000-4000-8000-000000000001', 'seed');
            insert into public.notes (workspace_id, body)
              select '6b1f7c1e-0000-4000-8000-000000000002', 'note ' || n from generate_series(1, 20000) n;"
        )
    };
    let record = check(&schema(SOUND));
    expect(&record, "isolation/cross-tenant-read", "notes", Status::Pass);
    expect(&record, "isolation/cross-tenant-update", "notes", Status::Pass);
    // What leaks stands behind more rows than a probe keeps.
    let open = "create policy open on public.notes for select to authenticated using (true);";
    expect(&check(&schema(&format!("{SOUND}{open}"))), "isolation/cross-tenant-read", "notes", Status::Fail);
}
