//! Where the library's own tests keep their snapshots.

/// Runs assertions whose snapshots are in the folder `snapshots/` beside `src/`.
pub(crate) fn in_snapshots(assertions: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(assertions);
}
