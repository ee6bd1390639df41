//! `privileges/harness-bypasses-rls`: the roles that probes act as are, at the moment of the probe, no superuser, do not bypass row security, and
//! own no table. A harness that could see everything would prove nothing.

use super::super::scene::{Scene, Subject};
use super::super::{Case, Check, Finding, Judge};
use crate::catalog::quote_identifier;
use crate::probe::{Act, Outcome, Part, Signal, SqlProbe};
use crate::verdict::{CheckInfo, Family, ObjectKind, ObjectRef, Severity, Status};
use crate::world::{Principal, PrincipalKind};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "privileges/harness-bypasses-rls",
        family: Family::Privileges,
        severity: Severity::Critical,
        title: "The roles that clients act as cannot pass by row security",
        help: "A superuser, a role with BYPASSRLS and the owner of a table (unless FORCE ROW LEVEL SECURITY) see every row whatever the policies say (Postgres documentation, 5.9). If clients really act as such a role, no policy protects anything; if not, name the right one under [identity] member_roles.",
        example: example!("privileges/harness-bypasses-rls", ["schema.sql", "seaworthy.toml"]),
    },
    plan,
};

const EXPECTED: &str = "no superuser, no BYPASSRLS, owner of no table without FORCE ROW LEVEL SECURITY";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Subject::Database = subject else { return Vec::new() };
    let mut seen: Vec<&str> = Vec::new();
    let mut cases = Vec::new();
    for principal in &scene.world.principals {
        if principal.kind == PrincipalKind::Service || seen.contains(&principal.role.as_str()) {
            continue;
        }
        seen.push(&principal.role);
        cases.push(case(scene, principal));
    }
    cases
}

fn case(scene: &Scene<'_>, principal: &Principal) -> Case {
    let question = "select r.rolsuper or r.rolbypassrls or exists (select 1 from pg_catalog.pg_class c where c.relkind in ('r', 'p') \
                    and c.relrowsecurity and not c.relforcerowsecurity and pg_catalog.pg_has_role(current_user, c.relowner, 'usage')), current_user, session_user \
                    from pg_catalog.pg_roles r where r.rolname = current_user";
    Case {
        object: ObjectRef {
            kind: ObjectKind::Database,
            schema: String::new(),
            name: principal.role.clone(),
            sub: None,
        },
        tables: Vec::new(),
        expected: EXPECTED.to_owned(),
        probes: vec![SqlProbe {
            part: Part::Attack,
            topic: "pass by row security".to_owned(),
            shape: "as probes act".to_owned(),
            principal: principal.clone(),
            prepare: Vec::new(),
            earlier: Vec::new(),
            act: Act::statement(question),
            observe: Vec::new(),
            signal: Signal::Completes,
        }],
        judge: Judge::Own(judge),
        fix: Some(fix(scene, &principal.role)),
    }
}

/// What holds the role to the policies: of what it owns, and of what it is.
fn fix(scene: &Scene<'_>, role: &str) -> String {
    let effective = scene.catalog.effective_roles(role);
    let passes = scene.catalog.role(role).is_some_and(|role| role.superuser || role.bypass_row_security);
    let owned = scene
        .catalog
        .tables
        .iter()
        .filter(|table| table.row_security && !table.force_row_security && effective.contains(&table.owner))
        .map(|table| format!("alter table {} force row level security;", table.name.quoted()));
    let held = passes.then(|| format!("alter role {} nosuperuser nobypassrls;", quote_identifier(role)));
    held.into_iter().chain(owned).collect::<Vec<_>>().join("\n")
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let answer = outcomes.first().and_then(Outcome::rows).and_then(|rows| rows.first()).cloned().unwrap_or_default();
    let [passes, current, session] = answer.as_slice() else {
        return Finding::new(Status::Error, "the role could not be taken on")
            .observed(super::super::judge::describe(outcomes.first()))
            .shown_by([0]);
    };
    let who = format!(
        "current_user {}, session_user {}",
        current.as_deref().unwrap_or_default(),
        session.as_deref().unwrap_or_default()
    );
    match passes.as_deref() {
        Some("f") if current.as_deref() == Some(case.object.name.as_str()) => {
            Finding::new(Status::Pass, "row security holds for it").observed(who).shown_by([0])
        }
        Some("f") => Finding::new(Status::Error, "another role was taken on").observed(who).shown_by([0]),
        _ => Finding::new(Status::Fail, "row security does not hold for a role that clients act as")
            .observed(who)
            .shown_by([0]),
    }
}
