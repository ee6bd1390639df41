//! `isolation/tenant-key-reassigned`: no user moves its own row into another tenant, nor another tenant's row to itself, nor
//! hands its own tenant to a stranger. Nobody may, so the control is the service role.

use super::super::fix;
use super::super::judge::kept_from_everybody;
use super::super::scene::reference::tie_columns;
use super::super::scene::{ATTACKER, Scene, Subject, VACANT, VICTIM, key_condition, object_of};
use super::super::statement::{Attempt, Shape, assignment, put_referring_away, without_triggers};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use crate::catalog::{Table, quote_identifier, quote_literal};
use crate::probe::{Act, Part, Signal, SqlProbe};
use crate::tenancy::{Command, Ownership, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, PrincipalKind, StoredRow};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/tenant-key-reassigned",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No user moves a row from one tenant to another",
        help: "An UPDATE changes whose row it is. USING alone serves as WITH CHECK, but a WITH CHECK of its own must test the tenant key as well; better, grant UPDATE on the columns that change and leave the tenant key out.",
        example: example!("isolation/tenant-key-reassigned"),
    },
    plan,
};

const EXPECTED: &str = "every row still belongs to the tenant that it belonged to";
const TOPIC: &str = "move a row to another tenant";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || target.is_open(Command::Update) {
        return Vec::new();
    }
    if scene.member_role().is_none() {
        return vec![target.without_clients(EXPECTED)];
    }
    // An attacker has no row where that would make it one of the staff: it moves the victim's.
    let own_row = target.own_row.or(target.row.filter(|_| target.intent.staff));
    let (Some(row), Some(own_row)) = (target.row, own_row) else {
        return vec![target.without_row(scene, EXPECTED)];
    };
    if let Tie::Root(root) = target.intent.tie.value {
        return handed_over(scene, &target, root, own_row);
    }
    let destination = if scene.world.stored_of(&target.table.name, VACANT).next().is_none() { VACANT } else { VICTIM };
    let there = scene.stored(&target.table.name, destination);
    let Some(moves) = moves(scene, &target, (row, own_row), destination, there) else {
        return vec![
            target.settled(EXPECTED, Finding::new(Status::NotApplicable, "its tenant cannot be told from one column")),
        ];
    };
    let attackers: Vec<_> =
        scene.attackers(VICTIM).into_iter().filter(|principal| !principal.is_of(destination)).collect();
    let observe = [VICTIM, destination].into_iter().filter_map(|tenant| scene.state(target.table, tenant)).collect();
    let attempt = Attempt { table: target.table, topic: TOPIC, attackers: &attackers, owners: &[], observe };
    let mut probes = attempt.probes(scene, &moves);
    probes
        .extend(attackers.first().and_then(|attacker| taken_over(scene, &target, (row, own_row), &attempt, attacker)));
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(|case, outcomes| kept_from_everybody(case, outcomes, &[])),
        fix: fix::policies(scene, target.table, &[Command::Update]),
    }]
}

/// `UPDATE` statements that move the attacker's row to `destination`, and the victim's row to the attacker.
fn moves(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    (row, own_row): (&StoredRow, &StoredRow),
    destination: usize,
    there: Option<&StoredRow>,
) -> Option<Vec<Shape>> {
    let tie: Vec<&str> = match &target.intent.tie.value {
        Tie::Key { column, .. } => vec![column],
        Tie::Through { columns, .. } => columns.iter().map(String::as_str).collect(),
        Tie::Root(_) | Tie::Global | Tie::Untied => return None,
    };
    let key_of = |tenant: usize, stored: Option<&StoredRow>, column: &str| match (&target.intent.tie.value, stored) {
        (Tie::Key { root, .. }, _) => scene.ids(tenant).get(root).cloned(),
        (_, Some(stored)) => stored.values.get(column).cloned().flatten(),
        (_, None) => None,
    };
    let set = |tenant: usize, stored: Option<&StoredRow>, columns: &[&str]| -> Option<String> {
        let parts: Option<Vec<String>> =
            columns.iter().map(|column| Some(assignment(column, &key_of(tenant, stored, column)?))).collect();
        Some(parts?.join(", "))
    };
    let away = set(destination, there, &tie)?;
    let here = set(ATTACKER, Some(own_row), &tie)?;
    let name = target.table.name.quoted();
    let leaving = emptied_of(scene, target.table, destination);
    let arriving = if one_a_tenant(target.table, &tie) {
        emptied_of(scene, target.table, ATTACKER)
    } else {
        put_referring_away(scene.catalog, target.table)
    };
    let update =
        |shape: &'static str, main: bool, (set, prepare): (&str, &[String]), condition: Option<String>| Shape {
            name: shape,
            main,
            prepare: prepare.to_vec(),
            act: Act::statement(condition.map_or_else(
                || format!("update {name} as t set {set}"),
                |condition| format!("update {name} as t set {set} where {condition}"),
            )),
            signal: Signal::Change,
        };
    let own_condition = key_condition(target.table, own_row, "t");
    let condition = key_condition(target.table, row, "t");
    let mut shapes = vec![
        update("its own row away, by id", true, (&away, &leaving), own_condition.clone()),
        update("its own rows away, bare", false, (&away, &leaving), None),
        update("the victim's row to itself, by id", true, (&here, &arriving), condition),
        update("the victim's rows to itself, bare", false, (&here, &arriving), None),
    ];
    if let Some(there) = there {
        let together = with_companions(target.table, &tie, &away, there, own_row);
        shapes.push(update("with all that refers to its tenant", false, (&together, &leaving), own_condition.clone()));
        shapes.extend(in_its_place(target.table, &tie, &away, there).map(|(set, making_room)| {
            let mut shape = update("in place of a row there", false, (&set, &leaving), own_condition.clone());
            shape.prepare.extend(making_room);
            shape
        }));
    }
    let detached = detached(target.table, &tie, &away);
    shapes.push(update("with nothing else that refers to a tenant", false, (&detached, &leaving), own_condition));
    Some(shapes)
}

/// Statements that put away what refers to the table, and its rows of `tenant`: where a tenant may have one row, the one that is there
/// would be in the way.
fn emptied_of(scene: &Scene<'_>, table: &Table, tenant: usize) -> Vec<String> {
    let mut statements = put_referring_away(scene.catalog, table);
    if let Some(condition) = scene.intent.belongs_to(&table.name, "t", &scene.ids(tenant)) {
        let delete = format!("delete from {} as t where {condition}", table.name.quoted());
        statements.extend(without_triggers(vec![delete]));
    }
    statements
}

/// Whether a unique key keeps every tenant to one row.
fn one_a_tenant(table: &Table, tie: &[&str]) -> bool {
    let keys = table.primary_key.iter().chain(&table.uniques).map(|key| key.columns.iter().collect::<Vec<_>>());
    let indexes = table.indexes.iter().filter(|index| index.unique && index.columns.iter().all(Option::is_some));
    keys.chain(indexes.map(|index| index.columns.iter().flatten().collect()))
        .any(|columns| !columns.is_empty() && columns.iter().all(|column| tie.contains(&column.as_str())))
}

/// The victim's rows moved to the attacker and signed by it, in one bare statement: what a WITH CHECK on the author lets through.
fn taken_over(
    scene: &Scene<'_>,
    target: &TenantTable<'_>,
    (row, own_row): (&StoredRow, &StoredRow),
    attempt: &Attempt<'_>,
    attacker: &Principal,
) -> Option<SqlProbe> {
    let own_id = attacker.user_id.as_deref()?;
    let tie = tie_columns(target.intent);
    let mut set: Vec<String> = tie
        .iter()
        .map(|column| Some(assignment(column, own_row.values.get(*column)?.as_deref()?)))
        .collect::<Option<_>>()?;
    let signed: Vec<String> = scene
        .naming(row, VICTIM)
        .into_iter()
        .filter(|column| !tie.contains(column))
        .map(|column| assignment(column, own_id))
        .collect();
    if signed.is_empty() {
        return None;
    }
    set.extend(signed);
    let shape = Shape {
        name: "the victim's rows to itself and signed by itself, bare",
        main: false,
        prepare: if one_a_tenant(target.table, &tie) {
            emptied_of(scene, target.table, ATTACKER)
        } else {
            put_referring_away(scene.catalog, target.table)
        },
        act: Act::statement(format!("update {} set {}", target.table.name.quoted(), set.join(", "))),
        signal: Signal::Change,
    };
    Some(attempt.probe(Part::Attack, attacker, &shape))
}

/// The move with every other foreign key column taken from a row that is there already, so that keys that tie references to the
/// tenant hold.
fn with_companions(table: &Table, tie: &[&str], away: &str, there: &StoredRow, own: &StoredRow) -> String {
    let mut set = vec![away.to_owned()];
    for column in companions(table, tie) {
        let value = there.values.get(column).cloned().flatten();
        if value != own.values.get(column).cloned().flatten() {
            let literal = value.as_deref().map_or_else(|| "null".to_owned(), quote_literal);
            set.push(format!("{} = {literal}", quote_identifier(column)));
        }
    }
    set.join(", ")
}

/// Where the key itself refers to something of the tenant's: the move onto the key of a row there, which is put away first.
fn in_its_place(table: &Table, tie: &[&str], away: &str, there: &StoredRow) -> Option<(String, Vec<String>)> {
    let referring = |column: &&String| table.foreign_keys.iter().any(|key| key.columns.contains(column));
    let columns: Vec<&String> =
        table.key_columns().iter().filter(referring).filter(|column| !tie.contains(&column.as_str())).collect();
    if columns.is_empty() {
        return None;
    }
    let mut set = vec![away.to_owned()];
    for column in columns {
        set.push(assignment(column, there.values.get(column)?.as_deref()?));
    }
    let condition = key_condition(table, there, "t")?;
    let making_room = without_triggers(vec![format!("delete from {} as t where {condition}", table.name.quoted())]);
    Some((set.join(", "), making_room))
}

/// The move with every other foreign key column that may be null made null.
fn detached(table: &Table, tie: &[&str], away: &str) -> String {
    let nullable = |column: &&str| table.column(column).is_some_and(|column| !column.not_null);
    let nulls = companions(table, tie)
        .into_iter()
        .filter(nullable)
        .map(|column| format!("{} = null", quote_identifier(column)));
    std::iter::once(away.to_owned()).chain(nulls).collect::<Vec<_>>().join(", ")
}

fn companions<'a>(table: &'a Table, tie: &[&str]) -> Vec<&'a str> {
    let mut columns: Vec<&str> = table
        .foreign_keys
        .iter()
        .flat_map(|key| key.columns.iter().map(String::as_str))
        .filter(|column| !tie.contains(column) && !table.key_columns().iter().any(|key| key == column))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// A tenant handed to somebody who has nothing to do with it.
fn handed_over(scene: &Scene<'_>, target: &TenantTable<'_>, root: usize, own_row: &StoredRow) -> Vec<Case> {
    let Some(Ownership::OwnerColumn(column)) = scene.intent.roots.get(root).map(|root| &root.ownership) else {
        return Vec::new();
    };
    let stranger = scene.world.principal(PrincipalKind::Stranger).and_then(|stranger| stranger.user_id.clone());
    let (Some(stranger), Some(condition)) = (stranger, key_condition(target.table, own_row, "t")) else {
        return Vec::new();
    };
    let name = target.table.name.quoted();
    let set = assignment(column, &stranger);
    let update = |shape: &'static str, condition: &str| Shape {
        name: shape,
        main: true,
        prepare: Vec::new(),
        act: Act::statement(format!("update {name} as t set {set}{condition}")),
        signal: Signal::Change,
    };
    let shapes = [update("by id", &format!(" where {condition}")), update("bare", "")];
    let observe = vec![format!("select t.{}::text from {name} as t where {condition}", quote_identifier(column))];
    let owners = scene.owners(&target.table.name, ATTACKER);
    let attempt = Attempt {
        table: target.table,
        topic: "hand its own tenant to a stranger",
        attackers: &owners,
        owners: &[],
        observe,
    };
    vec![Case {
        object: object_of(target.table),
        tables: target.tables(),
        expected: EXPECTED.to_owned(),
        probes: attempt.probes(scene, &shapes),
        judge: Judge::Own(|case, outcomes| kept_from_everybody(case, outcomes, &[])),
        fix: fix::without_columns(scene, target.table, &[column]),
    }]
}
