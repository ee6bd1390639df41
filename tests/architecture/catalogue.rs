//! A check has one name in several places: its id, its file, its line in the registry, its fixtures and its line in the documentation.

use std::collections::{BTreeMap, BTreeSet};

use seaworthy::checks::every_check;
use seaworthy::report;
use seaworthy::verdict::{CheckInfo, Family};

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
            if text.contains("pub const CHECK: Check") {
                found.insert(path);
            }
        }
    }
    assert_eq!(named, found, "left: ids, right: files in src/checks/ with a CHECK");
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

/// What `docs/checks/` should hold, by path below it.
fn pages() -> BTreeMap<String, String> {
    let checks = every_check();
    let mut pages: BTreeMap<String, String> =
        checks.iter().map(|check| (format!("{}.md", check.id), report::check_page(check))).collect();
    pages.insert("README.md".to_owned(), report::check_index(&checks));
    pages
}

#[test]
fn each_check_is_documented_as_it_is() {
    let folder = crate::root().join("docs/checks");
    let write = std::env::var_os("SEAWORTHY_WRITE_DOCS").is_some();
    let pages = pages();
    for (path, text) in &pages {
        let path = folder.join(path);
        if write {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == *text,
            "{} is not what the check says: SEAWORTHY_WRITE_DOCS=1 cargo test --test architecture",
            path.display()
        );
    }
    for path in files_below("docs/checks") {
        let name = path.to_string_lossy().into_owned();
        if write && !pages.contains_key(&name) {
            std::fs::remove_file(folder.join(&path)).unwrap();
        } else {
            assert!(pages.contains_key(&name), "docs/checks/{name} is of no check");
        }
    }
}

#[test]
fn the_example_of_each_check_is_all_of_its_fixture() {
    for info in every_check() {
        for (variant, example) in [("broken", info.example.failing), ("repaired", info.example.passing)] {
            let listed: BTreeSet<String> = example.iter().map(|file| file.path.to_owned()).collect();
            let files = files_below(&format!("fixtures/checks/{}/{variant}", info.id));
            let there: BTreeSet<String> = files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            assert_eq!(listed, there, "{}: left: the example, right: {variant}", info.id);
        }
    }
}

#[test]
fn the_registry_is_in_the_order_of_the_ids() {
    let ids: Vec<&str> = every_check().iter().map(|info| info.id).collect();
    assert!(ids.is_sorted(), "{ids:?}");
}
