//! Which tables are audit logs, and which writes leave a row there.

use std::collections::{BTreeMap, BTreeSet};

use super::declared::{self, WRITTEN};
use super::names::words;
use super::reading::{Reading, holds_rows};
use crate::catalog::{QualifiedName, Table};
use crate::settings::TableSettings;
use crate::tenancy::{Origin, Reasoned, TableIntent, TenancyError};

/// What follows `audit` in the name of a log. An `audits` table alone may as well be what an auditor works on.
const KINDS: [&str; 14] = [
    "log", "logs", "logging", "trail", "trails", "event", "events", "entry", "entries", "record", "records", "history",
    "journal", "row",
];
/// What an entry of a log says happened.
const HAPPENINGS: [&str; 10] =
    ["action", "event", "operation", "op", "verb", "activity", "command", "change", "type", "kind"];

/// A log by its name and shape: entries say what happened and when, and nothing keeps the time of a change.
pub(super) fn inferred(table: &Table) -> Option<Reasoned<()>> {
    let words = words(&table.name.name);
    let names_audit = |word: &String| word == "audit" || word == "auditing";
    let last = words.last()?;
    let named =
        words.len() > 1 && words.iter().any(names_audit) && (names_audit(last) || KINDS.contains(&last.as_str()));
    let joined = ["auditlog", "auditlogs", "audittrail"].contains(&last.as_str());
    let timed = table
        .columns
        .iter()
        .any(|column| matches!(column.data_type.unwrapped().name.as_str(), "timestamptz" | "timestamp"));
    let says = table
        .columns
        .iter()
        .any(|column| super::names::words(&column.name).iter().any(|word| HAPPENINGS.contains(&word.as_str())));
    let changes = table.columns.iter().any(|column| column.name.starts_with("updated") || column.name == "modified_at");
    let is_log = holds_rows(table) && (named || joined) && timed && says && !changes;
    is_log.then(|| Reasoned {
        value: (),
        reason:
            "it is named like an audit log, says what happened and when, and has no column for the time of a change"
                .to_owned(),
        origin: Origin::Inferred,
    })
}

/// What a person wrote about auditing.
pub(super) fn declare(
    reading: &Reading<'_>,
    intent: &mut TableIntent,
    settings: &TableSettings,
) -> Result<(), TenancyError> {
    if let Some(named) = &settings.audited {
        let setting = format!("tables.{}.audited", intent.table.name);
        intent.audited = Some(declared::table(reading, named, &setting)?.name.clone());
    }
    match settings.append_only {
        Some(true) => {
            intent.append_only = Some(Reasoned { value: (), reason: WRITTEN.to_owned(), origin: Origin::Declared });
        }
        Some(false) => intent.append_only = None,
        None => {}
    }
    Ok(())
}

/// A table where writes of others leave their rows is a log, unless somebody wrote that it is not.
pub(super) fn trust(tables: &mut BTreeMap<QualifiedName, TableIntent>, denied: &BTreeSet<QualifiedName>) {
    let logs: BTreeSet<QualifiedName> = tables.values().filter_map(|intent| intent.audited.clone()).collect();
    for name in logs.difference(denied) {
        let Some(intent) = tables.get_mut(name) else { continue };
        if intent.append_only.is_none() {
            let reason = "seaworthy.toml says that writes of other tables are audited there".to_owned();
            intent.append_only = Some(Reasoned { value: (), reason, origin: Origin::Declared });
        }
    }
}
