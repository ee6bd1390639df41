//! What every server can do.

use seaworthy::postgres::Session;
use seaworthy::postgres::provision::{Server, capabilities};

use crate::traces::{assert_directory_is_gone, directory_of, start};

async fn run(session: &mut Session, sql: &str) -> Vec<Vec<Option<String>>> {
    session.rows(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Creates, clones and drops databases; sessions are closed one by one, since a server may allow no second one.
async fn make_clone_and_drop(server: &Server) {
    assert!((150_000..190_000).contains(&server.server_version_num()));
    assert!(server.version().starts_with(&(server.server_version_num() / 10_000).to_string()));
    let original = server.create_database().await.unwrap();
    assert!(original.name().starts_with("seaworthy_"));
    let mut session = original.connect().await.unwrap();
    run(&mut session, "CREATE TABLE note (text text); INSERT INTO note VALUES ('kept')").await;
    session.close().await;

    let clone = server.clone_database(&original).await.unwrap().expect("every engine clones");
    assert_ne!(clone.name(), original.name());
    let mut session = clone.connect().await.unwrap();
    assert_eq!(run(&mut session, "SELECT text FROM note").await, [[Some("kept".to_owned())]]);
    run(&mut session, "DELETE FROM note").await;
    session.close().await;

    let mut session = original.connect().await.unwrap();
    assert_eq!(run(&mut session, "SELECT count(*) FROM note").await, [[Some("1".to_owned())]]);
    session.close().await;

    let name = clone.name().to_owned();
    server.drop_database(clone).await.unwrap();
    let mut session = original.connect().await.unwrap();
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(run(&mut session, &left).await, [[Some("0".to_owned())]]);
    session.close().await;
}

#[tokio::test]
async fn local_programs_serve_and_leave_nothing() {
    let Some(server) = start("local").await else { return };
    assert_eq!(server.provider(), "local");
    make_clone_and_drop(&server).await;
    let database = server.create_database().await.unwrap();
    let directory = directory_of(database.url());
    assert!(directory.join("data/PG_VERSION").exists());
    let found = capabilities(&database).await.unwrap();
    assert!(found.superuser && found.creates_databases && found.catches_exceptions);
    assert!(found.extensions.contains_key("plpgsql"));
    server.stop().await.unwrap();
    assert_directory_is_gone(&directory);
}

#[tokio::test]
async fn a_server_that_is_dropped_while_sessions_are_open_leaves_nothing() {
    let Some(server) = start("local").await else { return };
    let database = server.create_database().await.unwrap();
    let directory = directory_of(database.url());
    let mut session = database.connect().await.unwrap();
    drop(server);
    assert_directory_is_gone(&directory);
    let error = session.run("SELECT 1").await.unwrap_err();
    assert!(error.is_lost(), "{error:?}");
}

#[tokio::test]
async fn two_local_servers_do_not_meet() {
    let (Some(one), Some(other)) = (start("local").await, start("local").await) else { return };
    let (first, second) = (one.create_database().await.unwrap(), other.create_database().await.unwrap());
    assert_ne!(directory_of(first.url()), directory_of(second.url()));
    one.stop().await.unwrap();
    second.connect().await.unwrap().close().await;
    other.stop().await.unwrap();
}

#[cfg(feature = "docker")]
#[tokio::test(flavor = "multi_thread")]
async fn a_container_serves_and_leaves_nothing() {
    use crate::traces::containers_of;
    let Some(server) = start("docker").await else { return };
    assert_eq!(server.provider(), "docker");
    assert!(server.reason().contains("in a container of"), "{}", server.reason());
    assert!(!containers_of(std::process::id()).is_empty());
    make_clone_and_drop(&server).await;
    let database = server.create_database().await.unwrap();
    let address = database.url().split_once('@').unwrap().1;
    assert!(address.starts_with("127.0.0.1:"), "published for others: {address}");
    let wrong = format!("postgres://postgres:wrong@{address}");
    assert!(Session::connect(&wrong).await.is_err(), "any password will do");
    Session::connect(database.url()).await.unwrap().close().await;
    server.stop().await.unwrap();

    let server = start("docker").await.unwrap();
    drop(server);
    assert_eq!(containers_of(std::process::id()), Vec::<String>::new());
}

#[cfg(feature = "embedded")]
#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_engine_serves_and_leaves_nothing() {
    use crate::traces::start_with;
    use seaworthy::postgres::provision::ProvisionOptions;
    let extensions = ["citext", "no_such_extension"].map(str::to_owned).to_vec();
    let choice = "embedded".parse().unwrap();
    let Some(server) = start_with(ProvisionOptions { choice, extensions, image: None }).await else { return };
    assert_eq!((server.provider(), server.parallelism()), ("embedded", 1));
    make_clone_and_drop(&server).await;
    let database = server.create_database().await.unwrap();
    let directory = directory_of(database.url());
    let engine = std::fs::read_to_string(directory.join("also")).unwrap();

    let found = capabilities(&database).await.unwrap();
    assert!(found.superuser && !found.catches_exceptions, "{found:?}");
    assert!(found.extensions.contains_key("citext"));
    let mut session = database.connect().await.unwrap();
    run(&mut session, "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions").await;
    let same = run(&mut session, "SELECT 'A'::extensions.citext OPERATOR(extensions.=) 'a'::extensions.citext").await;
    assert_eq!(same, [[Some("t".to_owned())]]);
    session.close().await;

    server.stop().await.unwrap();
    assert_directory_is_gone(&directory);
    assert!(!std::path::Path::new(engine.trim()).exists());
}

#[cfg(feature = "embedded")]
#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_engine_survives_a_client_that_leaves_in_the_middle_of_an_answer() {
    let Some(server) = start("embedded").await else { return };
    let database = server.create_database().await.unwrap();
    for _ in 0..3 {
        let mut session = database.connect().await.unwrap();
        let long = session.rows("SELECT repeat('x', 1000) FROM generate_series(1, 50000)");
        let cut_short = tokio::time::timeout(std::time::Duration::from_millis(20), long).await;
        assert!(cut_short.is_err(), "the answer was too short for this test");
    }
    let mut session = database.connect().await.unwrap();
    assert_eq!(run(&mut session, "SELECT 1").await, [[Some("1".to_owned())]]);
    // Even with the session still open.
    server.stop().await.unwrap();
    assert!(session.run("SELECT 1").await.unwrap_err().is_lost());
}
