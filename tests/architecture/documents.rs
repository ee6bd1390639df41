//! What the documents say about settings, commands and files.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use seaworthy::settings;

use crate::table::{quoted, rows_below};
use crate::{read, root};

/// The blocks of this language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    document.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Where docs/configuration.md documents the fields of each struct of src/settings/model.rs.
const HEADINGS: [(&str, &str); 14] = [
    ("ProjectSettings", "## The top of the file"),
    ("SystemSettings", "## The top of the file"),
    ("MigrationSettings", "## `[migrations]`"),
    ("SeedSettings", "## `[seed]`"),
    ("Environment", "## `[environment]`"),
    ("SupabaseSettings", "## `[supabase]`"),
    ("IdentitySettings", "## `[identity]`"),
    ("TenancySettings", "## `[tenancy]`"),
    ("RootSettings", "### `[[tenancy.roots]]`"),
    ("MembershipSettings", "### `[[tenancy.memberships]]`"),
    ("TableSettings", "## `[tables.NAME]`"),
    ("MonitoringSettings", "## `[monitoring]`"),
    ("WaiverSettings", "## `[[waive]]`"),
    ("ClaimSettings", "## `[[claims]]`"),
];

/// The public fields of each struct.
fn fields(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tokens: Vec<TokenTree> = text.parse::<TokenStream>().unwrap().into_iter().collect();
    let mut all = BTreeMap::new();
    for window in tokens.windows(3) {
        let [TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Group(body)] = window else { continue };
        if keyword != "struct" || body.delimiter() != Delimiter::Brace {
            continue;
        }
        let body: Vec<TokenTree> = body.stream().into_iter().collect();
        let names = body.windows(2).filter_map(|pair| match pair {
            [TokenTree::Ident(public), TokenTree::Ident(field)] if public == "pub" => Some(field.to_string()),
            _ => None,
        });
        all.insert(name.to_string(), names.collect());
    }
    all
}

#[test]
fn every_setting_is_documented_and_every_documented_one_is_there() {
    let document = read("docs/configuration.md");
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, fields) in fields(&read("src/settings/model.rs")) {
        let heading = HEADINGS.iter().find(|(of, _)| *of == name);
        let (_, heading) = heading.unwrap_or_else(|| panic!("{name}: where is it documented?"));
        known.entry(*heading).or_default().extend(fields);
    }
    // The one system's settings stand at the top of the file themselves.
    assert!(known.get_mut("## The top of the file").unwrap().remove("system"));
    for (heading, known) in known {
        let documented: BTreeSet<String> =
            rows_below(&document, heading).iter().flat_map(|row| quoted(&row[0])).collect();
        assert_eq!(documented, known, "{heading}: left docs/configuration.md, right src/settings/model.rs");
    }
}

#[test]
fn every_example_of_settings_can_be_read() {
    for document in ["README.md", "docs/configuration.md", "CONTRIBUTING.md"] {
        for block in blocks(&read(document), "toml").iter().filter(|block| !block.contains("[[test]]")) {
            if let Err(error) = settings::parse(document, block) {
                panic!("{document}: {:?}\n{block}", miette::Report::from(error));
            }
        }
    }
    assert!(blocks(&read("docs/configuration.md"), "toml").len() > 4);
}

#[test]
fn the_set_up_is_the_two_commands_that_ci_runs() {
    let readme = read("README.md");
    let below = readme.split("\n## Set up\n").nth(1).expect("README.md has no set-up");
    let commands = blocks(below, "sh").into_iter().next().unwrap_or_default();
    assert_eq!(commands.lines().collect::<Vec<_>>(), ["cargo run --release -- check", "cargo test"]);
    let ci = read(".ci/run");
    for command in commands.lines() {
        let words: Vec<&str> = command.split(' ').take(2).collect();
        assert!(
            ci.contains(&format!("readme_command '{}'", words.join(" "))),
            "{command} is not read out of README.md"
        );
    }
}

#[test]
fn no_document_points_to_a_file_that_is_not_there() {
    let mut lost = Vec::new();
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/configuration.md",
        "docs/checks/README.md",
    ] {
        let text = read(document);
        let folder = root().join(document).parent().unwrap().to_owned();
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                lost.push(format!("{document}: {target}"));
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}
