use crate::tenancy::Profile;

use super::token::{Kind, Token, tokens, without_comments};
use super::{Project, Tool};

/// The roles that a Supabase database has and no other.
const ROLES: [&str; 3] = ["anon", "authenticated", "service_role"];

/// What migrations name in the schemas that Supabase brings.
const OBJECTS: [(&str, &[&str]); 6] = [
    ("auth", &["uid", "jwt", "role", "email", "users", "identities", "sessions"]),
    ("storage", &["objects", "buckets", "foldername", "filename", "extension"]),
    ("realtime", &["messages", "topic", "send", "broadcast_changes"]),
    ("vault", &["secrets", "decrypted_secrets", "create_secret"]),
    ("supabase_functions", &["http_request"]),
    ("supabase_migrations", &["schema_migrations"]),
];

/// What surrounds the schema, and why that is believed.
#[must_use]
pub fn detect_profile(project: &Project) -> (Profile, String) {
    if project.supabase.is_some() {
        return (Profile::Supabase, "supabase/config.toml exists".to_owned());
    }
    if project.tool == Tool::Supabase {
        return (Profile::Supabase, "the migrations lie in a `supabase` folder".to_owned());
    }
    let mut own = Own::default();
    let mut traces: Vec<(String, &str)> = Vec::new();
    for migration in &project.migrations {
        let bare = without_comments(&migration.sql);
        own.read(&tokens(&bare));
        let mut found = Vec::new();
        collect_traces(&bare, &mut found);
        traces.extend(found.into_iter().map(|what| (what, migration.path.as_str())));
    }
    // A project that makes `auth` or a role itself brings its own surroundings, as far as that goes.
    match (traces.iter().find(|(what, _)| !own.makes(what)), traces.first()) {
        (Some((what, path)), _) => (Profile::Supabase, format!("{path} speaks of {what}")),
        (None, Some((what, _))) => (Profile::Plain, format!("the migrations make {what} themselves")),
        (None, None) => (Profile::Plain, "no migration speaks of Supabase's roles, `auth` or `storage`".to_owned()),
    }
}

/// What migrations create themselves of the things that Supabase would bring.
#[derive(Default)]
struct Own {
    made: Vec<String>,
}

impl Own {
    fn read(&mut self, all: &[Token<'_>]) {
        for (index, token) in all.iter().enumerate() {
            if !token.is("create") {
                continue;
            }
            let Some(what) = all.get(index + 1) else { continue };
            if what.is("role") || what.is("user") || what.is("schema") {
                let name = all
                    .iter()
                    .skip(index + 2)
                    .find(|token| !["if", "not", "exists", "authorization"].iter().any(|word| token.is(word)));
                self.made.extend(name.and_then(Token::identifier));
            }
        }
        // `DO` blocks make roles in their bodies.
        for body in all.iter().filter(|token| token.kind == Kind::Dollar).filter_map(Token::content) {
            self.read(&tokens(body));
        }
    }

    fn makes(&self, evidence: &str) -> bool {
        let name = evidence.split('.').next().unwrap_or(evidence);
        self.made.iter().any(|made| made == name)
    }
}

/// What a text names of Supabase's, outside of strings in single quotes, each once.
fn collect_traces(sql: &str, found: &mut Vec<String>) {
    let all = tokens(sql);
    let mut add = |what: String| {
        if !found.contains(&what) {
            found.push(what);
        }
    };
    let mut bodies = Vec::new();
    for (index, token) in all.iter().enumerate() {
        if let (Kind::Dollar, Some(body)) = (token.kind, token.content()) {
            bodies.push(body);
            continue;
        }
        let Some(name) = token.identifier() else { continue };
        if let Some(object) = object_of(&name, &all, index) {
            add(format!("{name}.{object}"));
        } else if ROLES.contains(&name.as_str()) && names_role(&all, index) {
            add(name);
        }
    }
    for body in bodies {
        collect_traces(body, found);
    }
}

fn object_of(schema: &str, all: &[Token<'_>], index: usize) -> Option<String> {
    let (_, objects) = OBJECTS.iter().find(|(name, _)| *name == schema)?;
    let dotted = all.get(index + 1)?.is_sign(".") && !(index > 0 && all.get(index - 1)?.is_sign("."));
    let object = all.get(index + 2)?.identifier()?;
    (dotted && objects.contains(&object.as_str())).then_some(object)
}

/// `TO anon`, `FROM public, anon`, `ROLE anon`, and lists of such.
fn names_role(all: &[Token<'_>], index: usize) -> bool {
    let before = all.get(..index).unwrap_or_default();
    let head = before.iter().rev().find(|token| {
        !token.is_sign(",") && !ROLES.iter().any(|role| token.is(role)) && !token.is("public") && !token.is("postgres")
    });
    head.is_some_and(|token| ["to", "role", "user"].iter().any(|word| token.is(word)))
        || (head.is_some_and(|token| token.is("from")) && before.iter().any(|token| token.is("revoke")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::MigrationFile;
    use std::path::PathBuf;

    fn detect(sql: &str) -> Profile {
        let migration = MigrationFile { path: "1.sql".to_owned(), version: None, sql: sql.to_owned(), down: None };
        let project = Project {
            name: "x".to_owned(),
            root: PathBuf::new(),
            tool: Tool::Plain,
            migrations: vec![migration],
            seed: None,
            alerts: None,
            supabase: None,
            problems: Vec::new(),
            notes: Vec::new(),
        };
        detect_profile(&project).0
    }

    #[test]
    fn functions_tables_and_roles_of_supabase_tell() {
        for sql in [
            "create policy p on t using ((select auth.uid()) = user_id);",
            "create table p (id uuid references auth.users);",
            r#"create table p (id uuid references "auth"."users");"#,
            "grant select on t to authenticated;",
            "revoke all on t from public, anon;",
            "create function f() returns uuid language plpgsql as $$ begin return auth.uid(); end $$;",
            "create policy p on storage.objects to authenticated using (true);",
        ] {
            assert_eq!(detect(sql), Profile::Supabase, "{sql}");
        }
    }

    #[test]
    fn comments_strings_and_other_meanings_do_not() {
        for sql in [
            "-- as auth.uid() does\nselect 1;",
            "insert into t values ('grant select on t to anon; auth.uid()');",
            "create table t (authenticated boolean, anon boolean);",
            "select t.auth.users from t;",
            "create schema auth; create table auth.users (id uuid primary key);",
            "create role anon; grant select on t to anon;",
            "select authenticated from sessions;",
        ] {
            assert_eq!(detect(sql), Profile::Plain, "{sql}");
        }
    }
}
