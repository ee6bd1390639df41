//! What names say: the one place with lists of words.

/// The words of a name in lower case: `primaryOwner_user-ID` is `primary`, `owner`, `user`, `id`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut within = false;
    let mut lower_before = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            within = false;
            continue;
        }
        if !within || (lower_before && character.is_uppercase()) {
            words.push(String::new());
        }
        within = true;
        lower_before = character.is_lowercase() || character.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words
}

/// `companies` → `company`, `users` → `user`, `status` → `status`.
pub(crate) fn singular(word: &str) -> String {
    const UNCHANGED: [&str; 9] =
        ["status", "address", "business", "class", "access", "process", "analysis", "news", "basis"];
    if word == "people" {
        return "person".to_owned();
    }
    if UNCHANGED.contains(&word) {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for plural in ["sses", "shes", "ches", "xes", "statuses"] {
        if word.ends_with(plural) {
            return word.strip_suffix("es").unwrap_or(word).to_owned();
        }
    }
    word.strip_suffix('s').filter(|stem| stem.len() > 1 && !stem.ends_with('s')).unwrap_or(word).to_owned()
}

/// The words of a table's name in the singular.
pub(crate) fn table_words(name: &str) -> Vec<String> {
    words(name).iter().map(|word| singular(word)).collect()
}

/// Whether any word of `words` is in `list`.
pub(super) fn any_of(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// Whether `list`, words between spaces, has this word.
fn is_listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// Whether any word of `words` is in `list`, words between spaces.
fn any_listed(words: &[String], list: &str) -> bool {
    words.iter().any(|word| is_listed(list, word))
}

/// How much a table's name sounds like that of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TenantName {
    /// Not at all.
    No,
    /// It may be one where people have roles in it: `projects`, `stores`.
    Perhaps,
    /// `organizations`, `workspaces`.
    Yes,
}

const TENANTS: &str = "\
    tenant organization organisation org workspace company team account business agency firm household \
    enterprise institution employer merchant brand";
const PERHAPS_TENANTS: &str = "\
    project group family store shop site school clinic community studio club server guild space board restaurant \
    hospital gym salon church practice vendor partner customer client department branch league party instance \
    environment app channel room";

/// What the name of a table says.
pub(super) fn tenant_name(table: &str) -> TenantName {
    let words = table_words(table);
    // `team_members`, `account_settings`: what a name is about is its last word.
    match words.last().map(String::as_str) {
        Some(last) if is_listed(TENANTS, last) => TenantName::Yes,
        Some(last) if is_listed(PERHAPS_TENANTS, last) => TenantName::Perhaps,
        _ => TenantName::No,
    }
}

/// Whether a table's name says that its rows are people who sign in.
pub(super) fn names_people(table: &str) -> bool {
    const PEOPLE: &str = "user profile person account customer member employee client student candidate admin";
    const NOT_THEMSELVES: &str = "\
        role team org organization organisation workspace company project icp competitor group bank";
    let words = table_words(table);
    words.last().is_some_and(|last| is_listed(PEOPLE, last)) && !any_listed(&words, NOT_THEMSELVES)
}

/// How good a table's name is for *the* table of users; smaller is better.
pub(super) fn people_rank(table: &str) -> usize {
    const ORDER: &str = "user profile person account member customer";
    let words = table_words(table);
    let place = words.last().and_then(|last| ORDER.split(' ').position(|word| word == last)).unwrap_or(9);
    place * 10 + words.len()
}

/// Whether a name says that the table joins people to something: `team_members`; to a thing of this name: `account_user`.
pub(super) fn names_membership(table: &str, joined: Option<&str>) -> bool {
    const JOINS: &str =
        "member membership participant collaborator teammate staff seat enrollment assignment crew roster squad";
    let mut words = table_words(table);
    if any_listed(&words, NOT_MEMBERSHIP) {
        return false;
    }
    // `team_member_roles` gives roles to members, one row each.
    if words.last().is_some_and(|last| matches!(last.as_str(), "role" | "link" | "map" | "mapping")) {
        words.pop();
    }
    let joined = joined.map(table_words).and_then(|words| words.last().cloned());
    let person = |word: &String| matches!(word.as_str(), "user" | "profile" | "person");
    words.last().is_some_and(|last| is_listed(JOINS, last))
        || joined.is_some_and(|joined| words.contains(&joined) && words.iter().any(person))
}

/// Words that say that a table with a user and a tenant is something else than a membership.
const NOT_MEMBERSHIP: &str = "\
    invitation invite request log audit event session activity notification subscription payment message key \
    token favorite favourite like vote view setting preference history usage feedback comment post bookmark \
    follower follow review order reaction read file claim credential secret";

/// Whether a name says that the table is something else than a membership.
pub(super) fn names_no_membership(table: &str) -> bool {
    any_listed(&table_words(table), NOT_MEMBERSHIP)
}

/// Whether a name says that the table keeps what single users did with a thing or were given of it.
pub(super) fn names_reaction(table: &str) -> bool {
    const REACTIONS: &str = "share progress completion watch view attempt score bid ticket booking reservation answer";
    any_listed(&table_words(table), REACTIONS)
}

/// Whether a column points at a choice that a user made rather than at what a row belongs to: `current_team_id`.
pub(super) fn names_choice(column: &str) -> bool {
    const CHOICES: &str = "current default active last selected preferred favorite parent previous referred source";
    any_listed(&words(column), CHOICES)
}

/// How surely a column's name says whose a row is; smaller is surer. `None` for somebody who merely did something to it.
pub(super) fn user_column_rank(column: &str) -> Option<usize> {
    const DID_SOMETHING: &str = "\
        updated modified last deleted approved reviewed invited assigned assignee granted resolved verified \
        processed receiver recipient referred banned managed moderator changed archived reviewer approver \
        inviter";
    let words = words(column);
    if any_listed(&words, DID_SOMETHING) {
        return None;
    }
    let whole: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !matches!(*word, "id" | "uuid" | "fk" | "auth" | "clerk"))
        .collect();
    Some(match whole.as_slice() {
        [] if words.iter().any(|word| word == "auth" || word == "clerk") => 0,
        ["user" | "uid" | "userid" | "usr"] => 0,
        ["supabase" | "app" | "external" | "firebase", "user"] => 0,
        ["owner"]
        | ["primary", "owner"]
        | ["owner", "user"]
        | ["primary", "owner", "user"]
        | ["owned", "by"]
        | ["founder"]
        | ["founded", "by"] => 1,
        ["profile" | "member" | "person" | "ownerid"] | ["user", "profile"] | ["profile", "user"] => 2,
        ["creator" | "author" | "sender" | "host" | "requester" | "follower" | "poster" | "uploader"]
        | ["created" | "submitted" | "uploaded" | "posted" | "added" | "requested" | "authored", "by"]
        | ["created", "by", "user"] => 3,
        _ => OTHER_USER_COLUMN,
    })
}

/// The rank of a column whose name says nothing: believed only where a foreign key says that it holds a user.
pub(super) const OTHER_USER_COLUMN: usize = 4;

/// The rank of a column that names who made the row.
pub(super) const MAKER_COLUMN: usize = 3;

/// Whether a column names somebody as the author of what others read.
pub(super) fn is_authorship(column: &str) -> bool {
    any_listed(&words(column), "author authored posted poster")
}

/// Words that keep a table from being taken for what users publish.
const KEPT_APART: &str = "private personal draft secret internal hidden direct scheduled saved";

/// Whether a table's name says that its rows are published by users, for others to read.
pub(super) fn names_publication(table: &str) -> bool {
    const PUBLISHED: &str = "post blog article comment reply review reaction like vote upvote follow follower poll";
    let words = table_words(table);
    words.last().is_some_and(|last| is_listed(PUBLISHED, last)) && !any_listed(&words, KEPT_APART)
}

/// Whether a table's name says that its rows are places where users meet.
pub(super) fn names_gathering(table: &str) -> bool {
    const GATHERINGS: &str = "channel room forum community board lobby";
    let words = table_words(table);
    words.last().is_some_and(|last| is_listed(GATHERINGS, last)) && !any_listed(&words, KEPT_APART)
}

/// The rank of a column that names the owner, and not merely the author.
pub(super) const OWNER_COLUMN: usize = 1;

/// What the name of a claim or setting says that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A tenant's id.
    Tenant,
    /// Several tenants' ids.
    Tenants,
    /// A user's id.
    User,
    /// A role.
    Role,
    /// An email address.
    Email,
}

/// Reads the name of a claim or setting (its last part): `app.current_tenant_id`, `org_id`, `sub`.
pub(super) fn holds(name: &str) -> Option<Holds> {
    const TENANT: &str = "tenant org organization organisation workspace account company team customer store";
    const USER: &str = "user uid sub actor member person userid profile";
    let words = words(name);
    let singular: Vec<String> = words.iter().map(|word| singular(word)).collect();
    if any_of(&singular, &["role"]) {
        return Some(Holds::Role);
    }
    if any_of(&singular, &["email"]) {
        return Some(Holds::Email);
    }
    let is_name = any_of(&words, &["name", "slug", "plan", "type", "status", "tier"]);
    if !is_name && (any_listed(&singular, TENANT) || singular.iter().any(|word| word == "orgid" || word == "tenantid"))
    {
        let plural = words.last().is_some_and(|last| last == "ids" || singular.last().is_some_and(|one| one != last));
        return Some(if plural { Holds::Tenants } else { Holds::Tenant });
    }
    (!is_name && any_listed(&singular, USER)).then_some(Holds::User)
}

/// Whether a name says that the table is reference data.
pub(super) fn names_reference(table: &str) -> bool {
    const REFERENCE: &str = "\
        plan product price pricing country currency language locale timezone category role permission feature \
        template tier industry status type unit state province region city faq config configuration setting \
        model tool badge holiday rate version changelog announcement tag topic catalog catalogue package level \
        genre lookup";
    table_words(table).last().is_some_and(|last| is_listed(REFERENCE, last))
}

/// Whether a name says that the table lists what somebody has or chooses, and not where somebody belongs: a claim that
/// holds its key makes nobody a tenant.
pub(super) fn names_trait(table: &str) -> bool {
    const PLACES: &str = "country state province region city industry unit";
    names_reference(table) && !table_words(table).last().is_some_and(|last| is_listed(PLACES, last))
}

/// Whether a table keeps the books of a migration tool.
pub(crate) fn names_migrations(table: &str) -> bool {
    const BOOKS: &str = "\
        schema_migrations _prisma_migrations flyway_schema_history _sqlx_migrations goose_db_version \
        __drizzle_migrations knex_migrations knex_migrations_lock ar_internal_metadata databasechangelog \
        databasechangeloglock alembic_version django_migrations pgmigrations";
    is_listed(BOOKS, table)
}

/// Whether a column's name says that the row is about somebody: such a table is no reference data.
pub(super) fn names_somebody(column: &str) -> bool {
    const SOMEBODY: &str = "user customer recipient sender actor session message owner author";
    const PERSONAL: &str = "email phone ip password token secret";
    let mut words = words(column);
    words.retain(|word| word != "id");
    any_listed(&words, PERSONAL) || words.last().is_some_and(|last| is_listed(SOMEBODY, last))
}

/// Whether a table's name says that it is about money or what money buys.
pub(super) fn names_billing(table: &str) -> bool {
    const BILLING: &str = "\
        subscription billing payment invoice credit wallet balance usage quota entitlement license licence \
        purchase charge allowance";
    const ABOUT: &str = "audit log event history push newsletter notification leave vacation holiday stock inventory";
    let words = table_words(table);
    any_listed(&words, BILLING) && !any_listed(&words, ABOUT)
}

/// How powerful a role sounds; smaller is more powerful.
pub(super) fn role_power(role: &str) -> usize {
    const POWER: [&[&str]; 6] = [
        &["owner", "root"],
        &["superadmin", "super", "admin", "administrator", "principal"],
        &["manager", "maintainer", "lead", "moderator"],
        &["editor", "developer", "contributor", "write", "writer", "author", "agent", "engineer"],
        &["member", "user", "staff", "employee", "basic", "collaborator", "billing"],
        &["commenter", "viewer", "reader", "read", "guest", "observer", "readonly", "restricted"],
    ];
    let words = words(role);
    // A role that says nothing goes where members are.
    POWER.iter().position(|level| any_of(&words, level)).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_apart_into_words() {
        assert_eq!(words("primaryOwner_user-ID"), ["primary", "owner", "user", "id"]);
        assert_eq!(words("🦀"), Vec::<String>::new());
        assert_eq!(table_words("user_companies"), ["user", "company"]);
        assert_eq!(singular("status"), "status");
        assert_eq!(singular("addresses"), "address");
    }

    #[test]
    fn a_table_is_named_for_its_last_word() {
        assert_eq!(tenant_name("organizations"), TenantName::Yes);
        assert_eq!(tenant_name("organization_members"), TenantName::No);
        assert_eq!(tenant_name("projects"), TenantName::Perhaps);
        assert!(names_people("users") && names_people("user_profiles") && !names_people("user_roles"));
        assert!(!names_people("icp_profiles"));
    }

    #[test]
    fn memberships_are_told_from_what_members_do() {
        for (table, joined) in [
            ("team_members", "teams"),
            ("account_user", "accounts"),
            ("memberships", "companies"),
            ("user_organizations", "organizations"),
            ("user_organization_roles", "organizations"),
            ("projectCollaborators", "projects"),
        ] {
            assert!(names_membership(table, Some(joined)), "{table}");
        }
        for table in [
            "user_sessions",
            "organization_invitations",
            "user_feedback",
            "members_log",
            "users",
            "user_devices",
            "member_permissions",
        ] {
            assert!(!names_membership(table, Some("organizations")), "{table}");
        }
    }

    #[test]
    fn a_user_column_is_ranked_by_how_surely_it_names_the_owner() {
        assert_eq!(user_column_rank("user_id"), Some(0));
        assert_eq!(user_column_rank("authUserId"), Some(0));
        assert_eq!(user_column_rank("primary_owner_user_id"), Some(1));
        assert_eq!(user_column_rank("created_by"), Some(3));
        assert_eq!(user_column_rank("assigned_to"), None);
        assert_eq!(user_column_rank("device"), Some(OTHER_USER_COLUMN));
    }

    #[test]
    fn the_name_of_a_claim_says_what_it_holds() {
        assert_eq!(holds("app.current_tenant_id"), Some(Holds::Tenant));
        assert_eq!(holds("org_ids"), Some(Holds::Tenants));
        assert_eq!(holds("organizations"), Some(Holds::Tenants));
        assert_eq!(holds("sub"), Some(Holds::User));
        assert_eq!(holds("user_role"), Some(Holds::Role));
        assert_eq!(holds("org_name"), None);
        assert_eq!(holds("plan"), None);
    }
}
