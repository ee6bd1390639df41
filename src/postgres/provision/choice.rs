use std::fmt;
use std::str::FromStr;

use super::ProvisionError;

/// Where Postgres comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProviderChoice {
    /// The most faithful that works: docker, local, download, embedded.
    #[default]
    Auto,
    /// A container.
    Docker,
    /// Binaries that are installed on this machine.
    Local,
    /// Binaries that are fetched once.
    Download,
    /// Postgres inside this process.
    Embedded,
    /// A server that somebody runs.
    Url(ServerUrl),
}

/// The address of a server. Its password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(String);

const NAMES: [&str; 5] = ["auto", "docker", "local", "download", "embedded"];

impl ServerUrl {
    /// The whole address, password included: for connecting, never for printing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for ServerUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&without_password(&self.0))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ServerUrl({self})")
    }
}

impl FromStr for ProviderChoice {
    type Err = ProvisionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "docker" => Ok(Self::Docker),
            "local" => Ok(Self::Local),
            "download" => Ok(Self::Download),
            "embedded" => Ok(Self::Embedded),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Url(ServerUrl(url.to_owned())))
            }
            other => Err(ProvisionError::UnknownProvider {
                given: without_password(other),
                suggestion: NAMES.into_iter().find(|name| strsim::damerau_levenshtein(name, other) <= 2),
            }),
        }
    }
}

impl fmt::Display for ProviderChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Docker => formatter.write_str("docker"),
            Self::Local => formatter.write_str("local"),
            Self::Download => formatter.write_str("download"),
            Self::Embedded => formatter.write_str("embedded"),
            Self::Url(url) => url.fmt(formatter),
        }
    }
}

/// Leaves out the password, in the part before the host and among the parameters. An address that is malformed may
/// lose more than its password, never less.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            format!("{user}@{place}")
        }
        None => rest.to_owned(),
    };
    let Some((place, parameters)) = rest.split_once('?') else { return format!("{scheme}://{rest}") };
    let parameters: Vec<&str> =
        parameters.split('&').filter(|parameter| !parameter.to_ascii_lowercase().starts_with("password")).collect();
    let separator = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{place}{separator}{}", parameters.join("&"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_read_and_printed_by_its_name() {
        for name in NAMES {
            assert_eq!(name.parse::<ProviderChoice>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn a_typing_error_gets_a_suggestion() {
        let message = "dokcer".parse::<ProviderChoice>().unwrap_err().to_string();
        assert!(message.contains("did you mean docker?"), "{message}");
        let message = "mysql://root:secret@host/".parse::<ProviderChoice>().unwrap_err().to_string();
        assert!(message.contains("postgres:// URL") && !message.contains("secret"), "{message}");
    }

    #[test]
    fn a_password_is_never_printed() {
        for url in [
            "postgres://me:secret@host:5432/db",
            "postgresql://me:se@secret@host/db?sslmode=require",
            "postgres://me:sec/secret?ret@host/db",
            "postgres://me@host/db?password=secret",
            "postgres://me@host/db?sslmode=disable&PASSWORD=secret",
            "postgres://:secret@/db?host=/run/postgresql",
        ] {
            let choice: ProviderChoice = url.parse().unwrap();
            for printed in [choice.to_string(), format!("{choice:?}")] {
                assert!(!printed.contains("secret"), "{printed}");
                assert!(printed.contains("db"), "{printed}");
            }
        }
        let plain = "postgres://me@host:5433/db?sslmode=require";
        assert_eq!(plain.parse::<ProviderChoice>().unwrap().to_string(), plain);
    }
}
