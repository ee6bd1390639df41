//! `privileges/secret-column-readable`: no client reads a password, a hash of a secret, a key or a token out of a table. The tenant's own
//! members try, the most powerful and the weakest: a secret is the server's, not theirs. The harness reads the same.

use super::super::scene::{Scene, Subject, VICTIM, object_of, part_of};
use super::super::statement::without_triggers;
use super::super::{Case, Check, Finding, Judge};
use super::clients::{Attempt, actors, grantees, harness, roles_in_sql};
use super::secret_names::{Secret, secret};
use crate::catalog::{Column, Privilege, Table, quote_identifier};
use crate::probe::{Outcome, Part, Signal, SqlProbe};
use crate::tenancy::{Ownership, TableRole};
use crate::verdict::{CheckInfo, Family, Severity, Status};
use crate::world::Principal;

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/secret-column-readable",
        family: Family::Privileges,
        severity: Severity::Critical,
        title: "No client reads a stored secret",
        help: "Row security chooses rows, not columns: whoever may see the row sees the password hash, API key or token in it, and so does whoever steals a session or adds `select=*` to a request. Grant SELECT by column and leave the secret out, or keep it in a table that only the server reads. A warning where a user reads back a key of their own, where only a tenant's most powerful members do, or where the token is made to be passed on. If the name misleads, waive it with that reason.",
        example: example!("privileges/secret-column-readable"),
    },
    plan,
};

const EXPECTED: &str = "no client reads it";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let (Subject::Table(table, _) | Subject::Partition(table, _) | Subject::View(table)) = *subject else {
        return Vec::new();
    };
    // An application must read a hash to compare it; that a client is the application was assumed.
    if scene.intent.identity.assumed {
        let finding = Finding::new(Status::NotApplicable, "what the application's role may read was assumed");
        return vec![Case::settled(object_of(table), tables(table), EXPECTED, finding)];
    }
    let secrets: Vec<(&Column, Secret)> =
        table.columns.iter().filter_map(|column| Some((column, secret(table, column)?))).collect();
    if secrets.is_empty() {
        let finding = Finding::new(Status::NotApplicable, "no column's name says that it holds a secret");
        return vec![Case::settled(object_of(table), tables(table), EXPECTED, finding)];
    }
    secrets.into_iter().map(|(column, secret)| case(scene, table, column, secret)).collect()
}

fn tables(table: &Table) -> Vec<String> {
    vec![table.name.to_string()]
}

fn case(scene: &Scene<'_>, table: &Table, column: &Column, secret: Secret) -> Case {
    let object = part_of(table, &column.name);
    let readable = |role: &str| {
        scene.catalog.may_use_schema(role, &table.name.schema)
            && scene.catalog.columns_allowed(role, Privilege::Select, table).iter().any(|one| one.name == column.name)
    };
    if !scene.client_roles().any(readable) {
        let finding = Finding::new(Status::Pass, "no client may read the column: SELECT on it is granted to none");
        return Case::settled(object, tables(table), EXPECTED, finding);
    }
    let readers = readers(scene, table);
    let Some(harness) = harness(scene).filter(|_| !readers.is_empty()) else {
        let finding = Finding::new(Status::Unproven, "the made world has nobody who could read it");
        return Case::settled(object, tables(table), EXPECTED, finding);
    };
    let attempt = attempt(scene, table, column);
    let mut probes: Vec<SqlProbe> = readers.iter().map(|reader| attempt.by(Part::Attack, reader)).collect();
    probes.push(attempt.by(Part::Service, &harness));
    let judge = match (secret, is_personal(scene, table)) {
        (Secret::Credential, _) => judge_credential,
        (Secret::Key, false) => judge_key,
        (Secret::Key, true) => judge_personal,
        (Secret::Shown, _) => judge_shown,
    };
    Case {
        object,
        tables: tables(table),
        expected: format!("{EXPECTED}: {}", secret.reason()),
        probes,
        judge: Judge::Own(judge),
        fix: Some(fix(scene, table, column)),
    }
}

/// Members of the victim's tenant, the most powerful first, one for each role; where rows belong to nobody, one of each client role.
fn readers(scene: &Scene<'_>, table: &Table) -> Vec<Principal> {
    let owners = scene.owners(&table.name, VICTIM);
    let tied = scene.intent.root_of(&table.name).is_some();
    let of_tenant = owners.into_iter().cloned();
    if tied { of_tenant.collect() } else { of_tenant.take(1).chain(actors(scene)).collect() }
}

/// Whether each row has one person whose it is.
fn is_personal(scene: &Scene<'_>, table: &Table) -> bool {
    let Some(index) = scene.intent.root_of(&table.name) else { return false };
    let profile = scene.intent.table(&table.name).is_some_and(|intent| intent.role == TableRole::Profile);
    let shared = scene.intent.memberships.iter().any(|membership| membership.root == index);
    let owned = scene
        .intent
        .roots
        .get(index)
        .is_some_and(|root| matches!(root.ownership, Ownership::User | Ownership::OwnerColumn(_)));
    owned && (profile || !shared)
}

fn attempt(scene: &Scene<'_>, table: &Table, column: &Column) -> Attempt<'static> {
    let name = quote_identifier(&column.name);
    let relation = table.name.quoted();
    let tenant = if scene.intent.root_of(&table.name).is_some() { Some(VICTIM) } else { None };
    let rows = scene.world.rows.get(&table.name);
    let holds = rows.into_iter().flat_map(|rows| &rows.stored).any(|row| {
        (tenant.is_none() || row.tenant == tenant) && row.values.get(&column.name).is_some_and(Option::is_some)
    });
    let mut prepare = Vec::new();
    if !holds && table.holds_rows() && column.is_writable() {
        let value = if column.data_type.unwrapped().name == "bytea" { "'\\x5ea3'" } else { "'seaworthy'" };
        let update = format!("update {relation} set {name} = {value} where {name} is null");
        prepare.extend(without_triggers(vec![update]));
    }
    Attempt {
        topic: "read the secret",
        shape: "select",
        prepare,
        statements: vec![format!(
            "select length(t.{name}::text) from {relation} as t where t.{name} is not null limit 100"
        )],
        observe: Vec::new(),
        signal: Signal::Completes,
    }
}

fn fix(scene: &Scene<'_>, table: &Table, column: &Column) -> String {
    let grantees = grantees(scene, table, &[Privilege::Select]);
    let from = roles_in_sql(&grantees);
    let name = table.name.quoted();
    let others: Vec<String> = table
        .columns
        .iter()
        .filter(|other| other.name != column.name && secret(table, other).is_none())
        .map(|other| quote_identifier(&other.name))
        .collect();
    if others.is_empty() || grantees.is_empty() {
        return format!("revoke select on {name} from {from};");
    }
    format!("revoke select on {name} from {from};\ngrant select ({}) on {name} to {from};", others.join(", "))
}

/// Who reads it, beside the harness.
struct Reading {
    readers: Vec<usize>,
    /// Whether somebody of the tenant who acts in the same way does not.
    withheld: bool,
}

fn reading(case: &Case, outcomes: &[Outcome]) -> Result<Reading, Finding> {
    let control = case.probes.len().saturating_sub(1);
    let reads = |index: &usize| outcomes.get(*index).and_then(Outcome::rows).is_some_and(|rows| !rows.is_empty());
    let readers: Vec<usize> = (0..control).filter(|index| reads(index)).collect();
    if !readers.is_empty() {
        return Ok(Reading { withheld: readers.len() < control, readers });
    }
    let decided =
        outcomes.iter().take(control).all(|outcome| matches!(outcome, Outcome::Completed { .. } | Outcome::Refused(_)));
    if decided && reads(&control) {
        let finding = Finding::new(Status::Pass, "no client sees a value of it; the harness does");
        return Err(finding.shown_by([0, control]));
    }
    let nothing = matches!(outcomes.get(control), Some(Outcome::Completed { .. }));
    let why = if nothing {
        "no row of the made world holds a value of it: give one under [tables.NAME.values]"
    } else {
        "the control failed: not even the harness reads it"
    };
    let observed = super::super::judge::describe(outcomes.get(control));
    Err(Finding::new(Status::Unproven, why).observed(observed).shown_by([0, control]))
}

/// The values stay out of the report: lengths are asked for.
fn found(case: &Case, outcomes: &[Outcome], reading: &Reading, why: &str) -> Finding {
    let control = case.probes.len().saturating_sub(1);
    let names: Vec<&str> = reading
        .readers
        .iter()
        .filter_map(|index| case.probes.get(*index))
        .map(|probe| probe.principal.name.as_str())
        .collect();
    let first = reading.readers.first().copied().unwrap_or_default();
    let rows = outcomes.get(first).and_then(Outcome::rows).map_or(0, Vec::len);
    Finding::new(Status::Fail, format!("{} read it{why}", names.join(", ")))
        .observed(format!("{rows} values came back"))
        .shown_by([first, control])
}

fn judge_credential(case: &Case, outcomes: &[Outcome]) -> Finding {
    match reading(case, outcomes) {
        Ok(reading) => found(case, outcomes, &reading, ""),
        Err(finding) => finding,
    }
}

fn judge_key(case: &Case, outcomes: &[Outcome]) -> Finding {
    match reading(case, outcomes) {
        Ok(reading) if reading.withheld => {
            found(case, outcomes, &reading, "; others of the tenant do not").at(Severity::Warning)
        }
        Ok(reading) => found(case, outcomes, &reading, ""),
        Err(finding) => finding,
    }
}

fn judge_personal(case: &Case, outcomes: &[Outcome]) -> Finding {
    match reading(case, outcomes) {
        Ok(reading) => {
            let why = ", a key of their own: so does whoever gets hold of their session";
            found(case, outcomes, &reading, why).at(Severity::Warning)
        }
        Err(finding) => gentle(finding),
    }
}

fn judge_shown(case: &Case, outcomes: &[Outcome]) -> Finding {
    match reading(case, outcomes) {
        Ok(reading) => {
            let why = ": it is made to be passed on, or encrypted; who else may see it is worth a thought";
            found(case, outcomes, &reading, why).at(Severity::Warning)
        }
        Err(finding) => gentle(finding),
    }
}

/// What would be a warning if it were shown is one where it could not be.
fn gentle(finding: Finding) -> Finding {
    if finding.status == Status::Unproven { finding.at(Severity::Warning) } else { finding }
}
