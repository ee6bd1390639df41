use std::collections::BTreeSet;

use crate::catalog::quote_identifier;
use crate::project::{Kind, Token, tokens};

/// What becomes of a statement that reaches beyond its database.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Confined {
    /// It does not: it runs as it is.
    AsItIs,
    /// It runs in another form.
    Instead(Vec<String>),
    /// It is left out, for this reason.
    LeftOut(String),
}

/// The names that a statement is judged against.
pub(super) struct Server<'a> {
    /// The scratch database.
    pub(super) database: &'a str,
    /// The role that logged in.
    pub(super) login: &'a str,
    /// Roles that were there before the first migration; a role that a migration makes is taken out.
    pub(super) roles: &'a mut BTreeSet<String>,
}

impl Server<'_> {
    /// Keeps a statement within the scratch database, as far as it can be.
    pub(super) fn confine(&mut self, text: &str, all: &[Token<'_>]) -> Confined {
        let word = |index: usize, one: &str| all.get(index).is_some_and(|token| token.is(one));
        let role_word = |index: usize| word(index, "role") || word(index, "user") || word(index, "group");
        match () {
            () if word(0, "alter") && word(1, "system") => left_out("ALTER SYSTEM changes the whole server"),
            () if (word(0, "create") || word(0, "drop")) && (word(1, "database") || word(1, "tablespace")) => {
                left_out("it makes or drops what lies beside this database")
            }
            () if word(0, "create") && word(1, "subscription") => left_out("it connects to another server"),
            () if word(0, "copy") && all.iter().any(|token| token.is("program")) => {
                left_out("it starts a program on the server")
            }
            () if word(0, "alter") && word(1, "database") => self.alter_database(text, all),
            () if word(0, "comment") && word(1, "on") && word(2, "database") => self.rename_at(text, all, 3),
            () if word(0, "grant") || word(0, "revoke") => self.grant_on_database(text, all),
            () if word(0, "alter") && (word(1, "role") || word(1, "user")) => self.alter_role(text, all),
            // `CREATE USER MAPPING` is about foreign servers.
            () if word(0, "create") && role_word(1) && !word(2, "mapping") => self.create_role(all),
            () if word(0, "drop") && role_word(1) && !word(2, "mapping") => self.drop_role(all),
            () => Confined::AsItIs,
        }
    }

    fn alter_database(&self, text: &str, all: &[Token<'_>]) -> Confined {
        let settles = all.get(3).is_some_and(|token| token.is("set") || token.is("reset"));
        if settles && !all.get(4).is_some_and(|token| token.is("tablespace")) {
            self.rename_at(text, all, 2)
        } else {
            left_out("it changes the database itself, not what is in it")
        }
    }

    /// The same with the scratch database's name at one place.
    fn rename_at(&self, text: &str, all: &[Token<'_>], index: usize) -> Confined {
        let Some(name) = all.get(index) else { return Confined::AsItIs };
        Confined::Instead(vec![replaced(text, name.start, name.end(), &quote_identifier(self.database))])
    }

    fn grant_on_database(&self, text: &str, all: &[Token<'_>]) -> Confined {
        let Some(on) = all.windows(2).position(|pair| matches!(pair, [on, what] if on.is("on") && what.is("database")))
        else {
            return Confined::AsItIs;
        };
        let names = all.iter().skip(on + 2).take_while(|token| !token.is("to") && !token.is("from"));
        let (Some(first), Some(last)) = (names.clone().next(), names.last()) else { return Confined::AsItIs };
        Confined::Instead(vec![replaced(text, first.start, last.end(), &quote_identifier(self.database))])
    }

    /// `ALTER ROLE x SET …` holds for every database of the server: here it holds for this one.
    fn alter_role(&self, text: &str, all: &[Token<'_>]) -> Confined {
        let Some(name) = all.get(2) else { return Confined::AsItIs };
        let word = |index: usize, one: &str| all.get(index).is_some_and(|token| token.is(one));
        if word(3, "in") && word(4, "database") {
            return self.rename_at(text, all, 5);
        }
        if word(3, "set") || word(3, "reset") {
            let within = format!(" in database {}", quote_identifier(self.database));
            return Confined::Instead(vec![replaced(text, name.end(), name.end(), &within)]);
        }
        let spelled = name.identifier().unwrap_or_default();
        if spelled == self.login || ["postgres", "current_user", "session_user"].contains(&spelled.as_str()) {
            return left_out("it changes the role that this run itself logs in as");
        }
        Confined::AsItIs
    }

    /// A role that another database of the server brought is made what this project says.
    fn create_role(&mut self, all: &[Token<'_>]) -> Confined {
        let Some(name) = all.get(2).and_then(Token::identifier) else { return Confined::AsItIs };
        if !self.roles.remove(&name) {
            return Confined::AsItIs;
        }
        if name == self.login || name == "postgres" {
            return left_out("this run itself logs in as that role");
        }
        let logs_in = all.get(1).is_some_and(|token| token.is("user"));
        Confined::Instead(redefine_role(&name, logs_in, all.get(3..).unwrap_or_default()))
    }

    /// A role that was there before belongs to somebody else.
    fn drop_role(&self, all: &[Token<'_>]) -> Confined {
        let names = all.iter().skip(2).filter(|token| token.kind != Kind::Sign).filter_map(Token::identifier);
        let foreign: Vec<String> = names.filter(|name| self.roles.contains(name)).collect();
        if foreign.is_empty() { Confined::AsItIs } else { left_out("the role was on the server before this run") }
    }
}

fn left_out(reason: &str) -> Confined {
    Confined::LeftOut(reason.to_owned())
}

fn replaced(text: &str, start: usize, end: usize, instead: &str) -> String {
    let mut all = String::with_capacity(text.len() + instead.len());
    all.push_str(text.get(..start).unwrap_or_default());
    all.push_str(instead);
    all.push_str(text.get(end..).unwrap_or_default());
    all
}

/// Attributes of a role that CREATE ROLE sets where it does not name them.
const DEFAULTS: [&str; 6] = ["nosuperuser", "nocreatedb", "nocreaterole", "inherit", "noreplication", "nobypassrls"];

/// What makes an existing role what `CREATE ROLE name options` would have made it.
fn redefine_role(name: &str, logs_in: bool, options: &[Token<'_>]) -> Vec<String> {
    let quoted = quote_identifier(name);
    let mut kept: Vec<String> = Vec::new();
    let mut statements = Vec::new();
    let mut at = usize::from(options.first().is_some_and(|token| token.is("with")));
    while let Some(token) = options.get(at) {
        let list_from = |start: usize| -> Vec<String> {
            let listed = options.iter().skip(start).step_by(2);
            let commas = options.iter().skip(start + 1).step_by(2).take_while(|token| token.is_sign(",")).count();
            listed.take(commas + 1).filter_map(Token::identifier).collect()
        };
        if token.is("in") {
            let roles = list_from(at + 2);
            at += 2 + roles.len() * 2 - usize::from(!roles.is_empty());
            statements.extend(roles.iter().map(|role| format!("grant {} to {quoted}", quote_identifier(role))));
        } else if token.is("role") || token.is("user") || token.is("admin") {
            let members = list_from(at + 1);
            let option = if token.is("admin") { " with admin option" } else { "" };
            at += 1 + members.len() * 2 - usize::from(!members.is_empty());
            let grant = |member: &String| format!("grant {quoted} to {}{option}", quote_identifier(member));
            statements.extend(members.iter().map(grant));
        } else if token.is("sysid") {
            at += 2;
        } else {
            kept.push(token.text.to_owned());
            at += 1;
        }
    }
    let said = |attribute: &str| {
        let bare = attribute.strip_prefix("no").unwrap_or(attribute);
        kept.iter().any(|word| word.to_ascii_lowercase().trim_start_matches("no") == bare)
    };
    let login = if logs_in { "login" } else { "nologin" };
    let implied: Vec<&str> = DEFAULTS.iter().copied().chain([login]).filter(|attribute| !said(attribute)).collect();
    let altered = format!("alter role {quoted} {} {}", implied.join(" "), kept.join(" "));
    statements.insert(0, altered.trim_end().to_owned());
    statements
}

/// The first tokens of a statement, enough to tell what it is.
pub(super) fn confine(server: &mut Server<'_>, text: &str) -> Confined {
    server.confine(text, &tokens(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confined(sql: &str) -> Confined {
        let mut roles: BTreeSet<String> = ["app".to_owned(), "harness".to_owned()].into();
        confine(&mut Server { database: "scratch", login: "harness", roles: &mut roles }, sql)
    }

    fn instead(sql: &str) -> Vec<String> {
        match confined(sql) {
            Confined::Instead(statements) => statements,
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn settings_of_databases_and_roles_stay_in_the_scratch_database() {
        assert_eq!(instead("alter database postgres set a.b to 'x'"), [r#"alter database "scratch" set a.b to 'x'"#]);
        assert_eq!(
            instead("alter role app set search_path = x"),
            [r#"alter role app in database "scratch" set search_path = x"#]
        );
        assert_eq!(
            instead("alter role app in database postgres reset all"),
            [r#"alter role app in database "scratch" reset all"#]
        );
        assert_eq!(
            instead("grant connect on database postgres, other to app"),
            [r#"grant connect on database "scratch" to app"#]
        );
        assert_eq!(instead("comment on database postgres is 'x'"), [r#"comment on database "scratch" is 'x'"#]);
    }

    #[test]
    fn what_reaches_beyond_is_left_out() {
        for sql in [
            "alter system set wal_level = logical",
            "create database other",
            "drop database other",
            "alter database postgres owner to app",
            "copy t from program 'id'",
            "create subscription s connection 'host=x' publication p",
            "drop role if exists app",
            "alter user harness with password 'x'",
        ] {
            assert!(matches!(confined(sql), Confined::LeftOut(_)), "{sql}");
        }
    }

    #[test]
    fn what_stays_within_runs_as_it_is() {
        for sql in [
            "grant select on t to app",
            "create role fresh",
            "drop role fresh",
            "create user mapping for app server s",
            "alter role app login",
            "alter table database rename to x",
        ] {
            assert_eq!(confined(sql), Confined::AsItIs, "{sql}");
        }
    }

    #[test]
    fn a_role_that_exists_is_made_what_the_project_says() {
        assert_eq!(
            instead("create role app with login bypassrls password 'x' in role a, b admin c"),
            [
                "alter role \"app\" nosuperuser nocreatedb nocreaterole inherit noreplication login bypassrls password 'x'",
                "grant \"a\" to \"app\"",
                "grant \"b\" to \"app\"",
                "grant \"app\" to \"c\" with admin option",
            ]
        );
        assert_eq!(
            instead("create user app"),
            ["alter role \"app\" nosuperuser nocreatedb nocreaterole inherit noreplication nobypassrls login"]
        );
    }
}
