//! What Postgres holds is what the catalog says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use seaworthy::catalog::{
    ArgumentMode, Catalog, DefaultObjects, Generated, Identity, PUBLIC, PolicyCommand, Privilege, QualifiedName,
    ReferentialAction, RelationKind, ReplicaIdentity, Table, TypeKind, ViewWrites, Volatility,
};
use seaworthy::postgres::introspect::{introspect, schema_fingerprint};
use support::Cluster;

async fn catalog_of(sql: &str) -> Catalog {
    let cluster = Cluster::shared();
    let mut session = cluster.database(sql).await;
    let catalog = introspect(&mut session).await.unwrap();
    session.close().await;
    catalog
}

fn table<'a>(catalog: &'a Catalog, name: &str) -> &'a Table {
    catalog.table(&QualifiedName::new("public", name)).unwrap_or_else(|| panic!("no table {name}"))
}

#[tokio::test]
async fn an_empty_database_has_the_public_schema_and_no_tables() {
    let catalog = catalog_of("").await;
    assert!(catalog.server_version >= 150_000);
    assert!(catalog.tables.is_empty());
    assert!(catalog.functions.is_empty());
    assert_eq!(catalog.schemas.iter().map(|schema| schema.name.as_str()).collect::<Vec<_>>(), ["public"]);
    assert!(catalog.extensions.contains(&"plpgsql".to_owned()));
    assert!(catalog.role("postgres").unwrap().superuser);
}

#[tokio::test]
async fn tables_of_the_surroundings_are_kept_and_those_of_extensions_are_not() {
    let cluster = Cluster::shared();
    let mut session = cluster
        .supabase("create schema monitoring; create extension pg_stat_statements schema monitoring; create table mine (id int)")
        .await;
    let catalog = introspect(&mut session).await.unwrap();
    session.close().await;
    let names: Vec<String> = catalog.tables.iter().map(|table| table.name.to_string()).collect();
    assert_eq!(names, ["auth.users", "public.mine", "storage.buckets", "storage.objects"]);
    assert!(catalog.extensions.contains(&"pg_stat_statements".to_owned()));
    let functions: Vec<String> = catalog.functions.iter().map(|function| function.name.to_string()).collect();
    assert_eq!(functions, ["auth.jwt", "auth.role", "auth.uid"]);
}

#[tokio::test]
async fn every_kind_of_constraint_is_read_back() {
    let catalog = catalog_of(
        "create table parent (a int, b text, primary key (a, b), unique (b, a), unique nulls not distinct (b));
         create table child (
             id int primary key, a int, b text, low int, high int check (high > 0), at tstzrange,
             foreign key (b, a) references parent (b, a) match full on delete cascade on update set null
                 deferrable initially deferred,
             
             exclude using gist (at with &&));
         alter table child add constraint ordered check (low < high) not valid;",
    )
    .await;
    let parent = table(&catalog, "parent");
    assert_eq!(parent.primary_key.as_ref().unwrap().columns, ["a", "b"]);
    assert!(parent.uniques.iter().any(|unique| unique.columns == ["b"] && unique.nulls_not_distinct));
    let child = table(&catalog, "child");
    let [foreign_key] = child.foreign_keys.as_slice() else { panic!("{:?}", child.foreign_keys) };
    assert_eq!(foreign_key.columns, ["b", "a"]);
    assert_eq!(foreign_key.referenced_columns, ["b", "a"]);
    assert_eq!(foreign_key.referenced_table, parent.name);
    assert_eq!(
        (foreign_key.on_delete, foreign_key.on_update),
        (ReferentialAction::Cascade, ReferentialAction::SetNull)
    );
    assert!(foreign_key.deferrable && foreign_key.initially_deferred && foreign_key.validated);
    assert!(foreign_key.enforced);
    let ordered = child.checks.iter().find(|check| check.name == "ordered").unwrap();
    assert_eq!((ordered.expression.as_str(), ordered.validated), ("(low < high)", false));
    assert_eq!(ordered.columns, ["low", "high"]);
    assert_eq!(child.exclusions[0].columns, ["at"]);
    assert!(child.indexes.iter().any(|index| index.method == "gist" && index.constraint && !index.unique));
}

#[tokio::test]
async fn a_foreign_key_whose_triggers_are_disabled_is_not_enforced() {
    let catalog = catalog_of(
        "create table parent (id int primary key);
         create table child (id int primary key references parent);
         alter table child disable trigger all;",
    )
    .await;
    let [foreign_key] = table(&catalog, "child").foreign_keys.as_slice() else { panic!("one key") };
    assert!(foreign_key.validated && !foreign_key.enforced);
}

#[tokio::test]
async fn every_kind_of_type_is_read_back() {
    let catalog = catalog_of(
        "create type mood as enum ('happy', 'it''s sad');
         create domain postal as varchar(10) not null default '00000' check (value ~ '^[0-9]+$');
         create domain nested as postal check (length(value) = 5);
         create type pair as (x numeric(10, 2), m mood[]);
         create type spans as range (subtype = numeric, multirange_type_name = spanmultirange);
         create table other (id int);
         create table everything (
             mood mood not null default 'happy', moods mood[], nested nested, pair pair, pairs pair[], short varchar(20)[],
             span spans, spanned spanmultirange, at tstzrange, document jsonb, whole other, wholes other[],
             money numeric(10, 2), id bigint generated always as identity, second int generated by default as identity,
             doubled numeric generated always as (money * 2) stored, at_time timestamptz(3) default now());",
    )
    .await;
    let everything = table(&catalog, "everything");
    let kind = |name: &str| everything.column(name).unwrap().data_type.kind.clone();
    assert_eq!(kind("mood"), TypeKind::Enumeration(vec!["happy".into(), "it's sad".into()]));
    assert!(matches!(kind("moods"), TypeKind::Array(element) if element.name == "mood"));
    let TypeKind::Domain { base, checks, .. } = kind("nested") else { panic!("no domain") };
    assert_eq!(checks.len(), 1);
    let TypeKind::Domain { base, not_null, default, .. } = base.kind else { panic!("no domain within") };
    assert_eq!((base.formatted.as_str(), not_null), ("character varying(10)", true));
    assert_eq!(default.unwrap(), "'00000'::character varying");
    assert!(everything.column("nested").unwrap().data_type.is_text());
    let TypeKind::Composite(fields) = kind("pair") else { panic!("no composite") };
    assert_eq!((fields[0].0.as_str(), fields[0].1.formatted.as_str()), ("x", "numeric(10,2)"));
    assert!(matches!(kind("pairs"), TypeKind::Array(element) if matches!(element.kind, TypeKind::Composite(_))));
    assert!(matches!(kind("short"), TypeKind::Array(element) if element.formatted == "character varying(20)"));
    assert!(matches!(kind("span"), TypeKind::Range(subtype) if subtype.name == "numeric"));
    assert!(matches!(kind("spanned"), TypeKind::Multirange(subtype) if subtype.name == "numeric"));
    assert!(
        matches!(kind("wholes"), TypeKind::Array(element) if matches!(&element.kind, TypeKind::Composite(fields) if fields.len() == 1))
    );
    assert!(everything.column("document").unwrap().data_type.is_json());
    assert_eq!(everything.column("mood").unwrap().default.as_deref(), Some("'happy'::public.mood"));
    assert_eq!(everything.column("mood").unwrap().data_type.formatted, "public.mood");
    assert_eq!(everything.column("id").unwrap().identity, Identity::Always);
    assert_eq!(everything.column("second").unwrap().identity, Identity::ByDefault);
    let doubled = everything.column("doubled").unwrap();
    assert!(matches!(&doubled.generated, Generated::Always(expression) if expression.contains("money * ")));
    assert_eq!(doubled.default, None);
    assert_eq!(everything.column("at_time").unwrap().data_type.formatted, "timestamp(3) with time zone");
}

#[tokio::test]
async fn policies_triggers_and_row_security_are_read_back() {
    let catalog = catalog_of(
        "create table notes (id int, owner text);
         create table alone (id int);
         alter table notes enable row level security; alter table notes force row level security;
         create policy all_of_it on notes using (owner = current_user);
         create policy \"it's mine\" on notes as restrictive for update to postgres using (true) with check (id > 0);
         create function touch() returns trigger language plpgsql as 'begin return new; end';
         create trigger first before insert or update on notes for each row execute function touch();
         create trigger second after delete on notes execute function touch();
         alter table notes disable trigger second;
         comment on table notes is 'What people write down'; comment on column notes.id is 'its number';",
    )
    .await;
    let notes = table(&catalog, "notes");
    assert!(notes.row_security && notes.force_row_security && !table(&catalog, "alone").row_security);
    assert_eq!(notes.comment.as_deref(), Some("What people write down"));
    assert_eq!(notes.column("id").unwrap().comment.as_deref(), Some("its number"));
    let [all, mine] = notes.policies.as_slice() else { panic!("{:?}", notes.policies) };
    assert_eq!(
        (all.command, all.permissive, all.roles.as_slice()),
        (PolicyCommand::All, true, &["public".to_owned()][..])
    );
    assert_eq!(all.check, None);
    assert_eq!((mine.name.as_str(), mine.command, mine.permissive), ("it's mine", PolicyCommand::Update, false));
    assert_eq!((mine.roles.as_slice(), mine.check.as_deref()), (&["postgres".to_owned()][..], Some("(id > 0)")));
    let [first, second] = notes.triggers.as_slice() else { panic!("{:?}", notes.triggers) };
    assert!(
        first.enabled && first.before && first.for_each_row && first.on_insert && first.on_update && !first.on_delete
    );
    assert!(!second.enabled && !second.before && !second.for_each_row && second.on_delete && !second.on_insert);
    assert!(catalog.functions[0].is_trigger);
}

#[tokio::test]
async fn functions_are_read_back_with_their_arguments() {
    let catalog = catalog_of(
        "create function \"odd name\"(first int, inout second text, out third uuid, variadic rest int[] default '{}')
             language sql stable security definer leakproof set search_path = '' as 'select $2, null::uuid';
         create function listed(int default 1) returns table (a int, b text) language sql as 'select 1, null::text';
         create function atomic() returns int language sql immutable begin atomic; select 42; end;
         create procedure act(int) language plpgsql as 'begin end';
         create aggregate product(numeric) (sfunc = numeric_mul, stype = numeric);
         revoke execute on function atomic() from public;
         comment on function atomic() is 'the answer';",
    )
    .await;
    let function = |name: &str| catalog.functions.iter().find(|function| function.name.name == name).unwrap();
    let odd = function("odd name");
    assert_eq!(odd.signature, "odd name(integer, text, integer[])");
    assert!(odd.security_definer && odd.leakproof && odd.volatility == Volatility::Stable && odd.language == "sql");
    assert_eq!(odd.configuration, ["search_path=\"\""]);
    let modes: Vec<_> = odd.arguments.iter().map(|argument| (argument.mode, argument.has_default)).collect();
    assert_eq!(
        modes,
        [
            (ArgumentMode::In, false),
            (ArgumentMode::InOut, false),
            (ArgumentMode::Out, false),
            (ArgumentMode::Variadic, true)
        ]
    );
    let listed = function("listed");
    assert!(listed.returns_set && listed.arguments[0].has_default && listed.arguments[0].name.is_none());
    assert_eq!((listed.arguments[2].name.as_deref(), listed.arguments[2].mode), (Some("b"), ArgumentMode::Table));
    assert_eq!(listed.signature, "listed(integer)");
    assert!(listed.grants.iter().any(|grant| grant.grantee == "public" && grant.privilege == Privilege::Execute));
    let atomic = function("atomic");
    assert!(atomic.source.contains("42"), "{}", atomic.source);
    assert!(!atomic.grants.iter().any(|grant| grant.grantee == "public"));
    assert_eq!(atomic.comment.as_deref(), Some("the answer"));
    assert!(function("act").is_procedure && function("product").is_aggregate);
}

#[tokio::test]
async fn privileges_and_memberships_are_read_back() {
    let catalog = catalog_of(
        "create role wing_reader; create role wing_app login in role wing_reader; create role wing_service bypassrls;
         create schema private; grant usage on schema private to wing_reader;
         create table notes (id int, title text); grant select on notes to wing_reader with grant option;
         grant update (title) on notes to public; grant truncate on notes to wing_app;",
    )
    .await;
    let notes = table(&catalog, "notes");
    assert!(catalog.may("wing_app", Privilege::Select, notes));
    assert!(!catalog.may("wing_service", Privilege::Select, notes));
    assert!(catalog.role("wing_service").unwrap().bypass_row_security && catalog.role("wing_app").unwrap().login);
    assert!(notes.grants.iter().any(|grant| grant.grantee == "wing_reader" && grant.grantable));
    let updatable: Vec<_> = catalog
        .columns_allowed("wing_app", Privilege::Update, notes)
        .iter()
        .map(|column| column.name.clone())
        .collect();
    assert_eq!(updatable, ["title"]);
    assert!(catalog.may_use_schema("wing_app", "private") && !catalog.may_use_schema("wing_service", "private"));
}

#[tokio::test]
async fn views_partitions_and_publications_are_read_back() {
    let catalog = catalog_of(
        "create table accounts (id int primary key);
         create table events (id int, day date, account int references accounts, primary key (id, day)) partition by range (day);
         create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01');
         create table marks (event int, day date, foreign key (event, day) references events);
         create view calm with (security_invoker = on) as select id, day from events;
         create view loud as select calm.id from calm, accounts;
         create materialized view counted as select count(*) from events;
         create table base (id int); create table derived () inherits (base);
         alter table accounts replica identity full;
         create publication part for table accounts with (publish = 'insert, update');
         create publication everything for all tables;",
    )
    .await;
    assert_eq!(table(&catalog, "events").kind, RelationKind::Partitioned);
    let partition = table(&catalog, "events_2024");
    assert_eq!((partition.kind, partition.parent.as_ref().unwrap().name.as_str()), (RelationKind::Table, "events"));
    assert_eq!(partition.foreign_keys.len(), 1);
    assert_eq!(table(&catalog, "marks").foreign_keys.len(), 1, "the partition's copy of the key does not count");
    assert_eq!(table(&catalog, "derived").parent.as_ref().unwrap().name, "base");
    let calm = table(&catalog, "calm");
    assert!(
        calm.kind == RelationKind::View
            && calm.security_invoker
            && calm.definition.as_ref().unwrap().contains("public.events")
    );
    assert!(calm.view_writes.insert && calm.view_writes.update && calm.view_writes.delete);
    let loud = table(&catalog, "loud");
    assert!(!loud.security_invoker);
    assert_eq!(loud.view_writes, ViewWrites::default(), "a join takes no write");
    assert_eq!(loud.depends_on, [table(&catalog, "accounts").name.clone(), calm.name.clone()]);
    assert_eq!(table(&catalog, "counted").kind, RelationKind::MaterializedView);
    let part = catalog.publications.iter().find(|publication| publication.name == "part").unwrap();
    assert_eq!(part.tables, [(table(&catalog, "accounts").name.clone(), ReplicaIdentity::Full)]);
    assert!(!part.publishes_delete);
    assert!(
        catalog.publications.iter().any(|publication| publication.tables.len() > 3 && publication.publishes_delete)
    );
}

#[tokio::test]
async fn indexes_are_read_back_with_expressions_and_predicates() {
    let catalog = catalog_of(
        "create table people (id int primary key, email text, gone boolean, team int);
         create unique index one_email on people (lower(email), team) include (id) where not gone;
         create index by_team on people using hash (team);
         create unique index one_team on people (team) nulls not distinct;
         create index again on people (team);
         create index newest on people (team desc);
         create index by_email on people (email);
         create index by_pattern on people (email text_pattern_ops);",
    )
    .await;
    let people = table(&catalog, "people");
    let index = |name: &str| people.indexes.iter().find(|index| index.name == name).unwrap();
    let one_email = index("one_email");
    assert_eq!(one_email.columns, [None, Some("team".to_owned())]);
    assert!(one_email.unique && !one_email.constraint && one_email.valid);
    assert_eq!(one_email.predicate.as_deref(), Some("(NOT gone)"));
    assert_eq!(index("by_team").method, "hash");
    assert!(index("one_team").nulls_not_distinct);
    assert_eq!(one_email.included, ["id"]);
    assert_eq!(index("one_team").elements, index("again").elements);
    assert_ne!(index("one_team").elements, index("newest").elements, "the order counts");
    assert_ne!(index("by_email").elements, index("by_pattern").elements, "the operator class counts");
    assert!(index("people_pkey").primary && index("people_pkey").constraint);
}

#[tokio::test]
async fn hostile_names_come_back_as_they_were() {
    let long = "n".repeat(63);
    let names = ["a.b", "say \"hi\"", "it's", "SELECT", "naïve 🦀", "back\\slash", "{\"json\": 1}", long.as_str()];
    let mut sql = String::new();
    for name in names {
        let quoted = seaworthy::catalog::quote_identifier(name);
        sql.push_str(&format!(
            "create schema {quoted}; create table {quoted}.{quoted} ({quoted} int primary key, \"other\" int references {quoted}.{quoted} check ({quoted} > 0));
             create policy {quoted} on {quoted}.{quoted} using ({quoted} = 1);
             create type {quoted}.\"{}t\" as enum ('x');", name.chars().take(20).filter(char::is_ascii_alphanumeric).collect::<String>()
        ));
    }
    let catalog = catalog_of(&sql).await;
    for name in names {
        let table = catalog.table(&QualifiedName::new(name, name)).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(table.columns[0].name, name);
        assert_eq!(table.foreign_keys[0].referenced_columns, [name]);
        assert_eq!(table.policies[0].name, name);
    }
}

#[tokio::test]
async fn the_fingerprint_changes_with_the_schema_and_with_nothing_else() {
    let schema = "create table notes (id int primary key, title text)";
    let first = schema_fingerprint(&catalog_of(schema).await);
    let again =
        schema_fingerprint(&catalog_of(&format!("create table passing (id int); drop table passing; {schema}")).await);
    let other = schema_fingerprint(&catalog_of(&format!("{schema}; alter table notes alter title set not null")).await);
    assert_eq!(first.len(), 64);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn the_search_path_of_an_open_transaction_is_left_as_it_was() {
    let cluster = Cluster::shared();
    let mut session = cluster.database("create schema elsewhere").await;
    session.run("begin; set local search_path = elsewhere").await.unwrap();
    introspect(&mut session).await.unwrap();
    let rows = session.rows("show search_path").await.unwrap();
    assert_eq!(rows[0][0].as_deref(), Some("elsewhere"));
    session.close().await;
}

#[tokio::test]
async fn eight_hundred_tables_are_read_in_about_a_second() {
    let mut sql = String::from("create table root (id uuid primary key);");
    for number in 0..800 {
        sql.push_str(&format!(
            "create table table_{number} (id uuid primary key default gen_random_uuid(), root_id uuid not null references root on delete cascade,
             title text not null check (length(title) < 100), state text check (state in ('a', 'b')), created_at timestamptz default now());
             create index on table_{number} (root_id); alter table table_{number} enable row level security;
             create policy p on table_{number} using (root_id is not null);"
        ));
    }
    let cluster = Cluster::shared();
    let mut session = cluster.database(&sql).await;
    let start = std::time::Instant::now();
    let catalog = introspect(&mut session).await.unwrap();
    println!("800 tables in {:?}", start.elapsed());
    assert_eq!(catalog.tables.len(), 801);
    assert!(catalog.tables.iter().all(|table| table.columns.len() == 5 || table.columns.len() == 1));
    // Quadratic work would take minutes.
    assert!(start.elapsed() < std::time::Duration::from_secs(15), "{:?}", start.elapsed());
    session.close().await;
}

#[tokio::test]
async fn default_privileges_say_what_others_get_of_what_is_made_next() {
    let catalog = catalog_of(
        "alter default privileges in schema public grant select, truncate on tables to public;
         alter default privileges revoke execute on functions from public;",
    )
    .await;
    let [functions, tables] = catalog.default_privileges.as_slice() else { panic!("{:?}", catalog.default_privileges) };
    assert_eq!((functions.schema.as_deref(), functions.objects), (None, DefaultObjects::Functions));
    assert_eq!(functions.grants, []);
    assert_eq!((tables.schema.as_deref(), tables.objects), (Some("public"), DefaultObjects::Tables));
    let granted: Vec<Privilege> = tables.grants.iter().map(|grant| grant.privilege).collect();
    assert_eq!(granted, [Privilege::Select, Privilege::Truncate]);
    assert!(tables.grants.iter().all(|grant| grant.grantee == PUBLIC));
}
