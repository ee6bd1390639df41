use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::FileFormat;
use crate::run::{DEFAULT_SEED, ServerRequest};

/// Is this schema fit to launch?
///
/// seaworthy applies a project's SQL migrations to a real Postgres, fills it with tenants, and proves by executing that
/// none of them can read, change or even notice another's data.
#[derive(Debug, Parser)]
#[command(name = "seaworthy", version, arg_required_else_help = true, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Check(Check),
    Plan(Plan),
    Init(Init),
    Explain(Explain),
}

const CHECK_EXAMPLES: &str = "\
Examples:
  seaworthy check                     the systems that ./seaworthy.toml lists, or this folder
  seaworthy check ~/code/shop         a repository, without any configuration
  seaworthy check --system shop --table orders --only isolation
  seaworthy check --only isolation/cross-tenant-read --verbose
  seaworthy check --postgres docker --pg-image supabase/postgres:17.4.1.054
  seaworthy check --format json > record.json

Exit status: 0 ready, 1 blocked, 2 the tool or its configuration failed, 3 nothing was checked;
of several systems the worst. 130 and 143 after Ctrl-C and SIGTERM.";

/// Check systems and say whether they are fit to launch
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// The folder of the reports: DIR/<system>/readiness.json …
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(super) out: PathBuf,
    /// What goes to standard output; all else goes to standard error
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    pub(super) format: Format,
    /// The files to write, comma-separated (json, md), or none
    #[arg(long, value_name = "FORMS", default_value = "json,md", value_parser = files)]
    pub(super) write: Files,
    /// Show warnings, every probe and every table
    #[arg(long, short)]
    pub(super) verbose: bool,
}

/// Which systems, checks and tables, and on which server.
#[derive(Debug, Args)]
pub(super) struct Scope {
    /// Folders of systems (or their seaworthy.toml); by default the working directory
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Take only the system of this name; may be repeated
    #[arg(long = "system", value_name = "NAME")]
    pub(super) systems: Vec<String>,
    /// Run only this family (isolation) or check (isolation/cross-tenant-read); may be repeated or comma-separated
    #[arg(long, value_name = "FAMILY|CHECK", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Take only this table (moves, public.moves); may be repeated
    #[arg(long = "table", value_name = "TABLE")]
    pub(super) tables: Vec<String>,
    #[command(flatten)]
    pub(super) server: Server,
    /// What every made row and value comes from: the same seed gives the same world
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED, env = "SEAWORTHY_SEED", hide_env_values = true)]
    pub(super) seed: u64,
}

const PLAN_EXAMPLES: &str = "\
Examples:
  seaworthy plan                      what `seaworthy check` would run here
  seaworthy plan --table orders -v    each check on one table, with what it expects";

/// Say which checks would run on which table, and whose its rows are taken to be
///
/// The migrations are applied and the tenants made, as for a check; nothing is probed.
#[derive(Debug, Args)]
#[command(after_help = PLAN_EXAMPLES)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// A line for each check, with what it expects and how many probes it has at the most
    #[arg(long, short)]
    pub(super) verbose: bool,
}

const INIT_EXAMPLES: &str = "\
Examples:
  seaworthy init                 writes ./seaworthy.toml
  seaworthy init ~/code/shop
  seaworthy init --print         shows it and writes nothing";

/// Write a seaworthy.toml with what is inferred, each line with its reason
#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub(super) struct Init {
    /// The folder of the system
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) path: PathBuf,
    /// Print the settings instead of writing them
    #[arg(long)]
    pub(super) print: bool,
    /// Replace a seaworthy.toml that is there; what it says is kept where inference honours it
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) server: Server,
}

/// Say what a check proves, why it matters and how to mend a failure
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A check's id (isolation/cross-tenant-read) or a family; without one, every check is listed
    #[arg(value_name = "ID")]
    pub(super) id: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Server {
    /// Where Postgres comes from: auto, docker, local, download, embedded, or the postgres:// address of a server
    ///
    /// auto takes the most faithful that works, in that order, and says which and why. The others never fall back. On a
    /// server of yours, scratch databases are made and dropped; the one that the address names is not touched.
    #[arg(long, value_name = "PROVIDER", default_value = "auto", env = "SEAWORTHY_POSTGRES", hide_env_values = true,
          value_parser = provider)]
    postgres: Provider,
    /// The container image for docker
    #[arg(long, value_name = "IMAGE", env = "SEAWORTHY_PG_IMAGE", hide_env_values = true)]
    pg_image: Option<String>,
}

impl Server {
    pub(super) fn request(self) -> ServerRequest {
        ServerRequest { postgres: self.postgres.0, image: self.pg_image.filter(|image| !image.trim().is_empty()) }
    }
}

/// A provider's name or a server's address, which may hold a password and is therefore never printed.
#[derive(Clone)]
struct Provider(String);

impl std::fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Provider(…)")
    }
}

const PROVIDERS: [&str; 5] = ["auto", "docker", "local", "download", "embedded"];

fn provider(text: &str) -> Result<Provider, String> {
    let is_address = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if is_address || PROVIDERS.contains(&text) {
        return Ok(Provider(text.to_owned()));
    }
    Err(format!("it can be {} or an address that begins with postgres://", PROVIDERS.join(", ")))
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Terminal,
    /// The record: one object, or an array of them for several systems
    Json,
    /// For a pull request
    Markdown,
}

/// Forms of files, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files(pub(super) Vec<FileFormat>);

fn files(text: &str) -> Result<Files, String> {
    if text.trim().is_empty() || text.trim() == "none" {
        return Ok(Files(Vec::new()));
    }
    let mut formats = Vec::new();
    for name in text.split(',') {
        let format: FileFormat = name.trim().parse().map_err(|error| format!("{error}"))?;
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    Ok(Files(formats))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::CommandFactory as _;

    use super::*;
    use crate::snapshots::in_snapshots;

    fn refused(arguments: &[&str]) -> String {
        let all = ["seaworthy", "check"].iter().chain(arguments);
        let error = Arguments::try_parse_from(all).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    }

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn unknown_values_are_told_what_can_be_given() {
        assert!(refused(&["--postgres", "dokcer"]).contains("it can be auto, docker, local, download, embedded"));
        assert!(
            refused(&["--write", "html"]).contains("`html` reports are not built yet; what can be written is json, md")
        );
        assert!(refused(&["--format", "html"]).contains("terminal, json, markdown"));
        assert!(refused(&["--seed", "x"]).contains("--seed"));
        assert!(refused(&["--tabel", "x"]).contains("--table"));
    }

    #[test]
    fn files_are_chosen_once_each() {
        assert_eq!(files("md, json,md").unwrap().0, [FileFormat::Markdown, FileFormat::Json]);
        assert_eq!(files("none").unwrap().0, []);
    }

    #[test]
    fn an_address_is_never_printed() {
        let arguments = ["seaworthy", "check", "--postgres", "postgres://me:secret@db/x"];
        let parsed = Arguments::try_parse_from(arguments).unwrap();
        assert!(!format!("{parsed:?}").contains("secret"));
        let Command::Check(check) = parsed.command else { unreachable!() };
        assert_eq!(check.scope.server.request().postgres, "postgres://me:secret@db/x");
    }

    #[test]
    fn the_help_shows_how() {
        let mut command = Arguments::command().term_width(100);
        command.build();
        let check = command.find_subcommand_mut("check").unwrap();
        in_snapshots(|| insta::assert_snapshot!("cli_check_help", check.render_help()));
    }
}
