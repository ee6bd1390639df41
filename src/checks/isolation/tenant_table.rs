use super::super::scene::{ATTACKER, Scene, Subject, VICTIM, object_of};
use super::super::{Case, Finding};
use crate::catalog::Table;
use crate::tenancy::{Command, TableIntent, Tie};
use crate::verdict::Status;
use crate::world::{Principal, PrincipalKind, StoredRow};

/// A table under attack, with what most isolation checks need of it.
#[derive(Debug)]
pub struct TenantTable<'a> {
    /// The table.
    pub table: &'a Table,
    /// What is intended for it.
    pub intent: &'a TableIntent,
    /// A row of the victim.
    pub row: Option<&'a StoredRow>,
    /// A row of the attacking tenant.
    pub own_row: Option<&'a StoredRow>,
    /// Who may act on the victim's rows.
    pub owners: Vec<&'a Principal>,
    /// Who must not.
    pub attackers: Vec<&'a Principal>,
    /// A query for everything about the victim's rows; for reference data, about every row.
    pub state: String,
}

impl<'a> TenantTable<'a> {
    /// The table of `subject`, if it holds tenants' rows or reference data.
    #[must_use]
    pub fn of(scene: &Scene<'a>, subject: &Subject<'a>) -> Option<Self> {
        let Subject::Table(table, intent) = *subject else { return None };
        let tied = scene.is_tied(intent);
        if !tied && intent.tie.value != Tie::Global {
            return None;
        }
        let state = if tied { scene.state(table, VICTIM) } else { None };
        let rows = scene.world.rows.get(&table.name);
        let row = if tied { scene.stored(&table.name, VICTIM) } else { rows.and_then(|rows| rows.stored.first()) };
        Some(Self {
            table,
            intent,
            row,
            own_row: scene.stored(&table.name, ATTACKER),
            owners: if tied { scene.owners(&table.name, VICTIM) } else { Vec::new() },
            attackers: scene.attackers(VICTIM),
            state: state.unwrap_or_else(|| scene.whole_state(table)),
        })
    }

    /// Whether its rows belong to tenants.
    #[must_use]
    pub fn is_tied(&self) -> bool {
        self.intent.tie.value != Tie::Global
    }

    /// Whether the model lets everybody, or every signed-in user, do `command` on every row.
    #[must_use]
    pub fn is_open(&self, command: Command) -> bool {
        let reference_read = !self.is_tied() && command == Command::Select;
        reference_read || self.intent.public.contains(&command) || self.intent.shared.contains(&command)
    }

    /// The name for [`Case::tables`].
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        vec![self.table.name.to_string()]
    }

    /// A case that needs no probe.
    #[must_use]
    pub fn settled(&self, expected: &str, finding: Finding) -> Case {
        Case::settled(object_of(self.table), self.tables(), expected, finding)
    }

    /// The case where the victim has no row: unproven, with the gap that explains it.
    #[must_use]
    pub fn without_row(&self, scene: &Scene<'_>, expected: &str) -> Case {
        self.settled(expected, no_row(scene, self.table))
    }

    /// The case where the model lets everybody do it.
    #[must_use]
    pub fn open(&self, expected: &str) -> Case {
        self.settled(expected, Finding::new(Status::NotApplicable, "the model lets everybody do this"))
    }

    /// The case where nobody is a client.
    #[must_use]
    pub fn without_clients(&self, expected: &str) -> Case {
        self.settled(expected, Finding::no_clients())
    }
}

/// Why nothing can be said where no row could be made.
#[must_use]
pub(super) fn no_row(scene: &Scene<'_>, table: &Table) -> Finding {
    let gap = scene.world.gaps.iter().find(|gap| gap.table == table.name);
    gap.map_or_else(
        || Finding::new(Status::Unproven, "no row could be made for two tenants"),
        |gap| {
            Finding::new(Status::Unproven, format!("no row could be made: {}; {} would help", gap.reason, gap.setting))
        },
    )
}

/// The principal that is not signed in.
#[must_use]
pub(super) fn anonymous<'a>(scene: &Scene<'a>) -> Option<&'a Principal> {
    scene.world.principal(PrincipalKind::Anonymous)
}
