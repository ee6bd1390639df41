//! A check has one name in several places: its id, its file, its line in the registry, its fixtures and its line in the documentation.

use std::collections::BTreeSet;

use seaworthy::checks::every_check;
use seaworthy::verdict::{CheckInfo, Family};

use crate::table::{quoted, rows_below};
use crate::{files_below, folders_in, read};

/// The families that have a folder in `src/checks/`, as that spells them.
pub(crate) fn families() -> BTreeSet<String> {
    let named: Vec<String> = Family::ALL.iter().map(|family| family.as_str().replace('-', "_")).collect();
    folders_in("src/checks").into_iter().filter(|folder| named.contains(folder)).collect()
}

/// `isolation/cross-tenant-read` → `isolation/cross_tenant_read`.
fn file_of(info: &CheckInfo) -> String {
    info.id.replace('-', "_")
}

#[test]
fn each_check_has_a_file_of_its_name_and_each_file_a_check() {
    let named: BTreeSet<String> = every_check().iter().map(|info| format!("{}.rs", file_of(info))).collect();
    let mut found = BTreeSet::new();
    for path in files_below("src/checks") {
        let path = path.to_string_lossy().into_owned();
        let is_rust = path.ends_with(".rs");
        if is_rust && path.split_once('/').is_some_and(|(folder, _)| families().contains(folder)) {
            let text = read(&format!("src/checks/{path}"));
            if text.contains("pub const CHECK: Check") || text.contains("pub const INFO: CheckInfo") {
                found.insert(path);
            }
        }
    }
    assert_eq!(named, found, "left: ids, right: files in src/checks/ with a CHECK or INFO");
    for info in every_check() {
        let text = read(&format!("src/checks/{}.rs", file_of(&info)));
        assert!(text.contains(&format!("id: \"{}\"", info.id)), "{} is not in its file", info.id);
        let opening = text.lines().next().unwrap_or_default();
        assert!(opening.starts_with(&format!("//! `{}`", info.id)), "{} does not open with its id: {opening}", info.id);
    }
}

#[test]
fn each_check_has_one_line_in_the_registry() {
    let registry = read("src/checks/registry.rs");
    for info in every_check() {
        let name = format!("{}::", file_of(&info).replace('/', "::"));
        assert_eq!(registry.matches(&name).count(), 1, "{name} in src/checks/registry.rs");
    }
    let mut ids: Vec<&str> = every_check().iter().map(|info| info.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), every_check().len(), "an id is there twice");
}

#[test]
fn each_check_has_a_broken_and_a_repaired_fixture() {
    let ids: BTreeSet<&str> = every_check().iter().map(|info| info.id).collect();
    let mut missing = Vec::new();
    for id in &ids {
        let folder = format!("fixtures/checks/{id}");
        let variants = if crate::root().join(&folder).is_dir() { folders_in(&folder) } else { Vec::new() };
        for variant in ["broken", "repaired"] {
            if !variants.iter().any(|name| name == variant) {
                missing.push(format!("{folder}/{variant}"));
            }
        }
        for name in variants {
            let known = ["broken", "repaired", "safe"];
            let kind = name.split('_').next().unwrap_or_default();
            assert!(known.contains(&kind), "{folder}/{name} is neither of {known:?}");
        }
    }
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
    for family in folders_in("fixtures/checks") {
        for defect in folders_in(&format!("fixtures/checks/{family}")) {
            let id = format!("{family}/{defect}");
            assert!(ids.contains(id.as_str()), "fixtures/checks/{id}: there is no such check");
        }
    }
}

#[test]
fn each_check_is_documented_as_it_is() {
    let expected: Vec<String> =
        every_check().iter().map(|info| format!("| `{}` | {} | {} |", info.id, info.severity, info.title)).collect();
    let documented: Vec<String> = rows_below(&read("docs/checks.md"), "## Every check")
        .into_iter()
        .map(|cells| format!("| {} |", cells.join(" | ")))
        .collect();
    assert!(
        expected == documented,
        "the table of docs/checks.md should be:\n\n| check | severity | the rule that holds where it passes |\n|---|---|---|\n{}\n",
        expected.join("\n")
    );
}

#[test]
fn each_family_of_the_documentation_has_checks() {
    let documented: Vec<String> =
        rows_below(&read("docs/checks.md"), "## Families").iter().flat_map(|row| quoted(&row[0])).collect();
    let mut built: Vec<String> = every_check().iter().map(|info| info.family.to_string()).collect();
    built.dedup();
    assert_eq!(documented, built, "left: docs/checks.md, right: the registry");
}
