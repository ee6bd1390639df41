//! 2. Effects decide, not error codes. 3. A statement is probed in several shapes.

use seaworthy::verdict::Status;

use crate::system::{NOTES, SOUND, check, expect, expect_blocked, expect_ready, results};

/// The function answers nothing and refuses nobody: only the rows tell.
#[test]
fn a_function_that_changes_others_rows_without_a_word_is_found() {
    let function = |condition: &str| {
        format!(
            "{NOTES}{SOUND}
            create function public.redact() returns void language sql security definer set search_path = '' as
              $$ update public.notes set body = 'redacted' where {condition} $$;"
        )
    };
    let record = check(&function("true"));
    expect(&record, "isolation/function-leaks", "redact", Status::Fail);
    expect_blocked(&record);
    expect_ready(&check(&function("public.mine(workspace_id)")));
}

/// Nothing is refused: nobody gets an error, and nobody gets at a row.
#[test]
fn a_statement_that_goes_through_without_touching_anything_is_no_leak() {
    let record = check(&format!("{NOTES}{SOUND}"));
    expect(&record, "isolation/cross-tenant-delete", "notes", Status::Pass);
    expect(&record, "isolation/cross-tenant-update", "notes", Status::Pass);
}

/// By id, the SELECT policy comes in and keeps the row; without WHERE, the open UPDATE policy alone decides.
#[test]
fn an_update_that_is_open_without_where_alone_is_found() {
    let policies = |condition: &str| {
        format!(
            "{NOTES}
            create policy reads on public.notes for select to authenticated using (public.mine(workspace_id));
            create policy changes on public.notes for update to authenticated using ({condition});"
        )
    };
    let record = check(&policies("(select auth.uid()) is not null"));
    expect(&record, "isolation/cross-tenant-update", "notes", Status::Fail);
    let found = results(&record, "isolation/cross-tenant-update", "notes")[0];
    let attack = found.evidence.iter().find(|evidence| evidence.part == "attack").unwrap();
    assert!(!attack.shape.contains("by id") && !attack.statement.contains("where"), "{attack:#?}");
    assert!(!found.observed.contains("by id"), "by id it is refused: {}", found.observed);
    expect_ready(&check(&policies("public.mine(workspace_id)")));
}
