use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{quote_identifier, quote_literal};
use crate::postgres::stand_ins::StandIn;
use crate::postgres::{Session, SqlError};
use crate::project::{Kind, Statement, split, tokens};
use crate::trial::MigrationFailure;

use super::prepare::{Context, Piece, Prepared, prepare};
use super::{ApplyOptions, MigrateError, broken, one_value};

/// How many times one file is prepared anew, since an extension or an index of it turned out to be impossible.
const MOST_PREPARATIONS: usize = 64;

/// How much of a failing statement is kept.
const MOST_OF_STATEMENT: usize = 2_000;

/// Applies files one by one, and remembers what they have in common.
pub(super) struct Applier<'a> {
    pub(super) session: &'a mut Session,
    pub(super) options: &'a ApplyOptions,
    pub(super) database: String,
    pub(super) login: String,
    /// The role that owns what migrations make, where it is not the login.
    pub(super) owner: Option<String>,
    pub(super) roles: BTreeSet<String>,
    /// Roles that are not to be made where they are missing: the migrations create them somewhere, or they were made.
    pub(super) created_roles: BTreeSet<String>,
    pub(super) available: BTreeSet<String>,
    pub(super) refused: BTreeMap<String, String>,
    pub(super) stand_ins: Vec<StandIn>,
    pub(super) notes: Vec<String>,
    pub(super) autocommitted: Vec<String>,
    /// The schema's trace before the first file and after each, where somebody wants to compare.
    pub(super) traces: Option<Vec<String>>,
    /// Whether EXCEPTION handlers catch; found out when it matters.
    pub(super) handlers_catch: Option<bool>,
}

/// One file on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) path: String,
    pub(super) sql: String,
    /// The statement to go on with: where one transaction was refused, those before it stand.
    pub(super) resume: Option<usize>,
}

/// The role that an error says does not exist.
fn missing_role(error: &SqlError) -> Option<String> {
    if error.sqlstate.as_deref() != Some("42704") {
        return None;
    }
    let role = error.message.strip_prefix("role \"")?.strip_suffix("\" does not exist")?;
    Some(role.to_owned())
}

/// What went wrong, and with which piece.
struct Stopped {
    piece: usize,
    error: SqlError,
}

impl Applier<'_> {
    /// Applies a file. `Ok(Some)` is a failure of the file, `Err` the end of the run.
    pub(super) async fn file(&mut self, task: &mut Task) -> Result<Option<MigrationFailure>, MigrateError> {
        let sql = task.sql.clone();
        let statements = split(&sql);
        let mut left_out = BTreeSet::new();
        let mut roles = self.roles.clone();
        for _ in 0..MOST_PREPARATIONS {
            self.roles.clone_from(&roles);
            let prepared = self.prepare(&statements, &left_out);
            let stopped = if task.resume.is_some() || prepared.undoes() {
                self.autocommit(task, &prepared).await?
            } else {
                match self.in_one_transaction(&prepared, &task.path).await? {
                    Some(stopped) if refuses_transaction(&stopped.error) => {
                        task.resume = Some(0);
                        self.autocommitted.push(task.path.clone());
                        self.autocommit(task, &prepared).await?
                    }
                    other => other,
                }
            };
            let Some(stopped) = stopped else {
                self.keep(task, prepared);
                return Ok(None);
            };
            if let Some(role) = missing_role(&stopped.error)
                && self.makes_role(&role, &task.path).await?
            {
                // Another file that creates it says what it may.
                roles.insert(role);
                continue;
            }
            let piece = prepared.pieces.get(stopped.piece).or(prepared.pieces.last());
            if self.makes_way(piece, &stopped.error, &statements, &mut left_out, &prepared) {
                continue;
            }
            self.roles.clone_from(&roles);
            return self.failure(task, &statements, piece, stopped.error).await.map(Some);
        }
        Ok(None)
    }

    fn prepare(&mut self, statements: &[Statement<'_>], left_out: &BTreeSet<usize>) -> Prepared {
        let standing = self.stand_ins.iter().map(|one| (one.extension.clone(), one.schema.clone())).collect();
        let mut context = Context {
            database: &self.database,
            login: &self.login,
            roles: &mut self.roles,
            available: &self.available,
            refused: &self.refused,
            standing: &standing,
            left_out,
        };
        prepare(statements, &mut context)
    }

    fn keep(&mut self, task: &Task, prepared: Prepared) {
        self.stand_ins.extend(prepared.stand_ins);
        self.notes.extend(prepared.notes.into_iter().map(|note| format!("{}: {note}", task.path)));
    }

    /// Makes a role that the migrations grant to and that none of them creates: roles belong to the server, and are often made beside
    /// the migrations. It can do nothing but what it is granted.
    async fn makes_role(&mut self, role: &str, path: &str) -> Result<bool, MigrateError> {
        if self.created_roles.contains(role) {
            return Ok(false);
        }
        let sql = format!("reset session authorization; create role {} nologin", quote_identifier(role));
        match self.session.run(&sql).await {
            Ok(_) => {}
            Err(error) if error.is_lost() => return Err(broken("making a role", error)),
            Err(_) => return self.recover().await.map(|()| false),
        }
        self.created_roles.insert(role.to_owned());
        self.notes.push(format!(
            "{path} names the role {role}, which no migration creates: it was made for the run, with no privilege but what it is granted"
        ));
        Ok(true)
    }

    /// Whether the file can be tried again in another form.
    fn makes_way(
        &mut self,
        piece: Option<&Piece>,
        error: &SqlError,
        statements: &[Statement<'_>],
        left_out: &mut BTreeSet<usize>,
        prepared: &Prepared,
    ) -> bool {
        let Some(piece) = piece else { return false };
        let state = error.sqlstate.as_deref().unwrap_or_default();
        // A server that lists an extension may still want a library preloaded, or another database. That it exists
        // already (42710), or that its schema does not (3F000), is the file's own fault.
        if let Some(extension) = &piece.creates {
            return !["42710", "3F000", "25001", "25P02"].contains(&state)
                && self.refused.insert(extension.clone(), error.message.clone()).is_none();
        }
        let stands_in = !self.stand_ins.is_empty() || !prepared.stand_ins.is_empty();
        let plain_index = statements.get(piece.origin).is_some_and(|statement| {
            let all = tokens(statement.text);
            all.first().is_some_and(|token| token.is("create")) && all.get(1).is_some_and(|token| token.is("index"))
        });
        // 42704: no such operator class or index method; 22023: no such storage parameter.
        stands_in && plain_index && ["42704", "22023", "0A000"].contains(&state) && left_out.insert(piece.origin)
    }

    /// What every file finds, whatever the one before it did to the session.
    pub(super) async fn begin_file(&mut self) -> Result<(), MigrateError> {
        let mut script = String::from(
            "reset session authorization; reset all; set statement_timeout = '5min'; set lock_timeout = '30s';",
        );
        if let Some(owner) = &self.owner {
            script.push_str(&format!("set session authorization {};", quote_identifier(owner)));
        }
        // What ALTER DATABASE says holds for later connections, not for this one.
        if self.options.default_privileges != super::DefaultPrivileges::None {
            script.push_str("set search_path to \"$user\", public, extensions;");
        }
        script.push_str(&format!(
            "select set_config({}, {}, false)",
            quote_literal(&self.options.environment_setting),
            quote_literal(&self.options.environment_value)
        ));
        self.session.run(&script).await.map(|_| ()).map_err(|error| broken("preparing the session", error))
    }

    /// The whole file in one transaction; in one round trip, but for COPY.
    async fn in_one_transaction(&mut self, prepared: &Prepared, path: &str) -> Result<Option<Stopped>, MigrateError> {
        self.begin_file().await?;
        let pieces: Vec<(usize, &Piece)> =
            prepared.pieces.iter().enumerate().filter(|(_, piece)| piece.control.is_none()).collect();
        let mut stopped = None;
        let runs: Vec<&[(usize, &Piece)]> =
            pieces.chunk_by(|(_, one), (_, other)| one.copy_data.is_none() && other.copy_data.is_none()).collect();
        for (index, run) in runs.iter().enumerate() {
            let first = index == 0;
            let last = index + 1 == runs.len();
            if let Err(stop) = self.run_together(run, first, last).await {
                stopped = Some(stop);
                break;
            }
        }
        let Some(stopped) = stopped else { return Ok(None) };
        self.roll_back(stopped, path).await.map(Some)
    }

    async fn roll_back(&mut self, stopped: Stopped, path: &str) -> Result<Stopped, MigrateError> {
        if stopped.error.is_lost() {
            return Err(MigrateError::Lost { doing: format!("applying {path}"), source: stopped.error });
        }
        self.recover().await?;
        Ok(stopped)
    }

    /// Ends a transaction that failed, by a new connection where the engine cannot.
    async fn recover(&mut self) -> Result<(), MigrateError> {
        match self.session.run("rollback").await {
            Ok(_) => Ok(()),
            Err(error) if error.is_lost() => Err(broken("rolling back", error)),
            Err(_) => self.session.reconnect().await.map_err(|error| broken("connecting again", error)),
        }
    }

    async fn run_together(&mut self, run: &[(usize, &Piece)], first: bool, last: bool) -> Result<(), Stopped> {
        if let [(index, piece)] = run
            && let Some(data) = &piece.copy_data
        {
            let stop = |error| Stopped { piece: *index, error };
            if first {
                self.session.run("begin").await.map_err(stop)?;
            }
            self.session.copy_in(&piece.sql, data.as_bytes()).await.map_err(stop)?;
            if last {
                self.session.run("commit").await.map_err(stop)?;
            }
            return Ok(());
        }
        let mut script = Script::default();
        if first {
            script.push("begin", run.first().map_or(0, |(index, _)| *index));
        }
        for (index, piece) in run {
            script.push(&piece.sql, *index);
        }
        if last {
            script.push("commit", run.last().map_or(0, |(index, _)| *index));
        }
        match self.session.run(&script.text).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Stopped { piece: script.piece_of(&error), error }),
        }
    }

    /// Statement by statement, from where the file stopped before. The file's own transactions hold.
    async fn autocommit(&mut self, task: &mut Task, prepared: &Prepared) -> Result<Option<Stopped>, MigrateError> {
        self.begin_file().await?;
        let from = task.resume.unwrap_or(0);
        let mut open_since = None;
        for (index, piece) in prepared.pieces.iter().enumerate().filter(|(_, piece)| piece.origin >= from) {
            let done = match &piece.copy_data {
                Some(data) => self.session.copy_in(&piece.sql, data.as_bytes()).await.map(|_| ()),
                None => self.session.run(&piece.sql).await.map(|_| ()),
            };
            if let Err(error) = done {
                // A transaction of the file's own is undone to its beginning.
                task.resume = Some(open_since.unwrap_or(piece.origin));
                return self.roll_back(Stopped { piece: index, error }, &task.path).await.map(Some);
            }
            if piece.control.is_some() {
                let opens = ["begin", "start"].iter().any(|word| piece.sql.to_ascii_lowercase().starts_with(word));
                open_since = opens.then_some(piece.origin);
            }
        }
        if open_since.is_some() {
            self.session.run("commit").await.map_err(|error| broken("committing", error))?;
        }
        Ok(None)
    }

    async fn failure(
        &mut self,
        task: &Task,
        statements: &[Statement<'_>],
        piece: Option<&Piece>,
        error: SqlError,
    ) -> Result<MigrationFailure, MigrateError> {
        let statement = piece.and_then(|piece| statements.get(piece.origin));
        let text = statement.map_or("", |statement| statement.text);
        let engine_limit = has_handler(text) && !self.do_handlers_catch().await?;
        let hint = if engine_limit {
            Some(
                "this engine does not run the EXCEPTION handlers of PL/pgSQL, and this statement has one: \
                  use --postgres docker or local"
                    .to_owned(),
            )
        } else {
            error.hint
        };
        Ok(MigrationFailure {
            file: task.path.clone(),
            line: statement.map_or(1, |statement| statement.line),
            statement: shortened(text),
            sqlstate: error.sqlstate.unwrap_or_default(),
            message: error.message,
            detail: error.detail,
            hint,
            engine_limit,
            partly_applied: task.resume.is_some_and(|resume| resume > 0),
        })
    }

    async fn do_handlers_catch(&mut self) -> Result<bool, MigrateError> {
        if let Some(known) = self.handlers_catch {
            return Ok(known);
        }
        let probe = "do 'begin perform 1 / 0; exception when others then null; end'";
        let catches = match self.session.run(probe).await {
            Ok(_) => true,
            Err(error) if error.is_lost() => return Err(broken("trying the engine", error)),
            Err(_) => false,
        };
        if !catches {
            self.recover().await?;
        }
        self.handlers_catch = Some(catches);
        Ok(catches)
    }

    /// Gives the session back as it was found.
    pub(super) async fn end(&mut self) -> Result<(), MigrateError> {
        let done = self.session.run("reset session authorization; reset all").await;
        done.map(|_| ()).map_err(|error| broken("leaving the session", error))
    }

    /// Learns who is here and what the server offers.
    pub(super) async fn look_around(&mut self) -> Result<(), MigrateError> {
        let looked = self.session.run(
            "select current_database(), session_user, current_setting('is_superuser'); \
             select name from pg_catalog.pg_available_extensions; \
             select rolname from pg_catalog.pg_roles where rolname !~ '^pg_'",
        );
        let mut results = looked.await.map_err(|error| broken("looking around", error))?.into_iter();
        let mut rows = || results.next().map(|result| result.rows).unwrap_or_default();
        let mut who = rows().into_iter().flatten().flatten();
        self.database = who.next().unwrap_or_default();
        self.login = who.next().unwrap_or_default();
        self.available = rows().into_iter().flatten().flatten().collect();
        self.roles = rows().into_iter().flatten().flatten().collect();
        Ok(())
    }

    /// The role that is to own what migrations make: `postgres`, where the login has another name and may be it.
    pub(super) async fn choose_owner(&mut self) -> Result<(), MigrateError> {
        if self.login == "postgres" {
            return Ok(());
        }
        let sql = "select coalesce((select rolsuper from pg_catalog.pg_roles where rolname = 'postgres'), false)::text";
        let superuser = one_value(self.session, sql).await.map_err(|error| broken("looking around", error))?;
        if superuser == "true" {
            self.owner = Some("postgres".to_owned());
        } else {
            self.notes.push(format!(
                "the role postgres of this server is no superuser: migrations run as {}, which owns what they make",
                self.login
            ));
        }
        Ok(())
    }
}

/// Statements that go out together, and which piece each belongs to.
#[derive(Default)]
struct Script {
    text: String,
    /// The piece of each statement.
    pieces: Vec<usize>,
    /// Where each statement begins, in characters.
    starts: Vec<usize>,
    characters: usize,
}

impl Script {
    fn push(&mut self, sql: &str, piece: usize) {
        self.pieces.push(piece);
        self.starts.push(self.characters);
        self.text.push_str(sql);
        // A comment at the end of a statement must not swallow the semicolon.
        self.text.push_str("\n;\n");
        self.characters += sql.chars().count() + 3;
    }

    /// The piece that an error is about: a syntax error is found before anything runs, so that its place counts; else
    /// the number of statements that completed.
    fn piece_of(&self, error: &SqlError) -> usize {
        let by_count = error.completed;
        let by_place =
            error.position.map(|position| self.starts.partition_point(|start| *start < position).saturating_sub(1));
        let index = if error.completed == 0 { by_place.unwrap_or(by_count) } else { by_count };
        self.pieces.get(index).or(self.pieces.last()).copied().unwrap_or_default()
    }
}

/// The file holds something that runs in no transaction: CONCURRENTLY, VACUUM (25001), a procedure that commits
/// (2D000), or a new enum value in use (55P04).
fn refuses_transaction(error: &SqlError) -> bool {
    matches!(error.sqlstate.as_deref(), Some("25001" | "2D000" | "55P04"))
}

fn has_handler(statement: &str) -> bool {
    let bodies = tokens(statement);
    bodies.iter().filter(|token| matches!(token.kind, Kind::Dollar | Kind::Text)).any(|token| {
        let body = tokens(token.content().unwrap_or_default());
        body.windows(2).any(|pair| matches!(pair, [one, two] if one.is("exception") && two.is("when")))
    })
}

fn shortened(statement: &str) -> String {
    if statement.chars().count() <= MOST_OF_STATEMENT {
        return statement.to_owned();
    }
    let head: String = statement.chars().take(MOST_OF_STATEMENT).collect();
    format!("{head} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_leads_to_its_statement_by_place_or_by_count() {
        let mut script = Script::default();
        script.push("begin", 0);
        script.push("select 'é'", 4);
        script.push("selekt", 7);
        let error = |position, completed| SqlError {
            sqlstate: None,
            message: String::new(),
            detail: None,
            hint: None,
            constraint: None,
            table: None,
            column: None,
            position,
            completed,
        };
        assert_eq!(script.piece_of(&error(Some(22), 0)), 7);
        assert_eq!(script.piece_of(&error(Some(9), 0)), 4);
        assert_eq!(script.piece_of(&error(None, 1)), 4);
        assert_eq!(script.piece_of(&error(None, 9)), 7);
    }

    #[test]
    fn a_handler_is_told_from_a_raised_exception() {
        assert!(has_handler("do $$ begin null; exception when others then null; end $$"));
        assert!(!has_handler("do $$ begin raise exception 'when'; end $$"));
    }
}
