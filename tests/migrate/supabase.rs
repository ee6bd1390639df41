use super::*;
use seaworthy::postgres::supabase::surround;

const MEMBER: &str = "set session authorization authenticator; begin; set local role authenticated; \
    select set_config('request.jwt.claims', '{\"sub\": \"00000000-0000-0000-0000-000000000001\", \
    \"email\": \"a@b.c\", \"role\": \"authenticated\", \"app_metadata\": {\"org\": \"x\"}}', true); ";

#[tokio::test]
async fn the_surroundings_can_be_made_twice_and_on_two_databases_at_once() {
    let Some(cluster) = Cluster::shared() else { return };
    let (mut one, mut other) = (cluster.database().await, cluster.database().await);
    let (first, second) =
        tokio::join!(surround(&mut one, DefaultPrivileges::Classic), surround(&mut other, DefaultPrivileges::Revoked));
    first.unwrap();
    second.unwrap();
    surround(&mut one, DefaultPrivileges::Classic).await.unwrap();
}

#[tokio::test]
async fn a_client_is_who_its_claims_say() {
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", "select auth.uid();")]).await else {
        return;
    };
    assert_eq!(fixture.ask(&format!("{MEMBER} select auth.uid()")).await, "00000000-0000-0000-0000-000000000001");
    assert_eq!(fixture.ask(&format!("{MEMBER} select auth.email() || auth.role()")).await, "a@b.cauthenticated");
    assert_eq!(fixture.ask(&format!("{MEMBER} select auth.jwt() -> 'app_metadata' ->> 'org'")).await, "x");
    assert_eq!(fixture.ask("select auth.uid() is null").await, "t");
}

#[tokio::test]
async fn sign_up_triggers_fire_and_new_tables_are_granted_in_the_classic_mode() {
    let sql = "
        create table public.profiles (id uuid primary key references auth.users on delete cascade, name text);
        alter table public.profiles enable row level security;
        create policy own on public.profiles for select to authenticated using ((select auth.uid()) = id);
        create function public.on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
        begin
            insert into public.profiles values (new.id, new.raw_user_meta_data ->> 'name');
            return new;
        end $$;
        create trigger sign_up after insert on auth.users for each row execute function public.on_sign_up();
        create policy folders on storage.objects for select to authenticated
            using ((storage.foldername(name))[1] = auth.uid()::text);
        insert into auth.users (id, raw_user_meta_data)
        values ('00000000-0000-0000-0000-000000000001', '{\"name\": \"ann\"}'),
            ('00000000-0000-0000-0000-000000000002', '{\"name\": \"bob\"}');
        insert into storage.buckets (id, name) values ('files', 'files');
        insert into storage.objects (bucket_id, name) values
            ('files', '00000000-0000-0000-0000-000000000001/a.txt'),
            ('files', '00000000-0000-0000-0000-000000000002/b.txt');";
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", sql)]).await else { return };
    assert_eq!(fixture.applied.default_privileges, DefaultPrivileges::Classic);
    assert_eq!(fixture.ask(&format!("{MEMBER} select string_agg(name, ',') from public.profiles")).await, "ann");
    let objects = format!("{MEMBER} select string_agg(storage.filename(name), ',') from storage.objects");
    assert_eq!(fixture.ask(&objects).await, "a.txt");
    let owner = "select relowner::regrole::text from pg_class where oid = 'public.profiles'::regclass";
    assert_eq!(fixture.ask(owner).await, "postgres");
    assert_eq!(fixture.refusal(&format!("{MEMBER} select * from auth.users")).await, "42501");
}

#[tokio::test]
async fn where_default_privileges_are_revoked_clients_read_what_is_granted_alone() {
    let files = [
        (
            "supabase/migrations/1_a.sql",
            "create table public.a (id int); create table public.b (id int); \
            grant select on public.a to authenticated; \
            create function public.f() returns int language sql as 'select 1';",
        ),
        ("supabase/config.toml", "[api]\nauto_expose_new_tables = false\n[storage.buckets.images]\npublic = true"),
    ];
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &files).await else { return };
    assert_eq!(fixture.applied.default_privileges, DefaultPrivileges::Revoked);
    assert_eq!(fixture.ask(&format!("{MEMBER} select count(*) from public.a")).await, "0");
    assert_eq!(fixture.refusal(&format!("{MEMBER} select * from public.b")).await, "42501");
    assert_eq!(fixture.ask(&format!("{MEMBER} select public.f()")).await, "1");
    assert_eq!(fixture.ask("select public from storage.buckets where id = 'images'").await, "t");
}

#[tokio::test]
async fn broadcasts_from_triggers_reach_the_messages_and_never_undo_a_write() {
    let sql = "
        create table public.t (id int);
        create function public.tell() returns trigger language plpgsql as $$
        begin
            perform realtime.broadcast_changes('t', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
            return null;
        end $$;
        create trigger tell after insert on public.t for each row execute function public.tell();
        create policy read on realtime.messages for select to authenticated using (realtime.topic() = topic);
        insert into public.t values (1);";
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", sql)]).await else { return };
    assert_eq!(fixture.ask("select payload ->> 'operation' from realtime.messages").await, "INSERT");
    let write = format!("{MEMBER} insert into public.t values (2) returning id");
    assert_eq!(fixture.ask(&write).await, "2");
}

#[tokio::test]
async fn secrets_webhooks_and_publications_are_there() {
    let sql = "
        select vault.create_secret('s3cret', 'key');
        create table public.t (id int);
        alter publication supabase_realtime add table public.t;
        create trigger hook after insert on public.t for each row
            execute function supabase_functions.http_request('http://x', 'POST', '{}', '{}', '1000');
        insert into public.t values (1);
        select graphql_public.graphql(query => '{ __typename }');";
    let Some(mut fixture) = Fixture::whole(Profile::Supabase, &[("1_a.sql", sql)]).await else { return };
    assert_eq!(fixture.ask("select decrypted_secret from vault.decrypted_secrets where name = 'key'").await, "s3cret");
    assert_eq!(fixture.ask("select count(*) from supabase_functions.hooks").await, "1");
    assert_eq!(fixture.refusal(&format!("{MEMBER} select * from vault.decrypted_secrets")).await, "42501");
    assert_eq!(fixture.ask("show search_path").await, "\"$user\", public, extensions");
}

#[tokio::test]
async fn the_environment_is_marked_for_migrations_and_for_later_connections() {
    let sql = "create table public.seen as select current_setting('app.environment') as environment;";
    let Some(mut fixture) = Fixture::whole(Profile::Plain, &[("1_a.sql", sql)]).await else { return };
    assert_eq!(fixture.ask("select environment from public.seen").await, "development");
    assert_eq!(fixture.ask("select current_setting('app.environment')").await, "development");
    assert_eq!(fixture.applied.default_privileges, DefaultPrivileges::None);
}

#[tokio::test]
async fn what_migrations_make_belongs_to_postgres_whoever_logs_in() {
    let Some(cluster) = Cluster::shared() else { return };
    let mut session = cluster.as_other_superuser().await;
    let folder = tempfile::tempdir().unwrap();
    let sql = "create table public.t (id int); create table public.who as select session_user::text as name;";
    std::fs::write(folder.path().join("1_a.sql"), sql).unwrap();
    let settings = SystemSettings::default();
    let project = discover(folder.path(), &settings).unwrap();
    let options = ApplyOptions::new(Profile::Supabase, &project, &settings);
    let applied = apply(&mut session, &project, &options, &|_| ()).await.unwrap();
    assert_eq!(applied.failures, []);
    let sql = "select (select name from public.who), relowner::regrole, session_user, \
        has_table_privilege('authenticated', oid, 'select') from pg_class where oid = 'public.t'::regclass";
    let row: Vec<String> = session.rows(sql).await.unwrap().remove(0).into_iter().flatten().collect();
    assert_eq!(row, ["postgres", "postgres", "migrate_harness", "t"]);
    session.close().await;
}
