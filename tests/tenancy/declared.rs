//! What a person writes, and what is written for a person.

use seaworthy::catalog::{QualifiedName, ReferentialAction};
use seaworthy::tenancy::{Command, IdentityValue, Origin, Profile, TenancyError, render_settings};

use crate::describe::{WORKSPACES, catalog_of, claim, infer_on, infer_with, memberships, roots, setting, tie, ties};

#[tokio::test]
async fn hostile_names_survive_the_round_trip() {
    let intent = infer_on(
        Profile::Supabase,
        r#"create table "Work.spaces" ("the ""id""" uuid primary key, owner_id uuid references auth.users not null);
           create table "work spaces 🦀 members" ("work, space" uuid references "Work.spaces", user_id uuid references auth.users, role text, primary key ("work, space", user_id));
           create table "it's" ("a,b" uuid not null, "c" uuid, "say ""x""" int primary key, foreign key ("a,b", "c") references "work spaces 🦀 members");
           create table "deep" ("x ""y"", z" int not null references "it's", id int primary key);"#,
    )
    .await;
    assert_eq!(roots(&intent), [r#"public.Work.spaces.the "id" by owner_id"#]);
    assert_eq!(tie(&intent, "deep"), r#"x "y", z to it's.say "x""#);
}

#[tokio::test]
async fn declarations_have_the_last_word() {
    let catalog = catalog_of(
        Profile::Supabase,
        "create table things (id uuid primary key, label text); create table things_of (id uuid primary key, thing uuid references things, kind text unique);
         create table people_in (thing uuid references things, who uuid, part text);
         create table catalogue (id uuid primary key, note text);
         create table parts (id uuid primary key, of_it uuid references things_of);",
    )
    .await;
    let intent = infer_with(
        Profile::Supabase,
        &catalog,
        r#"
        [identity]
        anonymous_role = ""
        member_roles = ["authenticated", "editor"]
        [identity.claims]
        "app_metadata.thing" = "tenant"
        [identity.settings]
        "app.locale" = "literal:en"
        [tenancy]
        roots = [{ table = "things", ownership = "membership" }]
        memberships = [{ table = "people_in", user = "who", tenant = "thing", role = "part", roles = ["boss", "worker"] }]
        [tables.things_of]
        tenant_key = "thing"
        privilege_columns = ["kind"]
        global_uniques = ["kind"]
        client_commands = []
        [tables."public.parts"]
        through = "of_it"
        [tables.catalogue]
        global = true
        public = ["select"]
        "#,
    )
    .unwrap();
    assert_eq!(roots(&intent), ["public.things.id by membership"]);
    assert_eq!(memberships(&intent), ["public.people_in who in thing as part [boss, worker]"]);
    assert_eq!(ties(&intent, &["things_of", "parts", "catalogue"]), ["thing of 0", "of_it to things_of.id", "global"]);
    let things_of = intent.table(&QualifiedName::new("public", "things_of")).unwrap();
    assert_eq!(things_of.tie.origin, Origin::Declared);
    assert_eq!(things_of.client_commands, Some(Vec::new()));
    assert_eq!(things_of.privilege_columns[0].value, "kind");
    assert_eq!(intent.table(&QualifiedName::new("public", "catalogue")).unwrap().public, [Command::Select]);
    assert_eq!(intent.identity.anonymous_role, None);
    assert_eq!(intent.identity.member_roles, ["authenticated", "editor"]);
    assert_eq!(claim(&intent, &["app_metadata", "thing"]), Some(IdentityValue::TenantId(0)));
    assert_eq!(setting(&intent, "app.locale"), Some(IdentityValue::Literal("en".to_owned())));
}

#[tokio::test]
async fn a_declaration_that_fits_nothing_is_an_error_with_the_nearest_name() {
    let catalog = catalog_of(Profile::Supabase, WORKSPACES).await;
    for (settings, expected) in [
        (
            "[tables.campaing]\nglobal = true",
            "`tables.campaing` names the table `campaing`, which does not exist; did you mean `campaigns`?",
        ),
        (
            "[tables.moves]\ntenant_key = \"workspace\"",
            "names the column `workspace`, which `public.moves` does not have; did you mean `workspace_id`?",
        ),
        ("[tables.moves.values]\nworkspaceid = 1", "did you mean `workspace_id`?"),
        ("[tables.moves]\non_delete = { workspaceid = \"cascade\" }", "did you mean `workspace_id`?"),
        ("[tables.moves]\nthrough = \"id\"", "no foreign key of `public.moves` has exactly those columns"),
        (
            "[tables.moves]\ntenant_key = \"id\"\nroot = \"moves\"",
            "none of the tenant roots (public.workspaces, public.users)",
        ),
        ("[tenancy]\nusers = \"auth.user\"", "`tenancy.users` names the table `auth.user`, which does not exist"),
    ] {
        let error = infer_with(Profile::Supabase, &catalog, settings).unwrap_err().to_string();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}

#[tokio::test]
async fn a_through_that_leads_in_a_circle_is_an_error() {
    let catalog = catalog_of(
        Profile::Supabase,
        "create table a (id int primary key); create table b (id int primary key, a int references a);
         alter table a add b int references b;",
    )
    .await;
    let error = infer_with(Profile::Supabase, &catalog, "[tables.a]\nthrough = \"b\"\n[tables.b]\nthrough = \"a\"")
        .unwrap_err();
    assert!(matches!(error, TenancyError::LeadsNowhere { .. }), "{error}");
}

#[tokio::test]
async fn a_schema_without_tables_has_no_tenants() {
    for profile in [Profile::Supabase, Profile::Plain] {
        let intent = infer_on(profile, "").await;
        assert!(intent.tables.is_empty() && intent.roots.is_empty());
    }
}

#[tokio::test]
async fn what_only_a_person_can_say_survives_the_round_trip() {
    let catalog = catalog_of(Profile::Supabase, WORKSPACES).await;
    let settings = "relations = [\"moves\", \"gone\"]\n[tables.moves]\nunowned_rows = \"examples\"\non_delete = { \"workspace_id\" = \"set null\" }";
    let intent = infer_with(Profile::Supabase, &catalog, settings).unwrap();
    let name = |name: &str| QualifiedName::new("public", name);
    assert_eq!(intent.relations, Some(vec![name("moves"), name("gone")]));
    let moves = intent.table(&name("moves")).unwrap();
    assert_eq!(moves.unowned_rows.as_deref(), Some("examples"));
    assert_eq!(moves.on_delete, [(vec!["workspace_id".to_owned()], ReferentialAction::SetNull)]);
    let again = infer_with(Profile::Supabase, &catalog, &render_settings(&intent, &catalog)).unwrap();
    assert_eq!(again.relations, intent.relations);
    let moves_again = again.table(&name("moves")).unwrap();
    assert_eq!((&moves_again.unowned_rows, &moves_again.on_delete), (&moves.unowned_rows, &moves.on_delete));
}

#[tokio::test]
async fn the_settings_that_are_written_give_their_reasons() {
    let catalog = catalog_of(Profile::Supabase, WORKSPACES).await;
    let intent = infer_with(Profile::Supabase, &catalog, "").unwrap();
    let text = render_settings(&intent, &catalog);
    for line in [
        "profile = \"supabase\"",
        "owner = \"user_id\" # it holds the id of the user who owns the tenant",
        "through = \"move_id\" # move_id refers to public.moves",
        "    \"subscription_tier\", # it says what has been paid for",
        "# no column and no foreign key leads to a tenant; give it a tenant_key or a through, or say global = true",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n\n{text}");
    }
}

#[tokio::test]
async fn eight_hundred_tables_are_inferred_quickly() {
    let mut sql = String::from(
        "create table organizations (id uuid primary key);\ncreate table organization_members (organization_id uuid references organizations, user_id uuid references auth.users, role text, primary key (organization_id, user_id));\n",
    );
    for number in 0..800 {
        let parent = if number % 10 == 0 {
            "organization_id uuid not null references organizations".to_owned()
        } else {
            format!("parent_row uuid not null references table_{}", number - 1)
        };
        sql.push_str(&format!("create table table_{number} (id uuid primary key, {parent}, title text);\n"));
    }
    let catalog = catalog_of(Profile::Supabase, &sql).await;
    let start = std::time::Instant::now();
    let intent = infer_with(Profile::Supabase, &catalog, "").unwrap();
    println!("inferred in {:?}", start.elapsed());
    assert_eq!(intent.tables.len(), 802);
    assert_eq!(ties(&intent, &["table_0", "table_799"]), ["organization_id of 0", "parent_row to table_798.id"]);
    // Quadratic work would take much longer.
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}
