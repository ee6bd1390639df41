use crate::catalog::quote_identifier;
use crate::project::{Kind, Project, Token, split, tokens, without_comments};

/// A `CREATE EXTENSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CreateExtension {
    pub(super) name: String,
    pub(super) if_not_exists: bool,
    pub(super) schema: Option<String>,
    pub(super) cascade: bool,
}

impl CreateExtension {
    /// Reads the statement that these tokens begin with; `None` where it is another one.
    pub(super) fn parse(all: &[Token<'_>]) -> Option<Self> {
        let [create, extension, rest @ ..] = all else { return None };
        if !create.is("create") || !extension.is("extension") {
            return None;
        }
        let (if_not_exists, rest) = match rest {
            [one, two, three, rest @ ..] if one.is("if") && two.is("not") && three.is("exists") => (true, rest),
            _ => (false, rest),
        };
        let (name, rest) = rest.split_first()?;
        let mut parsed = Self {
            // `CREATE EXTENSION 'x'` is none, but `E'x'` in dynamic SQL may be: an identifier or nothing.
            name: name.identifier()?,
            if_not_exists,
            schema: None,
            cascade: false,
        };
        for (index, token) in rest.iter().enumerate() {
            if token.is_sign(";") {
                break;
            }
            if token.is("schema") {
                parsed.schema = rest.get(index + 1).and_then(Token::identifier);
            }
            parsed.cascade |= token.is("cascade");
        }
        Some(parsed)
    }

    /// The statement for a server that offers the extension. Its version is left to the server.
    pub(super) fn statement(&self) -> String {
        let mut text = String::from("create extension ");
        if self.if_not_exists {
            text.push_str("if not exists ");
        }
        text.push_str(&quote_identifier(&self.name));
        if let Some(schema) = &self.schema {
            text.push_str(" with schema ");
            text.push_str(&quote_identifier(schema));
        }
        if self.cascade {
            text.push_str(" cascade");
        }
        text
    }
}

/// What a body of dynamic SQL becomes where it creates extensions that the server lacks.
pub(super) struct RewrittenBody {
    /// The statement without those `CREATE EXTENSION`s.
    pub(super) text: String,
    /// What they wanted.
    pub(super) wanted: Vec<CreateExtension>,
}

/// Takes the `CREATE EXTENSION`s that `lacking` is true for out of the dollar-quoted body of a `DO` block; `None`
/// where there are none.
pub(super) fn rewrite_body(statement: &str, lacking: &dyn Fn(&str) -> bool) -> Option<RewrittenBody> {
    let all = tokens(statement);
    let body_token = all.iter().find(|token| token.kind == Kind::Dollar)?;
    let body = body_token.content()?;
    let inner = tokens(body);
    let mut cuts: Vec<(usize, usize, &str)> = Vec::new();
    let mut wanted = Vec::new();
    for (index, token) in inner.iter().enumerate() {
        if let Some(content) = token.content().filter(|_| token.kind == Kind::Text) {
            // EXECUTE 'create extension x'
            let parsed = CreateExtension::parse(&tokens(content)).filter(|parsed| lacking(&parsed.name));
            if let Some(parsed) = parsed {
                cuts.push((token.start, token.end(), "'select 1'"));
                wanted.push(parsed);
            }
            continue;
        }
        let parsed = CreateExtension::parse(inner.get(index..).unwrap_or_default());
        let Some(parsed) = parsed.filter(|parsed| lacking(&parsed.name)) else { continue };
        let end = inner.iter().skip(index).find(|token| token.is_sign(";")).map_or(body.len(), |token| token.start);
        cuts.push((token.start, end, "null"));
        wanted.push(parsed);
    }
    if wanted.is_empty() {
        return None;
    }
    let offset = body_token.start + (body_token.text.len() - body.len()) / 2;
    let mut text = String::with_capacity(statement.len());
    let mut at = 0;
    for (start, end, instead) in cuts {
        text.push_str(statement.get(at..offset + start).unwrap_or_default());
        text.push_str(instead);
        at = offset + end;
    }
    text.push_str(statement.get(at..).unwrap_or_default());
    Some(RewrittenBody { text, wanted })
}

/// Every extension that a project's migrations create, each once: an engine may have to know them before it starts.
#[must_use]
pub fn named_extensions(project: &Project) -> Vec<String> {
    let mut names = Vec::new();
    for migration in &project.migrations {
        for statement in split(&migration.sql) {
            collect(statement.text, &mut names);
        }
    }
    names
}

fn collect(text: &str, names: &mut Vec<String>) {
    let all = tokens(text);
    for (index, token) in all.iter().enumerate() {
        if token.is("create") {
            let parsed = CreateExtension::parse(all.get(index..).unwrap_or_default());
            if let Some(parsed) = parsed.filter(|parsed| !names.contains(&parsed.name)) {
                names.push(parsed.name);
            }
        } else if let Some(body) = token.content().filter(|body| body.to_ascii_lowercase().contains("extension")) {
            collect(body, names);
        }
    }
}

/// What only an extension brings, by how migrations name it. Supabase projects switch extensions on in the dashboard,
/// so that no migration creates them.
const TRACES: [(&str, &[&str]); 6] = [
    ("pg_net", &["net.http_"]),
    ("pg_cron", &["cron.schedule", "cron.unschedule", "cron.job"]),
    ("pgmq", &["pgmq."]),
    ("pgsodium", &["pgsodium."]),
    ("vector", &["extensions.vector", " vector("]),
    ("http", &["extensions.http_", "extensions.http("]),
];

/// The extensions that migrations use and none creates.
pub(super) fn implied_extensions(project: &Project) -> Vec<&'static str> {
    let named = named_extensions(project);
    let mut missing: Vec<_> = TRACES.iter().filter(|(name, _)| !named.iter().any(|one| one == name)).collect();
    let mut implied = Vec::new();
    for migration in &project.migrations {
        if missing.is_empty() {
            break;
        }
        let bare = without_comments(&migration.sql).to_ascii_lowercase();
        missing.retain(|(name, traces)| {
            // A schema of the same name may be the project's own.
            let used = traces.iter().any(|trace| at_word(&bare, trace));
            if used {
                implied.push(*name);
            }
            !used
        });
    }
    implied
}

/// Whether `text` has `trace` where a word begins: `internet.http_` is no `net.http_`.
fn at_word(text: &str, trace: &str) -> bool {
    text.match_indices(trace).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        trace.starts_with(' ') || before.is_none_or(|sign| !sign.is_alphanumeric() && sign != '_' && sign != '.')
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn parse(sql: &str) -> CreateExtension {
        CreateExtension::parse(&tokens(sql)).unwrap()
    }

    #[test]
    fn every_form_of_the_statement_is_read() {
        let plain = parse("create extension citext");
        assert_eq!((plain.name.as_str(), plain.if_not_exists, plain.schema), ("citext", false, None));
        let full = parse(r#"CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA "My" VERSION '1.1' CASCADE"#);
        assert_eq!(full.statement(), r#"create extension if not exists "uuid-ossp" with schema "My" cascade"#);
        let bare_schema = parse("create extension vector schema extensions");
        assert_eq!(bare_schema.schema.as_deref(), Some("extensions"));
        assert_eq!(CreateExtension::parse(&tokens("create table extension (a int)")), None);
    }

    #[test]
    fn a_block_that_creates_a_lacking_extension_is_freed_of_it() {
        let sql = "do $b$ begin if true then create extension if not exists pg_cron with schema extensions; end if; \
                   execute 'create extension http'; create extension citext; end $b$";
        let rewritten = rewrite_body(sql, &|name| name != "citext").unwrap();
        assert_eq!(
            rewritten.text,
            "do $b$ begin if true then null; end if; execute 'select 1'; create extension citext; end $b$"
        );
        assert_eq!(rewritten.wanted.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["pg_cron", "http"]);
        assert!(rewrite_body(sql, &|_| false).is_none());
    }

    #[test]
    fn a_trace_counts_where_a_word_begins() {
        assert!(at_word("select net.http_post('x')", "net.http_"));
        assert!(!at_word("select internet.http_post('x')", "net.http_"));
    }
}
