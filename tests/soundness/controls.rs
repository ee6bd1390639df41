//! 1. No verdict without its control.

use seaworthy::verdict::Status;

use crate::system::{NOTES, SOUND, check, expect, expect_blocked, expect_ready};

#[test]
fn what_the_owner_cannot_do_either_is_unproven_and_blocks() {
    let record = check(&format!(
        "{NOTES}
        create policy own on public.notes for select to authenticated using (public.mine(workspace_id));
        create policy changes on public.notes for update to authenticated
          using (public.mine(workspace_id) and body = 'what no note says');"
    ));
    expect(&record, "isolation/cross-tenant-update", "notes", Status::Unproven);
    expect(&record, "isolation/cross-tenant-read", "notes", Status::Pass);
    expect_blocked(&record);
    expect_ready(&check(&format!("{NOTES}{SOUND}")));
}

#[test]
fn a_table_that_no_row_can_be_made_for_is_unproven_and_names_the_setting_that_would_help() {
    let record = check(&format!(
        "{NOTES}{SOUND}
        alter table public.notes add constraint only_one check (md5(body) = '5d41402abc4b2a76b9719d911017c592');"
    ));
    expect(&record, "isolation/cross-tenant-read", "notes", Status::Unproven);
    expect_blocked(&record);
    assert!(record.run.notes.iter().any(|note| note.contains("[tables.")), "{:#?}", record.run.notes);
}
