//! `schema/nullable-tenant-key`: no row can be without a tenant: the key that says whose it is takes no null.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, VICTIM, part_of};
use super::super::{Case, Check, Finding, Judge};
use super::defect::{alter_column, designed, keeps_history, settled};
use super::write::{TOPIC, Taken, insertion, taken, with, writes};
use crate::catalog::{Column, ForeignKey, ReferentialAction, Table, TypeKind, quote_identifier};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::{Ownership, TableIntent, TableRole, Tie, words};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/nullable-tenant-key",
        family: Family::Schema,
        severity: Severity::Error,
        title: "No row is without a tenant",
        help: "A row whose tenant key is null belongs to nobody: its tenant does not find it again, deleting the tenant leaves it behind, and a policy that forgets the null shows it to everybody. `alter column … set not null`. Where null is meant to say something, say it: a CHECK for \"one of two owners\", or `unowned_rows = \"what they are\"` under the table's `[tables.NAME]`. What the schema itself says of such rows (on delete set null, a flag, a comment, seeded ones) makes this a warning.",
        example: example!("schema/nullable-tenant-key"),
    },
    plan,
};

const EXPECTED: &str = "a row without a tenant is refused";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = designed(subject) else { return Vec::new() };
    let columns: Vec<&Column> = match &intent.tie.value {
        Tie::Key { column, .. } => table.column(column).into_iter().collect(),
        Tie::Through { columns, .. } => columns.iter().filter_map(|column| table.column(column)).collect(),
        Tie::Root(_) | Tie::Global | Tie::Untied => return Vec::new(),
    };
    let nullable: Vec<&Column> = columns.into_iter().filter(|column| !is_mandatory(table, column)).collect();
    let Some(column) = nullable.first() else {
        return vec![settled(table, EXPECTED, Finding::new(Status::Pass, "its tenant key takes no null"))];
    };
    if let Some(reason) = &intent.unowned_rows {
        let finding = Finding::new(Status::NotApplicable, format!("rows without a tenant are declared: {reason}"));
        return vec![settled(table, EXPECTED, finding)];
    }
    if let Some(reason) = one_of_several(table, column) {
        return vec![settled(table, EXPECTED, Finding::new(Status::Pass, reason))];
    }
    let fix = alter_column(table, &column.name, "set not null");
    if let Some(reason) = meaning(scene, table, intent, column) {
        let summary = format!("{} may be null: {reason}", column.name);
        let finding = Finding::new(Status::Fail, summary).at(Severity::Warning);
        let object = part_of(table, &column.name);
        return vec![Case::settled(object, vec![table.name.to_string()], EXPECTED, finding).with_fix(fix)];
    }
    vec![executed(scene, table, column, fix)]
}

/// Whether the column's own declaration, its domain or a check refuses null.
fn is_mandatory(table: &Table, column: &Column) -> bool {
    let domain = matches!(&column.data_type.kind, TypeKind::Domain { not_null: true, .. });
    let says = |name: &str| format!("({name} IS NOT NULL)");
    let own = [says(&column.name), says(&quote_identifier(&column.name))];
    let checked = table.checks.iter().any(|check| check.validated && own.contains(&check.expression));
    column.not_null || domain || checked
}

/// Why a null is made up for by another column: a check says which of several is set.
fn one_of_several(table: &Table, column: &Column) -> Option<String> {
    let nulls = ["IS NULL", "IS NOT NULL", "num_nonnulls", "num_nulls", "COALESCE"];
    let check = table.checks.iter().find(|check| {
        check.columns.len() > 1
            && check.columns.contains(&column.name)
            && nulls.iter().any(|word| check.expression.contains(word))
    })?;
    Some(format!("the check {} says when {} is null", check.name, column.name))
}

/// What the schema itself says that a row without a tenant is.
fn meaning(scene: &Scene<'_>, table: &Table, intent: &TableIntent, column: &Column) -> Option<String> {
    let kept = |action| matches!(action, ReferentialAction::SetNull | ReferentialAction::SetDefault);
    if table.foreign_keys.iter().any(|key| key.columns.contains(&column.name) && kept(key.on_delete)) {
        return Some("rows outlive their tenant (on delete set null), and belong to nobody then".to_owned());
    }
    if keeps_history(table) {
        return Some("it keeps what happened, and not all of that happened to a tenant".to_owned());
    }
    if let Some(flag) = table.columns.iter().find(|column| names_unowned(column)) {
        return Some(format!("{} seems to mark rows of no tenant; `unowned_rows` would say so", flag.name));
    }
    let comments = [&table.comment, &column.comment].into_iter().flatten();
    const WORDS: [&str; 6] = ["null", "global", "system", "shared", "built-in", "anonymous"];
    if comments.map(|comment| comment.to_lowercase()).any(|comment| WORDS.iter().any(|word| comment.contains(word))) {
        return Some("its comment speaks of such rows; `unowned_rows` would say so".to_owned());
    }
    let partial = |predicate: &String| {
        predicate.contains(&format!("{} IS NULL", column.name))
            || predicate.contains(&format!("{} IS NOT NULL", column.name))
    };
    if table.indexes.iter().filter_map(|index| index.predicate.as_ref()).any(partial) {
        return Some("a partial index tells such rows apart; `unowned_rows` would say so".to_owned());
    }
    let stored = scene.world.rows.get(&table.name).into_iter().flat_map(|rows| &rows.stored);
    if stored.into_iter().any(|row| row.values.get(&column.name) == Some(&None)) {
        return Some("the migrations or the seed bring such rows; `unowned_rows` would say so".to_owned());
    }
    not_the_only_one(scene, table, intent, column)
}

/// Where another nullable column says as well whose a row is, or a visitor who has not signed in leaves rows.
fn not_the_only_one(scene: &Scene<'_>, table: &Table, intent: &TableIntent, column: &Column) -> Option<String> {
    let other = table.foreign_keys.iter().find(|key| {
        !key.columns.contains(&column.name)
            && key.referenced_table != table.name
            && match &intent.tie.value {
                // A path leads through one of several parents.
                Tie::Through { .. } => scene.intent.root_of(&key.referenced_table).is_some(),
                _ => is_owner(scene, key),
            }
    });
    if let Some(key) = other {
        let columns = key.columns.join(", ");
        return Some(format!("{columns} says whose a row is as well; a CHECK would say that one of them always does"));
    }
    let personal = scene
        .intent
        .root_of(&intent.table)
        .and_then(|root| scene.intent.roots.get(root))
        .is_some_and(|root| matches!(root.ownership, Ownership::User | Ownership::IdOnly));
    let visitor = table.columns.iter().find(|other| {
        const VISITOR: [&str; 9] =
            ["email", "session", "guest", "visitor", "anonymous", "device", "ip", "fingerprint", "phone"];
        other.name != column.name && words(&other.name).iter().any(|word| VISITOR.contains(&word.as_str()))
    });
    visitor
        .filter(|_| personal)
        .map(|visitor| format!("{} knows visitors who have not signed in; `unowned_rows` would say so", visitor.name))
}

/// Whether a foreign key says whose a row is: it refers to tenants of another root, or to the user who owns it, not to one who did
/// something to it.
fn is_owner(scene: &Scene<'_>, key: &ForeignKey) -> bool {
    const OWNER: [&str; 6] = ["user", "owner", "profile", "account", "member", "id"];
    let people = scene.intent.users.as_ref().is_some_and(|(users, _)| *users == key.referenced_table)
        || scene.intent.table(&key.referenced_table).is_some_and(|intent| intent.role == TableRole::Profile);
    let names_owner = key.columns.iter().all(|column| words(column).iter().all(|word| OWNER.contains(&word.as_str())));
    let root = scene.intent.roots.iter().any(|root| root.table == key.referenced_table);
    if people
        || scene.intent.roots.iter().any(|root| root.table == key.referenced_table && root.ownership == Ownership::User)
    {
        names_owner
    } else {
        root
    }
}

/// Whether a flag marks rows that are everybody's.
fn names_unowned(column: &Column) -> bool {
    const UNOWNED: [&str; 12] = [
        "global", "system", "template", "default", "builtin", "public", "shared", "official", "preset", "core",
        "stock", "standard",
    ];
    let words = words(&column.name);
    column.data_type.unwrapped().name == "bool" && words.iter().any(|word| UNOWNED.contains(&word.as_str()))
}

fn executed(scene: &Scene<'_>, table: &Table, column: &Column, fix: String) -> Case {
    let name = table.name.quoted();
    let key = quote_identifier(&column.name);
    let count = format!("select count(*) from {name} as t where t.{key} is null");
    let replaced = [(column.name.clone(), None)];
    let mut probes = writes(scene, table, &replaced, &count);
    if let Some(fresh) = scene.world.rows.get(&table.name).and_then(|rows| rows.fresh.first()) {
        let anonymous = scene.world.principal(PrincipalKind::Anonymous);
        let readers: Vec<&Principal> = scene.attackers(VICTIM).into_iter().take(1).chain(anonymous).collect();
        let orphan = insertion(table, &with(fresh, &replaced));
        probes.extend(readers.into_iter().map(|reader| SqlProbe {
            part: Part::Attack,
            topic: "read it".to_owned(),
            shape: "count".to_owned(),
            principal: reader.clone(),
            prepare: fresh.prepare.iter().cloned().chain([orphan.clone()]).collect(),
            earlier: Vec::new(),
            act: Act::statement(count.clone()),
            observe: Vec::new(),
            signal: Signal::Nonzero,
        }));
    }
    Case {
        object: part_of(table, &column.name),
        tables: vec![table.name.to_string()],
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(judge),
        fix: Some(fix),
    }
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let column = case.object.sub.as_deref().unwrap_or_default();
    let writing = case.probes.iter().take_while(|probe| probe.topic == TOPIC).count();
    let (writes, reads) = case.probes.split_at(writing);
    match taken(writes, outcomes) {
        Taken::Yes(index) => {
            let seen =
                outcomes.iter().skip(writing).zip(reads).position(|(outcome, probe)| probe.signal.shows(outcome));
            let reader = seen.and_then(|place| reads.get(place)).map(|probe| probe.principal.name.as_str());
            let seen_by = match reader {
                Some(reader) => format!(", which {reader} then reads"),
                None => ", which belongs to nobody".to_owned(),
            };
            Finding::new(
                Status::Fail,
                format!("{column} may be null: the database takes a row without a tenant{seen_by}"),
            )
            .observed(describe(outcomes.get(index)))
            .shown_by([index].into_iter().chain(seen.map(|place| place + writing)))
        }
        Taken::No(index) => Finding::new(Status::Pass, "a row without a tenant is refused, or given one")
            .observed(describe(outcomes.get(index)))
            .shown_by([index, index + 1]),
        Taken::Untried => {
            Finding::new(Status::Fail, format!("{column} may be null; no row could be made to try it with"))
                .at(Severity::Warning)
        }
    }
}
