//! Whether a policy that looks weak lets somebody in: tried with every other permissive policy of its table out of the way, so that what is shown
//! is this policy's doing. Restrictive policies and grants stay.

use super::super::judge::beside_controls;
use super::super::scene::{ATTACKER, Scene, VACANT, VICTIM, key_condition, object_of, part_of, privilege_for};
use super::super::statement::{Attempt, Shape, assignment, deletes, insert_columns, inserts, reads, updates};
use super::super::{Case, Finding, Judge};
use super::{commands_of, covers, is_for};
use crate::catalog::{Policy, Table, quote_identifier, quote_literal};
use crate::probe::{Act, Outcome, Signal, SqlProbe};
use crate::tenancy::{Command, Ownership, TableIntent, Tie};
use crate::verdict::{Severity, Status};
use crate::world::{Principal, PrincipalKind, StoredRow};

/// Who should not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intruder {
    /// A member of another tenant, a user of none, somebody who is not signed in.
    Outsider,
    /// The same without the member: what a role within some tenant opens is left to the isolation checks.
    Stranger,
    /// Somebody without identity: not signed in, or signed in with claims that say nothing.
    Unidentified,
}

/// A policy under suspicion.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suspect<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) table: &'a Table,
    pub(super) intent: &'a TableIntent,
    pub(super) policy: &'a Policy,
    /// Whether USING is what is suspected.
    pub(super) using: bool,
    /// Whether WITH CHECK is.
    pub(super) check: bool,
    pub(super) intruder: Intruder,
    pub(super) expected: &'static str,
}

/// A row that an intruder may try, and how.
struct Try<'a> {
    topic: String,
    attackers: Vec<&'a Principal>,
    owners: Vec<&'a Principal>,
    shapes: Vec<Shape>,
    observe: Vec<String>,
}

impl<'a> Suspect<'a> {
    /// The case: whether somebody gets in by this policy.
    pub(super) fn case(&self, judge: fn(&Case, &[Outcome]) -> Finding) -> Case {
        if self.intent.tie.value == Tie::Untied {
            let why = "it cannot be said whom that lets in, since nothing says whose rows these are: declare their tie, or `shared` or `public` for what everybody may do";
            return self.settled(Finding::new(Status::Fail, why).at(Severity::Warning));
        }
        let tries: Vec<Try<'_>> =
            commands_of(self.policy).into_iter().filter_map(|command| self.attempt(command)).collect();
        if tries.is_empty() {
            let why = "nobody who should not could use it: the model opens these commands, or no client role that it is for holds the privilege";
            return self.settled(Finding::new(Status::Pass, why));
        }
        let probes: Vec<SqlProbe> = tries.iter().flat_map(|attempt| self.probes(attempt)).collect();
        if probes.is_empty() {
            let why = "what this lets in could not be tried: no row could be made for two tenants";
            return self.settled(Finding::new(Status::Fail, why).at(Severity::Warning));
        }
        Case {
            object: part_of(self.table, self.policy.name.clone()),
            tables: vec![self.table.name.to_string()],
            expected: self.expected.to_owned(),
            probes,
            judge: Judge::Own(judge),
            fix: None,
        }
    }

    fn settled(&self, finding: Finding) -> Case {
        let object = part_of(self.table, self.policy.name.clone());
        Case::settled(object, vec![self.table.name.to_string()], self.expected, finding)
    }

    /// The statements of one try, in the transaction of which no other permissive policy is there.
    fn probes(&self, attempt: &Try<'_>) -> Vec<SqlProbe> {
        let alone = self.alone(attempt.topic.starts_with("give"));
        let shapes: Vec<Shape> = attempt
            .shapes
            .iter()
            .cloned()
            .map(|shape| Shape { prepare: alone.iter().cloned().chain(shape.prepare).collect(), ..shape })
            .collect();
        Attempt {
            table: self.table,
            topic: &attempt.topic,
            attackers: &attempt.attackers,
            owners: &attempt.owners,
            observe: attempt.observe.clone(),
        }
        .probes(self.scene, &shapes)
    }

    /// Statements that drop the other permissive policies; those for SELECT stay where a row must be found first.
    fn alone(&self, finding: bool) -> Vec<String> {
        self.table
            .policies
            .iter()
            .filter(|other| other.permissive && other.name != self.policy.name)
            .filter(|other| !finding || covers(other, Command::Update))
            .map(|other| format!("drop policy {} on {}", quote_identifier(&other.name), self.table.name.quoted()))
            .collect()
    }

    /// Who tries `command`: those that the policy is for and whom the model does not let do it.
    fn intruders(&self, command: Command) -> Vec<&'a Principal> {
        let world = self.scene.world;
        let mut candidates: Vec<&Principal> = match self.intruder {
            Intruder::Outsider | Intruder::Stranger => {
                let attackers = self.scene.attackers(VICTIM);
                let member = attackers.iter().find(|principal| principal.is_of(ATTACKER)).copied();
                let member = member.filter(|_| self.intruder == Intruder::Outsider);
                let stranger = attackers.iter().find(|principal| principal.kind == PrincipalKind::Stranger).copied();
                member.into_iter().chain(stranger).collect()
            }
            Intruder::Unidentified => world
                .principals
                .iter()
                .filter(|principal| principal.kind == PrincipalKind::Malformed)
                .filter(|principal| principal.settings.iter().all(|(_, value)| value.is_empty()))
                .collect(),
        };
        candidates.extend(world.principal(PrincipalKind::Anonymous));
        let shared = self.intent.shared.contains(&command);
        let may = |principal: &&Principal| {
            let catalog = self.scene.catalog;
            is_for(self.scene, self.policy, &principal.role)
                && !(shared && principal.kind != PrincipalKind::Anonymous)
                && !catalog.columns_allowed(&principal.role, privilege_for(command), self.table).is_empty()
                && catalog.may_use_schema(&principal.role, &self.table.name.schema)
        };
        candidates.into_iter().filter(may).collect()
    }

    fn attempt(&self, command: Command) -> Option<Try<'a>> {
        let reference = self.intent.tie.value == Tie::Global;
        if self.intent.public.contains(&command) || (reference && command == Command::Select) {
            return None;
        }
        // Which of the two conditions a command asks.
        let asked = match command {
            Command::Select | Command::Delete => self.using,
            Command::Insert => self.check || (self.using && self.policy.check.is_none()),
            Command::Update => self.using || self.check,
        };
        let attackers = self.intruders(command);
        if !asked || attackers.is_empty() {
            return None;
        }
        if command == Command::Update && !self.using {
            return self.giving_away();
        }
        let (scene, table) = (self.scene, self.table);
        let row = if reference {
            scene.world.rows.get(&table.name)?.stored.first()
        } else {
            scene.stored(&table.name, VICTIM)
        };
        let state =
            if reference { None } else { scene.state(table, VICTIM) }.unwrap_or_else(|| scene.whole_state(table));
        let role = scene.statement_role(&attackers.first()?.role, privilege_for(command), table);
        let owners = if reference { Vec::new() } else { scene.owners(&table.name, VICTIM) };
        let (shapes, observe, owners) = match command {
            Command::Select => (reads(scene, table, row, role, &scene.needles(table, VICTIM)), Vec::new(), owners),
            Command::Update => (updates(scene, table, row?, role), vec![state], owners),
            Command::Delete => (deletes(scene, table, row?), vec![state], owners),
            Command::Insert => self.insertion(role)?,
        };
        let shapes = shapes.into_iter().filter(|shape| shape.main).collect();
        let whose = if reference { "reference data" } else { "rows that are not its own" };
        Some(Try { topic: format!("{} {whose}", command.as_str()), attackers, owners, shapes, observe })
    }

    /// A row for another tenant. A new tenant is nobody's row yet, unless it names its owner.
    fn insertion(&self, role: &str) -> Option<(Vec<Shape>, Vec<String>, Vec<&'a Principal>)> {
        let (scene, table) = (self.scene, self.table);
        let (fresh, observe, owners) = if self.intent.tie.value == Tie::Global {
            (scene.world.rows.get(&table.name)?.fresh.first()?, scene.whole_state(table), Vec::new())
        } else {
            let victim = scene.insertion_victim(&table.name)?;
            let fresh = scene.fresh(&table.name, victim)?;
            let observe = match &self.intent.tie.value {
                Tie::Root(root) => {
                    let Ownership::OwnerColumn(column) = &scene.intent.roots.get(*root)?.ownership else { return None };
                    let owner = fresh.values.get(column)?.as_deref()?;
                    format!(
                        "select count(*) from {} as t where t.{}::text = {}",
                        table.name.quoted(),
                        quote_identifier(column),
                        quote_literal(owner)
                    )
                }
                _ => scene.state(table, victim)?,
            };
            (fresh, observe, scene.owners(&table.name, victim))
        };
        let columns = insert_columns(scene, table, &fresh.values, role);
        Some((inserts(table, &columns, &fresh.values, &fresh.prepare), vec![observe], owners))
    }

    /// A row of its own, given to another tenant: what WITH CHECK should refuse. Nobody may, so the control is the service role.
    fn giving_away(&self) -> Option<Try<'a>> {
        let (scene, table) = (self.scene, self.table);
        let own_row = scene.stored(&table.name, ATTACKER)?;
        let condition = key_condition(table, own_row, "t")?;
        let vacant = scene.world.stored_of(&table.name, VACANT).next().is_none();
        let destination = if vacant { VACANT } else { VICTIM };
        let set = match &self.intent.tie.value {
            Tie::Key { column, root } => assignment(column, scene.ids(destination).get(root)?),
            Tie::Through { columns, .. } => {
                let there = scene.stored(&table.name, VICTIM)?;
                let parts: Option<Vec<String>> = columns
                    .iter()
                    .map(|column| Some(assignment(column, there.values.get(column)?.as_deref()?)))
                    .collect();
                parts?.join(", ")
            }
            Tie::Root(root) => {
                let Ownership::OwnerColumn(column) = &scene.intent.roots.get(*root)?.ownership else { return None };
                let stranger = scene.world.principal(PrincipalKind::Stranger)?;
                assignment(column, stranger.user_id.as_deref()?)
            }
            Tie::Global | Tie::Untied => return None,
        };
        Some(self.gift(own_row, &set, &condition))
    }

    fn gift(&self, own_row: &StoredRow, set: &str, condition: &str) -> Try<'a> {
        let name = self.table.name.quoted();
        let update = |shape: &'static str, statement: String| Shape {
            name: shape,
            main: true,
            prepare: Vec::new(),
            act: Act::statement(statement),
            signal: Signal::Change,
        };
        let columns: Vec<String> = own_row
            .values
            .keys()
            .filter(|column| self.table.key_columns().contains(column) || set.contains(&quote_identifier(column)))
            .map(|column| format!("t.{}::text", quote_identifier(column)))
            .collect();
        Try {
            topic: "give a row of its own to somebody else".to_owned(),
            attackers: self.scene.owners(&self.table.name, ATTACKER).into_iter().take(2).collect(),
            owners: Vec::new(),
            shapes: vec![
                update("by id", format!("update {name} as t set {set} where {condition}")),
                update("bare", format!("update {name} as t set {set}")),
            ],
            observe: vec![format!("select {} from {name} as t where {condition}", columns.join(", "))],
        }
    }
}

/// Reads the outcomes: a breach fails, whoever did it; what could not be decided is what `otherwise` makes of it.
pub(super) fn conclude(case: &Case, outcomes: &[Outcome], what: &str, otherwise: fn(Finding) -> Finding) -> Finding {
    let finding = beside_controls(case, outcomes, &[], &[]);
    let told = |finding: Finding, summary: String| Finding { summary, ..finding };
    match finding.status {
        Status::Fail => {
            let summary = format!("{what}: {}", finding.summary);
            told(finding, summary)
        }
        Status::Pass => {
            let summary = format!(
                "{what}, but that lets nobody in who should not be: restrictive policies or the server refuse it"
            );
            told(finding, summary)
        }
        Status::Unproven | Status::NotApplicable | Status::Waived | Status::Error => {
            let summary = format!("{what}; whether that lets anybody in could not be shown: {}", finding.summary);
            otherwise(told(finding, summary))
        }
    }
}

/// What is wrong as it stands, though nothing more could be shown.
pub(super) fn doubtful(finding: Finding) -> Finding {
    Finding { status: Status::Fail, severity: Some(Severity::Warning), ..finding }
}

/// The case about a table none of whose policies is suspected.
pub(super) fn unsuspected(table: &Table, expected: &str, why: &str) -> Case {
    Case::settled(object_of(table), vec![table.name.to_string()], expected, Finding::new(Status::Pass, why))
}
