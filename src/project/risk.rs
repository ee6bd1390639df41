use std::collections::{BTreeMap, BTreeSet};

use squawk_linter::{Linter, Rule, Violation};
use squawk_syntax::SourceFile;

use super::statement::{Statement, split};
use super::token::{Token, tokens};
use super::{MigrationFile, Project};
use crate::trial::{Risk, RiskKind};

/// What makes readers or writers of a table that holds rows wait, or fails on it.
const LOCKS: [Rule; 13] = [
    Rule::AddingFieldWithDefault,
    Rule::AddingForeignKeyConstraint,
    Rule::AddingNotNullableField,
    Rule::AddingRequiredField,
    Rule::AddingSerialPrimaryKeyField,
    Rule::ChangingColumnType,
    Rule::ConstraintMissingNotValid,
    Rule::DisallowedUniqueConstraint,
    Rule::PreferRepack,
    Rule::RequireConcurrentIndexCreation,
    Rule::RequireConcurrentIndexDeletion,
    Rule::RequireConcurrentPartitionDetach,
    Rule::RequireConcurrentReindex,
];

/// What takes data away, or a name that clients use.
const DESTROYS: [Rule; 6] = [
    Rule::BanDropColumn,
    Rule::BanDropSchema,
    Rule::BanDropTable,
    Rule::BanTruncateCascade,
    Rule::RenamingColumn,
    Rule::RenamingTable,
];

/// What each migration risks for the rows and clients of what earlier files made, by path. A table that the same file makes holds no
/// rows yet; one that no file makes is not this project's.
#[must_use]
pub fn risks(project: &Project) -> BTreeMap<String, Vec<Risk>> {
    let mut earlier = Made::default();
    let mut all = BTreeMap::new();
    for migration in &project.migrations {
        all.insert(migration.path.clone(), of_file(migration, &earlier));
        for statement in split(&migration.sql) {
            earlier.read(&tokens(statement.text));
        }
    }
    all
}

fn of_file(migration: &MigrationFile, earlier: &Made) -> Vec<Risk> {
    let mut linter = Linter::from(LOCKS.into_iter().chain(DESTROYS));
    linter.settings.assume_in_transaction = true;
    let violations = linter.lint(&SourceFile::parse(&migration.sql), &migration.sql);
    if violations.is_empty() {
        return Vec::new();
    }
    let statements = split(&migration.sql);
    let mut here = Made::default();
    for statement in &statements {
        here.read(&tokens(statement.text));
    }
    let mut seen = BTreeSet::new();
    let mut risks = Vec::new();
    for violation in violations {
        let risk = risk(migration, &violation, &statements, earlier, &here);
        risks.extend(risk.filter(|risk| seen.insert((risk.line, risk.target.clone(), risk.kind == RiskKind::Locks))));
    }
    risks
}

fn risk(
    migration: &MigrationFile,
    violation: &Violation,
    statements: &[Statement<'_>],
    earlier: &Made,
    here: &Made,
) -> Option<Risk> {
    let kind = if LOCKS.contains(&violation.code) { RiskKind::Locks } else { RiskKind::Destroys };
    let start = usize::from(violation.text_range.start());
    let line = migration.sql.get(..start)?.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let statement = statements.iter().rev().find(|statement| statement.start <= start)?;
    let touched = Touched::of(&tokens(statement.text))?;
    let target = match &touched {
        Touched::Table(table) => earlier.tables.contains(table).then(|| table.clone()),
        Touched::Index(index) => earlier.indexes.get(index).cloned(),
        Touched::Schema(schema) => earlier.schemas.contains(schema).then(|| schema.clone()),
    }?;
    if kind == RiskKind::Locks && here.tables.contains(&target) {
        return None;
    }
    Some(Risk {
        kind,
        rule: violation.code.to_string(),
        line,
        target,
        message: violation.message.clone(),
        help: violation.help.clone(),
        instead: instead(violation, statement),
    })
}

/// The statement with the linter's own mending, where that is one edit within it.
fn instead(violation: &Violation, statement: &Statement<'_>) -> Option<String> {
    let [edit] = violation.fix.as_ref()?.edits.as_slice() else { return None };
    let at = |place| usize::from(place).checked_sub(statement.start);
    let (start, end) = (at(edit.text_range.start())?, at(edit.text_range.end())?);
    let text = edit.text.as_deref().unwrap_or_default();
    Some(format!("{}{text}{};", statement.text.get(..start)?, statement.text.get(end..)?))
}

/// What files have made so far, by their last names, as the server folds them.
#[derive(Default)]
struct Made {
    tables: BTreeSet<String>,
    schemas: BTreeSet<String>,
    /// The table of each index.
    indexes: BTreeMap<String, String>,
}

impl Made {
    fn read(&mut self, all: &[Token<'_>]) {
        let mut words = Words(all);
        if words.take(&["alter"]) && words.take(&["table"]) {
            let Some(_) = words.name() else { return };
            if words.take(&["rename"]) && words.take(&["to"]) {
                self.tables.extend(words.name());
            }
            return;
        }
        let mut words = Words(all);
        if !words.take(&["create"]) {
            return;
        }
        while words.take(&["unlogged", "unique"]) {}
        if words.take(&["table"]) {
            self.tables.extend(words.name());
        } else if words.take(&["schema"]) {
            self.schemas.extend(words.name());
        } else if words.take(&["index"]) {
            while words.take(&["concurrently", "if", "not", "exists"]) {}
            let unnamed = words.0.first().is_some_and(|token| token.is("on"));
            let index = if unnamed { None } else { words.name() };
            while !words.0.is_empty() && !words.take(&["on"]) {
                words.skip();
            }
            if let (Some(index), Some(table)) = (index, words.name()) {
                self.indexes.insert(index, table);
            }
        }
    }
}

/// What a statement is about.
enum Touched {
    Table(String),
    Index(String),
    Schema(String),
}

impl Touched {
    fn of(all: &[Token<'_>]) -> Option<Self> {
        let mut words = Words(all);
        if words.take(&["create"]) {
            while !words.0.is_empty() && !words.take(&["on"]) {
                words.skip();
            }
            return words.name().map(Self::Table);
        }
        if !words.take(&["alter", "drop", "truncate", "reindex", "cluster", "vacuum"]) {
            return None;
        }
        while words.take(&["full", "freeze", "verbose", "analyze", "concurrently"]) {}
        if words.take(&["index"]) {
            return words.name().map(Self::Index);
        }
        if words.take(&["schema"]) {
            return words.name().map(Self::Schema);
        }
        words.take(&["table"]);
        words.name().map(Self::Table)
    }
}

/// The words of a statement, from left to right.
struct Words<'a, 'b>(&'b [Token<'a>]);

impl Words<'_, '_> {
    fn skip(&mut self) {
        self.0 = self.0.get(1..).unwrap_or_default();
    }

    fn take(&mut self, any: &[&str]) -> bool {
        let taken = self.0.first().is_some_and(|token| any.iter().any(|word| token.is(word)));
        if taken {
            self.skip();
        }
        taken
    }

    /// The last part of the name that stands here, whatever says that it may be there or not.
    fn name(&mut self) -> Option<String> {
        while self.take(&["concurrently", "if", "not", "exists", "only"]) {}
        let mut name = self.0.first()?.identifier()?;
        self.skip();
        while self.0.first().is_some_and(|token| token.is_sign(".")) {
            self.skip();
            name = self.0.first()?.identifier()?;
            self.skip();
        }
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str]) -> Vec<(usize, String, String)> {
        let migration = |(index, sql): (usize, &&str)| MigrationFile {
            path: format!("{index}.sql"),
            version: None,
            sql: (*sql).to_owned(),
            down: None,
        };
        let project = Project {
            name: "x".to_owned(),
            root: std::path::PathBuf::new(),
            tool: super::super::Tool::Plain,
            migrations: files.iter().enumerate().map(migration).collect(),
            seed: None,
            supabase: None,
            problems: Vec::new(),
            notes: Vec::new(),
            alerts: None,
        };
        risks(&project).into_values().flatten().map(|risk| (risk.line, risk.target, risk.rule)).collect()
    }

    const TABLE: &str = "create table public.notes (id int primary key, body text);";

    #[test]
    fn an_index_on_an_earlier_table_locks_it_and_one_on_a_new_table_does_not() {
        let risk = (2, "notes".to_owned(), "require-concurrent-index-creation".to_owned());
        assert_eq!(found(&[TABLE, "\ncreate index notes_body on public.notes (body);"]), [risk]);
        assert!(found(&[&format!("{TABLE}\ncreate index notes_body on public.notes (body);")]).is_empty());
        assert!(found(&[TABLE, "create index concurrently notes_body on public.notes (body);"]).is_empty());
        assert!(found(&["create index on auth.users (email);"]).is_empty(), "not this project's");
    }

    #[test]
    fn what_an_earlier_file_made_is_destroyed_whatever_is_made_anew() {
        let both = format!("drop table public.\"notes\"; {TABLE}");
        assert_eq!(found(&[TABLE, &both]).len(), 1);
        assert!(found(&[&format!("drop table if exists public.notes; {TABLE}")]).is_empty());
        let rules: Vec<String> =
            found(&[TABLE, "alter table notes drop column body;"]).into_iter().map(|(_, _, rule)| rule).collect();
        assert_eq!(rules, ["ban-drop-column"]);
    }

    #[test]
    fn the_statement_without_the_fault_is_given() {
        let migration = MigrationFile {
            path: "2.sql".to_owned(),
            version: None,
            sql: "select 1;\ncreate index a on notes (body);".to_owned(),
            down: None,
        };
        let mut earlier = Made::default();
        earlier.read(&tokens(TABLE));
        let risks = of_file(&migration, &earlier);
        assert_eq!(risks[0].instead.as_deref(), Some("create index concurrently a on notes (body);"));
    }

    #[test]
    fn sql_that_does_not_parse_is_read_as_far_as_it_goes() {
        assert!(found(&["creat table (", "select 'open"]).is_empty());
    }
}
