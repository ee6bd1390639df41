use super::*;
use seaworthy::postgres::migrate::apply_seed;

#[tokio::test]
async fn a_failing_file_is_undone_named_by_line_and_the_rest_stands() {
    let files = [
        ("1_a.sql", "create table public.a (id int);"),
        (
            "2_b.sql",
            "-- a comment\ncreate table public.b (id int);\n\nalter table public.a\n  add column c nonsense;\n",
        ),
        ("3_c.sql", "create table public.c (id int);"),
    ];
    let Some(mut fixture) = Fixture::new(Profile::Plain, &files).await else { return };
    let [failure] = &fixture.applied.failures[..] else { panic!("{:?}", fixture.applied.failures) };
    assert_eq!((failure.file.as_str(), failure.line, failure.sqlstate.as_str()), ("2_b.sql", 4, "42704"));
    assert!(failure.statement.starts_with("alter table") && failure.message.contains("nonsense"));
    assert!(!failure.partly_applied && !failure.engine_limit);
    assert_eq!(fixture.applied.files, ["1_a.sql", "3_c.sql"]);
    let standing = "select string_agg(relname, ',' order by relname) from pg_class \
        where relnamespace = 'public'::regnamespace and relkind = 'r'";
    assert_eq!(fixture.ask(standing).await, "a,c");
}

#[tokio::test]
async fn a_syntax_error_is_found_where_it_stands() {
    let files = [("1_a.sql", "create table public.ü (id int);\nselect 'é';\n\ncreate tabel public.b (id int);\n")];
    let Some(fixture) = Fixture::new(Profile::Plain, &files).await else { return };
    let failure = &fixture.applied.failures[0];
    assert_eq!((failure.line, failure.sqlstate.as_str()), (4, "42601"));
}

#[tokio::test]
async fn files_that_need_later_ones_are_tried_again() {
    let files = [
        ("a_view.sql", "create view public.v as select * from public.t;"),
        ("b_of_view.sql", "create view public.w as select * from public.v;"),
        ("c_table.sql", "create table public.t (id int);"),
    ];
    let Some(fixture) = Fixture::whole(Profile::Plain, &files).await else { return };
    assert_eq!(fixture.applied.files, ["c_table.sql", "a_view.sql", "b_of_view.sql"]);
    assert_eq!(fixture.applied.retried, ["a_view.sql", "b_of_view.sql"]);
}

#[tokio::test]
async fn what_refuses_a_transaction_runs_without_one() {
    let sql = "create table public.t (id int);\n\
        create index concurrently t_id on public.t (id);\n\
        create type public.mood as enum ('a');\n\
        alter type public.mood add value 'b';\n\
        create table public.m (mood public.mood default 'b');\n\
        vacuum public.t;\n";
    let Some(mut fixture) = Fixture::whole(Profile::Plain, &[("1_a.sql", sql)]).await else { return };
    assert_eq!(fixture.applied.autocommitted, ["1_a.sql"]);
    assert_eq!(fixture.ask("insert into public.m default values returning mood").await, "b");
}

#[tokio::test]
async fn a_new_enum_value_may_be_used_in_its_file() {
    let files = [
        ("1_a.sql", "create type public.mood as enum ('a');"),
        ("2_b.sql", "alter type public.mood add value 'b'; create table public.m (mood public.mood default 'b');"),
    ];
    let Some(fixture) = Fixture::whole(Profile::Plain, &files).await else { return };
    assert_eq!(fixture.applied.autocommitted, ["2_b.sql"]);
}

#[tokio::test]
async fn a_file_without_a_transaction_goes_on_where_it_stopped() {
    let files = [
        (
            "1_a.sql",
            "create table public.t (id int);\ncreate index concurrently on public.t (id);\n\
            create view public.v as select * from public.later;\n",
        ),
        ("2_b.sql", "create table public.later (id int);"),
    ];
    let Some(fixture) = Fixture::whole(Profile::Plain, &files).await else { return };
    assert_eq!(fixture.applied.files, ["2_b.sql", "1_a.sql"]);
}

#[tokio::test]
async fn transactions_of_the_file_s_own_are_no_trouble() {
    let files = [
        ("1_a.sql", "begin;\ncreate table public.t (id int);\nsavepoint s;\nrollback to s;\ncommit;\n"),
        ("2_b.sql", "begin;\ncreate table public.u (id int);\nrollback;\n"),
        ("3_c.sql", "BEGIN;\ncreate table public.w (id int);\ncreate table public.t (id int);\nCOMMIT;\n"),
    ];
    let Some(mut fixture) = Fixture::new(Profile::Plain, &files).await else { return };
    let [failure] = &fixture.applied.failures[..] else { panic!("{:?}", fixture.applied.failures) };
    assert_eq!((failure.file.as_str(), failure.line, failure.sqlstate.as_str()), ("3_c.sql", 3, "42P07"));
    let standing = "select string_agg(relname, ',') from pg_class \
        where relnamespace = 'public'::regnamespace and relkind = 'r'";
    assert_eq!(fixture.ask(standing).await, "t");
}

#[tokio::test]
async fn a_dump_with_rows_applies_and_leaves_no_search_path_behind() {
    let files = [
        (
            "1_a.sql",
            "\\restrict abc\nSET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\n\
            CREATE TABLE public.t (id integer, name text);\n\
            COPY public.t (id, name) FROM stdin;\n1\tit's; fine\n2\t\\N\n\\.\n\n\
            CREATE TABLE public.u AS SELECT count(*) FROM public.t;\n\\unrestrict abc\n",
        ),
        ("2_b.sql", "create table w (id int);"),
    ];
    let Some(mut fixture) = Fixture::whole(Profile::Plain, &files).await else { return };
    assert_eq!(fixture.ask("select name from public.t where id = 1").await, "it's; fine");
    assert_eq!(fixture.ask("select count from public.u").await, "2");
}

#[tokio::test]
async fn a_bad_row_of_a_dump_is_a_failure_at_its_statement() {
    let files = [("1_a.sql", "create table public.t (id integer);\ncopy public.t from stdin;\nx\n\\.\nselect 1;\n")];
    let Some(mut fixture) = Fixture::new(Profile::Plain, &files).await else { return };
    let failure = &fixture.applied.failures[0];
    assert_eq!((failure.line, failure.sqlstate.as_str()), (2, "22P02"));
    assert_eq!(fixture.ask("select to_regclass('public.t') is null").await, "t");
}

#[tokio::test]
async fn nothing_reaches_beyond_the_scratch_database() {
    let sql = "
        create database elsewhere;
        alter system set work_mem = '1MB';
        alter database postgres set app.note to 'here';
        create role migrate_reader;
        alter role migrate_reader set search_path = elsewhere;
        grant connect on database postgres to migrate_reader;";
    let Some(mut fixture) = Fixture::whole(Profile::Plain, &[("1_a.sql", sql)]).await else { return };
    assert_eq!(fixture.applied.notes.len(), 2, "{:?}", fixture.applied.notes);
    assert_eq!(fixture.ask("select current_setting('app.note')").await, "here");
    assert_eq!(fixture.ask("select count(*) from pg_database where datname = 'elsewhere'").await, "0");
    let everywhere = "select count(*) from pg_db_role_setting where setdatabase = 0";
    assert_eq!(fixture.ask(everywhere).await, "0");
}

#[tokio::test]
async fn two_systems_may_make_the_same_role() {
    let sql = |options: &str| format!("create role migrate_shared {options}; create table public.t (id int);");
    let Some(first) = Fixture::whole(Profile::Plain, &[("1_a.sql", &sql("bypassrls"))]).await else { return };
    let second = Fixture::whole(Profile::Plain, &[("1_a.sql", &sql("login"))]).await;
    let mut second = second.expect("the same server");
    let role = "select (rolcanlogin and not rolbypassrls) from pg_roles where rolname = 'migrate_shared'";
    assert_eq!(second.ask(role).await, "t");
    drop(first);
}

#[tokio::test]
async fn a_seed_runs_as_itself_and_can_fail_as_data() {
    let files = [
        ("migrations/1_a.sql", "create table public.t (id int primary key);"),
        (
            "seed.sql",
            "do $$ begin if current_setting('app.environment', true) = 'production' then \
            raise exception 'no seed in production'; end if; end $$;\ninsert into public.t values (1) on conflict do nothing;",
        ),
    ];
    let Some(mut fixture) = Fixture::whole(Profile::Plain, &files).await else { return };
    let settings = SystemSettings::default();
    let mut options = ApplyOptions::new(Profile::Plain, &fixture.project, &settings);
    let seed = fixture.project.seed.clone().unwrap();
    for _ in 0..2 {
        let seeded = apply_seed(&mut fixture.session, &seed, &options, &|_| ()).await.unwrap();
        assert_eq!(seeded.failures, []);
    }
    assert_eq!(fixture.ask("select count(*) from public.t").await, "1");
    options.environment_value = settings.environment.production;
    let refused = apply_seed(&mut fixture.session, &seed, &options, &|_| ()).await.unwrap();
    assert_eq!(refused.failures[0].message, "no seed in production");
}

#[tokio::test]
async fn a_server_that_dies_is_an_error_not_a_finding() {
    let Some(cluster) = Cluster::shared() else { return };
    let mut session = cluster.database().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("1_a.sql"), "select pg_terminate_backend(pg_backend_pid());").unwrap();
    let settings = SystemSettings::default();
    let project = discover(folder.path(), &settings).unwrap();
    let options = ApplyOptions::new(Profile::Plain, &project, &settings);
    let error = apply(&mut session, &project, &options, &|_| ()).await.unwrap_err();
    assert!(error.to_string().contains("went away while applying 1_a.sql"), "{error}");
}

#[tokio::test]
async fn the_tool_s_own_table_is_there_where_a_migration_names_it() {
    let sql = r#"alter table "_prisma_migrations" enable row level security; create table public.t (id int);"#;
    let named = [("prisma/migrations/1_a/migration.sql", sql)];
    let Some(_named) = Fixture::whole(Profile::Plain, &named).await else { return };
    let unnamed = [("prisma/migrations/1_a/migration.sql", "create table public.t (id int);")];
    let mut unnamed = Fixture::whole(Profile::Plain, &unnamed).await.expect("the same server");
    assert_eq!(unnamed.ask("select to_regclass('_prisma_migrations') is null").await, "t");
}

#[tokio::test]
async fn a_session_leaves_a_broken_transaction_by_a_new_connection() {
    let Some(cluster) = Cluster::shared() else { return };
    let mut session = cluster.database().await;
    let name = session.rows("select current_database()").await.unwrap();
    session.run("begin").await.unwrap();
    session.run("select 1 / 0").await.unwrap_err();
    session.reconnect().await.unwrap();
    assert_eq!(session.rows("select current_database()").await.unwrap(), name);
}
