//! Who acts, and what is made for them to act on.

use super::*;

#[tokio::test]
async fn there_are_two_users_a_role_one_of_two_tenants_and_a_stranger() {
    let made = make(Profile::Supabase, SIGN_UP).await;
    for tenant in 0..3 {
        let mut roles: Vec<String> = made
            .world
            .members(0, tenant)
            .iter()
            .flat_map(|principal| principal.standings.iter().filter(|standing| standing.root == 0))
            .filter_map(|standing| standing.role.clone())
            .collect();
        roles.sort();
        assert_eq!(roles, ["admin", "admin", "member", "member", "owner", "owner"]);
    }
    let both = made.world.principal(PrincipalKind::TwoTenants).unwrap();
    assert!(both.belongs(0, 1) && both.belongs(0, 2) && !both.is_of(0));
    let stranger = made.world.principal(PrincipalKind::Stranger).unwrap();
    assert!(stranger.standings.is_empty() && stranger.user_id.is_some());
    let malformed = made.world.principals.iter().filter(|principal| principal.kind == PrincipalKind::Malformed);
    assert!(malformed.clone().count() >= 7 && malformed.clone().all(|principal| principal.role == "authenticated"));
    let names: BTreeSet<&String> = made.world.principals.iter().map(|principal| &principal.name).collect();
    assert_eq!(names.len(), made.world.principals.len());
}

#[tokio::test]
async fn a_member_is_who_the_database_says_it_is() {
    let mut made = make(Profile::Supabase, SIGN_UP).await;
    let principals = made.world.principals.clone();
    for principal in principals.iter().filter(|principal| principal.user_id.is_some()) {
        let claims = &principal.settings.iter().find(|(name, _)| name == "request.jwt.claims").unwrap().1;
        let set = format!("select set_config('request.jwt.claims', {}, false)", quote_literal(claims));
        made.session.run(&set).await.unwrap();
        assert_eq!(Some(made.one("select auth.uid()").await), principal.user_id);
        for standing in principal.standings.iter().filter(|standing| standing.root == 0) {
            let org = made.world.tenants[standing.tenant].ids[&0].clone();
            let sql = format!("select role from org_members where user_id = auth.uid() and org_id = '{org}'");
            assert_eq!(Some(made.one(&sql).await), standing.role, "{}", principal.name);
        }
    }
}

#[tokio::test]
async fn an_owner_of_two_tenants_owns_the_fourth() {
    let sql = "create table public.workspaces (id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users, name text not null);
        create table public.docs (id uuid primary key default gen_random_uuid(), workspace_id uuid not null references public.workspaces, body text);";
    let made = make(Profile::Supabase, sql).await;
    let both = made.world.principal(PrincipalKind::TwoTenants).unwrap();
    assert!(both.belongs(0, 2) && both.belongs(0, 3) && !both.is_of(0) && !both.is_of(1), "{both:?}");
    assert_eq!(made.stored("docs", 3).len(), 1);
    assert!(made.world.members(0, 0).iter().all(|member| member.standings.len() == 1));
}

#[tokio::test]
async fn tenants_known_by_a_setting_alone_get_rows_and_members() {
    let sql = "
        create table items (id bigserial primary key, tenant_id text not null, name text not null, unique (tenant_id, name));
        create table lines (id bigserial primary key, tenant_id text not null, item_id bigint not null references items);
        alter table items enable row level security; alter table lines enable row level security;
        create policy t on items to app_user using (tenant_id = current_setting('app.tenant_id'));
        create policy t on lines to app_user using (tenant_id = current_setting('app.tenant_id'));
        grant all on all tables in schema public to app_user;";
    let mut made = make(Profile::Plain, sql).await;
    let member = made.world.members(0, 1)[0].clone();
    let id = made.world.tenants[1].ids[&0].clone();
    assert_eq!(member.settings, [("app.tenant_id".to_owned(), id)]);
    let set = format!(
        "select set_config('app.tenant_id', {}, false); set role app_user",
        quote_literal(&member.settings[0].1)
    );
    made.session.run(&set).await.unwrap();
    assert_eq!(made.one("select count(*) from lines").await, "2");
}

#[tokio::test]
async fn every_bucket_holds_files_of_every_tenant() {
    let sql = format!(
        "{SIGN_UP} insert into storage.buckets (id, name) values ('avatars', 'avatars'), ('it''s', 'docs');
         alter table storage.objects enable row level security;"
    );
    let made = make(Profile::Supabase, &sql).await;
    let objects = &made.world.rows[&QualifiedName::new("storage", "objects")].stored;
    for bucket in ["avatars", "it's"] {
        for tenant in 0..3 {
            let files: Vec<_> =
                objects.iter().filter(|row| row.tenant == Some(tenant) && value(row, "bucket_id") == bucket).collect();
            assert_eq!(files.len(), 3, "{bucket} {tenant}");
            let owner = made.world.members(0, tenant)[0].user_id.clone().unwrap();
            assert!(files.iter().all(|row| value(row, "owner") == owner));
            assert!(files.iter().any(|row| value(row, "name").starts_with(&format!("{owner}/"))));
        }
    }
    assert_canaries_keep_apart(&made);
}

#[tokio::test]
async fn groups_within_a_tenant_have_members_and_one_who_can_be_taken_in() {
    let sql = "
        create table public.orgs (id uuid primary key default gen_random_uuid(), name text not null);
        create table public.org_members (org_id uuid not null references public.orgs, user_id uuid not null references auth.users,
            role text not null check (role in ('owner', 'member')), primary key (org_id, user_id));
        create table public.projects (id uuid primary key default gen_random_uuid(), org_id uuid not null references public.orgs, name text, unique (org_id, id));
        create table public.project_members (org_id uuid not null, project_id uuid not null, user_id uuid not null,
            role text not null check (role in ('admin', 'editor', 'viewer')), primary key (project_id, user_id),
            foreign key (org_id, project_id) references public.projects (org_id, id),
            foreign key (org_id, user_id) references public.org_members (org_id, user_id));";
    let mut made = make(Profile::Supabase, sql).await;
    assert_eq!(made.world.gaps, []);
    let fresh = &made.world.rows[&public("project_members")].fresh;
    assert_eq!(fresh.iter().filter(|row| row.prepare.is_empty()).count(), 3);
    let projects = "select count(distinct project_id) from project_members where role = 'admin'";
    assert_eq!(made.one(projects).await, "6", "an admin for each project");
    assert_fresh_rows_go_in(&mut made).await;
}

#[tokio::test]
async fn nobody_acts_where_no_role_can_and_that_is_said() {
    let sql = "create table users (id uuid primary key); create table notes (id uuid primary key, user_id uuid references users)";
    let made = make(Profile::Plain, sql).await;
    assert!(made.world.principals.is_empty());
    assert!(made.notes.iter().any(|note| note.contains("member_roles")), "{:?}", made.notes);
    assert_eq!(made.stored("notes", 0).len(), 2);
}

#[tokio::test]
async fn a_refusal_at_the_end_of_the_transaction_is_got_round_and_told() {
    let sql = "
        create table users (id uuid primary key);
        create table notes (id uuid primary key, user_id uuid not null references users, body text);
        create function late() returns trigger language plpgsql as $$ begin raise exception 'too late'; end $$;
        create constraint trigger late after insert on notes deferrable initially deferred for each row execute function late();
        grant all on all tables in schema public to app_user;";
    let made = make(Profile::Plain, sql).await;
    assert_eq!(made.stored("notes", 0).len(), 2);
    assert!(made.notes.iter().any(|note| note.contains("public.notes")), "{:?}", made.notes);
    assert!(made.gap("notes").is_some_and(|gap| gap.reason.contains("too late")), "{:?}", made.world.gaps);
}
