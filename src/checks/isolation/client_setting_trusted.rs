//! `isolation/client-setting-trusted`: what a client can set itself, user metadata, request headers, a setting of its session,
//! admits it to nothing.

use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, reads, updates};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use super::privilege_column_writable::quoted_texts;
use crate::tenancy::{Command, IdentityValue, JsonClaim, Profile};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/client-setting-trusted",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "What a client sets itself admits it to nothing",
        help: "A policy believes something that the client writes: `user_metadata` (every user edits its own), a request header, a session setting. Use `app_metadata`, which only the server writes, or look the membership up.",
    },
    plan,
};

const EXPECTED: &str = "a user who claims to be of another tenant, in what clients can set, gains nothing";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() {
        return Vec::new();
    }
    let Some(role) = scene.member_role() else { return Vec::new() };
    let liars = liars(scene);
    if liars.is_empty() {
        let finding = Finding::new(Status::NotApplicable, "no policy or function reads anything that a client can set");
        return vec![target.settled(EXPECTED, finding)];
    }
    let Some(row) = target.row else { return vec![target.without_row(scene, EXPECTED)] };
    let liars: Vec<&Principal> = liars.iter().collect();
    let mut probes = Vec::new();
    let mut meant = Vec::new();
    if !target.is_open(Command::Select) {
        let needles = scene.needles(target.table, VICTIM);
        let topic = "read tenant A's rows";
        let shapes: Vec<_> =
            reads(scene, target.table, target.row, role, &needles).into_iter().filter(|shape| shape.main).collect();
        let attempt =
            Attempt { table: target.table, topic, attackers: &liars, owners: &target.owners, observe: Vec::new() };
        probes.extend(attempt.probes(scene, &shapes));
        meant.extend(scene.meant(target.table, Command::Select).then(|| topic.to_owned()));
    }
    if !target.is_open(Command::Update) {
        let topic = "update tenant A's rows";
        let shapes: Vec<_> = updates(scene, target.table, row, role).into_iter().filter(|shape| shape.main).collect();
        let attempt = Attempt {
            table: target.table,
            topic,
            attackers: &liars,
            owners: &target.owners,
            observe: vec![target.state.clone()],
        };
        probes.extend(attempt.probes(scene, &shapes));
        meant.extend(scene.meant(target.table, Command::Update).then(|| topic.to_owned()));
    }
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant, optional: Vec::new() },
        fix: None,
    }]
}

/// The attacker and the stranger, each with what a client can set taken from the victim.
fn liars(scene: &Scene<'_>) -> Vec<Principal> {
    let identity = &scene.intent.identity;
    let controllable = |claim: &&JsonClaim| {
        claim.path.first().is_some_and(|key| key == "user_metadata") || claim.setting == "request.headers"
    };
    let claims: Vec<&JsonClaim> = identity.claims.iter().filter(controllable).collect();
    // Under `plain` a setting is how the trusted server passes identity on; under Supabase the token is, and any other setting is the
    // client's to make.
    let settings: Vec<_> = identity
        .settings
        .iter()
        .filter(|setting| scene.intent.profile == Profile::Supabase && !setting.name.starts_with("request."))
        .collect();
    let headers = header_names(scene);
    if claims.is_empty() && settings.is_empty() && headers.is_empty() {
        return Vec::new();
    }
    let victim = scene
        .world
        .principals
        .iter()
        .find(|principal| principal.kind == PrincipalKind::Member && principal.is_of(VICTIM));
    let attackers = scene.attackers(VICTIM);
    let chosen = [
        attackers.iter().find(|principal| principal.is_of(ATTACKER)),
        attackers.iter().find(|principal| principal.kind == PrincipalKind::Stranger),
    ];
    let mut liars = Vec::new();
    let spoken = spoken_texts(scene);
    for attacker in chosen.into_iter().flatten() {
        let mut liar = (*attacker).clone();
        liar.name = format!("{} claiming to be of tenant A", attacker.name);
        for claim in &claims {
            if let Some(value) = victims_value(scene, victim, &claim.value) {
                set_claim(&mut liar, claim, &value);
            }
        }
        let base = liar.clone();
        for setting in &settings {
            if let Some(value) = victims_value(scene, victim, &setting.value) {
                liar.settings.retain(|(name, _)| *name != setting.name);
                liar.settings.push((setting.name.clone(), value));
            }
        }
        // Every header that is read says the victim's tenant, then its user.
        let tenant = scene.ids(VICTIM).into_values().next();
        for value in [tenant, victim.and_then(|victim| victim.user_id.clone())]
            .into_iter()
            .flatten()
            .filter(|_| !headers.is_empty())
        {
            let document: serde_json::Map<String, serde_json::Value> =
                headers.iter().map(|name| (name.clone(), serde_json::json!(value))).collect();
            let mut liar = base.clone();
            liar.name = format!("{} with request headers of tenant A's", attacker.name);
            liar.settings.push(("request.headers".to_owned(), serde_json::Value::Object(document).to_string()));
            liars.push(liar);
        }
        liars.push(liar);
        // What a role or flag has to say to be let in is written in the policy: the attacker reads it there too.
        for claim in
            claims.iter().filter(|claim| !matches!(claim.value, IdentityValue::TenantId(_) | IdentityValue::UserId))
        {
            for text in &spoken {
                let mut liar = base.clone();
                liar.name = format!("{} claiming {} = {text}", attacker.name, claim.path.join("."));
                set_claim(&mut liar, claim, text);
                liars.push(liar);
            }
        }
    }
    liars
}

/// The text constants of policies and functions that read what a client can set.
fn spoken_texts(scene: &Scene<'_>) -> Vec<String> {
    let policies = scene.catalog.tables.iter().flat_map(|table| &table.policies);
    let expressions = policies.flat_map(|policy| policy.using.iter().chain(&policy.check));
    let sources = expressions.chain(scene.catalog.functions.iter().map(|function| &function.source));
    let trusting = sources.filter(|source| source.contains("user_metadata") || source.contains("request.headers"));
    let mut texts: Vec<String> = trusting
        .flat_map(|source| quoted_texts(source))
        .filter(|text| !text.is_empty() && !text.contains("metadata") && !text.contains("request."))
        .collect();
    texts.sort();
    texts.dedup();
    texts.truncate(MAXIMUM_TEXTS);
    texts
}

/// The request headers that policies and functions read, by the constants beside `request.headers`.
fn header_names(scene: &Scene<'_>) -> Vec<String> {
    let policies = scene.catalog.tables.iter().flat_map(|table| &table.policies);
    let expressions = policies.flat_map(|policy| policy.using.iter().chain(&policy.check));
    let sources = expressions.chain(scene.catalog.functions.iter().map(|function| &function.source));
    let mut names: Vec<String> = sources
        .filter(|source| source.contains("request.headers"))
        .flat_map(|source| quoted_texts(source))
        .filter(|text| !text.is_empty() && !text.contains('.') && !text.contains(' '))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Constants tried.
const MAXIMUM_TEXTS: usize = 8;

fn victims_value(scene: &Scene<'_>, victim: Option<&Principal>, value: &IdentityValue) -> Option<String> {
    match value {
        IdentityValue::TenantId(root) | IdentityValue::TenantIds(root) => scene.ids(VICTIM).get(root).cloned(),
        IdentityValue::UserId => victim?.user_id.clone(),
        IdentityValue::MemberRole => {
            let standing = victim?.standings.first()?;
            standing.role.clone().or_else(|| Some("admin".to_owned()))
        }
        IdentityValue::DatabaseRole => Some("service_role".to_owned()),
        IdentityValue::Email => None,
        IdentityValue::Literal(text) => Some(text.clone()),
    }
}

fn set_claim(principal: &mut Principal, claim: &JsonClaim, value: &str) {
    let position = principal.settings.iter().position(|(name, _)| *name == claim.setting);
    let current = position.and_then(|index| principal.settings.get(index)).map_or("{}", |(_, text)| text.as_str());
    let mut document: serde_json::Value = serde_json::from_str(current).unwrap_or_else(|_| serde_json::json!({}));
    let mut place = &mut document;
    for key in &claim.path {
        if !place.is_object() {
            *place = serde_json::json!({});
        }
        place = &mut place[key.as_str()];
    }
    *place = match claim.value {
        IdentityValue::TenantIds(_) => serde_json::json!([value]),
        _ => serde_json::json!(value),
    };
    let text = document.to_string();
    match position.and_then(|index| principal.settings.get_mut(index)) {
        Some((_, old)) => *old = text,
        None => principal.settings.push((claim.setting.clone(), text)),
    }
}
