//! Somebody's server: only scratch databases on it, and not a role more afterwards. A local server plays its part.

use seaworthy::postgres::Session;
use seaworthy::postgres::provision::{Database, ProvisionError, ProvisionOptions, Server};

use crate::traces::{directory_of, start};

async fn run(database: &Database, sql: &str) -> Vec<Vec<Option<String>>> {
    let mut session = database.connect().await.unwrap();
    let rows = session.rows(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    session.close().await;
    rows
}

async fn connect(database: &Database, role: &str) -> Result<Server, ProvisionError> {
    let directory = directory_of(database.url());
    let role = role.replace(' ', "%20");
    let url = format!("postgres://{role}:secret@/{}?host={}", database.name(), directory.display());
    let options = ProvisionOptions { choice: url.parse().unwrap(), ..ProvisionOptions::default() };
    Server::start(&options, &|_| {}).await
}

const STATE: &str = "SELECT 'database', datname, NULL FROM pg_database \
    UNION ALL SELECT 'role', rolname, NULL FROM pg_roles \
    UNION ALL SELECT 'setting', setrole::regrole::text, setconfig::text FROM pg_db_role_setting \
    UNION ALL SELECT 'table', relname, NULL FROM pg_class WHERE relnamespace = 'public'::regnamespace \
    ORDER BY 1, 2, 3";

#[tokio::test]
async fn a_run_on_somebody_s_server_leaves_it_as_it_was() {
    let Some(theirs) = start("local").await else { return };
    let named = theirs.create_database().await.unwrap();
    run(&named, "CREATE TABLE precious (id int); CREATE ROLE \"the boss\" SUPERUSER LOGIN").await;
    run(&named, "ALTER ROLE postgres SET search_path = \"$user\", public, \"odd schema\"").await;
    let before = run(&named, STATE).await;

    let server = connect(&named, "the boss").await.unwrap();
    assert_eq!(server.provider(), "url");
    assert!(!server.reason().contains("secret") && !format!("{server:?}").contains("secret"));
    let scratch = server.create_database().await.unwrap();
    assert!(!scratch.url().contains("secret") && !format!("{scratch:?}").contains("secret"));
    let clone = server.clone_database(&scratch).await.unwrap().unwrap();
    for database in [&scratch, &clone] {
        assert_ne!(database.name(), named.name());
        run(database, "CREATE TABLE mine (id int)").await;
    }
    run(&scratch, "CREATE ROLE \"o\"\"dd\" CREATEROLE; CREATE ROLE anon; GRANT anon TO \"o\"\"dd\" WITH ADMIN OPTION")
        .await;
    run(&scratch, "GRANT SELECT ON mine TO anon; ALTER ROLE postgres SET search_path = mine").await;
    run(&scratch, "ALTER ROLE \"the boss\" SET app.name = 'x'").await;
    assert_ne!(run(&named, STATE).await, before);
    server.stop().await.unwrap();
    assert_eq!(run(&named, STATE).await, before);

    let server = connect(&named, "the boss").await.unwrap();
    let scratch = server.create_database().await.unwrap();
    run(&scratch, "CREATE ROLE anon").await;
    drop(server);
    assert_eq!(run(&named, STATE).await, before, "a server that is only dropped");
    theirs.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_that_somebody_else_uses_by_now_is_left_and_named() {
    let Some(theirs) = start("local").await else { return };
    let named = theirs.create_database().await.unwrap();
    let server = connect(&named, "postgres").await.unwrap();
    let scratch = server.create_database().await.unwrap();
    run(&scratch, "CREATE ROLE shared").await;
    run(&named, "CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO shared").await;
    let error = server.stop().await.unwrap_err().to_string();
    assert!(error.contains("\"shared\""), "{error}");
    assert_eq!(run(&named, "SELECT count(*) FROM pg_roles WHERE rolname = 'shared'").await, [[Some("1".to_owned())]]);
    theirs.stop().await.unwrap();
}

#[tokio::test]
async fn a_login_that_may_not_create_databases_is_told_what_to_do() {
    let Some(theirs) = start("local").await else { return };
    let named = theirs.create_database().await.unwrap();
    run(&named, "CREATE ROLE visitor LOGIN").await;
    let error = connect(&named, "visitor").await.unwrap_err();
    assert!(matches!(error, ProvisionError::MayNotCreateDatabases { .. }), "{error}");
    assert!(error.to_string().contains("ALTER ROLE \"visitor\" CREATEDB"), "{error}");
    theirs.stop().await.unwrap();
}

#[tokio::test]
async fn scratch_databases_of_dead_runs_are_dropped_and_those_of_living_ones_are_not() {
    let Some(theirs) = start("local").await else { return };
    let named = theirs.create_database().await.unwrap();
    run(&named, "CREATE DATABASE seaworthy_0123456789ab_1").await;
    run(&named, "CREATE DATABASE seaworthy_looking").await;
    let living = connect(&named, "postgres").await.unwrap();
    let kept = living.create_database().await.unwrap();
    let other = connect(&named, "postgres").await.unwrap();
    let names = run(&named, "SELECT datname FROM pg_database WHERE datname LIKE 'seaworthy%'").await.concat();
    assert!(!names.contains(&Some("seaworthy_0123456789ab_1".to_owned())));
    assert!(names.contains(&Some("seaworthy_looking".to_owned())));
    assert!(names.contains(&Some(kept.name().to_owned())));
    other.stop().await.unwrap();
    living.stop().await.unwrap();
    theirs.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let choice = "postgres://me:secret@127.0.0.1:9/db".parse().unwrap();
    let error = Server::start(&ProvisionOptions { choice, ..ProvisionOptions::default() }, &|_| {}).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("postgres://me@127.0.0.1:9/db") && !error.contains("secret"), "{error}");
    assert!(Session::connect("postgres://me@127.0.0.1:9/db").await.unwrap_err().is_lost());
}
