use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use super::super::{Session, SqlError};
use super::database::socket_url;
use super::server::PREFIX;
use super::{ProvisionError, ServerUrl};
use crate::catalog::quote_identifier;
use crate::verdict::Event;

/// Somebody's own server. Only scratch databases of ours are touched on it.
pub(super) struct UrlServer {
    options: PgConnectOptions,
    address: ServerUrl,
}

impl UrlServer {
    pub(super) fn new(url: &ServerUrl) -> Result<Self, ProvisionError> {
        let options = PgConnectOptions::from_str(&without_empty_host(url.expose())).map_err(|error| {
            let next = "Write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE, with % codes for odd characters";
            ProvisionError::unavailable("url", format!("the address is malformed: {error}"), next)
        })?;
        Ok(Self { options, address: url.clone() })
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// The server, without its password.
    pub(super) fn describe(&self) -> String {
        self.address.to_string()
    }

    /// The address of a database there, without the password.
    pub(super) fn url(&self, database: &str) -> String {
        let user = self.options.get_username();
        match self.options.get_socket() {
            Some(directory) => socket_url(directory, user, database),
            None => format!("postgres://{user}@{}:{}/{database}", self.options.get_host(), self.options.get_port()),
        }
    }
}

/// `postgres://user:password@/database` is an address to libpq but none to sqlx: the login moves to the parameters.
fn without_empty_host(url: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (login, place) = rest.split_once("@/")?;
        (!login.contains('/')).then_some((scheme, login, place))
    });
    let Some((scheme, login, place)) = parts else { return url.to_owned() };
    // Among parameters a plus is a space.
    let login = login.replace('+', "%2B");
    let login = match login.split_once(':') {
        Some((user, password)) => format!("user={user}&password={password}"),
        None => format!("user={login}"),
    };
    let separator = if place.contains('?') { '&' } else { '?' };
    format!("{scheme}:///{place}{separator}{login}")
}

const MAY_CREATE: &str = "SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user";
/// Scratch databases of ours whose run is not connected any more. Every run stays connected under its own name.
const LEFT_OVER: &str = "SELECT made.datname FROM pg_catalog.pg_database AS made \
    WHERE made.datname ~ '^seaworthy_[0-9a-f]{12}_[0-9]+$' \
    AND made.datdba = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) \
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS activity \
        WHERE activity.application_name = 'seaworthy ' || split_part(made.datname, '_', 2) \
        OR activity.datname = made.datname)";

/// Makes sure that scratch databases may be made, and drops those that dead runs left.
pub(super) async fn prepare(session: &mut Session, tell: &(dyn Fn(Event) + Sync)) -> Result<(), ProvisionError> {
    let asking = |error: SqlError| ProvisionError::sql("asking the server what the login may do")(error);
    if value(session, MAY_CREATE).await.map_err(asking)? != "t" {
        let role = value(session, "SELECT current_user").await.map_err(asking)?;
        return Err(ProvisionError::MayNotCreateDatabases { role: quote_identifier(&role) });
    }
    let left = session.rows(LEFT_OVER).await.map_err(asking)?;
    let left: Vec<String> = left.into_iter().flatten().flatten().filter(|name| name.starts_with(PREFIX)).collect();
    for name in &left {
        // Somebody who connected meanwhile keeps it.
        let _kept = session.run(&format!("DROP DATABASE IF EXISTS {}", quote_identifier(name))).await;
    }
    if !left.is_empty() {
        tell(Event::Note(format!("dropped scratch databases of interrupted runs: {}", left.join(", "))));
    }
    Ok(())
}

async fn value(session: &mut Session, sql: &str) -> Result<String, SqlError> {
    Ok(session.rows(sql).await?.into_iter().flatten().flatten().next().unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_understood_as_libpq_does() {
        let url = ServerUrl::from("postgres://me:p+%40ss@/db?host=/run/postgresql&port=5433".to_owned());
        let server = UrlServer::new(&url).unwrap();
        let options = server.options();
        assert_eq!(options.get_username(), "me");
        assert_eq!(options.get_database(), Some("db"));
        assert_eq!(options.get_socket().map(|path| path.display().to_string()).as_deref(), Some("/run/postgresql"));
        assert!(format!("{options:?}").contains("p+@ss"), "the password changed");
        assert_eq!(without_empty_host("postgres://me:secret@host/db"), "postgres://me:secret@host/db");
    }

    #[test]
    fn a_malformed_address_is_refused_without_its_password() {
        let url = ServerUrl::from("postgres://me:secret@host:port/db".to_owned());
        let Err(error) = UrlServer::new(&url) else { unreachable!("a port is a number") };
        assert!(error.to_string().contains("malformed") && !error.to_string().contains("secret"), "{error}");
    }
}
