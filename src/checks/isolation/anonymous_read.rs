//! `isolation/anonymous-read`: somebody who is not signed in sees nothing that the model does not declare public.

use super::super::scene::{Scene, Subject, VICTIM, object_of};
use super::super::statement::{Attempt, reads};
use super::super::{Case, Check, Finding, Judge};
use super::TenantTable;
use super::tenant_table::anonymous;
use crate::catalog::{Privilege, quote_identifier};
use crate::tenancy::Command;
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "isolation/anonymous-read",
        family: Family::Isolation,
        severity: Severity::Critical,
        title: "Nobody reads a tenant's rows without signing in",
        help: "Anyone on the internet with the public key reads the table. Give its policies a `TO authenticated` and tie them to the tenant key. If the rows are public by design, say so: `public = [\"select\"]` under `[tables.NAME]`.",
        example: example!("isolation/anonymous-read"),
    },
    plan,
};

const EXPECTED: &str = "no row of any tenant comes back to somebody who is not signed in";
const TOPIC: &str = "read tenant A's rows";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some(target) = TenantTable::of(scene, subject) else { return Vec::new() };
    if !target.is_tied() || target.intent.public.contains(&Command::Select) {
        return vec![target.open(EXPECTED)];
    }
    let Some(nobody) = anonymous(scene) else {
        let finding = Finding::new(Status::NotApplicable, "no role stands for somebody who is not signed in");
        return vec![target.settled(EXPECTED, finding)];
    };
    let needles = scene.needles(target.table, VICTIM);
    if target.row.is_none() || needles.is_empty() {
        return vec![target.without_row(scene, EXPECTED)];
    }
    let role = scene.statement_role(&nobody.role, Privilege::Select, target.table);
    let shapes = reads(scene, target.table, target.row, role, &needles);
    let attempt = Attempt {
        table: target.table,
        topic: TOPIC,
        attackers: &[nobody],
        owners: &target.owners,
        observe: Vec::new(),
    };
    let meant = scene.meant(target.table, Command::Select).then(|| TOPIC.to_owned());
    vec![
        Case {
            object: object_of(target.table),
            tables: target.tables(),
            expected: EXPECTED.to_owned(),
            probes: attempt.probes(scene, &shapes),
            judge: Judge::BesideControls { meant: meant.into_iter().collect(), optional: Vec::new() },
            fix: Some(format!(
                "revoke select on {} from {};",
                target.table.name.quoted(),
                quote_identifier(&nobody.role)
            )),
        }
        .doubted(target.intent.likely_audience()),
    ]
}
