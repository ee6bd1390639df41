//! Who knows whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::source::Source;
use crate::table::{quoted, rows_below};
use crate::{files_below, folders_in, read};

/// Lines that a file may have: who reads it should keep it in mind.
const LONGEST: usize = 500;

/// The rooms of ARCHITECTURE.md in their order, each with the rooms that it knows.
fn rooms() -> Vec<(String, BTreeSet<String>)> {
    let one = |row: Vec<String>| {
        let [room, _, knows] = row.as_slice() else { panic!("three columns, not {row:?}") };
        (quoted(room).concat(), quoted(knows).into_iter().collect())
    };
    rows_below(&read("ARCHITECTURE.md"), "## Rooms").into_iter().map(one).collect()
}

/// The files that lie in rooms, without those that are tests as a whole.
fn sources() -> Vec<(PathBuf, Source)> {
    files_below("src")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && path.iter().count() > 1)
        .filter(|path| !path.iter().any(|part| part == "tests.rs" || part == "tests"))
        .map(|path| {
            let source = Source::of(&path, &read(&format!("src/{}", path.display())));
            (path, source)
        })
        .collect()
}

fn room_of(path: &std::path::Path) -> String {
    path.iter().next().unwrap().to_string_lossy().into_owned()
}

#[test]
fn the_rooms_are_the_folders_of_the_source() {
    let mut listed: Vec<String> = rooms().into_iter().map(|(room, _)| room).collect();
    listed.sort();
    assert_eq!(listed, folders_in("src"), "left: ARCHITECTURE.md, right: src/");
}

#[test]
fn a_room_knows_only_rooms_above_it() {
    let mut above = BTreeSet::new();
    for (room, knows) in rooms() {
        let below: Vec<&String> = knows.difference(&above).collect();
        assert!(below.is_empty(), "{room} knows {below:?}, which ARCHITECTURE.md does not list above it");
        above.insert(room);
    }
}

#[test]
fn each_room_knows_what_architecture_md_says_and_nothing_else() {
    let rooms: BTreeMap<String, BTreeSet<String>> = rooms().into_iter().collect();
    let mut unused = rooms.clone();
    let mut forbidden = Vec::new();
    for (path, source) in sources() {
        let room = room_of(&path);
        let others = source.own.iter().filter_map(|named| named.first()).filter(|other| **other != room);
        for other in others.filter(|other| rooms.contains_key(*other)) {
            if rooms.get(&room).is_some_and(|knows| knows.contains(other)) {
                unused.get_mut(&room).unwrap().remove(other);
            } else {
                forbidden.push(format!("src/{} names crate::{other}", path.display()));
            }
        }
    }
    assert!(forbidden.is_empty(), "not in ARCHITECTURE.md:\n{}", forbidden.join("\n"));
    unused.retain(|_, knows| !knows.is_empty());
    assert!(unused.is_empty(), "in ARCHITECTURE.md, but not in the source: {unused:?}");
}

/// What ARCHITECTURE.md may not be made to say.
#[test]
fn some_rooms_are_closed() {
    let rooms: BTreeMap<String, BTreeSet<String>> = rooms().into_iter().collect();
    for (room, may_know) in [
        ("verdict", [].as_slice()),
        ("catalog", &[]),
        ("settings", &["verdict"]),
        ("report", &["verdict"]),
        ("tenancy", &["catalog", "settings"]),
        ("world", &["catalog", "tenancy"]),
        ("probe", &["catalog", "tenancy", "world"]),
        ("trial", &[]),
        ("checks", &["catalog", "tenancy", "world", "probe", "trial", "verdict"]),
    ] {
        let may_know: BTreeSet<String> = may_know.iter().map(ToString::to_string).collect();
        let knows = rooms.get(room).unwrap_or_else(|| panic!("no room {room}"));
        assert!(knows.is_subset(&may_know), "{room} knows {:?}", knows.difference(&may_know));
    }
    for shell in ["report", "cli", "cargo_test"] {
        assert!(!rooms["run"].contains(shell), "a run knows its {shell}");
    }
}

#[test]
fn planning_and_judging_touch_nothing_outside() {
    const OUTSIDE: [&str; 6] = ["fs", "process", "net", "env", "time", "io"];
    const PURE: [&str; 7] = ["catalog", "tenancy", "world", "probe", "trial", "checks", "verdict"];
    let mut touched = Vec::new();
    for (path, source) in sources() {
        if !PURE.contains(&room_of(&path).as_str()) {
            continue;
        }
        for named in &source.foreign {
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            if matches!(named.as_slice(), ["tokio" | "jiff", ..])
                || matches!(named.as_slice(), ["std", module, ..] if OUTSIDE.contains(module))
            {
                touched.push(format!("src/{} names {}", path.display(), named.join("::")));
            }
        }
    }
    assert!(touched.is_empty(), "{}", touched.join("\n"));
}

#[test]
fn each_library_keeps_to_its_rooms() {
    let libraries: BTreeMap<String, Vec<String>> = rows_below(&read("ARCHITECTURE.md"), "## Libraries")
        .into_iter()
        .flat_map(|row| quoted(&row[0]).into_iter().map(move |library| (library, quoted(&row[1]))))
        .collect();
    let mut met = BTreeSet::new();
    let mut strays = Vec::new();
    for (path, source) in sources() {
        for library in source.foreign.iter().filter_map(|named| named.first()) {
            let Some(rooms) = libraries.get(library) else { continue };
            met.insert(library.clone());
            if !rooms.contains(&room_of(&path)) {
                strays.push(format!("src/{} names {library}, which belongs in {rooms:?}", path.display()));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
    let listed: BTreeSet<String> = libraries.into_keys().collect();
    assert_eq!(listed, met, "left: ARCHITECTURE.md, right: libraries that the source names");
}

#[test]
fn no_family_of_checks_knows_another() {
    let families = crate::catalogue::families();
    let mut strays = Vec::new();
    for (path, source) in sources() {
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let [room, family, _, ..] = parts.as_slice() else { continue };
        if room != "checks" || !families.contains(family) {
            continue;
        }
        for named in &source.own {
            let [room, other, ..] = named.as_slice() else { continue };
            if room == "checks" && other != family && families.contains(other) {
                strays.push(format!("src/{} names {}", path.display(), named.join("::")));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn no_file_is_too_long_to_keep_in_mind() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for path in files_below(folder) {
            let lines = read(&format!("{folder}/{}", path.display())).lines().count();
            if lines > LONGEST {
                long.push(format!("{folder}/{} has {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "more than {LONGEST}:\n{}", long.join("\n"));
}
