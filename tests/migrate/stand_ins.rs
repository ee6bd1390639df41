use super::*;
use seaworthy::postgres::stand_ins::script;

#[tokio::test]
async fn vectors_can_be_stored_compared_and_indexed() {
    let sql = "
        create schema if not exists extensions;
        create extension if not exists vector with schema extensions;
        set search_path = public, extensions;
        create table public.documents (id int primary key, embedding vector(3) not null);
        create index on public.documents using hnsw (embedding vector_cosine_ops) with (m = 16, ef_construction = 64);
        create index on public.documents using ivfflat (embedding) with (lists = 100);
        insert into public.documents values (1, '[1,0,0]'), (2, '[0,1,0]'), (3, array[1.0, 0.1, 0]::real[]::vector);
        create function public.match(query vector(3)) returns setof int language sql set search_path = public, extensions
            as 'select id from documents order by embedding <=> query limit 2';";
    let Some(mut fixture) = Fixture::whole(Profile::Plain, &[("1_a.sql", sql)]).await else { return };
    let nearest = "set search_path = public, extensions; select string_agg(match::text, ',') from match('[1,0,0]')";
    assert_eq!(fixture.ask(nearest).await, "1,3");
    assert_eq!(fixture.ask("set search_path = extensions; select '[0,3]'::vector <-> '[4,0]'").await, "5");
    let stand_in = &fixture.applied.stand_ins[0];
    assert_eq!((stand_in.extension.as_str(), stand_in.schema.as_str()), ("vector", "extensions"));
    let users: Vec<String> = stand_in.used_by.iter().map(ToString::to_string).collect();
    assert_eq!(users, ["public.documents"]);
}

#[tokio::test]
async fn extensions_of_supabase_take_calls_and_do_nothing_outside() {
    let sql = "
        create extension if not exists pg_cron with schema pg_catalog;
        create extension pg_net;
        create extension http with schema extensions;
        create extension if not exists pgmq;
        create extension wrappers with schema extensions;
        create extension plv8;
        create extension pgjwt with schema extensions cascade;
        select cron.schedule('nightly', '0 0 * * *', 'select 1');
        select net.http_post(url := 'http://example.test', body := '{}'::jsonb);
        select pgmq.create('jobs');
        select pgmq.send('jobs', '{\"a\": 1}');
        create foreign data wrapper stripe handler extensions.stripe_fdw_handler validator extensions.stripe_fdw_validator;
        create server stripe foreign data wrapper stripe options (api_key 'x');
        create foreign table public.customers (id text) server stripe options (object 'customers');
        create function public.shout(word text) returns text language plv8 as 'return word.toUpperCase()';
        comment on extension pg_cron is 'jobs';
        create table public.tokens as select extensions.sign('{\"sub\": 1}'::json, 'k') as token;";
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", sql)]).await else { return };
    assert_eq!(fixture.ask("select jobname from cron.job").await, "nightly");
    assert_eq!(fixture.ask("select message ->> 'a' from pgmq.read('jobs', 30, 1)").await, "1");
    assert_eq!(fixture.ask("select (http_get('http://x')).status").await, "200");
    assert_eq!(fixture.ask("select valid from extensions.verify((select token from tokens), 'k')").await, "t");
    // What cannot be stood in for says no, and the server stays up.
    assert!(!fixture.refusal("select * from public.customers").await.is_empty());
    assert!(!fixture.refusal("select public.shout('a')").await.is_empty());
    assert_eq!(fixture.ask("select 1").await, "1");
}

#[tokio::test]
async fn points_on_the_globe_keep_their_distance() {
    let sql = "
        create extension if not exists postgis with schema extensions;
        create table public.shops (id int, place extensions.geography(Point, 4326));
        create index shops_place on public.shops using gist (place);
        insert into public.shops values (1, extensions.st_point(13.4, 52.5)::extensions.geography);";
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", sql)]).await else { return };
    let distance = "select round(st_distance(place, st_point(2.35, 48.85)::geography) / 1000) from shops";
    // Berlin and Paris, on a sphere.
    assert_eq!(fixture.ask(distance).await, "877");
    assert!(fixture.applied.notes.iter().any(|note| note.contains("line 4")), "{:?}", fixture.applied.notes);
}

#[tokio::test]
async fn an_extension_that_nobody_knows_is_recorded_and_does_not_stop_anything() {
    let files = [("1_a.sql", "create extension \"acme-things\" version '0.0.1'; create table public.t (id int);")];
    let Some(fixture) = Fixture::whole(Profile::Plain, &files).await else { return };
    let [stand_in] = &fixture.applied.stand_ins[..] else { panic!("{:?}", fixture.applied.stand_ins) };
    assert!(stand_in.empty && stand_in.extension == "acme-things");
}

#[tokio::test]
async fn an_extension_that_was_switched_on_by_hand_is_found_out() {
    let sql = "create table public.t (id int); \
        create function public.f() returns trigger language plpgsql as $$ \
        begin perform net.http_post('http://x', '{}'::jsonb); return new; end $$; \
        create trigger t before insert on public.t for each row execute function public.f(); \
        insert into public.t values (1);";
    let Some(fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", sql)]).await else { return };
    assert!(fixture.applied.notes.iter().any(|note| note.contains("pg_net")), "{:?}", fixture.applied.notes);
}

#[tokio::test]
async fn an_extension_created_in_a_block_is_stood_in_for_too() {
    let sql = "do $$ begin if not exists (select from pg_extension where extname = 'pg_cron') then \
        create extension pg_cron; end if; end $$; select cron.schedule('* * * * *', 'select 1');";
    assert!(
        Fixture::whole(Profile::Plain, &[("1_a.sql", sql)]).await.is_none_or(|one| one.applied.stand_ins.len() == 1)
    );
}

#[tokio::test]
async fn an_extension_that_is_there_is_taken_and_keeps_supabase_s_schema() {
    let sql = "create extension if not exists \"uuid-ossp\" with schema public; \
        create table public.t (id uuid default uuid_generate_v4(), other uuid default extensions.uuid_generate_v4());";
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", sql)]).await else { return };
    let schema = "select pronamespace::regnamespace::text from pg_proc where proname = 'uuid_generate_v4'";
    assert_eq!(fixture.ask(schema).await, "extensions");
}

#[tokio::test]
async fn every_stand_in_applies_and_applies_again() {
    let Some(cluster) = Cluster::shared() else { return };
    for extension in [
        "citext",
        "dbdev",
        "earthdistance",
        "fuzzystrmatch",
        "hstore",
        "http",
        "hypopg",
        "index_advisor",
        "ltree",
        "moddatetime",
        "pg_cron",
        "pg_graphql",
        "pg_hashids",
        "pg_jsonschema",
        "pg_net",
        "pg_partman",
        "pg_stat_statements",
        "pg_tle",
        "pg_trgm",
        "pg_uuidv7",
        "pgcrypto",
        "pgjwt",
        "pgmq",
        "pgsodium",
        "plv8",
        "postgis",
        "timescaledb",
        "unaccent",
        "uuid-ossp",
        "vector",
        "wrappers",
    ] {
        let mut session = cluster.database().await;
        session.run("create schema \"odd Schema\"").await.unwrap();
        let script = script(extension, "odd Schema").unwrap();
        for _ in 0..2 {
            if let Err(error) = session.run(&script).await {
                panic!("{extension}: {error}");
            }
        }
        session.close().await;
    }
}

#[tokio::test]
async fn digests_and_passwords_of_the_stand_in_are_right() {
    let Some(cluster) = Cluster::shared() else { return };
    let mut session = cluster.database().await;
    session.run(&script("pgcrypto", "public").unwrap()).await.unwrap();
    // RFC 4231, test case 2.
    let sql = "select encode(hmac('what do ya want for nothing?', 'Jefe', 'sha256'), 'hex'), \
        (crypt('pw', hash) = hash)::text, (crypt('other', hash) = hash)::text, length(gen_random_bytes(40))::text, \
        pgp_sym_decrypt(pgp_sym_encrypt('text', 'key'), 'key') from crypt('pw', gen_salt('bf', 10)) as hash";
    let row = session.rows(sql).await.unwrap().remove(0).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(
        row,
        ["5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "true", "false", "40", "text"]
    );
}
