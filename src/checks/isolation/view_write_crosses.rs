//! `isolation/view-write-crosses`: what another tenant's user writes through a view changes no row of the victim's and plants none with it: a view
//! that writes as its owner, one whose filter holds for reads alone, an INSTEAD OF trigger that does not ask who is writing.

use super::super::judge::{beside_controls, describe};
use super::super::scene::reference::tie_columns;
use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, object_of};
use super::super::statement::{assignable, deletes};
use super::super::{Case, Check, Finding, Judge};
use super::cross_tenant_insert::landing;
use super::tenant_table::anonymous;
use super::view_columns::Mapping;
use crate::catalog::{Privilege, RelationKind, Table, quote_identifier, quote_literal};
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::tenancy::{Command, TableIntent, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::{Principal, StoredRow, Values};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/view-write-crosses",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "No view lets a user write another tenant's rows",
        help: "A view writes to its table as its owner, past row security, unless it says `with (security_invoker = true)`; its WHERE holds for what is read and, without WITH CHECK OPTION, not for what is written; an INSTEAD OF trigger does as it is told. Set security_invoker, add `with cascaded check option`, ask for the caller in the trigger, or revoke INSERT, UPDATE and DELETE.",
        example: example!("isolation/view-write-crosses"),
    },
    plan,
};

const EXPECTED: &str = "what others write through it leaves the other tenant's rows as they are, and adds none";
const UPDATE: &str = "update through the view";
const DELETE: &str = "delete through the view";
const INSERT: &str = "insert through the view";
const MOVE: &str = "move a row to the other tenant through the view";
/// Above this many tables, the harness watches those under the view.
const WATCH_ALL: usize = 48;

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::View(view) = *subject else { return Vec::new() };
    if view.kind != RelationKind::View {
        return Vec::new();
    }
    let settle = |status: Status, why: &str| {
        let finding = Finding::new(status, why);
        vec![Case::settled(object_of(view), vec![view.name.to_string()], EXPECTED, finding)]
    };
    let writes = view.view_writes;
    if !(writes.insert || writes.update || writes.delete) {
        return settle(
            Status::NotApplicable,
            "it takes no writes: it is no plain view of one table, and has no INSTEAD OF trigger",
        );
    }
    let granted = |privilege: Privilege| {
        scene.client_roles().any(|role| !scene.catalog.columns_allowed(role, privilege, view).is_empty())
    };
    if ![Privilege::Insert, Privilege::Update, Privilege::Delete].into_iter().any(granted) {
        return settle(Status::Pass, "no client may write to it: INSERT, UPDATE and DELETE are granted to none");
    }
    let targets = targets(scene, view);
    if targets.is_empty() {
        return settle(Status::NotApplicable, "no table under it holds tenants' rows that were made");
    }
    let mut probes = Vec::new();
    for target in &targets {
        probes.extend(target.probes(scene, writes.update && granted(Privilege::Update), UPDATE, Target::updates));
        probes.extend(target.probes(scene, writes.delete && granted(Privilege::Delete), DELETE, Target::deletes));
        probes.extend(target.probes(scene, writes.insert && granted(Privilege::Insert), INSERT, Target::inserts));
        probes.extend(target.probes(scene, writes.update && granted(Privilege::Update), MOVE, Target::moves));
    }
    if probes.is_empty() {
        return settle(Status::NotApplicable, "it shows no column that a write could be told by");
    }
    let own_rights = scene.runs_as_caller(view) && !instead(view);
    vec![Case {
        object: object_of(view),
        tables: vec![view.name.to_string()],
        expected: EXPECTED.to_owned(),
        probes,
        judge: Judge::Own(if own_rights { judge_invoker } else { judge }),
        fix: Some(fix(view)),
    }]
}

fn instead(view: &Table) -> bool {
    view.triggers.iter().any(|trigger| trigger.enabled && trigger.definition.contains(" INSTEAD OF "))
}

fn fix(view: &Table) -> String {
    let name = view.name.quoted();
    if instead(view) {
        return format!(
            "-- ask in its INSTEAD OF trigger for the caller, or:\nrevoke insert, update, delete on {name} from public, anon, authenticated;"
        );
    }
    if view.security_invoker {
        format!("alter view {name} set (check_option = cascaded);")
    } else {
        format!("alter view {name} set (security_invoker = true);")
    }
}

/// A table under a view, and how the view shows it.
struct Target<'a> {
    view: &'a Table,
    table: &'a Table,
    intent: &'a TableIntent,
    mapping: Mapping,
    row: &'a StoredRow,
    /// What the harness watches: the victim's rows of every table that a write could reach.
    observe: String,
}

/// The tables that writes could reach: the one whose columns the view shows; for INSTEAD OF triggers two.
fn targets<'a>(scene: &Scene<'a>, view: &'a Table) -> Vec<Target<'a>> {
    let observe = watched(scene, view);
    let mut targets: Vec<Target<'a>> = scene
        .source_tables(view)
        .into_iter()
        .filter_map(|table| {
            let intent = scene.intent.table(&table.name).filter(|intent| scene.is_tied(intent))?;
            let row = scene.stored(&table.name, VICTIM)?;
            Some(Target { view, table, intent, mapping: Mapping::of(view, table), row, observe: observe.clone() })
        })
        .filter(|target| target.mapping.len() > 0)
        .collect();
    targets.sort_by_key(|target| std::cmp::Reverse(target.mapping.len()));
    targets.truncate(if instead(view) { 2 } else { 1 });
    targets
}

fn watched(scene: &Scene<'_>, view: &Table) -> String {
    let tied: Vec<&Table> = scene
        .catalog
        .tables
        .iter()
        .filter(|table| table.holds_rows() && table.parent.is_none() && scene.intent.root_of(&table.name).is_some())
        .collect();
    let under = scene.source_tables(view);
    let reached: Vec<&Table> =
        if tied.len() <= WATCH_ALL { tied } else { tied.into_iter().filter(|table| under.contains(table)).collect() };
    reached.into_iter().filter_map(|table| scene.state(table, VICTIM)).collect::<Vec<_>>().join(" union all ")
}

/// A statement in one shape.
struct Write {
    shape: String,
    prepare: Vec<String>,
    statement: String,
    /// What the harness watches instead.
    observe: Option<String>,
    /// The statement that the rightful owner makes instead, where it differs.
    control: Option<String>,
}

impl<'a> Target<'a> {
    /// The probes of a topic, if clients may try it and are not meant to.
    fn probes(
        &self,
        scene: &Scene<'a>,
        taken: bool,
        topic: &str,
        shapes: fn(&Self, &Scene<'a>, &Principal) -> Vec<Write>,
    ) -> Vec<SqlProbe> {
        let command = match topic {
            INSERT => Command::Insert,
            DELETE => Command::Delete,
            _ => Command::Update,
        };
        if !taken || self.intent.public.contains(&command) || self.intent.shared.contains(&command) {
            return Vec::new();
        }
        let attackers: Vec<&Principal> = scene.attackers(VICTIM).into_iter().chain(anonymous(scene)).collect();
        let owners = scene.owners(&self.table.name, VICTIM);
        let server = scene.server(self.table);
        let mut probes = Vec::new();
        let parts = attackers
            .into_iter()
            .map(|attacker| (Part::Attack, attacker))
            .chain(owners.into_iter().map(|owner| (Part::Control, owner)))
            .chain(server.as_ref().map(|server| (Part::Service, server)));
        for (part, principal) in parts {
            for write in shapes(self, scene, principal) {
                let statement = write.control.filter(|_| part != Part::Attack).unwrap_or(write.statement);
                probes.push(SqlProbe {
                    part,
                    topic: topic.to_owned(),
                    shape: write.shape,
                    principal: principal.clone(),
                    prepare: write.prepare,
                    earlier: Vec::new(),
                    act: Act::statement(statement),
                    observe: vec![write.observe.unwrap_or_else(|| self.observe.clone())],
                    signal: Signal::Change,
                });
            }
        }
        probes
    }

    fn name(&self) -> String {
        self.view.name.quoted()
    }

    /// A condition that names a row by its key, if the view shows it.
    fn condition(&self, row: &StoredRow) -> Option<String> {
        let keys = self.table.key_columns();
        let parts: Option<Vec<String>> = keys
            .iter()
            .map(|key| {
                let (shown, value) = (self.mapping.get(key)?, row.values.get(key)?.as_deref()?);
                Some(format!("v.{} = {}", quote_identifier(shown), quote_literal(value)))
            })
            .collect();
        parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join(" and "))
    }

    /// Assignments that the view takes from `principal`, the likeliest first.
    fn assignments(&self, scene: &Scene<'_>, principal: &Principal) -> Vec<String> {
        let allowed = self.allowed(scene, principal, Privilege::Update);
        assignable(scene, self.table, self.row, "")
            .into_iter()
            .filter_map(|assignment| {
                let shown =
                    self.mapping.get(&assignment.column).filter(|shown| allowed.iter().any(|name| name == shown))?;
                Some(format!("{} = {}", quote_identifier(shown), quote_literal(&assignment.value)))
            })
            .take(2)
            .collect()
    }

    /// The view's columns that the principal may give; all where it may give none, so that the refusal is the server's.
    fn allowed(&self, scene: &Scene<'_>, principal: &Principal, privilege: Privilege) -> Vec<String> {
        let role =
            if principal.role.is_empty() { scene.member_role().unwrap_or_default() } else { principal.role.as_str() };
        let granted = scene.catalog.columns_allowed(role, privilege, self.view);
        let columns = if granted.is_empty() { self.view.columns.iter().collect() } else { granted };
        columns.into_iter().map(|column| column.name.clone()).collect()
    }

    fn updates(&self, scene: &Scene<'a>, principal: &Principal) -> Vec<Write> {
        let mut writes = Vec::new();
        for (place, set) in self.assignments(scene, principal).into_iter().enumerate() {
            let (bare, by_id) =
                if place == 0 { ("bare", "by id") } else { ("bare, another column", "by id, another column") };
            writes.push(write(bare, format!("update {} set {set}", self.name())));
            if let Some(condition) = self.condition(self.row) {
                writes.push(write(by_id, format!("update {} as v set {set} where {condition}", self.name())));
            }
        }
        writes
    }

    fn deletes(&self, scene: &Scene<'a>, _: &Principal) -> Vec<Write> {
        let prepare =
            deletes(scene, self.table, self.row).into_iter().next().map(|shape| shape.prepare).unwrap_or_default();
        let bare = write("bare", format!("delete from {}", self.name()));
        let by_id = self
            .condition(self.row)
            .map(|condition| write("by id", format!("delete from {} as v where {condition}", self.name())));
        [bare].into_iter().chain(by_id).map(|write| Write { prepare: prepare.clone(), ..write }).collect()
    }

    /// The victim's row, as it is and with the principal where the victim's users are named.
    fn inserts(&self, scene: &Scene<'a>, principal: &Principal) -> Vec<Write> {
        let Some(fresh) = scene
            .insertion_victim(&self.table.name)
            .and_then(|victim| Some((victim, scene.fresh(&self.table.name, victim)?)))
        else {
            return Vec::new();
        };
        let (victim, fresh) = fresh;
        let Some(observe) = landing(scene, self.table, self.intent, victim, fresh) else { return Vec::new() };
        let mut rows = vec![("as it is", fresh.values.clone())];
        rows.extend(signed(scene, self.intent, &fresh.values, victim, principal).map(|row| ("as its own author", row)));
        rows.into_iter()
            .filter_map(|(shape, values)| {
                let statement = self.insert(scene, principal, &values)?;
                Some(Write {
                    prepare: fresh.prepare.clone(),
                    observe: Some(observe.clone()),
                    ..write(shape, statement)
                })
            })
            .collect()
    }

    /// None where the view does not show whose the row is: then the row cannot be meant for the victim.
    fn insert(&self, scene: &Scene<'_>, principal: &Principal, values: &Values) -> Option<String> {
        let allowed = self.allowed(scene, principal, Privilege::Insert);
        let given: Vec<(&str, String)> = values
            .iter()
            .filter_map(|(column, value)| {
                let shown = self.mapping.get(column).filter(|shown| allowed.iter().any(|name| name == shown))?;
                Some((shown, value.as_deref().map_or_else(|| "null".to_owned(), quote_literal)))
            })
            .collect();
        let tie = tie_columns(self.intent);
        let carried = tie.iter().all(|column| self.mapping.get(column).is_some() && values.contains_key(*column));
        if given.is_empty() || !carried {
            return None;
        }
        let names: Vec<String> = given.iter().map(|(shown, _)| quote_identifier(shown)).collect();
        let literals: Vec<&str> = given.iter().map(|(_, value)| value.as_str()).collect();
        Some(format!("insert into {} ({}) values ({})", self.name(), names.join(", "), literals.join(", ")))
    }

    /// The attacker's row gets the victim's key; the victim's own, in the control, changes in the same way to the attacker's.
    fn moves(&self, scene: &Scene<'a>, _: &Principal) -> Vec<Write> {
        let Some(own) = scene.stored(&self.table.name, ATTACKER) else { return Vec::new() };
        let tie = tie_columns(self.intent);
        let set = |to: &StoredRow| -> Option<String> {
            let parts: Option<Vec<String>> = tie
                .iter()
                .map(|column| {
                    let (shown, value) = (self.mapping.get(column)?, to.values.get(*column)?.as_deref()?);
                    Some(format!("{} = {}", quote_identifier(shown), quote_literal(value)))
                })
                .collect();
            parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join(", "))
        };
        let statement = |row: &StoredRow, to: &StoredRow| {
            Some(format!("update {} as v set {} where {}", self.name(), set(to)?, self.condition(row)?))
        };
        let Some(attack) = statement(own, self.row) else { return Vec::new() };
        vec![Write { control: statement(self.row, own), ..write("by id", attack) }]
    }
}

fn write(shape: &str, statement: String) -> Write {
    Write { shape: shape.to_owned(), prepare: Vec::new(), statement, observe: None, control: None }
}

/// The row with `principal` in the columns that name users of the victim, but for the tie; none where there is no such column.
fn signed(
    scene: &Scene<'_>,
    intent: &TableIntent,
    values: &Values,
    victim: usize,
    principal: &Principal,
) -> Option<Values> {
    let own = principal.user_id.as_ref().filter(|_| !matches!(intent.tie.value, Tie::Root(_)))?;
    let tie = tie_columns(intent);
    let of_victim = scene.world.principals.iter().filter(|other| other.is_of(victim));
    let users: Vec<&str> = of_victim.filter_map(|other| other.user_id.as_deref()).collect();
    let mut signed = values.clone();
    for (column, value) in &mut signed {
        if !tie.contains(&column.as_str()) && value.as_deref().is_some_and(|value| users.contains(&value)) {
            *value = Some(own.clone());
        }
    }
    (signed != *values).then_some(signed)
}

/// A view that writes with its caller's own rights: what it could write is proved on its tables, even where nobody's write got through it.
fn judge_invoker(case: &Case, outcomes: &[Outcome]) -> Finding {
    let finding = judge(case, outcomes);
    if finding.status != Status::Unproven {
        return finding;
    }
    Finding {
        status: Status::Pass,
        summary: "writes with its caller's own rights: what that allows is proved on its tables".to_owned(),
        ..finding
    }
}

/// As attacks beside controls, but that one topic with a control will do: a view may take one command and not another.
fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let topics = [UPDATE, DELETE, INSERT, MOVE].map(str::to_owned);
    let vouched = case
        .probes
        .iter()
        .zip(outcomes)
        .any(|(probe, outcome)| probe.part != Part::Attack && probe.signal.shows(outcome));
    let finding = beside_controls(case, outcomes, &[], &topics);
    if finding.status == Status::Fail || vouched {
        return finding;
    }
    let tried = case.probes.iter().position(|probe| probe.part != Part::Attack);
    Finding::new(
        Status::Unproven,
        "the control failed: neither the rightful owner nor the service role can write through it",
    )
    .observed(describe(tried.and_then(|index| outcomes.get(index))))
    .shown_by(tried)
}
