//! `privileges/auth-schema-exposed`: no client reads other users' addresses, numbers or password hashes out of Supabase's `auth.users`, by
//! itself or through a view. The victim's row gets a canary for the length of the probe.

use super::super::judge::describe;
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, object_of};
use super::super::statement::without_triggers;
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, harness};
use crate::catalog::{Privilege, QualifiedName, RelationKind, Table, quote_identifier, quote_literal};
use crate::probe::{Needles, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::Profile;
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/auth-schema-exposed",
        family: Family::Privileges,
        severity: Severity::Critical,
        title: "No client reads other people's rows of auth.users",
        help: "Supabase keeps auth.users out of the API, and a view of it in an exposed schema puts it back: the view runs as its owner, past the row security of auth.users, and shows everybody's email address, phone number or password hash. Copy what others may see into a table of your own with policies, or filter the view by auth.uid() and revoke it from anon.",
        example: example!("privileges/auth-schema-exposed"),
    },
    plan,
};

const EXPECTED: &str = "nothing of another user's row in auth.users comes back";
const CANARY: &str = "seaworthycanaryofauthusers";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    if scene.intent.profile != Profile::Supabase {
        return Vec::new();
    }
    match *subject {
        Subject::Database => scene.catalog.table(&users()).into_iter().map(|table| case(scene, table)).collect(),
        Subject::View(view) if reads_users(scene, view) => vec![case(scene, view)],
        _ => Vec::new(),
    }
}

fn users() -> QualifiedName {
    QualifiedName::new("auth", "users")
}

/// Whether a view reads `auth.users`, through other views too.
fn reads_users(scene: &Scene<'_>, view: &Table) -> bool {
    scene.source_tables(view).iter().any(|table| table.name == users())
}

fn case(scene: &Scene<'_>, relation: &Table) -> Case {
    let is_view = relation.name != users();
    let tables = if is_view { vec![relation.name.to_string()] } else { Vec::new() };
    let settle = |status: Status, why: &str| {
        Case::settled(object_of(relation), tables.clone(), EXPECTED, Finding::new(status, why))
    };
    let reads = |role: &str| !scene.catalog.columns_allowed(role, Privilege::Select, relation).is_empty();
    if !scene.client_roles().any(reads) {
        return settle(Status::Pass, "no client may read it: SELECT is granted to none");
    }
    let of_tenant = |tenant: usize| {
        move |principal: &&Principal| {
            principal.kind == PrincipalKind::Member && principal.is_of(tenant) && principal.user_id.is_some()
        }
    };
    let principals = &scene.world.principals;
    let victim = principals.iter().find(of_tenant(VICTIM)).and_then(|victim| victim.user_id.as_deref());
    let (Some(victim), Some(harness)) = (victim, harness(scene)) else {
        return settle(Status::Unproven, "the made world has no user: see what [tables.NAME.values] would help it");
    };
    let anonymous = scene.world.principal(PrincipalKind::Anonymous);
    let attackers = principals.iter().find(of_tenant(ATTACKER)).into_iter().chain(anonymous);
    let mut probes: Vec<SqlProbe> = attackers
        .filter(|attacker| reads(&attacker.role))
        .map(|attacker| attempt(scene, relation, &attacker.role, victim).by(Part::Attack, attacker))
        .collect();
    probes.push(attempt(scene, relation, "", victim).by(Part::Service, &harness));
    let name = relation.name.quoted();
    Case {
        object: object_of(relation),
        tables,
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(format!("revoke all on {name} from anon, authenticated;")),
    }
}

fn attempt(scene: &Scene<'_>, relation: &Table, role: &str, victim: &str) -> Attempt<'static> {
    let granted = scene.catalog.columns_allowed(role, Privilege::Select, relation);
    let columns: Vec<String> = granted.iter().map(|column| format!("u.{}", quote_identifier(&column.name))).collect();
    let columns = if columns.is_empty() { "u.*".to_owned() } else { columns.join(", ") };
    let canary = quote_literal(CANARY);
    let mut prepare = without_triggers(vec![format!(
        "update auth.users set email = {} , phone = {canary}, encrypted_password = {canary} where id::text = {}",
        quote_literal(&format!("{CANARY}@example.com")),
        quote_literal(victim)
    )]);
    // A materialized view shows what was there when it was last refreshed.
    if relation.kind == RelationKind::MaterializedView {
        prepare.push(format!("refresh materialized view {}", relation.name.quoted()));
    }
    Attempt {
        topic: "read another user's row of auth.users",
        shape: "whole relation",
        prepare,
        statements: vec![format!("select {columns} from {} as u limit 4000", relation.name.quoted())],
        observe: Vec::new(),
        signal: Signal::Rows(Needles { contained: vec![CANARY.to_owned()], whole: Vec::new() }),
    }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let shows = |index: &usize| {
        case.probes.get(*index).zip(outcomes.get(*index)).is_some_and(|(probe, outcome)| probe.signal.shows(outcome))
    };
    let control = case.probes.len().saturating_sub(1);
    if let Some(breach) = (0..control).find(|index| shows(index)) {
        let who = case.probes.get(breach).map(|probe| probe.principal.name.as_str()).unwrap_or_default();
        let rows = outcomes.get(breach).and_then(Outcome::rows).map_or(0, Vec::len);
        return Finding::new(Status::Fail, format!("{who} reads another user's address, number or password hash"))
            .observed(format!("{rows} rows came back, the canary in the victim's row of auth.users among them"))
            .shown_by([breach, control]);
    }
    let observed = describe(outcomes.first());
    if shows(&control) {
        return Finding::new(Status::Pass, "no client sees another user's; the harness does")
            .observed(observed)
            .shown_by([0, control]);
    }
    match outcomes.get(control) {
        Some(Outcome::Completed { .. }) => {
            Finding::new(Status::NotApplicable, "it shows no address, number or password hash of auth.users")
                .shown_by([control])
        }
        other => Finding::new(Status::Unproven, "the control failed: not even the harness can read it")
            .observed(describe(other))
            .shown_by([control]),
    }
}
