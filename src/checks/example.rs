//! The example of a check: its fixtures `broken` and `repaired`, which `tests/fixtures.rs` runs.

/// The files of `fixtures/checks/<id>/broken` and `…/repaired`: `schema.sql` alone, or those that are listed, for both or for each.
macro_rules! example {
    ($id:literal) => {
        example!($id, ["schema.sql"])
    };
    ($id:literal, [$($file:literal),+]) => {
        example!($id, broken: [$($file),+], repaired: [$($file),+])
    };
    ($id:literal, broken: [$($broken:literal),+], repaired: [$($repaired:literal),+]) => {
        $crate::verdict::Example {
            failing: &[$(example!(file $id, "/broken/", $broken)),+],
            passing: &[$(example!(file $id, "/repaired/", $repaired)),+],
        }
    };
    (file $id:literal, $variant:literal, $file:literal) => {
        $crate::verdict::ExampleFile {
            path: $file,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/checks/", $id, $variant, $file)),
        }
    };
}
