//! `isolation/client-setting-trusted`: what a client can set itself, user metadata, request headers, a setting of its session,
//! admits it to nothing.

use super::super::fix;
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, Shape, reads, updates, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use super::privilege_column_writable::quoted_texts;
use crate::catalog::quote_literal;
use crate::probe::{Part, SqlProbe};
use crate::tenancy::{ClientPlace, ClientWritten, Command, IdentityValue, JsonClaim, Profile};
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
        example: example!("isolation/client-setting-trusted"),
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
    let mut probes = Vec::new();
    let mut meant = Vec::new();
    if !target.is_open(Command::Select) {
        let needles = scene.needles(target.table, VICTIM);
        let topic = "read tenant A's rows";
        let shapes: Vec<_> =
            reads(scene, target.table, target.row, role, &needles).into_iter().filter(|shape| shape.main).collect();
        let attempt =
            Attempt { table: target.table, topic, attackers: &[], owners: &target.owners, observe: Vec::new() };
        probes.extend(attempts(scene, attempt, &liars, &shapes));
        meant.extend(scene.meant(target.table, Command::Select).then(|| topic.to_owned()));
    }
    if !target.is_open(Command::Update) {
        let topic = "update tenant A's rows";
        let shapes: Vec<_> = updates(scene, target.table, row, role).into_iter().filter(|shape| shape.main).collect();
        let attempt = Attempt {
            table: target.table,
            topic,
            attackers: &[],
            owners: &target.owners,
            observe: vec![target.state.clone()],
        };
        probes.extend(attempts(scene, attempt, &liars, &shapes));
        meant.extend(scene.meant(target.table, Command::Update).then(|| topic.to_owned()));
    }
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::BesideControls { meant, optional: Vec::new() },
        fix: fix::policies(scene, target.table, &[Command::Select, Command::Update]),
    }]
}

/// Somebody who says of itself what it likes.
struct Liar {
    principal: Principal,
    /// Statements of the harness that stand for what it has written into its own metadata.
    prepare: Vec<String>,
}

/// What one lie says.
#[derive(Debug, Clone)]
struct Lie<'a> {
    /// Where, and under which keys.
    written: &'a ClientWritten,
    text: String,
    /// Whether the text stands in a list.
    listed: bool,
}

/// The attacker and the stranger, each with what a client can set taken from the victim.
fn liars(scene: &Scene<'_>) -> Vec<Liar> {
    let written = client_written(scene);
    // Under `plain` a setting is how the trusted server passes identity on; under Supabase the token is, and any other setting is the
    // client's to make.
    let settings: Vec<_> = scene
        .intent
        .identity
        .settings
        .iter()
        .filter(|setting| scene.intent.profile == Profile::Supabase && !setting.name.starts_with("request."))
        .collect();
    if written.is_empty() && settings.is_empty() {
        return Vec::new();
    }
    let victim = scene
        .world
        .principals
        .iter()
        .find(|principal| principal.kind == PrincipalKind::Member && principal.is_of(VICTIM));
    let told: Vec<(String, String)> = settings
        .iter()
        .filter_map(|setting| Some((setting.name.clone(), victims_value(scene, victim, &setting.value)?)))
        .collect();
    let attackers = scene.attackers(VICTIM);
    let chosen = [
        attackers.iter().find(|principal| principal.is_of(ATTACKER)),
        attackers.iter().find(|principal| principal.kind == PrincipalKind::Stranger),
    ];
    let variants = lies(scene, victim, &written);
    let mut liars = Vec::new();
    for attacker in chosen.into_iter().flatten() {
        for (name, lies) in &variants {
            let mut principal = (*attacker).clone();
            principal.name = format!("{} {name}", attacker.name);
            for (setting, value) in &told {
                principal.settings.retain(|(known, _)| known != setting);
                principal.settings.push((setting.clone(), value.clone()));
            }
            liars.push(lying(principal, lies));
        }
    }
    liars
}

/// What the schema reads and clients write, with what a person declared of user metadata.
fn client_written(scene: &Scene<'_>) -> Vec<ClientWritten> {
    let identity = &scene.intent.identity;
    let mut written = identity.client_written.clone();
    let declared = identity.claims.iter().filter(|claim| {
        claim.path.first().is_some_and(|key| key == "user_metadata") || claim.setting == "request.headers"
    });
    for JsonClaim { setting, path, value, .. } in declared {
        let place = ClientPlace::Setting(setting.clone());
        if !written.iter().any(|known| known.place == place && known.path == *path) {
            written.push(ClientWritten { place, path: path.clone(), value: Some(value.clone()) });
        }
    }
    written
}

/// First everything taken from the victim, then each thing set to each text that might let its bearer in.
fn lies<'a>(
    scene: &Scene<'_>,
    victim: Option<&Principal>,
    written: &'a [ClientWritten],
) -> Vec<(String, Vec<Lie<'a>>)> {
    let stolen = |written: &ClientWritten| {
        written
            .value
            .as_ref()
            .and_then(|value| victims_value(scene, victim, value))
            .unwrap_or_else(|| "true".to_owned())
    };
    let base: Vec<Lie<'_>> = written
        .iter()
        .map(|written| Lie {
            written,
            text: stolen(written),
            listed: matches!(written.value, Some(IdentityValue::TenantIds(_))),
        })
        .collect();
    let mut variants = vec![("claiming to be of tenant A".to_owned(), base.clone())];
    let ids: Vec<String> =
        scene.ids(VICTIM).into_values().chain(victim.and_then(|victim| victim.user_id.clone())).collect();
    let spoken = spoken_texts(scene);
    let admin = ["admin".to_owned()];
    let texts: Vec<&String> = spoken.iter().chain(&ids).chain(&admin).collect();
    for (place, one) in written.iter().enumerate() {
        let settled = matches!(one.value, Some(IdentityValue::TenantId(_) | IdentityValue::UserId));
        for text in texts.iter().filter(|text| !settled && ***text != stolen(one)) {
            let mut variant = base.clone();
            if let Some(lie) = variant.get_mut(place) {
                lie.text.clone_from(text);
            }
            variants.push((format!("claiming {} = {text}", one.path.join(".")), variant));
        }
    }
    variants.truncate(MAXIMUM_LIES);
    variants.extend(listed_lies(&base, &ids.iter().chain(&spoken).chain(&admin).collect::<Vec<_>>()));
    variants
}

/// Each thing set to a list of one text: what is read with `jsonb_array_elements_text` refuses a mere text with an error, which keeps
/// nobody out.
fn listed_lies<'a>(base: &[Lie<'a>], texts: &[&String]) -> Vec<(String, Vec<Lie<'a>>)> {
    let mut variants = Vec::new();
    for (place, one) in base.iter().enumerate() {
        let told: Vec<&String> = match one.written.value {
            None => texts.to_vec(),
            Some(_) if !one.listed => vec![&one.text],
            Some(_) => Vec::new(),
        };
        for text in told {
            let mut variant = base.to_vec();
            if let Some(lie) = variant.get_mut(place) {
                lie.text.clone_from(text);
                lie.listed = true;
            }
            variants.push((format!("claiming {} = [{text}]", one.written.path.join(".")), variant));
        }
    }
    variants.truncate(MAXIMUM_LISTED);
    variants
}

fn lying(mut principal: Principal, lies: &[Lie<'_>]) -> Liar {
    let mut metadata = serde_json::json!({});
    for Lie { written, text, listed } in lies {
        let value = if *listed { serde_json::json!([text]) } else { serde_json::json!(text) };
        match &written.place {
            ClientPlace::Setting(setting) => set_claim(&mut principal, setting, &written.path, value),
            ClientPlace::UserMetadata => place_at(&mut metadata, &written.path, value),
        }
    }
    let written = metadata.as_object().is_some_and(|metadata| !metadata.is_empty());
    let prepare = principal.user_id.as_deref().filter(|_| written).map(|user| {
        format!(
            "update auth.users set raw_user_meta_data = coalesce(raw_user_meta_data, '{{}}') || {} where id = {}",
            quote_literal(&metadata.to_string()),
            quote_literal(user)
        )
    });
    Liar { prepare: without_triggers(prepare.into_iter().collect()), principal }
}

/// Attempts by each liar, with what it has written beforehand.
fn attempts(scene: &Scene<'_>, attempt: Attempt<'_>, liars: &[Liar], shapes: &[Shape]) -> Vec<SqlProbe> {
    let (plain, prepared): (Vec<&Liar>, Vec<&Liar>) = liars.iter().partition(|liar| liar.prepare.is_empty());
    let principals: Vec<&Principal> = plain.iter().map(|liar| &liar.principal).collect();
    let mut probes = Attempt { attackers: &principals, ..attempt.clone() }.probes(scene, shapes);
    for liar in prepared {
        let principals = [&liar.principal];
        let mut shapes = shapes.to_vec();
        for shape in &mut shapes {
            shape.prepare.extend(liar.prepare.iter().cloned());
        }
        let more = Attempt { attackers: &principals, owners: &[], ..attempt.clone() }.probes(scene, &shapes);
        probes.extend(more.into_iter().filter(|probe| probe.part == Part::Attack));
    }
    probes
}

/// The text constants of policies and functions that read what a client can set.
fn spoken_texts(scene: &Scene<'_>) -> Vec<String> {
    let policies = scene.catalog.tables.iter().flat_map(|table| &table.policies);
    let expressions = policies.flat_map(|policy| policy.using.iter().chain(&policy.check));
    let sources = expressions.chain(scene.catalog.functions.iter().map(|function| &function.source));
    let trusting = sources.filter(|source| source.contains("user_meta") || source.contains("request.headers"));
    let mut texts: Vec<String> = trusting
        .flat_map(|source| quoted_texts(source))
        .filter(|text| !text.is_empty() && !text.contains("metadata") && !text.contains("request."))
        .collect();
    texts.sort();
    texts.dedup();
    texts.truncate(MAXIMUM_TEXTS);
    texts
}

/// Constants tried.
const MAXIMUM_TEXTS: usize = 8;
/// Lies of one liar.
const MAXIMUM_LIES: usize = 24;
/// Further ones that say it in a list.
const MAXIMUM_LISTED: usize = 12;

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

fn set_claim(principal: &mut Principal, setting: &str, path: &[String], value: serde_json::Value) {
    let position = principal.settings.iter().position(|(name, _)| name == setting);
    let current = position.and_then(|index| principal.settings.get(index)).map_or("{}", |(_, text)| text.as_str());
    let mut document: serde_json::Value = serde_json::from_str(current).unwrap_or_else(|_| serde_json::json!({}));
    place_at(&mut document, path, value);
    let text = document.to_string();
    match position.and_then(|index| principal.settings.get_mut(index)) {
        Some((_, old)) => *old = text,
        None => principal.settings.push((setting.to_owned(), text)),
    }
}

fn place_at(document: &mut serde_json::Value, path: &[String], value: serde_json::Value) {
    let mut place = document;
    for key in path {
        if !place.is_object() {
            *place = serde_json::json!({});
        }
        place = &mut place[key.as_str()];
    }
    *place = value;
}
