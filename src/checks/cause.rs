//! Which failure explains which: one fault is one finding, with its consequences under it.

use crate::verdict::{CheckResult, ObjectKind, Severity, Status};

/// What a failure of one check explains on the same object: mend the cause, and these are gone.
struct Explains {
    cause: &'static str,
    consequences: &'static [&'static str],
    /// Whether the part of the object (a column, a foreign key, a policy) has to be the same.
    same_part: bool,
    /// What could not be proved and follows from it too.
    unproven: &'static [&'static str],
}

const fn explains(cause: &'static str, consequences: &'static [&'static str]) -> Explains {
    Explains { cause, consequences, same_part: false, unproven: &[] }
}

/// Where the rightful owner can do nothing, no control succeeds. What leaks all the same is a fault of its own.
const fn locks_out(cause: &'static str) -> Explains {
    Explains {
        cause,
        consequences: &["isolation/owner-locked-out", "isolation/second-membership-breaks"],
        same_part: false,
        unproven: &[
            "isolation/anonymous-read",
            "isolation/anonymous-write",
            "isolation/client-setting-trusted",
            "isolation/cross-tenant-delete",
            "isolation/cross-tenant-insert",
            "isolation/cross-tenant-read",
            "isolation/cross-tenant-update",
            "isolation/missing-claims-admitted",
            "isolation/owner-locked-out",
            "isolation/second-membership-breaks",
        ],
    }
}

/// What a table gives away that nothing protects. A foreign key crosses tenants under row security too, and is none of these.
const UNPROTECTED: &[&str] = &[
    "isolation/anonymous-read",
    "isolation/anonymous-write",
    "isolation/client-setting-trusted",
    "isolation/cross-tenant-delete",
    "isolation/cross-tenant-insert",
    "isolation/cross-tenant-read",
    "isolation/cross-tenant-update",
    "isolation/membership-self-granted",
    "isolation/missing-claims-admitted",
    "isolation/partition-bypass",
    "isolation/realtime-publishes-unprotected",
    "isolation/tenant-key-reassigned",
    "isolation/unreachable-tenant-data",
    "rls/policies-but-disabled",
];

/// In the order in which causes are looked for: what lies deepest first.
const EXPLAINS: &[Explains] = &[
    explains("rls/not-enabled", UNPROTECTED),
    explains("rls/policies-but-disabled", UNPROTECTED),
    locks_out("isolation/policy-recursion"),
    explains("rls/always-true", UNPROTECTED),
    explains("rls/uncorrelated-subquery", UNPROTECTED),
    explains(
        "rls/null-uid-admitted",
        &["isolation/anonymous-read", "isolation/anonymous-write", "isolation/missing-claims-admitted"],
    ),
    explains("rls/user-metadata-trusted", &["isolation/client-setting-trusted"]),
    locks_out("rls/command-uncovered"),
    explains("rls/no-policy", &["isolation/unreachable-tenant-data"]),
    locks_out("rls/no-policy"),
    locks_out("isolation/owner-locked-out"),
    explains("privileges/auth-schema-exposed", &["isolation/definer-view-leaks"]),
    explains(
        "isolation/cross-tenant-read",
        &["isolation/anonymous-read", "isolation/client-setting-trusted", "isolation/missing-claims-admitted"],
    ),
    explains("isolation/cross-tenant-insert", &["isolation/membership-self-granted"]),
    explains("isolation/cross-tenant-update", &["isolation/tenant-key-reassigned"]),
    explains("isolation/anonymous-read", &["isolation/missing-claims-admitted"]),
    Explains {
        cause: "isolation/foreign-key-crosses-tenants",
        consequences: &[
            "isolation/cascade-crosses-tenants",
            "isolation/foreign-key-oracle",
            "isolation/stored-reference-crosses-tenants",
        ],
        same_part: true,
        unproven: &[],
    },
    Explains {
        cause: "indexes/unindexed-foreign-key",
        consequences: &["indexes/unindexed-policy-column"],
        same_part: true,
        unproven: &[],
    },
    Explains {
        cause: "schema/not-valid-constraint",
        consequences: &["schema/check-not-enforced", "seed/constraint-violated"],
        same_part: true,
        unproven: &[],
    },
];

/// Ties each failure, and what is unproven for want of a control, to the failure that explains it. Waived results and passes are
/// left alone.
pub fn trace(results: &mut [CheckResult]) {
    for rule in EXPLAINS {
        for cause in 0..results.len() {
            let Some(found) = results.get(cause).filter(|result| open(result) && result.check == rule.cause) else {
                continue;
            };
            let (object, root) = (found.object.clone(), root_of(found));
            for result in results.iter_mut().filter(|result| result.cause.is_none()) {
                let listed = match result.status {
                    Status::Fail => rule.consequences,
                    Status::Unproven => rule.unproven,
                    Status::Pass | Status::NotApplicable | Status::Waived | Status::Error => continue,
                };
                let same_object = (&result.object.schema, &result.object.name) == (&object.schema, &object.name);
                let same_part = !rule.same_part || result.object.sub == object.sub;
                let is_consequence = listed.contains(&result.check.as_str());
                if is_consequence && same_object && same_part && result.fingerprint != root {
                    result.cause = Some(root.clone());
                }
            }
        }
    }
    mended_together(results);
    list_consequences(results);
}

fn open(result: &CheckResult) -> bool {
    result.status == Status::Fail
}

fn root_of(result: &CheckResult) -> String {
    result.cause.clone().unwrap_or_else(|| result.fingerprint.clone())
}

/// Failures of one check that the same statements mend are one fault: a grant on all tables, a helper that many policies ask. So are
/// files of which the same is said: those that share one version.
fn mended_together(results: &mut [CheckResult]) {
    let remedy = |result: &CheckResult| match result.object.kind {
        ObjectKind::Migration => Some(result.summary.clone()),
        _ => result.fix.clone(),
    };
    for first in 0..results.len() {
        let Some(found) = results.get(first).filter(|result| open(result) && result.cause.is_none()) else { continue };
        let Some(common) = remedy(found) else { continue };
        let (check, root) = (found.check.clone(), found.fingerprint.clone());
        for result in results.iter_mut().skip(first + 1) {
            let same = result.check == check && remedy(result).as_ref() == Some(&common);
            if open(result) && result.cause.is_none() && same {
                result.cause = Some(root.clone());
            }
        }
    }
    flatten(results);
}

/// A cause that was itself found to be a consequence hands its own on.
fn flatten(results: &mut [CheckResult]) {
    let causes: std::collections::BTreeMap<String, String> =
        results.iter().filter_map(|result| Some((result.fingerprint.clone(), result.cause.clone()?))).collect();
    for result in results.iter_mut() {
        // Bounded: a chain is no longer than there are results.
        for _ in 0..causes.len() {
            let Some(next) = result.cause.as_ref().and_then(|cause| causes.get(cause)) else { break };
            result.cause = Some(next.clone());
        }
    }
}

/// Names the consequences at their cause, which is as grave as the gravest of them that failed.
fn list_consequences(results: &mut [CheckResult]) {
    let consequences: Vec<(String, String, Option<Severity>)> = results
        .iter()
        .filter_map(|result| {
            let severity = open(result).then_some(result.severity);
            Some((result.cause.clone()?, format!("{} on {}", result.check, result.object), severity))
        })
        .collect();
    for (cause, consequence, severity) in consequences {
        if let Some(result) = results.iter_mut().find(|result| result.fingerprint == cause) {
            result.consequences.push(consequence);
            result.severity = severity.map_or(result.severity, |severity| severity.min(result.severity));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::verdict::{ObjectRef, fingerprint};

    fn failure(check: &str, table: &str, sub: Option<&str>, fix: &str) -> CheckResult {
        let object = ObjectRef {
            kind: ObjectKind::Table,
            schema: "public".to_owned(),
            name: table.to_owned(),
            sub: sub.map(str::to_owned),
        };
        CheckResult {
            check: check.to_owned(),
            fingerprint: fingerprint(check, &object),
            object,
            tables: vec![format!("public.{table}")],
            status: Status::Fail,
            severity: Severity::Critical,
            summary: String::new(),
            expected: String::new(),
            observed: String::new(),
            evidence: Vec::new(),
            consequences: Vec::new(),
            cause: None,
            repro: None,
            fix: Some(fix.to_owned()),
            source: None,
            baseline: None,
            waiver: None,
            duration_ms: 0,
        }
    }

    #[test]
    fn an_unprotected_table_is_one_fault() {
        let mut results = vec![
            failure("isolation/anonymous-read", "notes", None, "a"),
            failure("isolation/cross-tenant-read", "notes", None, "b"),
            CheckResult { severity: Severity::Error, ..failure("rls/not-enabled", "notes", None, "c") },
            failure("isolation/cross-tenant-read", "other", None, "d"),
        ];
        trace(&mut results);
        assert_eq!(results[2].consequences.len(), 2);
        assert_eq!(results[2].severity, Severity::Critical, "as grave as what follows from it");
        assert_eq!(
            results[0].cause.as_ref().unwrap(),
            &results[2].fingerprint,
            "not the read, which has a cause itself"
        );
        assert!(results[3].cause.is_none(), "another table is another fault");
    }

    #[test]
    fn a_foreign_key_explains_its_own_consequences_alone() {
        let mut results = vec![
            failure("isolation/cascade-crosses-tenants", "notes", Some("folder_id"), "a"),
            failure("isolation/cascade-crosses-tenants", "notes", Some("author_id"), "b"),
            failure("isolation/foreign-key-crosses-tenants", "notes", Some("folder_id"), "c"),
            failure("rls/not-enabled", "notes", None, "d"),
        ];
        trace(&mut results);
        assert_eq!(results[0].cause.as_ref().unwrap(), &results[2].fingerprint);
        assert!(results[1].cause.is_none());
        assert!(results[2].cause.is_none(), "it crosses under row security too");
    }

    #[test]
    fn what_the_same_statements_mend_is_one_fault() {
        let mut results = vec![
            failure("privileges/truncate-granted", "a", None, "revoke all"),
            failure("privileges/truncate-granted", "b", None, "revoke all"),
            failure("privileges/truncate-granted", "c", None, "revoke one"),
        ];
        trace(&mut results);
        assert_eq!(results[0].consequences, ["privileges/truncate-granted on public.b"]);
        assert!(results[2].cause.is_none());
    }

    #[test]
    fn where_nobody_can_do_anything_what_is_unproven_follows() {
        let mut results = vec![
            failure("isolation/owner-locked-out", "notes", None, "a"),
            failure("isolation/cross-tenant-read", "notes", None, "b"),
        ];
        let mut leaking = results.clone();
        results[1].status = Status::Unproven;
        trace(&mut results);
        assert_eq!(results[1].cause.as_ref().unwrap(), &results[0].fingerprint);
        trace(&mut leaking);
        assert!(leaking[1].cause.is_none(), "what leaks all the same is a fault of its own");
    }

    #[test]
    fn what_is_waived_explains_nothing() {
        let mut results = vec![
            failure("isolation/cross-tenant-read", "notes", None, "a"),
            failure("rls/not-enabled", "notes", None, "b"),
        ];
        results[1].status = Status::Waived;
        trace(&mut results);
        assert!(results[0].cause.is_none());
    }
}
