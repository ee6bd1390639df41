//! How single tables are tied.

use seaworthy::catalog::QualifiedName;
use seaworthy::tenancy::{Profile, TableRole};

use crate::describe::{infer_on, memberships, privileges, role, roots, tie, ties};

#[tokio::test]
async fn a_profile_with_a_key_of_its_own_is_a_step_on_the_way() {
    let intent = infer_on(
        Profile::Supabase,
        "create table users (id bigint generated always as identity primary key, auth_id uuid unique not null references auth.users, name text);
         create table posts (id bigint primary key, user_id bigint not null references users);
         create table likes (id bigint primary key, post_id bigint not null references posts);",
    )
    .await;
    assert_eq!(roots(&intent), ["auth.users.id user"]);
    assert_eq!(
        ties(&intent, &["users", "posts", "likes"]),
        ["auth_id of 0", "user_id to users.id", "post_id to posts.id"]
    );
    assert_eq!(role(&intent, "users"), TableRole::Profile);
}

#[tokio::test]
async fn a_copy_of_a_table_without_its_foreign_keys_is_tied_by_its_names() {
    let intent = infer_on(
        Profile::Supabase,
        "create table clubs (id uuid primary key, user_id uuid not null references auth.users);
         create table contacts (id uuid primary key, club_id uuid not null references clubs, name text);
         create table contacts_backup as select * from contacts;
         create table other (club_id text);",
    )
    .await;
    assert_eq!(
        ties(&intent, &["contacts", "contacts_backup", "other"]),
        ["club_id to clubs.id", "club_id to clubs.id", "untied"]
    );
}

#[tokio::test]
async fn any_table_whose_key_is_the_users_is_about_the_user() {
    let intent = infer_on(
        Profile::Supabase,
        "create table patients (id uuid primary key references auth.users, name text, is_admin boolean);
         create table doctors (id uuid primary key references auth.users);
         create table user_settings (id uuid primary key references auth.users, dark boolean);
         create table user_claims (id uuid primary key references auth.users, claims jsonb);
         create table prescriptions (id uuid primary key, doctor_id uuid references doctors, patient_id uuid not null references patients);",
    )
    .await;
    assert_eq!(role(&intent, "doctors"), TableRole::Profile);
    assert_eq!(role(&intent, "user_settings"), TableRole::Plain);
    assert_eq!(role(&intent, "user_claims"), TableRole::Plain);
    assert_eq!(tie(&intent, "user_settings"), "id of 0");
    assert_eq!(tie(&intent, "prescriptions"), "patient_id of 0");
    assert_eq!(privileges(&intent, "patients"), ["is_admin"]);
}

#[tokio::test]
async fn composite_keys_tie_a_child_by_the_column_that_they_share() {
    let intent = infer_on(
        Profile::Supabase,
        "create table teams (id uuid primary key, name text);
         create table team_members (team_id uuid references teams, user_id uuid references auth.users, primary key (team_id, user_id));
         create table boards (team_id uuid not null references teams, id uuid, primary key (team_id, id));
         create table cards (id uuid primary key, team uuid not null, board uuid not null, foreign key (team, board) references boards (team_id, id));
         create table loose (id uuid primary key, team uuid, board uuid, foreign key (team, board) references boards (team_id, id));",
    )
    .await;
    assert_eq!(ties(&intent, &["boards", "cards", "loose"]), ["team_id of 0", "team of 0", "team of 0"]);
    assert_eq!(memberships(&intent), ["public.team_members user_id in team_id as - []"]);
}

#[tokio::test]
async fn reference_data_is_told_from_what_merely_has_no_tie() {
    let intent = infer_on(
        Profile::Supabase,
        "create table industries_of_ours (id int primary key, name text); create table blobs (id int primary key, bytes bytea, data text);
         create table domains (id int primary key, name text); create table kinds (id int primary key, label text);
         create table documents (id int primary key, user_id uuid not null references auth.users, industry int references industries_of_ours,
             blob_id int not null unique references blobs, kind int references kinds);
         create table user_domains (id int primary key, user_id uuid not null references auth.users, domain_id int references domains);
         create table prices (id int primary key, monthly_message_limit int); create table waitlist (id int primary key, email text unique);
         create table airports (iata_code text primary key, city text); create table stored (code text primary key, value jsonb);
         create table kind_translations (id int primary key, kind int references kinds, language text);
         create table _prisma_migrations (id text primary key);",
    )
    .await;
    assert_eq!(
        ties(
            &intent,
            &["industries_of_ours", "kinds", "prices", "airports", "kind_translations", "_prisma_migrations"]
        ),
        ["global"; 6]
    );
    assert_eq!(ties(&intent, &["blobs", "domains", "waitlist", "stored"]), ["untied"; 4]);
}

#[tokio::test]
async fn partitions_and_children_take_their_parents_tie() {
    let intent = infer_on(
        Profile::Supabase,
        "create table events (id uuid, user_id uuid not null references auth.users, day date, primary key (id, day)) partition by range (day);
         create table events_2024 partition of events for values from ('2024-01-01') to ('2025-01-01') partition by range (day);
         create table events_2024_01 partition of events_2024 for values from ('2024-01-01') to ('2024-02-01');",
    )
    .await;
    assert_eq!(ties(&intent, &["events", "events_2024", "events_2024_01"]), ["user_id of 0"; 3]);
}

#[tokio::test]
async fn schemas_that_clients_cannot_name_count_as_far_as_ties_need_them() {
    let intent = infer_on(
        Profile::Supabase,
        "create schema hidden;
         create table hidden.accounts (id uuid primary key, primary_owner_user_id uuid references auth.users not null, name text, personal_account boolean);
         create table hidden.account_user (user_id uuid references auth.users, account_id uuid references hidden.accounts, account_role text, primary key (user_id, account_id));
         create table hidden.config (id int primary key, secret text);
         create table threads (id uuid primary key, account_id uuid not null references hidden.accounts);",
    )
    .await;
    assert_eq!(roots(&intent), ["hidden.accounts.id by primary_owner_user_id"]);
    assert_eq!(memberships(&intent), ["hidden.account_user user_id in account_id as account_role []"]);
    assert_eq!(tie(&intent, "threads"), "account_id of 0");
    assert!(intent.tables.contains_key(&QualifiedName::new("hidden", "accounts")));
    assert!(!intent.tables.contains_key(&QualifiedName::new("hidden", "config")));
}

#[tokio::test]
async fn where_policies_tell_callers_apart_and_no_tenant_is_found_nothing_is_reference_data() {
    let schema = "
        create table tiers (code text primary key, name text not null);
        create table perks (id uuid primary key, tier_code text not null references tiers, name text not null);
        alter table tiers enable row level security;
        alter table perks enable row level security;
        create policy t on tiers using (code = current_setting('app.tier_code', true));";
    let apart = "create policy p on perks using (tier_code = current_setting('app.tier_code', true));";
    let intent = infer_on(Profile::Plain, &format!("{schema}{apart}")).await;
    assert_eq!(ties(&intent, &["tiers", "perks"]), ["untied", "untied"]);
    let intent =
        infer_on(Profile::Plain, &schema.replace("code = current_setting('app.tier_code', true)", "true")).await;
    assert_eq!(ties(&intent, &["tiers", "perks"]), ["global", "global"]);
    let regions = format!("{schema}{apart}").replace("tier", "region");
    let intent = infer_on(Profile::Plain, &regions).await;
    assert_eq!(ties(&intent, &["regions", "perks"]), ["root 0", "region_code of 0"]);
}

#[tokio::test]
async fn what_a_user_bought_makes_nobody_a_member() {
    let schema = "
        create table places (id uuid primary key, name text not null);
        create table place_circle (place_id uuid references places, guest uuid references auth.users,
            primary key (place_id, guest));
        create table notes (id uuid primary key, place_id uuid not null references places, body text);
        create policy see on places using (exists (select from place_circle c where c.place_id = id and c.guest = auth.uid()));
        create policy see on notes
            using (exists (select from place_circle c where c.place_id = notes.place_id and c.guest = auth.uid()));";
    let intent = infer_on(Profile::Supabase, schema).await;
    assert_eq!(ties(&intent, &["places", "notes"]), ["root 0", "place_id of 0"]);
    let intent = infer_on(Profile::Supabase, &schema.replace("place_circle", "place_purchases")).await;
    assert_ne!(ties(&intent, &["places", "notes"]), ["root 0", "place_id of 0"]);
    let listed = schema.replacen(
        "using (exists (select from place_circle c where c.place_id = id and c.guest = auth.uid()))",
        "using (true)",
        1,
    );
    let intent = infer_on(Profile::Supabase, &listed).await;
    assert_ne!(ties(&intent, &["places", "notes"]), ["root 0", "place_id of 0"]);
}
