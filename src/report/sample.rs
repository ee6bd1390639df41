//! Records as runs make them, for the tests of every form.

use std::collections::BTreeMap;

use crate::verdict::{
    AppliedWaiver, CellStatus, CheckRecord, CheckResult, Column, Evidence, Family, ObjectKind, ObjectRef,
    PostgresRecord, ReleaseLine, RunInfo, RunRecord, RunVerdict, SCHEMA_VERSION, Severity, Source, Status, fingerprint,
};

/// Tenants are not kept apart, and some things could not be proved.
pub(crate) fn blocked() -> RunRecord {
    let mut record = ready();
    record.run.verdict = RunVerdict::Blocked;
    record.run.exit_code = 1;
    record.results = vec![
        cross_tenant_read(),
        privilege_column(),
        unproven("public.campaign_moves"),
        unproven("public.icp_tags"),
        warning(),
        note(),
        waived(),
        passing("isolation/cross-tenant-insert", "public.moves"),
        passing("isolation/cross-tenant-read", "public.campaigns"),
        not_applicable(),
    ];
    record.checks.push(check("isolation/privilege-column-writable", Severity::Critical));
    record.matrix = matrix(&[
        ("public.campaign_moves", &[(Column::Rls, CellStatus::Pass), (Column::Isolation, CellStatus::Unproven)]),
        ("public.campaigns", &[(Column::Schema, CellStatus::Pass), (Column::Isolation, CellStatus::Pass)]),
        ("public.icp_tags", &[(Column::Isolation, CellStatus::Unproven), (Column::Indexes, CellStatus::Warn)]),
        (
            "public.moves",
            &[
                (Column::Schema, CellStatus::Pass),
                (Column::Rls, CellStatus::Fail),
                (Column::Isolation, CellStatus::Fail),
            ],
        ),
        ("public.plans", &[(Column::Isolation, CellStatus::NotApplicable), (Column::Privileges, CellStatus::Waived)]),
        ("public.workspaces", &[(Column::Isolation, CellStatus::Fail), (Column::Monitoring, CellStatus::Error)]),
    ]);
    record.release = vec![
        ReleaseLine {
            section: "claims".to_owned(),
            line: "RLS on all tables".to_owned(),
            status: Status::Fail,
            evidence: "failed: rls/not-enabled on public.moves (row security is off) and 2 more".to_owned(),
        },
        ReleaseLine {
            section: "claims".to_owned(),
            line: "JWT validation".to_owned(),
            status: Status::Unproven,
            evidence: "nothing was run that could show it: tokens".to_owned(),
        },
    ];
    record
}

/// Nothing blocks.
pub(crate) fn ready() -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION.to_owned(),
        run: RunInfo {
            system: "raptorflow".to_owned(),
            verdict: RunVerdict::Ready,
            exit_code: 0,
            started: "2026-11-22T17:05:09Z".to_owned(),
            duration_ms: 3_271,
            seed: 42,
            commit: Some("8c1f0e2ab9d94b1c8a2f7c5e1d0b3a4f5e6d7c8b".to_owned()),
            schema_fingerprint: "5f2c9d0e4b7a11c3".to_owned(),
            postgres: PostgresRecord {
                version: "17.5".to_owned(),
                provider: "local".to_owned(),
                reason: "Docker's daemon does not answer; /usr/lib/postgresql/17/bin does".to_owned(),
                stand_ins: vec!["pgcrypto".to_owned(), "vector".to_owned()],
            },
            profile: "supabase".to_owned(),
            default_privileges: "classic".to_owned(),
            notes: vec![
                "Tables that no client can write count as service-written: public.plans.".to_owned(),
                "auto_expose_new_tables is not set in supabase/config.toml: classic default privileges assumed."
                    .to_owned(),
            ],
        },
        checks: vec![check("isolation/cross-tenant-read", Severity::Critical)],
        results: vec![passing("isolation/cross-tenant-read", "public.moves")],
        matrix: matrix(&[("public.moves", &[(Column::Rls, CellStatus::Pass), (Column::Isolation, CellStatus::Pass)])]),
        operations: BTreeMap::new(),
        release: Vec::new(),
    }
}

/// A schema whose every name and value tries to act on the reader.
pub(crate) fn hostile() -> RunRecord {
    let name =
        "a|b`c\u{1b}[31m\n# <script>alert(1)</script> [x](http://evil.example) @everyone \\| *b* ``` ~~~\u{202e}";
    let mut record = blocked();
    record.run.system = format!("../{name}");
    record.run.notes = vec![name.to_owned()];
    record.run.postgres.stand_ins = vec![name.to_owned()];
    record.run.postgres.reason = name.to_owned();
    record.matrix = matrix(&[(&format!("public.{name}"), &[(Column::Isolation, CellStatus::Fail)])]);
    for result in &mut record.results {
        result.object.name = name.to_owned();
        result.object.sub = Some(name.to_owned());
        result.tables = vec![format!("public.{name}")];
        for text in [&mut result.summary, &mut result.expected, &mut result.observed] {
            *text = name.to_owned();
        }
        result.fix = Some(name.to_owned());
        result.repro = Some(format!("{name}\n```\n</details>"));
        result.consequences = vec![name.to_owned()];
        result.source = Some(Source { file: name.to_owned(), line: 1 });
        if let Some(waiver) = &mut result.waiver {
            waiver.reason = name.to_owned();
            waiver.owner = name.to_owned();
        }
        for evidence in &mut result.evidence {
            for text in [&mut evidence.principal, &mut evidence.role, &mut evidence.shape, &mut evidence.response] {
                *text = name.to_owned();
            }
            evidence.statement = format!("select '{name}'\n````\n```sql\n</details>");
            evidence.claims = BTreeMap::from([(name.to_owned(), name.to_owned())]);
        }
    }
    record
}

/// Many tables with long names, in every column.
pub(crate) fn large(tables: usize) -> RunRecord {
    let mut record = blocked();
    let cells: Vec<(Column, CellStatus)> = Column::ALL.into_iter().map(|column| (column, CellStatus::Pass)).collect();
    for index in 0..tables {
        let name = format!("an_exposed_schema.a_table_with_a_name_that_is_quite_a_bit_longer_than_most_{index:04}");
        record.matrix.insert(name, cells.iter().copied().collect());
    }
    record
}

fn matrix(rows: &[(&str, &[(Column, CellStatus)])]) -> BTreeMap<String, BTreeMap<Column, CellStatus>> {
    rows.iter().map(|(table, cells)| ((*table).to_owned(), cells.iter().copied().collect())).collect()
}

fn check(id: &str, severity: Severity) -> CheckRecord {
    CheckRecord {
        id: id.to_owned(),
        family: Family::Isolation,
        severity,
        title: "Nobody reads another tenant's rows".to_owned(),
        help: "A row that a member of another tenant can read is a leak.".to_owned(),
    }
}

fn object(text: &str) -> ObjectRef {
    let (schema, name) = text.split_once('.').unwrap_or_default();
    ObjectRef { kind: ObjectKind::Table, schema: schema.to_owned(), name: name.to_owned(), sub: None }
}

fn result(check: &str, severity: Severity, status: Status, about: ObjectRef) -> CheckResult {
    CheckResult {
        check: check.to_owned(),
        tables: vec![format!("{}.{}", about.schema, about.name)],
        fingerprint: fingerprint(check, &about),
        object: about,
        status,
        severity,
        summary: String::new(),
        expected: String::new(),
        observed: String::new(),
        evidence: Vec::new(),
        consequences: Vec::new(),
        cause: None,
        repro: None,
        fix: None,
        source: None,
        baseline: None,
        waiver: None,
        duration_ms: 12,
    }
}

fn evidence(part: &str, principal: &str, statement: &str, shape: &str, response: &str) -> Evidence {
    Evidence {
        part: part.to_owned(),
        principal: principal.to_owned(),
        role: "authenticated".to_owned(),
        claims: BTreeMap::from([(
            "request.jwt.claims".to_owned(),
            r#"{"sub":"b0000000-0000-4000-8000-000000000001","role":"authenticated"}"#.to_owned(),
        )]),
        statement: statement.to_owned(),
        shape: shape.to_owned(),
        response: response.to_owned(),
    }
}

fn cross_tenant_read() -> CheckResult {
    CheckResult {
        summary: "A member of tenant B reads rows of tenant A in public.moves.".to_owned(),
        expected: "No row of tenant A comes back to anybody outside it.".to_owned(),
        observed: "2 rows of tenant A came back, with the canary sw-a-7f3d.".to_owned(),
        evidence: vec![
            evidence(
                "attack",
                "member of tenant B",
                "select * from \"public\".\"moves\"",
                "whole table",
                "2 rows: ('a0000000-0000-4000-8000-000000000001', 'sw-a-7f3d …')",
            ),
            evidence(
                "attack",
                "member of tenant B",
                "select * from \"public\".\"moves\" where \"id\" = 'a0000000-0000-4000-8000-000000000001'",
                "by id",
                "1 row",
            ),
            evidence(
                "control",
                "owner of tenant A",
                "select * from \"public\".\"moves\"",
                "whole table",
                "2 rows, as many as tenant A has",
            ),
        ],
        consequences: vec!["rls/not-enabled on public.moves".to_owned()],
        cause: None,
        repro: Some("begin;\nset local role authenticated;\nselect * from \"public\".\"moves\";\nrollback;".to_owned()),
        fix: Some("alter table \"public\".\"moves\" enable row level security;".to_owned()),
        source: Some(Source { file: "supabase/migrations/0003_moves.sql".to_owned(), line: 12 }),
        ..result("isolation/cross-tenant-read", Severity::Critical, Status::Fail, object("public.moves"))
    }
}

fn privilege_column() -> CheckResult {
    let about = ObjectRef { sub: Some("tier".to_owned()), ..object("public.workspaces") };
    CheckResult {
        summary: "The owner of a workspace raises its own tier.".to_owned(),
        expected: "The column tier stays as it is when a client sets it.".to_owned(),
        observed: "tier went from 'free' to 'enterprise'.".to_owned(),
        evidence: vec![evidence(
            "attack",
            "owner of tenant B",
            "update \"public\".\"workspaces\" set \"tier\" = 'enterprise'",
            "bare",
            "1 row affected",
        )],
        ..result("isolation/privilege-column-writable", Severity::Critical, Status::Fail, about)
    }
}

fn unproven(table: &str) -> CheckResult {
    CheckResult {
        summary: format!("Nothing is known about who inserts into {table}."),
        expected: "Nobody outside a tenant puts a row into it.".to_owned(),
        observed: "No row could be made: the constraint moves_week_check refuses every value that was tried."
            .to_owned(),
        fix: Some("[tables.moves.values]\nweek = \"date '2026-01-05'\"".to_owned()),
        ..result("isolation/cross-tenant-insert", Severity::Critical, Status::Unproven, object(table))
    }
}

fn warning() -> CheckResult {
    CheckResult {
        summary: "Inserting a taken slug tells a stranger that it is taken.".to_owned(),
        expected: "The answer does not depend on rows of another tenant.".to_owned(),
        observed: "23505 names the constraint icp_tags_slug_key.".to_owned(),
        ..result("isolation/uniqueness-oracle", Severity::Warning, Status::Fail, object("public.icp_tags"))
    }
}

fn note() -> CheckResult {
    CheckResult {
        summary: "public.icp_tags has no comment.".to_owned(),
        ..result("schema/missing-comment", Severity::Info, Status::Fail, object("public.icp_tags"))
    }
}

fn waived() -> CheckResult {
    CheckResult {
        summary: "TRUNCATE is granted to authenticated.".to_owned(),
        waiver: Some(AppliedWaiver {
            owner: "ana".to_owned(),
            reason: "closed pilot, revoked with the next release".to_owned(),
            expires: "2026-12-01".to_owned(),
            accepted_by: Some("the board".to_owned()),
            covers: Status::Fail,
        }),
        ..result("privileges/truncate-granted", Severity::Critical, Status::Waived, object("public.plans"))
    }
}

fn passing(check: &str, table: &str) -> CheckResult {
    CheckResult {
        summary: "Everything was refused, and the owner was not.".to_owned(),
        ..result(check, Severity::Critical, Status::Pass, object(table))
    }
}

fn not_applicable() -> CheckResult {
    CheckResult {
        summary: "public.plans is reference data.".to_owned(),
        ..result("isolation/cross-tenant-read", Severity::Critical, Status::NotApplicable, object("public.plans"))
    }
}
