#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::catalog::QualifiedName;
use crate::verdict::{ObjectKind, ObjectRef};

fn map(sql: &str) -> SourceMap {
    SourceMap::read([Standing { path: "1.sql", sql, before: None }])
}

fn object(kind: ObjectKind, name: &str, sub: Option<&str>) -> ObjectRef {
    let (schema, name) = name.split_once('.').unwrap_or(("", name));
    ObjectRef { kind, schema: schema.to_owned(), name: name.to_owned(), sub: sub.map(str::to_owned) }
}

fn line(map: &SourceMap, kind: ObjectKind, name: &str, sub: Option<&str>) -> Option<usize> {
    map.of(&object(kind, name, sub)).map(|source| source.line)
}

fn table(map: &SourceMap, name: &str) -> Option<usize> {
    line(map, ObjectKind::Table, name, None)
}

fn part(map: &SourceMap, table: &str, sub: &str) -> Option<usize> {
    line(map, ObjectKind::Table, table, Some(sub))
}

fn function(map: &SourceMap, signature: &str) -> Option<usize> {
    line(map, ObjectKind::Function, signature, None)
}

const NOTES: &str = "-- notes
create table public.notes (
  -- the key
  id uuid primary key,
  workspace_id uuid not null references public.workspaces (id),
  kind text check (kind in ('a', 'b')),
  author uuid,
  unique (workspace_id, kind),
  constraint author_of_workspace foreign key (workspace_id, author)
    references public.members (workspace_id, id),
  check (kind <> 'a' or author is not null)
);
create index on public.notes (workspace_id, lower(kind));
create unique index notes_kind on notes (kind);
alter table notes
  enable row level security,
  add column title text;
create policy \"own notes\" on notes for select using (true);
create trigger touch before update on notes for each row execute function touch();
grant select on notes to authenticated;";

#[test]
fn a_table_and_its_parts_have_the_lines_on_which_they_begin() {
    let map = map(NOTES);
    assert_eq!(table(&map, "public.notes"), Some(2));
    for (sub, expected) in [
        ("id", 4),
        ("notes_pkey", 4),
        ("workspace_id", 5),
        ("notes_workspace_id_fkey", 5),
        ("workspace_id -> public.workspaces", 5),
        ("kind", 6),
        ("notes_kind_check", 6),
        ("notes_workspace_id_kind_key", 8),
        ("workspace_id, kind", 8),
        ("author_of_workspace", 9),
        ("workspace_id, author", 9),
        ("workspace_id, author -> public.members", 9),
        ("notes_check", 11),
        ("notes_workspace_id_lower_idx", 13),
        ("notes_kind", 14),
        ("row security", 16),
        ("title", 17),
        ("own notes", 18),
        ("touch", 19),
        ("authenticated", 20),
        ("select to authenticated", 20),
    ] {
        assert_eq!(part(&map, "public.notes", sub), Some(expected), "{sub}");
    }
}

#[test]
fn what_is_told_apart_nowhere_falls_back_to_the_whole() {
    let map = map(NOTES);
    assert_eq!(part(&map, "public.notes", "clean denial"), Some(2));
    assert_eq!(part(&map, "public.notes", "id, workspace_id"), Some(4), "the first of columns that nothing is over");
    assert_eq!(part(&map, "public.other", "id"), None);
}

#[test]
fn row_security_is_where_it_was_last_switched() {
    let notes = object(ObjectKind::Table, "public.notes", None);
    assert_eq!(map(NOTES).of_row_security(&notes).map(|source| source.line), Some(16));
    assert_eq!(map("create table notes (id int);").of_row_security(&notes).map(|source| source.line), Some(1));
}

#[test]
fn the_last_definition_counts_and_what_is_dropped_is_gone() {
    let map = map("create view v as select 1;
        create or replace view v as select 2;
        create policy p on t using (true);
        alter policy p on t using (false);
        create policy q on t using (true);
        drop policy if exists q on t;
        create table t2 (a int); drop table t2;
        create function f(a int) returns int language sql as 'select 1';
        create function f(a text) returns int language sql as 'select 1';
        create or replace function f(b integer) returns int language sql as 'select 2';
        drop function f(text);
        create type mood as enum ('a');
        create table t3 (a int, b int unique);
        alter table t3 alter column a type text;
        alter table t3 drop column b;
        alter table t3 alter column a set statistics 10;");
    assert_eq!(line(&map, ObjectKind::View, "public.v", None), Some(2));
    assert_eq!(part(&map, "public.t", "p"), Some(4));
    assert_eq!(part(&map, "public.t", "q"), None, "the platform made t");
    assert_eq!(table(&map, "public.t2"), None);
    assert_eq!(function(&map, "public.f(integer)"), Some(10));
    assert_eq!(map.of_type(&QualifiedName::new("public", "mood")).map(|source| source.line), Some(12));
    assert_eq!(part(&map, "public.t3", "a"), Some(14));
    assert_eq!(part(&map, "public.t3", "t3_b_key"), Some(13), "gone with its column: the table's line");
}

#[test]
fn what_is_there_already_stays_where_it_is() {
    let map = map("create table t (a int);
        create table if not exists t (a int, b int);
        create index if not exists i on t (a);
        create index if not exists i on t (a);
        alter table t add column if not exists a int;
        alter table t add column if not exists c int;");
    assert_eq!(table(&map, "public.t"), Some(1));
    assert_eq!(part(&map, "public.t", "a"), Some(1));
    assert_eq!(part(&map, "public.t", "i"), Some(3));
    assert_eq!(part(&map, "public.t", "c"), Some(6));
}

#[test]
fn renaming_moves() {
    let map = map("create table old (a int, constraint k check (a > 0));
        create index i on old (a);
        create policy p on old using (true);
        alter table old rename to new;
        alter table new rename column a to b;
        alter table new rename constraint k to k2;
        alter index i rename to j;
        alter policy p on new rename to q;
        create schema app;
        alter table new set schema app;
        create function f() returns int language sql as '';
        alter function f() rename to g;
        alter function g() set schema app;
        alter schema app rename to app2;");
    assert_eq!(table(&map, "public.old"), None);
    for (sub, expected) in [("b", 1), ("k2", 1), ("j", 2), ("q", 3)] {
        assert_eq!(part(&map, "app2.new", sub), Some(expected), "{sub}");
    }
    assert_eq!(function(&map, "app2.g()"), Some(11));
}

#[test]
fn names_are_read_as_the_server_reads_them() {
    let map = map("create table \"My \"\"Odd\"\" Table\" (\"Select\" int);
        create table TASKS (Id int);
        set search_path = app, public;
        create table inner_one (id int);
        create policy p on tasks using (true);
        reset search_path;
        create schema made create table first (id int);
        select pg_catalog.set_config('search_path', 'late, public', false);
        create table last (id int);");
    assert_eq!(part(&map, "public.My \"Odd\" Table", "Select"), Some(1));
    assert_eq!(part(&map, "public.tasks", "id"), Some(2));
    assert_eq!(table(&map, "app.inner_one"), Some(4));
    assert_eq!(part(&map, "public.tasks", "p"), Some(5));
    assert_eq!(table(&map, "made.first"), Some(7));
    assert_eq!(table(&map, "late.last"), Some(9));
}

#[test]
fn every_file_begins_anew_and_a_half_applied_one_counts_up_to_its_failure() {
    let one = Standing { path: "1.sql", sql: "set search_path = app; create table a (id int);", before: None };
    let two = Standing { path: "2.sql", sql: "create table b (id int);\ncreate table c (id int);", before: Some(2) };
    let map = SourceMap::read([one, two]);
    let source = map.of(&object(ObjectKind::Table, "public.b", None)).unwrap();
    assert_eq!((source.file.as_str(), source.line), ("2.sql", 1));
    assert_eq!(table(&map, "app.a"), Some(1));
    assert_eq!(table(&map, "public.c"), None);
}

#[test]
fn a_function_is_known_by_its_arguments() {
    let map = map("create function f(inout a int, b varchar(20) default 'x', out d timestamptz) language sql as '';
        create procedure p(double precision, timestamp(3) with time zone, public.\"Mood\"[]) language sql as '';
        create function odd(a t.c%type) returns int language sql as '';
        create function f(a int8) returns int language sql as '';
        alter function f(bigint) set search_path = '';
        alter function f(bigint) security definer;
        grant execute on function f(int, varchar) to anon;");
    assert_eq!(function(&map, "public.f(integer, character varying)"), Some(1));
    assert_eq!(function(&map, "public.p(double precision, timestamp with time zone, \"Mood\"[])"), Some(2));
    assert_eq!(function(&map, "public.odd(uuid)"), Some(3), "the only one");
    assert_eq!(function(&map, "public.f(bigint)"), Some(6), "whose rights it runs with is part of it");
    let granted = line(&map, ObjectKind::Function, "public.f(integer, character varying)", Some("anon"));
    assert_eq!(granted, Some(7));
}

#[test]
fn privileges_are_where_the_last_statement_about_a_role_is() {
    let map = map("alter default privileges in schema public grant select on tables to anon;
        create table a (id int);
        create table b (id int);
        grant all on all tables in schema public to authenticated;
        revoke insert on b from anon;
        create schema app; grant usage on schema app to anon;
        create table app.c (id int);");
    assert_eq!(part(&map, "public.a", "anon"), Some(1));
    assert_eq!(part(&map, "public.a", "authenticated"), Some(4));
    assert_eq!(part(&map, "public.b", "anon"), Some(5));
    assert_eq!(part(&map, "app.c", "anon"), Some(7));
    assert_eq!(line(&map, ObjectKind::Database, "app.", Some("anon")), Some(6));
}

#[test]
fn publications_know_their_tables() {
    let map = map("create table a (id int); create table b (id int);
        create publication p for table a;
        alter publication p add table only b;
        alter publication p owner to x;");
    assert_eq!(line(&map, ObjectKind::Publication, "p", None), Some(3));
    assert_eq!(line(&map, ObjectKind::Publication, "p", Some("public.a")), Some(2));
    assert_eq!(part(&map, "public.b", "p"), Some(3));
}

#[test]
fn statements_in_blocks_count_where_they_stand() {
    let map = map("create table t (a int); create table u (a int);
do $$
declare
  tables text[] := array['t', 'u'];
  name text;
begin
  if not exists (select 1 from pg_type where typname = 'mood') then
    create type mood as enum ('a');
  end if;
  alter table t add column b int;
  execute 'create policy p on t
    using (true)';
  foreach name in array tables loop
    execute format('create policy %I on %I using (true)', name || '_own', name);
  end loop;
  for name in select unnest(array['t']) loop
    execute 'alter table ' || quote_ident(name) || ' enable row level security';
  end loop;
  execute format('create index i on t (a) where x = %L', unknown());
  execute format('create policy r on %I using (true)', unknown());
exception when duplicate_object then null;
end $$;
do $$ begin
  create type mood as enum ('a');
exception when duplicate_object then null;
end $$;");
    let mood = map.of_type(&QualifiedName::new("public", "mood"));
    assert_eq!(mood.map(|source| source.line), Some(8), "the second block finds it there");
    for (sub, expected) in [("b", 10), ("p", 11), ("t_own", 14), ("row security", 17), ("i", 19)] {
        assert_eq!(part(&map, "public.t", sub), Some(expected), "{sub}");
    }
    assert_eq!(part(&map, "public.u", "u_own"), Some(14));
    assert_eq!(part(&map, "public.t", "r"), Some(1), "whose table is known only when it runs");
}

#[test]
fn a_file_that_does_not_parse_is_read_as_far_as_it_does() {
    let map =
        map("create table a (id int);\ncreate gibberish ((( ;\ncreate table b (id int);\ncreate policy on using;");
    assert_eq!(table(&map, "public.a"), Some(1));
    let deep =
        format!("create view v as select {}1{};\ncreate table c (id int);", "(".repeat(9_000), ")".repeat(9_000));
    assert_eq!(table(&self::map(&deep), "public.c"), Some(2), "too deep to parse, and no end of the run");
    assert_eq!(line(&map, ObjectKind::Migration, "1.sql", None), None);
}

#[test]
fn names_that_the_server_makes_are_numbered_and_cut() {
    let map = map("create table t (a int references x, b int,
        foreign key (a) references y);
        create index on t (b);
        create index on t (b);
        create table a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr (a_column_with_a_long_name int
          references x);");
    assert_eq!(part(&map, "public.t", "t_a_fkey1"), Some(2));
    assert_eq!(part(&map, "public.t", "t_b_idx1"), Some(4));
    let long = "a_table_with_a_name_that_is_as_long_as_a_name_may_be_in_postgr";
    let cut = "a_table_with_a_name_that_is_as_l_a_column_with_a_long_name_fkey";
    let found = part(&map, &format!("public.{long}"), cut);
    assert_eq!(found, Some(6));
}
