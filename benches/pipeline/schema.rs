//! Schemas of any size, as a business's grow: organizations with members, and area after area of tables that hang on
//! them by a key of their own, by a composite reference, or by a path of one or two steps; each with policies, grants
//! and indexes, and with every area a view, a function and a trigger.

use std::fmt::Write;
use std::io;
use std::path::Path;

/// The tables of one area.
const PER_AREA: usize = 8;
/// The tables that areas hang on: organizations, members.
const SHARED: usize = 2;

/// Writes the migrations of a schema of exactly this many tables into a folder.
pub(crate) fn write(folder: &Path, tables: usize) -> io::Result<()> {
    let migrations = folder.join("supabase").join("migrations");
    std::fs::create_dir_all(&migrations)?;
    std::fs::write(migrations.join("20240101000000_organizations.sql"), ORGANIZATIONS)?;
    let mut left = tables.saturating_sub(SHARED);
    let mut area = 0;
    while left > 0 {
        let count = left.min(PER_AREA);
        let file = format!("{}_area_{area}.sql", 20_240_102_000_000_u64 + area);
        std::fs::write(migrations.join(file), area_sql(area, count))?;
        left -= count;
        area += 1;
    }
    Ok(())
}

const ORGANIZATIONS: &str = "
alter default privileges in schema public revoke all on tables from anon, authenticated;
alter default privileges in schema public revoke execute on functions from anon;

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 120),
  created_at timestamptz not null default now()
);
create table public.members (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null default 'member' check (role in ('owner', 'admin', 'member')),
  primary key (organization_id, user_id)
);
create index on public.members (user_id);

create function public.my_organizations() returns setof uuid
  language sql stable security definer set search_path = '' as
  $$ select organization_id from public.members where user_id = (select auth.uid()) $$;

create function public.touch_updated_at() returns trigger language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end $$;

alter table public.organizations enable row level security;
alter table public.members enable row level security;
grant select on public.organizations, public.members to authenticated;
create policy organizations_read on public.organizations for select to authenticated
  using (id in (select public.my_organizations()));
create policy members_read on public.members for select to authenticated
  using (organization_id in (select public.my_organizations()));
";

/// How a table of an area hangs on its organization.
enum Hold {
    /// By a column of its own, and by a reference that carries it where there is one.
    Own { within: Option<&'static str> },
    /// By the row that it refers to; that row's own path to the organization is the second.
    Through { parent: &'static str, path: &'static str },
}

const TABLES: [(&str, &str, Hold); PER_AREA] = [
    (
        "projects",
        "status text not null default 'open' check (status in ('open', 'paused', 'done')), weight numeric(8, 2) check (weight >= 0)",
        Hold::Own { within: None },
    ),
    (
        "tasks",
        "priority integer not null default 3 check (priority between 1 and 5), due_on date, tags text[] not null default '{}'",
        Hold::Own { within: Some("projects") },
    ),
    (
        "comments",
        "body text not null check (char_length(body) <= 2000), edited boolean not null default false",
        Hold::Through {
            parent: "tasks",
            path: "select 1 from public.{a}tasks p where p.id = {a}comments.parent_id and p.organization_id in (select public.my_organizations())",
        },
    ),
    (
        "reactions",
        "emoji text not null check (char_length(emoji) <= 16)",
        Hold::Through {
            parent: "comments",
            path: "select 1 from public.{a}comments c join public.{a}tasks p on p.id = c.parent_id where c.id = {a}reactions.parent_id and p.organization_id in (select public.my_organizations())",
        },
    ),
    (
        "contacts",
        "email text check (email like '%@%'), details jsonb not null default '{}' check (jsonb_typeof(details) = 'object')",
        Hold::Own { within: None },
    ),
    (
        "orders",
        "pieces bigint not null default 0 check (pieces >= 0), unit char(2) not null default 'kg', wanted_at timestamptz",
        Hold::Own { within: Some("contacts") },
    ),
    (
        "deliveries",
        "way text not null default 'road' check (way in ('road', 'rail')), distance bigint not null check (distance > 0)",
        Hold::Through {
            parent: "orders",
            path: "select 1 from public.{a}orders p where p.id = {a}deliveries.parent_id and p.organization_id in (select public.my_organizations())",
        },
    ),
    ("events", "kind text not null, payload jsonb not null default '{}'", Hold::Own { within: None }),
];

fn area_sql(area: u64, count: usize) -> String {
    let prefix = format!("area_{area}_");
    let mut sql = String::new();
    for (name, columns, hold) in TABLES.iter().take(count) {
        let table = format!("public.{prefix}{name}");
        let (key, condition) = match hold {
            Hold::Own { within } => {
                let mut key =
                    "organization_id uuid not null references public.organizations (id) on delete cascade,\n  \
                               unique (organization_id, id)"
                        .to_owned();
                if let Some(parent) = within {
                    let _infallible = write!(
                        key,
                        ",\n  parent_id uuid,\n  foreign key (organization_id, parent_id) references public.{prefix}{parent} \
                         (organization_id, id) on delete cascade"
                    );
                }
                (key, "organization_id in (select public.my_organizations())".to_owned())
            }
            Hold::Through { parent, path } => (
                format!("parent_id uuid not null references public.{prefix}{parent} (id) on delete cascade"),
                format!("exists ({})", path.replace("{a}", &prefix)),
            ),
        };
        let _infallible = write!(
            sql,
            "create table {table} (\n  id uuid primary key default gen_random_uuid(),\n  title text not null,\n  {columns},\n  \
             created_at timestamptz not null default now(),\n  updated_at timestamptz not null default now(),\n  {key}\n);\n\
             alter table {table} enable row level security;\n\
             grant select, insert, update, delete on {table} to authenticated;\n\
             create policy {name}_read on {table} for select to authenticated using ({condition});\n\
             create policy {name}_add on {table} for insert to authenticated with check ({condition});\n\
             create policy {name}_change on {table} for update to authenticated using ({condition}) with check ({condition});\n\
             create policy {name}_remove on {table} for delete to authenticated using ({condition});\n\
             create trigger {name}_touch before update on {table} for each row execute function public.touch_updated_at();\n"
        );
        match hold {
            Hold::Own { within: None } => {}
            Hold::Own { within: Some(_) } => {
                let _infallible = writeln!(sql, "create index on {table} (organization_id, parent_id);");
            }
            Hold::Through { .. } => {
                let _infallible = writeln!(sql, "create index on {table} (parent_id);");
            }
        }
    }
    let _infallible = write!(
        sql,
        "create view public.{prefix}overview with (security_invoker = true) as\n  \
         select id, organization_id, title, status from public.{prefix}projects;\n\
         grant select on public.{prefix}overview to authenticated;\n\
         create function public.{prefix}count_open() returns bigint language sql stable set search_path = '' as\n  \
         $$ select count(*) from public.{prefix}projects where status = 'open' $$;\n"
    );
    sql
}
