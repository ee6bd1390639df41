//! Principals: the users of the world and everybody else who acts, with the settings that say who they are.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::entropy::Entropy;
use super::model::{Principal, PrincipalKind, Standing};
use super::people::{People, Seat};
use crate::tenancy::{Identity, IdentityValue, Intent, Profile};

/// What somebody says about itself.
#[derive(Debug, Clone, Default)]
struct Bearer {
    user: Option<String>,
    email: Option<String>,
    database_role: String,
    member_role: Option<String>,
    /// Tenant ids by root, the first being the current one.
    tenants: BTreeMap<usize, Vec<String>>,
}

/// The setting that PostgREST hands the claims over in.
const CLAIMS: &str = "request.jwt.claims";
/// The setting that PostgREST hands the request's headers over in; triggers pass them on, and fail where it is not set.
const HEADERS: &str = "request.headers";

/// Everybody who acts. Empty where no role but the owner can reach the tables.
pub(crate) fn principals(intent: &Intent, people: &People, entropy: Entropy) -> Vec<Principal> {
    let identity = &intent.identity;
    let Some(member_role) = identity.member_roles.first() else {
        return Vec::new();
    };
    let seated = people.seats.iter().filter(|seat| seat.id.is_some());
    let mut principals: Vec<Principal> = seated
        .filter(|seat| seat.kind == PrincipalKind::Stranger || !seat.posts.is_empty())
        .map(|seat| user(intent, people, seat, member_role))
        .collect();
    principals.extend(owner_of_two(people, &principals));
    principals.extend(identity.anonymous_role.as_ref().map(|role| {
        let bearer = Bearer { database_role: role.clone(), ..Bearer::default() };
        let settings = render(intent, &bearer);
        principal("anonymous", PrincipalKind::Anonymous, role, identity, settings)
    }));
    principals.push(service(intent));
    principals.extend(malformed(intent, people, member_role, entropy));
    principals
}

fn principal(
    name: &str,
    kind: PrincipalKind,
    role: &str,
    identity: &Identity,
    settings: Vec<(String, String)>,
) -> Principal {
    Principal {
        name: name.to_owned(),
        kind,
        user_id: None,
        standings: Vec::new(),
        login_role: identity.login_role.clone().filter(|login| login != role),
        role: role.to_owned(),
        settings,
    }
}

fn user(intent: &Intent, people: &People, seat: &Seat, role: &str) -> Principal {
    let standings: Vec<Standing> = seat
        .posts
        .iter()
        .map(|post| Standing { root: post.root, tenant: post.tenant, role: post.role.clone() })
        .collect();
    let settings = render(intent, &bearer(people, seat, role));
    Principal {
        user_id: seat.id.clone(),
        standings,
        ..principal(&seat.name, seat.kind, role, &intent.identity, settings)
    }
}

/// The settings with which `seat` acts: also what a trigger that asks for the caller is told.
pub(crate) fn settings_of(intent: &Intent, people: &People, seat: &Seat) -> Vec<(String, String)> {
    let role = intent.identity.member_roles.first().cloned().unwrap_or_default();
    render(intent, &bearer(people, seat, &role))
}

fn bearer(people: &People, seat: &Seat, role: &str) -> Bearer {
    let mut tenants: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for post in &seat.posts {
        let id = people.places.get(post.tenant).and_then(|place| place.ids.get(&post.root));
        tenants.entry(post.root).or_default().extend(id.cloned());
    }
    Bearer {
        user: seat.id.clone(),
        email: Some(seat.email.clone()),
        database_role: role.to_owned(),
        member_role: seat.posts.iter().find_map(|post| post.role.clone()),
        tenants,
    }
}

/// Where tenants are owned by a column, the owner of C owns D too, and acts once more as the user of two tenants.
fn owner_of_two(people: &People, principals: &[Principal]) -> Option<Principal> {
    let fourth = people.places.iter().position(|place| place.sparse)?;
    let owner = principals.iter().find(|principal| principal.is_of(fourth))?;
    Some(Principal { name: "C and D owner".to_owned(), kind: PrincipalKind::TwoTenants, ..owner.clone() })
}

fn service(intent: &Intent) -> Principal {
    let identity = &intent.identity;
    let Some(role) = &identity.service_role else {
        let own = principal("service", PrincipalKind::Service, "", identity, Vec::new());
        return Principal { login_role: None, ..own };
    };
    let bearer = Bearer { database_role: role.clone(), ..Bearer::default() };
    principal("service", PrincipalKind::Service, role, identity, render(intent, &bearer))
}

/// Nothing said, nonsense said, and somebody named who does not exist.
fn malformed(intent: &Intent, people: &People, role: &str, entropy: Entropy) -> Vec<Principal> {
    let identity = &intent.identity;
    let make = |name: &str, settings| principal(name, PrincipalKind::Malformed, role, identity, settings);
    let nothing = make("no claims", Vec::new());
    let names = setting_names(intent);
    if names.is_empty() {
        return vec![nothing];
    }
    // PostgREST sets its claims on every connection.
    let unset = (intent.profile == Profile::Plain)
        .then(|| principal("no claims on a new connection", PrincipalKind::Unset, role, identity, Vec::new()));
    let all = |text: &str| names.iter().map(|name| (name.clone(), text.to_owned())).collect::<Vec<_>>();
    let claiming = |id: &str| {
        let tenants = (0..intent.roots.len()).map(|root| (root, vec![id.to_owned()])).collect();
        let user = Some(id.to_owned());
        let email = Some("nobody@example.com".to_owned());
        render(intent, &Bearer { user, email, database_role: role.to_owned(), member_role: None, tenants })
    };
    let known = people.seats.iter().find_map(|seat| seat.id.as_deref()).unwrap_or_default();
    let unknown = match known {
        id if id.len() == 36 && id.contains('-') => entropy.uuid(&["nobody"]),
        id if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => "2000000001".to_owned(),
        _ => format!("user_{}", entropy.hex(&["nobody"], 24)),
    };
    let mut malformed = vec![
        nothing,
        make("empty claims", all("")),
        make("null claims", all("null")),
        make("claims without content", all("{}")),
        make("malformed subject", claiming("not-a-uuid")),
        make("subject of no user", claiming(&unknown)),
        make("claims of the wrong type", of_wrong_type(intent, role)),
    ];
    malformed.extend(unset);
    malformed
}

/// The settings that carry identity.
fn setting_names(intent: &Intent) -> Vec<String> {
    let identity = &intent.identity;
    let mut names: Vec<String> = identity.claims.iter().map(|claim| claim.setting.clone()).collect();
    names.extend(identity.settings.iter().map(|setting| setting.name.clone()));
    names.extend((intent.profile == Profile::Supabase).then(|| CLAIMS.to_owned()));
    names.sort();
    names.dedup();
    names
}

/// A number where an id is expected, a list where a text is, a text where an object is.
fn of_wrong_type(intent: &Intent, role: &str) -> Vec<(String, String)> {
    let mut objects: BTreeMap<String, Value> = BTreeMap::new();
    if intent.profile == Profile::Supabase {
        let claims = json!({"sub": 42, "role": role, "email": ["x"], "app_metadata": "x", "user_metadata": 1});
        objects.insert(CLAIMS.to_owned(), claims);
    }
    for claim in &intent.identity.claims {
        let object = objects.entry(claim.setting.clone()).or_insert_with(|| json!({}));
        // A text where an object is expected stays: that is the point.
        if claim.path.len() == 1 && claim.value != IdentityValue::DatabaseRole {
            put(object, &claim.path, json!([42]));
        }
    }
    let mut settings: Vec<(String, String)> =
        objects.into_iter().map(|(name, object)| (name, object.to_string())).collect();
    settings.extend(intent.identity.settings.iter().map(|setting| (setting.name.clone(), "[42]".to_owned())));
    settings
}

/// The settings, name and value, that say what `bearer` says.
fn render(intent: &Intent, bearer: &Bearer) -> Vec<(String, String)> {
    let identity = &intent.identity;
    let mut objects: BTreeMap<String, Value> = BTreeMap::new();
    if intent.profile == Profile::Supabase {
        objects.insert(CLAIMS.to_owned(), supabase_claims(bearer));
    }
    for claim in &identity.claims {
        let object = objects.entry(claim.setting.clone()).or_insert_with(|| json!({}));
        if let Some(value) = claim_value(&claim.value, bearer) {
            put(object, &claim.path, value);
        }
    }
    let mut settings: Vec<(String, String)> =
        objects.into_iter().map(|(name, object)| (name, object.to_string())).collect();
    for setting in &identity.settings {
        let text = match claim_value(&setting.value, bearer) {
            Some(Value::String(text)) => text,
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            _ => continue,
        };
        settings.push((setting.name.clone(), text));
    }
    if intent.profile == Profile::Supabase {
        settings.push((HEADERS.to_owned(), "{}".to_owned()));
    }
    settings
}

/// What a token of Supabase Auth says.
fn supabase_claims(bearer: &Bearer) -> Value {
    let mut claims = Map::new();
    if let Some(user) = &bearer.user {
        claims.insert("sub".to_owned(), json!(user));
    }
    claims.insert("role".to_owned(), json!(bearer.database_role));
    if bearer.user.is_some() {
        claims.insert("aud".to_owned(), json!("authenticated"));
        claims.insert("email".to_owned(), json!(bearer.email));
        claims.insert("aal".to_owned(), json!("aal1"));
        claims.insert("is_anonymous".to_owned(), json!(false));
        claims.insert("app_metadata".to_owned(), json!({"provider": "email", "providers": ["email"]}));
        claims.insert("user_metadata".to_owned(), json!({}));
    }
    Value::Object(claims)
}

fn claim_value(value: &IdentityValue, bearer: &Bearer) -> Option<Value> {
    match value {
        IdentityValue::UserId => bearer.user.as_ref().map(|user| json!(user)),
        IdentityValue::TenantId(root) => bearer.tenants.get(root)?.first().map(|id| json!(id)),
        IdentityValue::TenantIds(root) => bearer.tenants.get(root).map(|ids| json!(ids)),
        IdentityValue::MemberRole => bearer.member_role.as_ref().map(|role| json!(role)),
        IdentityValue::DatabaseRole => Some(json!(bearer.database_role)),
        IdentityValue::Email => bearer.email.as_ref().map(|email| json!(email)),
        IdentityValue::Literal(text) => Some(json!(text)),
    }
}

/// Puts `value` at `path`, making objects on the way.
fn put(object: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    let Some(map) = object.as_object_mut() else { return };
    if rest.is_empty() {
        map.insert(first.clone(), value);
    } else {
        put(map.entry(first.clone()).or_insert_with(|| json!({})), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenancy::{JsonClaim, Setting};

    fn intent(profile: Profile, claims: Vec<(&[&str], IdentityValue)>, settings: Vec<(&str, IdentityValue)>) -> Intent {
        let claim = |(path, value): (&[&str], IdentityValue)| JsonClaim {
            setting: CLAIMS.to_owned(),
            path: path.iter().map(|key| (*key).to_owned()).collect(),
            value,
            reason: String::new(),
        };
        let setting =
            |(name, value): (&str, IdentityValue)| Setting { name: name.to_owned(), value, reason: String::new() };
        Intent {
            profile,
            exposed_schemas: vec!["public".to_owned()],
            identity: Identity {
                member_roles: vec!["member".to_owned()],
                claims: claims.into_iter().map(claim).collect(),
                settings: settings.into_iter().map(setting).collect(),
                ..Identity::default()
            },
            roots: Vec::new(),
            memberships: Vec::new(),
            users: None,
            tables: BTreeMap::new(),
            relations: None,
        }
    }

    fn bearer() -> Bearer {
        Bearer {
            user: Some("u1".to_owned()),
            email: Some("a@example.com".to_owned()),
            database_role: "member".to_owned(),
            member_role: Some("editor".to_owned()),
            tenants: BTreeMap::from([(0, vec!["t1".to_owned(), "t2".to_owned()])]),
        }
    }

    #[test]
    fn claims_stand_at_their_paths_beside_what_every_token_says() {
        let claims: Vec<(&[&str], IdentityValue)> = vec![
            (&["app_metadata", "org_id"], IdentityValue::TenantId(0)),
            (&["app_metadata", "orgs"], IdentityValue::TenantIds(0)),
            (&["org_role"], IdentityValue::MemberRole),
            (&["elsewhere"], IdentityValue::TenantId(7)),
        ];
        let settings = render(&intent(Profile::Supabase, claims, Vec::new()), &bearer());
        let claims: Value =
            settings.first().map(|(_, text)| text.parse()).transpose().ok().flatten().unwrap_or_default();
        let metadata = json!({"provider": "email", "providers": ["email"], "org_id": "t1", "orgs": ["t1", "t2"]});
        assert_eq!(claims.get("app_metadata"), Some(&metadata));
        assert_eq!((claims.get("sub"), claims.get("org_role")), (Some(&json!("u1")), Some(&json!("editor"))));
        assert_eq!(claims.get("elsewhere"), None, "no tenant in that root");
    }

    #[test]
    fn a_setting_holds_one_value_or_a_list_of_tenants() {
        let settings = vec![
            ("app.tenant", IdentityValue::TenantId(0)),
            ("app.tenants", IdentityValue::TenantIds(0)),
            ("app.kind", IdentityValue::Literal("web".to_owned())),
        ];
        let rendered = render(&intent(Profile::Plain, Vec::new(), settings), &bearer());
        let pairs: Vec<(&str, &str)> = rendered.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(pairs, [("app.tenant", "t1"), ("app.tenants", "t1,t2"), ("app.kind", "web")]);
    }

    #[test]
    fn a_token_of_the_wrong_type_keeps_its_role_and_nothing_else_that_is_right() {
        let intent = intent(Profile::Supabase, vec![(&["sub"], IdentityValue::UserId)], Vec::new());
        let wrong = of_wrong_type(&intent, "authenticated");
        let claims: Value = wrong.first().map(|(_, text)| text.parse()).transpose().ok().flatten().unwrap_or_default();
        assert_eq!((claims.get("role"), claims.get("sub")), (Some(&json!("authenticated")), Some(&json!([42]))));
    }
}
