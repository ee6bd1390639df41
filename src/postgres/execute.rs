//! Runs probes: each in a transaction that is rolled back, in one round trip.

use std::collections::BTreeSet;

use super::{Session, SqlError, StatementResult};
use crate::catalog::{quote_identifier, quote_literal};
use crate::probe::{Act, Outcome, Refusal, Rows, SqlProbe, take_on};
use crate::world::{Principal, PrincipalKind, World};

/// Rows kept of one probe's result. Made worlds are small; a seed may not be.
const MAXIMUM_ROWS: usize = 5000;

/// Statements that run longer, or wait longer for a lock, say nothing.
const LIMITS: &str = "set statement_timeout = '10s'; set lock_timeout = '3s'; set idle_in_transaction_session_timeout = '60s'; \
                      set client_min_messages = error";

/// A session made ready for probing.
#[derive(Debug)]
pub struct Executor {
    session: Session,
    /// A connection on which no identity setting was ever touched, so that each reads as null; made when it is first needed.
    untouched: Option<Session>,
    /// Every setting that carries anybody's identity: cleared for those who do not use it.
    identity_settings: BTreeSet<String>,
    /// Returns to the harness's own identity. Not `reset session authorization`: an engine whose sessions began without a
    /// log-in has nothing to reset to, and would go on as the client.
    own_identity: String,
    /// Whether EXCEPTION handlers of PL/pgSQL catch. Where not, what is raised in them escapes, and looks like a refusal.
    catches_exceptions: bool,
}

const CATCHING: &str = "do 'begin perform 1 / 0; exception when others then null; end'";

impl Executor {
    /// Makes `session` ready for probing in `world`.
    ///
    /// Each identity setting is touched once, so that it is the empty string and not null wherever it is not set, as on a
    /// pooled connection, and every probe sees the same.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn new(session: Session, world: &World) -> Result<Self, SqlError> {
        let identity_settings: BTreeSet<String> = world
            .principals
            .iter()
            .flat_map(|principal| principal.settings.iter().map(|(name, _)| name.clone()))
            .collect();
        let mut executor =
            Self { session, untouched: None, identity_settings, own_identity: String::new(), catches_exceptions: true };
        executor.make_ready().await?;
        match executor.session.run(CATCHING).await {
            Ok(_) => {}
            Err(error) if error.is_lost() => return Err(error),
            Err(_) => {
                executor.catches_exceptions = false;
                executor.start_over().await?;
            }
        }
        Ok(executor)
    }

    async fn make_ready(&mut self) -> Result<(), SqlError> {
        let login = self.session.run("select session_user").await?;
        let login = rows_of(&login, 0).into_iter().flatten().flatten().next().unwrap_or_default();
        self.own_identity = format!("set local session authorization {}", quote_identifier(&login));
        // Said once for the session, a rollback has something to return to.
        self.session.run(&format!("set session authorization {}", quote_identifier(&login))).await?;
        self.session.run(LIMITS).await?;
        for name in &self.identity_settings {
            self.session.run(&format!("select set_config({}, '', false)", quote_literal(name))).await?;
        }
        Ok(())
    }

    /// A new connection, where the old one is of no further use.
    async fn start_over(&mut self) -> Result<(), SqlError> {
        self.session.reconnect().await?;
        self.make_ready().await
    }

    /// Runs one probe.
    pub async fn execute(&mut self, probe: &SqlProbe) -> Outcome {
        if probe.principal.kind == PrincipalKind::Unset {
            return self.execute_untouched(probe).await;
        }
        self.execute_here(probe).await
    }

    /// Runs a probe on the connection where nobody's identity was ever set.
    async fn execute_untouched(&mut self, probe: &SqlProbe) -> Outcome {
        // An engine that does not catch has one connection at a time.
        if !self.catches_exceptions {
            return Outcome::Skipped;
        }
        let untouched = match self.untouched.take() {
            Some(session) => session,
            None => match self.open_untouched().await {
                Ok(session) => session,
                Err(error) => return Outcome::Lost(error.message),
            },
        };
        let usual = std::mem::replace(&mut self.session, untouched);
        let settings = std::mem::take(&mut self.identity_settings);
        let outcome = self.execute_here(probe).await;
        self.identity_settings = settings;
        self.untouched = Some(std::mem::replace(&mut self.session, usual));
        outcome
    }

    async fn open_untouched(&self) -> Result<Session, SqlError> {
        let mut session = self.session.another().await?;
        session.run(LIMITS).await?;
        Ok(session)
    }

    async fn execute_here(&mut self, probe: &SqlProbe) -> Outcome {
        let outcome = match &probe.act {
            Act::Statements(statements) => self.execute_statements(probe, statements).await,
            Act::CopyOut(_) | Act::CopyIn { .. } => self.execute_copy(probe).await,
        };
        if self.catches_exceptions { outcome } else { self.doubted(outcome).await }
    }

    /// On an engine that does not catch, a transaction that cannot be rolled back is one in which a handler should have caught: what
    /// came of it is no refusal, and says nothing.
    async fn doubted(&mut self, outcome: Outcome) -> Outcome {
        let (Outcome::Refused(refusal) | Outcome::Invalid(refusal)) = &outcome else { return outcome };
        match self.session.run("rollback").await {
            Ok(_) => outcome,
            Err(error) if error.is_lost() => Outcome::Lost(error.message),
            Err(_) => match self.start_over().await {
                Ok(()) => Outcome::Invalid(Refusal {
                    message: format!(
                        "{} (raised where an EXCEPTION handler would catch it, which this engine does not run: use \
                         --postgres docker or local)",
                        refusal.message
                    ),
                    ..refusal.clone()
                }),
                Err(lost) => Outcome::Lost(lost.message),
            },
        }
    }

    /// Gives the session back.
    pub async fn into_session(self) -> Session {
        if let Some(untouched) = self.untouched {
            untouched.close().await;
        }
        self.session
    }

    async fn execute_statements(&mut self, probe: &SqlProbe, statements: &[String]) -> Outcome {
        let mut script = self.opening(probe);
        let act = script.len()..script.len() + statements.len();
        script.statements.extend(statements.iter().cloned());
        let after = script.close(probe, &self.own_identity);
        match self.send(&script.statements).await {
            Ok(results) => Outcome::Completed {
                rows: act.clone().last().map(|index| rows_of(&results, index)).unwrap_or_default(),
                affected: act.clone().filter_map(|index| results.get(index)).map(|result| result.affected).sum(),
                before: script.before.map(|index| rows_of(&results, index)).collect(),
                after: after.clone().map(|index| rows_of(&results, index)).collect(),
            },
            // The act, or a constraint that it deferred, was refused.
            Err(error)
                if (act.start..after.start).contains(&error.completed) || script.earlier.contains(&error.completed) =>
            {
                outcome_of(error)
            }
            Err(error) => invalid(error),
        }
    }

    /// COPY has a protocol of its own: the opening, the copy and the closing are three round trips.
    async fn execute_copy(&mut self, probe: &SqlProbe) -> Outcome {
        let mut script = self.opening(probe);
        let ready = script.len();
        if let Act::CopyOut(query) = &probe.act {
            // The driver loses step where COPY is refused before it begins: EXPLAIN is refused for the same reasons.
            script.statements.push(format!("explain {query}"));
        }
        let opened = match self.send(&script.statements).await {
            Ok(results) => results,
            Err(error) if script.earlier.contains(&error.completed) || error.completed >= ready => {
                return outcome_of(error);
            }
            Err(error) => return invalid(error),
        };
        let before = script.before.clone().map(|index| rows_of(&opened, index)).collect();
        let copied = match &probe.act {
            Act::CopyOut(query) => self.session.copy_out(query).await.map(|bytes| {
                let lines: Rows = String::from_utf8_lossy(&bytes)
                    .lines()
                    .take(MAXIMUM_ROWS)
                    .map(|line| line.split('\t').map(|value| Some(value.to_owned())).collect())
                    .collect();
                (lines.len() as u64, lines)
            }),
            Act::CopyIn { statement, data } => {
                self.session.copy_in(statement, data.as_bytes()).await.map(|affected| (affected, Rows::new()))
            }
            Act::Statements(_) => return Outcome::Lost("not a COPY".to_owned()),
        };
        let (affected, rows) = match copied {
            Ok(copied) => copied,
            Err(error) => return self.abandon(error).await,
        };
        let mut closing = Script::default();
        let after = closing.close(probe, &self.own_identity);
        match self.session.run(&closing.text()).await {
            Ok(results) => Outcome::Completed {
                rows,
                affected,
                before,
                after: after.map(|index| rows_of(&results, index)).collect(),
            },
            Err(error) => self.abandon(error).await,
        }
    }

    async fn abandon(&mut self, error: SqlError) -> Outcome {
        if !error.is_lost()
            && self.catches_exceptions
            && let Err(lost) = self.session.run("rollback").await
        {
            return Outcome::Lost(lost.message);
        }
        outcome_of(error)
    }

    /// Everything before the act. A probe that failed leaves its transaction aborted: the first statement ends it.
    fn opening(&self, probe: &SqlProbe) -> Script {
        let mut script = Script::default();
        script.statements.push("rollback".to_owned());
        script.statements.push("begin".to_owned());
        script.statements.extend(probe.prepare.iter().cloned());
        let earlier = script.len();
        for step in &probe.earlier {
            script.statements.extend(self.identity(&step.principal));
            script.statements.push(step.statement.clone());
            script.statements.push(self.own_identity.clone());
        }
        script.earlier = earlier..script.len();
        script.before = script.len()..script.len() + probe.observe.len();
        script.statements.extend(probe.observe.iter().cloned());
        script.statements.extend(self.identity(&probe.principal));
        script
    }

    fn identity(&self, principal: &Principal) -> Vec<String> {
        let mut whole = principal.clone();
        for name in &self.identity_settings {
            if !principal.settings.iter().any(|(known, _)| known == name) {
                whole.settings.push((name.clone(), String::new()));
            }
        }
        take_on(&whole).into_iter().map(|statement| statement.trim_end_matches(';').to_owned()).collect()
    }

    async fn send(&mut self, statements: &[String]) -> Result<Vec<StatementResult>, SqlError> {
        self.session.run(&statements.join(";\n")).await
    }
}

#[derive(Debug, Default)]
struct Script {
    statements: Vec<String>,
    earlier: std::ops::Range<usize>,
    before: std::ops::Range<usize>,
}

impl Script {
    fn len(&self) -> usize {
        self.statements.len()
    }

    fn text(&self) -> String {
        self.statements.join(";\n")
    }

    /// Everything after the act; returns where the second observation stands.
    fn close(&mut self, probe: &SqlProbe, own_identity: &str) -> std::ops::Range<usize> {
        self.statements.push("set constraints all immediate".to_owned());
        self.statements.push(own_identity.to_owned());
        let after = self.len()..self.len() + probe.observe.len();
        self.statements.extend(probe.observe.iter().cloned());
        self.statements.push("rollback".to_owned());
        after
    }
}

fn rows_of(results: &[StatementResult], index: usize) -> Rows {
    results.get(index).map(|result| result.rows.iter().take(MAXIMUM_ROWS).cloned().collect()).unwrap_or_default()
}

fn outcome_of(error: SqlError) -> Outcome {
    if error.is_lost() {
        return Outcome::Lost(error.message);
    }
    // 57014: cancelled by the time limit; 55P03: the lock was not to be had. Neither says that the act is forbidden.
    let is_limit = matches!(error.sqlstate.as_deref(), Some("57014" | "55P03" | "40P01"));
    let refusal = refusal_of(error);
    if is_limit { Outcome::Invalid(refusal) } else { Outcome::Refused(refusal) }
}

fn invalid(error: SqlError) -> Outcome {
    if error.is_lost() { Outcome::Lost(error.message) } else { Outcome::Invalid(refusal_of(error)) }
}

fn refusal_of(error: SqlError) -> Refusal {
    Refusal {
        sqlstate: error.sqlstate.unwrap_or_default(),
        message: error.message,
        detail: error.detail,
        constraint: error.constraint,
    }
}
