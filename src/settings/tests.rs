#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{ClientCommand, DeleteAction, FILE_NAME, SettingsError, SystemSettings, blame, load, parse};
use crate::snapshots::in_snapshots;

/// The error as a terminal without colours shows it.
fn shown(error: &SettingsError) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut text, error)
        .unwrap();
    text
}

fn faults(text: &str) -> Vec<(String, String, Option<String>)> {
    match parse(FILE_NAME, text) {
        Err(SettingsError::Invalid(invalid)) => invalid
            .problems()
            .iter()
            .map(|problem| {
                let span = problem.span.offset()..problem.span.offset() + problem.span.len();
                (problem.message.clone(), text[span].to_owned(), problem.help.clone())
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// The one mistake of a text: what, at which words, and the help.
fn fault(text: &str) -> (String, String, String) {
    let mut all = faults(text);
    assert_eq!(all.len(), 1, "{all:?}");
    let (message, place, help) = all.remove(0);
    (message, place, help.unwrap_or_default())
}

const EVERYTHING: &str = r#"
name = "shop"
profile = "plain"
migrations = "db/migrations"
seed = ""

[environment]
setting = "shop.environment"
variable = "SHOP_ENV"
development = "dev"
production = "prod"

[supabase]
exposed_schemas = ["public", "vault"]
default_privileges = "revoked"

[identity]
exposed_schemas = ["app"]
login_role = "web"
member_roles = ["member", "clerk"]
anonymous_role = "guest"
service_role = "worker"
claims = { sub = "user", "app_metadata.org_id" = "tenant:organizations", orgs = "tenants", iss = "literal:me: you" }

[identity.settings]
"app.tenant_id" = "tenant"
"app.role" = "member-role"
"app.who" = "email"
"role" = "database-role"

[tenancy]
users = "people"

[[tenancy.roots]]
table = "organizations"
key = "id"

[[tenancy.roots]]
table = "shops"
owner = "owner_id"
ownership = "owner"

[[tenancy.memberships]]
table = "members"
root = "organizations"
user = "person_id"
tenant = "organization_id"
role = "role"
roles = ["owner", "clerk"]

[tables.orders]
tenant_key = "organization_id"
root = "organizations"
client_commands = ["select", "insert"]
privilege_columns = ["status"]
global_uniques = ["number"]
public = []
shared = ["select"]
required = [{ number = "A-1" }, { number = "A-2", count = 3 }]

[tables."odd \"name\".t"]
through = "order_id, line"

[tables.orders.values]
number = "'A-1'"
count = 3
tags = { a = [1, 2] }

[tables.countries]
global = true
skip = "reference data of another team"

[[waive]]
check = "indexes/duplicate"
object = "public.orders"
reason = "being migrated"
owner = "ana"
expires = 2027-01-31

[[waive]]
check = "isolation/cross-tenant-read"
object = "public.orders"
reason = "closed pilot"
owner = "ana"
expires = "2027-02-28"
accepted_by = "the board"

[[claims]]
says = "RLS on all 11 tables"
checks = ["rls", "isolation/cross-tenant-read"]
count = "tables"
is = 11
"#;

#[test]
fn every_key_is_read() {
    let system = parse(FILE_NAME, EVERYTHING).unwrap().system;
    assert_eq!(system.name.as_deref(), Some("shop"));
    assert_eq!(system.seed.path.as_deref(), Some(""));
    assert_eq!(system.migrations.folder.as_deref(), Some("db/migrations"));
    assert_eq!(system.tables["orders"].required[0]["number"].as_str(), Some("A-1"));
    assert_eq!(system.tables["orders"].required[1]["count"].as_integer(), Some(3));
    assert_eq!(system.environment.production, "prod");
    assert_eq!(system.supabase.default_privileges.as_deref(), Some("revoked"));
    assert_eq!(system.identity.claims["app_metadata.org_id"], "tenant:organizations");
    assert_eq!(system.identity.claims["iss"], "literal:me: you");
    assert_eq!(system.identity.settings["app.role"], "member-role");
    assert_eq!(system.identity.member_roles.unwrap(), ["member", "clerk"]);
    assert_eq!(system.tenancy.roots.unwrap()[1].owner.as_deref(), Some("owner_id"));
    assert_eq!(system.tenancy.memberships.unwrap()[0].roles, ["owner", "clerk"]);
    let orders = &system.tables["orders"];
    assert_eq!(orders.client_commands, Some(vec![ClientCommand::Select, ClientCommand::Insert]));
    assert_eq!(orders.public, Some(Vec::new()), "an empty list says something, a missing one nothing");
    assert_eq!(orders.values["count"].as_integer(), Some(3));
    assert!(orders.values["tags"].is_table());
    assert_eq!(system.tables["odd \"name\".t"].through.as_deref(), Some("order_id, line"));
    assert_eq!(system.tables["countries"].global, Some(true));
    assert_eq!(system.waive[0].expires, "2027-01-31");
    assert_eq!(system.waive[1].expires, "2027-02-28");
    assert_eq!((system.claims[0].count.as_deref(), system.claims[0].is), (Some("tables"), Some(11)));
}

#[test]
fn the_seed_and_the_migrations_may_be_tables() {
    let system = parse(
        FILE_NAME,
        "[seed]\npath = \"seeds\"\nproduction = true\nown_domains = [\"shop.dev\"]\n[migrations]\nfolder = \"db\"\nchecksums = \"db/sums\"\n",
    );
    let system = system.unwrap().system;
    assert_eq!((system.seed.path.as_deref(), system.seed.production), (Some("seeds"), true));
    assert_eq!(system.seed.own_domains, ["shop.dev"]);
    assert_eq!(system.migrations.checksums.as_deref(), Some("db/sums"));
    assert_eq!(fault("[seed]\nproducton = true\n").1, "producton");
    assert_eq!(fault("seed = 3\n").1, "3");
    assert_eq!(fault("[tables.t]\nrequired = [3]\n").1, "3");
}

#[test]
fn waivers_become_those_that_results_are_matched_with() {
    let waivers = parse(FILE_NAME, EVERYTHING).unwrap().system.waivers();
    assert_eq!(waivers[1].check, "isolation/cross-tenant-read");
    assert_eq!(waivers[1].accepted_by.as_deref(), Some("the board"));
}

#[test]
fn an_empty_file_means_every_default() {
    assert_eq!(parse(FILE_NAME, "").unwrap().system, SystemSettings::default());
}

#[test]
fn a_misspelt_key_is_told_its_nearest_neighbour() {
    let (message, place, help) = fault("migratoins = \"db\"\n");
    assert_eq!(message, "unknown key `migratoins` at the top of the file");
    assert_eq!(place, "migratoins");
    assert_eq!(help, "Did you mean `migrations`?");
}

#[test]
fn an_unlike_key_is_told_all_known_ones() {
    let (_, place, help) = fault("[supabase]\nzzz = 1\n");
    assert_eq!(place, "zzz");
    assert_eq!(help, "Known in `[supabase]`: exposed_schemas, default_privileges.");
}

#[test]
fn a_wrong_type_is_shown_at_the_value() {
    let (message, place, _) = fault("[tables.moves]\nglobal = \"yes\"\n");
    assert_eq!(message, "`global` in `[tables.moves]` is a text, but `true` or `false` is wanted");
    assert_eq!(place, "\"yes\"");
    assert_eq!(fault("tables = 3\n").1, "3");
    assert_eq!(fault("waive = [1]\n").1, "1");
    assert_eq!(fault("[tables]\nmoves = true\n").1, "true");
    assert_eq!(fault("[identity]\nmember_roles = [\"a\", 2]\n").1, "2");
    assert_eq!(fault("[identity.claims]\nsub = 2\n").1, "2");
}

#[test]
fn a_word_outside_a_list_is_told_the_list() {
    let (message, place, help) = fault("profile = \"supabse\"\n");
    assert_eq!(message, "`profile` cannot be `supabse`");
    assert_eq!(place, "\"supabse\"");
    assert_eq!(help, "Did you mean `supabase`? It can be `supabase`, `plain`.");
    assert_eq!(fault("[tables.t]\nclient_commands = [\"select\", \"truncate\"]\n").1, "\"truncate\"");
}

#[test]
fn a_claim_that_holds_nothing_known_is_refused() {
    for wrong in ["usr", "tenant:", "tenants:", "literal", "user:x", ""] {
        let (_, place, help) = fault(&format!("[identity.claims]\nsub = \"{wrong}\"\n"));
        assert_eq!(place, format!("\"{wrong}\""));
        assert!(help.contains("`tenant:TABLE`"), "{help}");
    }
}

#[test]
fn whatever_init_may_write_is_read() {
    let text = "[identity]\nlogin_role = \"\"\nanonymous_role = \"\"\nservice_role = \"\"\n\
        [identity.claims]\norgs = \"tenants:public.orgs\"\n\
        [[tenancy.roots]]\ntable = \"orgs\"\nkey = \"id\"\nownership = \"id\"\n";
    let system = parse(FILE_NAME, text).unwrap().system;
    assert_eq!(system.identity.anonymous_role.as_deref(), Some(""));
    assert_eq!(system.tenancy.roots.unwrap()[0].ownership.as_deref(), Some("id"));
}

#[test]
fn a_day_that_is_none_is_refused() {
    for wrong in ["2027-02-30", "soon", "2027-01-01T10:00:00Z"] {
        let text = format!(
            "[[waive]]\ncheck = \"rls/no-policy\"\nobject = \"o\"\nreason = \"r\"\nowner = \"w\"\nexpires = \"{wrong}\"\n"
        );
        assert_eq!(fault(&text).1, format!("\"{wrong}\""));
    }
}

#[test]
fn a_waiver_names_an_exact_check() {
    let with = |check: &str| {
        format!("[[waive]]\ncheck = \"{check}\"\nobject = \"o\"\nreason = \"r\"\nowner = \"w\"\nexpires = 2027-01-01\n")
    };
    assert_eq!(fault(&with("isolaton/cross-tenant-read")).2, "Did you mean `isolation/cross-tenant-read`?");
    assert!(fault(&with("isolation")).2.starts_with("A waiver names one check"));
    assert!(parse(FILE_NAME, &with("isolation/anything")).is_ok());
}

#[test]
fn a_claim_names_checks_and_counts_what_can_be_counted() {
    let with = |rest: &str| format!("[[claims]]\nsays = \"s\"\n{rest}\n");
    assert!(fault(&with("checks = [\"isolatoin/x\"]")).0.contains("neither a check nor a family"));
    assert!(fault(&with("count = \"tables\"")).0.contains("go together"));
    assert!(fault(&with("count = \"tables\"\nis = -1")).0.contains("a number from 0 up"));
    assert!(!faults(&with("count = \"rows\"\nis = 1")).is_empty());
}

#[test]
fn what_a_waiver_lacks_is_named() {
    let all = faults("[[waive]]\ncheck = \"rls/no-policy\"\n");
    let messages: Vec<&str> = all.iter().map(|(message, ..)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`object` is missing in `[[waive]]`",
            "`reason` is missing in `[[waive]]`",
            "`owner` is missing in `[[waive]]`",
            "`expires` is missing in `[[waive]]`"
        ]
    );
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    assert_eq!(fault("[tables.t]\ntenant_key = \"a\"\nglobal = true\n").1, "global");
    assert_eq!(fault("[[tenancy.roots]]\ntable = \"t\"\nownership = \"owner\"\n").1, "ownership");
    assert_eq!(fault("[[tenancy.roots]]\ntable = \"t\"\nowner = \"u\"\nownership = \"claim\"\n").1, "ownership");
    assert_eq!(
        fault("[environment]\nproduction = \"development\"\n").0,
        "development and production have the same marker"
    );
    assert_eq!(
        fault("[[tenancy.memberships]]\ntable = \"t\"\nuser = \"u\"\ntenant = \"t\"\nroles = [\"a\"]\n").1,
        "roles"
    );
}

#[test]
fn settings_of_a_system_do_not_stand_beside_a_list_of_systems() {
    let (message, place, _) = fault("systems = [\"a\"]\nprofile = \"plain\"\n");
    assert_eq!(message, "`profile` stands beside `systems`");
    assert_eq!(place, "profile");
    assert_eq!(fault("systems = []\n").0, "`systems` lists nothing");
}

#[test]
fn a_text_that_is_no_toml_is_shown_where_it_breaks() {
    let all = faults("name = \"shop\nprofile = \"plain\"\n");
    assert!(all[0].0.starts_with("not TOML: "), "{all:?}");
}

#[test]
fn a_hostile_key_does_not_reach_the_terminal_raw() {
    let (message, ..) = fault("\"\\u001b[2J\" = 1\n");
    assert!(!message.contains('\u{1b}'), "{message:?}");
}

#[test]
fn mistakes_are_shown_all_at_once_and_in_place() {
    let text = "migratoins = \"db\"\n\n[tables.moves]\nglobal = \"yes\"\n\n[identity.claims]\nsub = \"usr\"\n";
    in_snapshots(|| {
        insta::assert_snapshot!("settings_several_mistakes", shown(&parse(FILE_NAME, text).unwrap_err()));
        insta::assert_snapshot!("settings_one_mistake", shown(&parse(FILE_NAME, "profile = \"plan\"").unwrap_err()));
    });
}

#[test]
fn a_folder_without_settings_has_none() {
    assert_eq!(load(tempfile::tempdir().unwrap().path()).unwrap(), None);
}

#[test]
fn paths_that_are_not_there_are_shown_where_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::write(folder.path().join(FILE_NAME), "systems = [\"a\", \"b\"]\n").unwrap();
    let error = load(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("there is no folder `b`"), "{error}");
    fs::write(folder.path().join(FILE_NAME), "migrations = \"m\"\nseed = \"s.sql\"\n").unwrap();
    assert!(load(folder.path()).unwrap_err().to_string().ends_with("has 2 mistakes"));
}

#[test]
fn a_file_that_is_no_text_or_no_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE_NAME), b"name = \"\xff\"").unwrap();
    assert!(matches!(load(folder.path()), Err(SettingsError::NotText { offset: 8, .. })));
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join(FILE_NAME)).unwrap();
    assert!(matches!(load(other.path()), Err(SettingsError::Unreadable { .. })));
}

#[test]
fn a_later_stage_can_point_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE_NAME), "[tables.moves]\ntenant_key = \"x\"\n").unwrap();
    let error = blame(folder.path(), &["tables", "moves", "tenant_key"], "no such column", Some("Did you mean `y`?"));
    let Some(SettingsError::Invalid(invalid)) = error else { panic!("no error") };
    assert_eq!(invalid.problems()[0].span.offset(), 28);
    assert!(blame(folder.path(), &["tables", "other"], "m", None).is_some(), "the deepest key that is there");
    assert!(blame(folder.path(), &["waive"], "m", None).is_none());
}

#[test]
fn what_deleting_does_is_one_of_five_words() {
    let parsed = parse(
        FILE_NAME,
        "relations = [\"notes\"]\n[tables.notes]\nunowned_rows = \"examples\"\non_delete = { author_id = \"set null\", \"a, b\" = \"cascade\" }\n",
    )
    .unwrap()
    .system;
    assert_eq!(parsed.relations, Some(vec!["notes".to_owned()]));
    let notes = parsed.tables.get("notes").unwrap();
    assert_eq!(notes.unowned_rows.as_deref(), Some("examples"));
    assert_eq!(notes.on_delete.get("author_id"), Some(&DeleteAction::SetNull));
    assert_eq!(notes.on_delete.get("a, b"), Some(&DeleteAction::Cascade));
    let (message, place, help) = fault("[tables.notes]\non_delete = { author_id = \"cascades\" }\n");
    assert_eq!(message, "`author_id` cannot be `cascades` on delete");
    assert_eq!(place, "\"cascades\"");
    assert!(help.starts_with("Did you mean `cascade`?"), "{help}");
}

#[test]
fn how_the_database_is_watched_is_read() {
    let text = "[monitoring]\nrules = [\"a.yml\", \"b/*.yml\"]\n[tables.orders]\nindexes = [[\"shop_id\", \"day\"], [\"day\"]]\naudited = \"log\"\nappend_only = false\n";
    let system = parse(FILE_NAME, text).unwrap().system;
    assert_eq!(system.monitoring.rules.unwrap(), ["a.yml", "b/*.yml"]);
    let orders = &system.tables["orders"];
    assert_eq!(orders.indexes, [vec!["shop_id", "day"], vec!["day"]]);
    assert_eq!((orders.audited.as_deref(), orders.append_only), (Some("log"), Some(false)));
    assert!(parse(FILE_NAME, "[tables.orders]\nindexes = [[]]\n").is_err());
}
