//! The world is made on schemas of every kind: rows that satisfy every constraint, each in its tenant.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod people;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use seaworthy::catalog::{Catalog, QualifiedName, quote_identifier, quote_literal};
use seaworthy::postgres::Session;
use seaworthy::postgres::introspect::introspect;
use seaworthy::postgres::populate::populate;
use seaworthy::settings::SystemSettings;
use seaworthy::tenancy::{Intent, Profile, Surroundings, infer};
use seaworthy::verdict::Event;
use seaworthy::world::{PrincipalKind, StoredRow, World};
use support::Cluster;

/// A database with a world in it.
struct Made {
    session: Session,
    /// The server lives as long as somebody holds it.
    _cluster: Arc<Cluster>,
    catalog: Catalog,
    intent: Intent,
    world: World,
    notes: Vec<String>,
}

type Overrides<'a> = &'a [(&'a str, &'a str, &'a str)];

async fn make(profile: Profile, sql: &str) -> Made {
    make_with(profile, sql, 7, &[]).await
}

async fn make_with(profile: Profile, sql: &str, seed: u64, overrides: Overrides<'_>) -> Made {
    let cluster = Cluster::shared();
    let mut session = match profile {
        Profile::Supabase => cluster.supabase("").await,
        Profile::Plain => cluster.database(ROLE).await,
    };
    session.run(sql).await.unwrap();
    let catalog = introspect(&mut session).await.unwrap();
    let surroundings = Surroundings { profile, exposed_schemas: vec!["public".to_owned()] };
    let intent = infer(&catalog, &SystemSettings::default(), &surroundings).unwrap();
    let mut values: BTreeMap<QualifiedName, BTreeMap<String, String>> = BTreeMap::new();
    for (table, column, text) in overrides {
        values.entry(public(table)).or_default().insert((*column).to_owned(), (*text).to_owned());
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    let tell = |event| {
        if let Event::Note(note) = event {
            sender.lock().unwrap().send(note).unwrap();
        }
    };
    let world = populate(&mut session, &catalog, &intent, &values, seed, &tell).await.unwrap();
    Made { session, _cluster: cluster, catalog, intent, world, notes: receiver.try_iter().collect() }
}

/// Roles belong to the whole cluster: the first test makes it.
const ROLE: &str = "
    select pg_advisory_lock(2);
    do $$ begin
        if not exists (select from pg_roles where rolname = 'app_user') then create role app_user nologin; end if;
    end $$;
    select pg_advisory_unlock(2);";

const CONSTRAINTS: &str = include_str!("../schemas/constraints.sql");

fn public(name: &str) -> QualifiedName {
    QualifiedName::new("public", name)
}

impl Made {
    fn stored(&self, table: &str, tenant: usize) -> Vec<&StoredRow> {
        self.world.stored_of(&public(table), tenant).collect()
    }

    fn gap(&self, table: &str) -> Option<&seaworthy::world::Gap> {
        self.world.gaps.iter().find(|gap| gap.table == public(table))
    }

    async fn one(&mut self, sql: &str) -> String {
        let rows = self.session.rows(sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        rows.first().and_then(|row| row.first().cloned().flatten()).unwrap_or_default()
    }
}

fn value<'a>(row: &'a StoredRow, column: &str) -> &'a str {
    row.values.get(column).and_then(Option::as_deref).unwrap_or("null")
}

#[tokio::test]
async fn every_kind_of_constraint_is_satisfied() {
    let made = make(Profile::Plain, CONSTRAINTS).await;
    let refused: BTreeSet<&str> = made.world.gaps.iter().map(|gap| gap.table.name.as_str()).collect();
    assert_eq!(refused, BTreeSet::from(["impossible", "never", "piles", "swallowed"]), "{:#?}", made.world.gaps);
    let tables = made.catalog.tables.iter().filter(|table| {
        let single = ["settings", "companies", "people", "impossible", "countries"].contains(&table.name.name.as_str());
        table.name.schema == "public" && table.parent.is_none() && !single
    });
    for table in tables {
        for tenant in 0..2 {
            let count = made.stored(&table.name.name, tenant).len();
            assert!(count >= 2, "{} has {count} rows of tenant {tenant}", table.name);
        }
    }
}

#[tokio::test]
async fn a_gap_names_the_constraint_or_the_trigger_and_the_setting_that_helps() {
    let made = make(Profile::Plain, CONSTRAINTS).await;
    let gap = made.gap("impossible").unwrap();
    assert!(gap.reason.contains("impossible_n_check"), "{gap:?}");
    assert_eq!(gap.setting, "[tables.\"public.impossible\".values]");
    // A pile goes in with its stone alone, so no client can insert one by itself.
    assert!(made.gap("piles").unwrap().reason.ends_with("pile … has no stone"), "{:?}", made.gap("piles"));
    assert!(made.gap("never").unwrap().reason.ends_with("never"), "{:?}", made.gap("never"));
    assert!(made.notes.iter().any(|note| note.contains("public.never") && note.contains("switched off")));
}

#[tokio::test]
async fn a_value_of_the_settings_goes_into_every_row() {
    let sql = "
        create table users (id uuid primary key, email text);
        create table tickets (id uuid primary key, user_id uuid not null references users, code text not null, note text);
        create function right_code() returns trigger language plpgsql as $$ begin
            if md5(new.code) <> md5('open ' || 'sesame') then raise exception 'wrong code'; end if; return new; end $$;
        create trigger right_code before insert on tickets for each row execute function right_code();
        grant all on all tables in schema public to app_user;";
    let without = make(Profile::Plain, sql).await;
    assert!(without.gap("tickets").is_some_and(|gap| gap.reason.contains("wrong code")), "{:?}", without.world.gaps);
    let with = make_with(Profile::Plain, sql, 7, &[("tickets", "code", "open sesame")]).await;
    assert_eq!(with.world.gaps, []);
    let rows = with.stored("tickets", 0);
    assert_eq!(rows.iter().map(|row| value(row, "code")).collect::<Vec<_>>(), ["open sesame"; 2]);
    assert_ne!(value(rows[0], "note"), value(rows[1], "note"));
}

/// A canary is in its own row, and in no row of another tenant.
fn assert_canaries_keep_apart(made: &Made) {
    let all: Vec<(&QualifiedName, &StoredRow)> =
        made.world.rows.iter().flat_map(|(table, rows)| rows.stored.iter().map(move |row| (table, row))).collect();
    let mut canaries = 0;
    for (table, row) in &all {
        for canary in &row.canaries {
            canaries += 1;
            assert!(row.values.values().flatten().any(|text| text.contains(canary.as_str())), "{table}: {canary}");
            let elsewhere = all.iter().find(|(_, other)| {
                other.tenant != row.tenant && other.values.values().flatten().any(|text| text.contains(canary.as_str()))
            });
            assert!(elsewhere.is_none(), "{canary} of {table} is also in {elsewhere:?}");
        }
    }
    assert!(canaries > 0, "there is no canary at all");
}

/// Rows belong where the world says, by the model's own condition.
async fn assert_rows_belong(made: &mut Made) {
    let rows: Vec<(QualifiedName, StoredRow)> = made
        .world
        .rows
        .iter()
        .flat_map(|(table, rows)| rows.stored.iter().map(move |row| (table.clone(), row.clone())))
        .collect();
    for (table, row) in rows {
        let key = made.catalog.table(&table).unwrap().key_columns().to_vec();
        let Some(tenant) = row.tenant.filter(|_| !key.is_empty()) else { continue };
        let ids = made.world.tenants[tenant].ids.clone();
        let Some(condition) = made.intent.belongs_to(&table, "t", &ids) else { continue };
        let same: Vec<String> = key
            .iter()
            .map(|name| format!("t.{} = {}", quote_identifier(name), quote_literal(value(&row, name))))
            .collect();
        let sql = format!("select count(*) from {} t where {} and {condition}", table.quoted(), same.join(" and "));
        assert_eq!(made.one(&sql).await, "1", "{table} {row:?}");
    }
}

/// Each fresh row goes in, and ends up with its tenant (in a root: with a new one).
async fn assert_fresh_rows_go_in(made: &mut Made) {
    let fresh: Vec<_> = made
        .world
        .rows
        .iter()
        .flat_map(|(table, rows)| rows.fresh.iter().map(move |row| (table.clone(), row.clone())))
        .collect();
    assert!(!fresh.is_empty());
    for (table, row) in fresh {
        let names: Vec<String> = row.values.keys().map(|name| quote_identifier(name)).collect();
        let texts: Vec<String> =
            row.values.values().map(|text| text.as_deref().map_or("null".to_owned(), quote_literal)).collect();
        let insert = if names.is_empty() {
            format!("insert into {} default values", table.quoted())
        } else {
            format!("insert into {} ({}) values ({})", table.quoted(), names.join(", "), texts.join(", "))
        };
        let claims: Vec<String> = row
            .tenant
            .and_then(|tenant| made.world.principals.iter().find(|principal| principal.is_of(tenant)))
            .map(|principal| &principal.settings)
            .into_iter()
            .flatten()
            .map(|(name, text)| format!("set_config({}, {}, true)", quote_literal(name), quote_literal(text)))
            .collect();
        let claims = if claims.is_empty() { "select 1".to_owned() } else { format!("select {}", claims.join(", ")) };
        let prepare: String = row.prepare.iter().map(|sql| format!("{sql}; ")).collect();
        let results = made.session.run(&format!("begin; {claims}; {prepare}{insert}")).await;
        let results = results.unwrap_or_else(|error| panic!("{error}: {insert}"));
        assert_eq!(results.last().unwrap().affected, 1, "{insert}");
        made.session.run("rollback").await.unwrap();
    }
}

#[tokio::test]
async fn rows_belong_to_their_tenants_with_canaries_of_their_own_and_more_can_be_inserted() {
    let mut made = make(Profile::Plain, CONSTRAINTS).await;
    assert_canaries_keep_apart(&made);
    assert_rows_belong(&mut made).await;
    assert_fresh_rows_go_in(&mut made).await;
}

#[tokio::test]
async fn references_stay_within_the_tenant() {
    let made = make(Profile::Plain, CONSTRAINTS).await;
    for table in made.catalog.tables.iter().filter(|table| made.world.rows.contains_key(&table.name)) {
        for key in &table.foreign_keys {
            let Some(parents) = made.world.rows.get(&key.referenced_table) else { continue };
            for row in &made.world.rows[&table.name].stored {
                let same = |parent: &&StoredRow| {
                    let pairs = key.columns.iter().zip(&key.referenced_columns);
                    pairs.into_iter().all(|(column, of)| value(row, column) == value(parent, of))
                };
                if let Some(parent) = parents.stored.iter().find(same) {
                    let crosses = parent.tenant.is_some() && parent.tenant != row.tenant;
                    assert!(!crosses, "{} of {} crosses: {row:?} {parent:?}", key.name, table.name);
                }
            }
        }
    }
    // A cycle is closed: the reference that was null at first is made up for.
    assert!(made.stored("a_docs", 0).iter().all(|row| value(row, "current_version") != "null"));
}

#[tokio::test]
async fn where_a_tenant_may_have_one_row_the_third_has_none_and_can_get_it() {
    let made = make(Profile::Plain, CONSTRAINTS).await;
    let counts: Vec<usize> = (0..3).map(|tenant| made.stored("settings", tenant).len()).collect();
    assert_eq!(counts, [1, 1, 0]);
    let fresh = &made.world.rows[&public("settings")].fresh;
    let of_third = fresh.iter().find(|row| row.tenant == Some(2)).unwrap();
    assert_eq!(of_third.prepare, Vec::<String>::new());
    assert_eq!(of_third.values["company_id"].as_deref(), made.world.tenants[2].ids.get(&0).map(String::as_str));
    // The others' row makes room first.
    assert!(fresh.iter().any(|row| row.tenant == Some(0) && !row.prepare.is_empty()));
}

#[tokio::test]
async fn made_rows_are_private_and_in_use() {
    let made = make(
        Profile::Plain,
        "create table users (id uuid primary key, email text);
         create type visibility as enum ('public', 'unlisted', 'team', 'private');
         create table posts (id uuid primary key, user_id uuid not null references users, title text,
            is_public boolean default true, published boolean not null default false, is_active boolean default false,
            visibility visibility default 'public', status text not null check (status in ('archived', 'published', 'draft')),
            deleted_at timestamptz, expires_at timestamptz not null default now(), sharing text default 'public');
         grant all on all tables in schema public to app_user;",
    )
    .await;
    let posts = made.stored("posts", 0);
    let seen = |column| value(posts[0], column);
    assert_eq!((seen("is_public"), seen("published"), seen("is_active")), ("f", "f", "t"));
    assert_eq!((seen("visibility"), seen("status"), seen("sharing")), ("private", "draft", "private"));
    assert_eq!(seen("deleted_at"), "null");
    assert!(seen("expires_at") > "2090", "{}", seen("expires_at"));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world_and_another_seed_another() {
    let without_times = |made: &Made| {
        let mut world = made.world.clone();
        for (table, rows) in &mut world.rows {
            let columns = &made.catalog.table(table).unwrap().columns;
            let timed: BTreeSet<&String> = columns
                .iter()
                .filter(|column| column.default.as_deref().is_some_and(|default| default.contains("now()")))
                .map(|column| &column.name)
                .collect();
            for row in &mut rows.stored {
                row.values.retain(|name, _| !timed.contains(name));
            }
        }
        world
    };
    let first = make_with(Profile::Plain, CONSTRAINTS, 1, &[]).await;
    let again = make_with(Profile::Plain, CONSTRAINTS, 1, &[]).await;
    let other = make_with(Profile::Plain, CONSTRAINTS, 2, &[]).await;
    let (one, two) = (without_times(&first), without_times(&again));
    for (table, rows) in &one.rows {
        assert_eq!(Some(rows), two.rows.get(table), "{table}");
    }
    assert_eq!(one, two);
    assert_ne!(first.world.tenants, other.world.tenants);
}

#[tokio::test]
async fn rows_of_a_seed_are_left_as_they_are() {
    let sql = "
        create table plans (name text primary key check (name in ('free', 'pro')), price int not null);
        create table users (id bigint generated always as identity primary key, email text unique);
        create table notes (id bigint generated always as identity primary key, user_id bigint not null references users, plan text references plans, body text);
        insert into plans values ('free', 0), ('pro', 10);
        insert into users (email) values ('seed@example.com');
        insert into notes (user_id, plan, body) values (1, 'pro', 'seeded');
        grant all on all tables in schema public to app_user;";
    let mut made = make(Profile::Plain, sql).await;
    assert_eq!(made.one("select body from notes where user_id = 1").await, "seeded");
    assert_eq!(made.one("select string_agg(name || price, ',' order by name) from plans").await, "free0,pro10");
    assert!(made.stored("notes", 0).iter().all(|row| ["free", "pro"].contains(&value(row, "plan"))));
    assert!(made.world.rows[&public("notes")].stored.iter().all(|row| value(row, "user_id") != "1"));
}

const SIGN_UP: &str = "
    create table public.profiles (id uuid primary key references auth.users on delete cascade,
        username text unique not null check (char_length(username) >= 3), email text, full_name text);
    create table public.orgs (id uuid primary key default gen_random_uuid(), name text not null, slug text not null unique, created_by uuid references auth.users);
    create table public.org_members (id bigint generated always as identity primary key,
        org_id uuid not null references public.orgs on delete cascade, user_id uuid not null references auth.users on delete cascade,
        role text not null default 'member' check (role in ('owner', 'admin', 'member')), unique (org_id, user_id));
    create table public.notes (id uuid primary key default gen_random_uuid(), org_id uuid not null references public.orgs on delete cascade,
        author_id uuid not null default auth.uid() references public.profiles, title varchar(12) not null);
    create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = public as $$
    declare org uuid;
    begin
        insert into profiles (id, username, email, full_name)
            values (new.id, new.raw_user_meta_data->>'username', new.email, new.raw_user_meta_data->>'full_name');
        insert into orgs (name, slug, created_by) values ('default', new.id::text, new.id) returning id into org;
        insert into org_members (org_id, user_id, role) values (org, new.id, 'owner');
        return new;
    end $$;
    create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();";

#[tokio::test]
async fn what_a_sign_up_makes_is_taken_over() {
    let mut made = make(Profile::Supabase, SIGN_UP).await;
    assert_eq!(made.world.gaps, []);
    // The default organization of everybody is gone, but for the three tenants.
    assert_eq!(made.one("select count(*) from orgs").await, "3");
    let primary = made.world.members(0, 0)[0].clone();
    let profile = made.stored("profiles", 0)[0];
    assert_eq!(Some(value(profile, "id")), primary.user_id.as_deref());
    assert!(!profile.canaries.is_empty());
    assert_eq!(made.stored("notes", 0).len(), 2);
    assert_canaries_keep_apart(&made);
    assert_rows_belong(&mut made).await;
    assert_fresh_rows_go_in(&mut made).await;
}

#[tokio::test]
async fn one_to_one_references_get_a_row_each() {
    let sql = "
        create table users (id uuid primary key);
        create table outer_portals (id text primary key);
        create table portals (id text primary key, outer_id text not null unique references outer_portals);
        create table plans (id text primary key);
        create table companies (id text primary key, owner_id uuid not null references users,
            portal_id text not null unique references portals, plan_id text not null unique references plans);
        create table letters (id bigserial primary key, company_id text not null references companies, body text);
        grant all on all tables in schema public to app_user;";
    let mut made = make(Profile::Plain, sql).await;
    assert_eq!(made.world.gaps, []);
    assert_eq!(made.stored("letters", 1).len(), 2);
    assert_fresh_rows_go_in(&mut made).await;
}

#[tokio::test]
async fn a_row_can_refer_to_a_file_of_its_tenant() {
    let sql = "
        insert into storage.buckets (id, name) values ('files', 'files');
        create table public.documents (id bigserial primary key, created_by uuid not null references auth.users,
            file uuid not null references storage.objects, name text);";
    let mut made = make(Profile::Supabase, sql).await;
    assert_eq!(made.world.gaps, []);
    assert_eq!(made.stored("documents", 0).len(), 2);
    let crossing = "select count(*) from documents join storage.objects o on o.id = file where owner <> created_by";
    assert_eq!(made.one(crossing).await, "0");
}

/// As a starter kit has it: the account is the user, and no foreign key says so.
#[tokio::test]
async fn an_account_is_its_user_without_a_foreign_key() {
    let sql = "
        create table public.accounts (id uuid primary key default gen_random_uuid(), name text not null, email text unique, public_data jsonb not null default '{}');
        create table public.notes (id uuid primary key default gen_random_uuid(), account_id uuid not null references public.accounts on delete cascade, body text);
        create function public.new_user() returns trigger language plpgsql security definer set search_path = '' as $$ begin
            insert into public.accounts (id, name, email) values (new.id, coalesce(new.raw_user_meta_data->>'name', ''), new.email); return new; end $$;
        create trigger new_user after insert on auth.users for each row execute function public.new_user();
        create policy own on public.accounts to authenticated using (auth.uid() = id);";
    let made = make(Profile::Supabase, sql).await;
    assert_eq!(made.world.gaps, []);
    let root = made.intent.roots.iter().position(|root| root.table == public("accounts")).unwrap();
    let first = made.world.members(root, 0)[0];
    assert_eq!(first.user_id.as_ref(), made.world.tenants[0].ids.get(&root));
    assert_eq!(value(made.stored("accounts", 0)[0], "id"), first.user_id.as_deref().unwrap());
    assert_eq!(made.stored("notes", 0).len(), 2);
}

/// Columns with constraints drawn by chance: each is satisfiable, and so there is a row.
#[tokio::test]
async fn constraints_drawn_by_chance_are_satisfied() {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let range = (-1000..1000_i32, 0..40_i32)
        .prop_map(|(low, more)| format!("int not null check (c >= {low} and c <= {})", low + more));
    let length = (1..30_usize, 0..30_usize)
        .prop_map(|(least, more)| format!("text not null check (char_length(c) between {least} and {})", least + more));
    let list = prop::collection::vec("[a-z' ]{1,8}", 1..5).prop_map(|words| {
        let words: Vec<String> = words.iter().map(|word| quote_literal(word)).collect();
        format!("text not null check (c in ({}))", words.join(", "))
    });
    let pattern = prop::sample::select(vec![
        "^[A-Z]{2}-[0-9]{4}$",
        r"^\d{3}\s?[a-f]+$",
        "^(red|green|blue)$",
        "^#[0-9a-fA-F]{6}$",
        r"^[^@\s]+@[^@\s]+\.\w{2,}$",
        "^v[0-9]+\\.[0-9]+",
    ])
    .prop_map(|pattern| format!("text not null check (c ~ {})", quote_literal(pattern)));
    let like = "[a-z_%]{1,6}".prop_map(|like| format!("text not null check (c like {})", quote_literal(&like)));
    let decimal = (1..6_i32, 0..4_i32, 0..9_i32)
        .prop_map(|(whole, scale, least)| format!("numeric({},{scale}) not null check (c > {least})", whole + scale));
    let count = (0..4_usize).prop_map(|count| format!("text[] not null check (cardinality(c) = {count})"));
    let strategy = prop_oneof![range, length, list, pattern, like, decimal, count];
    let mut runner = TestRunner::deterministic();
    let mut sql = "create table users (id uuid primary key);".to_owned();
    for number in 0..120 {
        let column = strategy.new_tree(&mut runner).unwrap().current();
        sql.push_str(&format!(
            "create table t{number} (id uuid primary key, user_id uuid not null references users, c {column});"
        ));
    }
    sql.push_str("grant all on all tables in schema public to app_user;");
    let made = make(Profile::Plain, &sql).await;
    let definition = |gap: &seaworthy::world::Gap| {
        let table = made.catalog.table(&gap.table).unwrap();
        table.checks.iter().map(|check| check.expression.clone()).collect::<Vec<_>>()
    };
    let gaps: Vec<_> =
        made.world.gaps.iter().map(|gap| (gap.table.to_string(), gap.reason.clone(), definition(gap))).collect();
    assert!(gaps.is_empty(), "{gaps:#?}");
}

#[tokio::test]
async fn a_schema_without_tables_is_an_empty_world() {
    let made = make(Profile::Plain, "select 1").await;
    assert!(made.world.rows.is_empty() && made.world.gaps.is_empty());
}
