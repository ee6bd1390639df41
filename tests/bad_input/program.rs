//! The real program in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A sound schema, to stand beside what is wrong.
pub(crate) const SOUND: &str = "
    create table public.workspaces (id uuid primary key default gen_random_uuid(), user_id uuid not null references auth.users, name text not null);
    create table public.notes (id uuid primary key default gen_random_uuid(), workspace_id uuid not null references public.workspaces on delete cascade, body text not null);
    create index on public.workspaces (user_id);
    create index on public.notes (workspace_id);
    alter table public.workspaces enable row level security;
    alter table public.notes enable row level security;
    create policy own on public.workspaces for select to authenticated using (user_id = (select auth.uid()));
    create policy own on public.notes for select to authenticated
      using (exists (select from public.workspaces w where w.id = workspace_id and w.user_id = (select auth.uid())));
    revoke all on public.workspaces, public.notes from anon, authenticated;
    grant select on public.workspaces, public.notes to authenticated;";

/// A folder with a project in it.
pub(crate) struct Project {
    folder: TempDir,
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Project {
    pub(crate) fn with(files: &[(&str, &[u8])]) -> Self {
        let project = Self { folder: TempDir::new().unwrap() };
        for (path, content) in files {
            let path = project.path(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        project
    }

    pub(crate) fn sql(schema: &str) -> Self {
        Self::with(&[("schema.sql", schema.as_bytes())])
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        command(self.folder.path(), arguments)
    }

    /// `seaworthy check` on a server.
    pub(crate) fn check(&self, arguments: &[&str]) -> Done {
        let mut all = vec!["check", "--postgres", server()];
        all.extend(arguments);
        finish(self.command(&all))
    }
}

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["SEAWORTHY_POSTGRES", "SEAWORTHY_PG_IMAGE", "SEAWORTHY_SEED"] {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn finish(mut command: Command) -> Done {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let done = Done { code: output.status.code(), out: text(&output.stdout), error: text(&output.stderr) };
    assert!(!done.error.contains("panicked"), "{}", done.error);
    done
}

/// The quickest server here that needs nothing from the network.
pub(crate) fn server() -> &'static str {
    let installed = Path::new("/usr/lib/postgresql").is_dir()
        || std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .any(|folder| folder.join("initdb").is_file());
    if installed { "local" } else { "auto" }
}

impl Done {
    /// It gave up with this exit status, and said these words (wherever lines were broken) on standard error.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        let said: String = self.error.chars().filter(|letter| !letter.is_whitespace() && *letter != '│').collect();
        for word in words {
            let word: String = word.chars().filter(|letter| !letter.is_whitespace()).collect();
            assert!(said.contains(&word), "{word:?} is not in {}", self.error);
        }
    }

    /// It concluded with this exit status, and its report says these words.
    #[track_caller]
    pub(crate) fn concluded(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.out.contains(word), "{word:?} is not in {}", self.out);
        }
    }
}
