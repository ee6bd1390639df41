//! `schema/tenant-key-without-foreign-key`: the column that names a row's tenant refers to the table of tenants.

use super::super::judge::describe;
use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding, Judge};
use super::defect::{designed, keeps_history, not_applicable, settled};
use super::write::{Taken, taken, writes};
use crate::catalog::{Column, Table, quote_identifier, quote_literal};
use crate::probe::Outcome;
use crate::tenancy::{Ownership, TenantRoot, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "schema/tenant-key-without-foreign-key",
        family: Family::Schema,
        severity: Severity::Error,
        title: "A row's tenant exists",
        help: "Without a foreign key a row can name a tenant that is not there: a slip of a server makes rows that nobody can see, a deleted tenant leaves its data behind (which erasure was to remove), and whoever gets an id that was used before inherits it. Add `foreign key … references … on delete cascade`. A table that keeps what happened (audit, log, history) may outlive its tenant: that is a warning. Where no table lists the tenants there is nothing to refer to.",
        example: example!("schema/tenant-key-without-foreign-key"),
    },
    plan,
};

const EXPECTED: &str = "a row of a tenant that does not exist is refused";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = designed(subject) else { return Vec::new() };
    let Tie::Key { column, root } = &intent.tie.value else { return Vec::new() };
    let (Some(column), Some(root)) = (table.column(column), scene.intent.roots.get(*root)) else { return Vec::new() };
    let Some(tenants) = tenants(scene, root) else {
        return not_applicable(table, EXPECTED, "no table lists the tenants: there is nothing to refer to");
    };
    if tenants.name == table.name {
        return not_applicable(table, EXPECTED, "its own rows are the tenants");
    }
    if let Some(key) = table.foreign_keys.iter().find(|key| key.columns.contains(&column.name)) {
        let summary = format!("{} refers to {}", key.columns.join(", "), key.referenced_table);
        return vec![settled(table, EXPECTED, Finding::new(Status::Pass, summary))];
    }
    let fix = format!(
        "alter table {} add foreign key ({}) references {} ({}) on delete cascade;",
        table.name.quoted(),
        quote_identifier(&column.name),
        tenants.name.quoted(),
        quote_identifier(&root.key)
    );
    let object = part_of(table, &column.name);
    if keeps_history(table) {
        let summary = format!(
            "{} has no foreign key to {}: what happened outlives the tenant, and so may name one that never was",
            column.name, tenants.name
        );
        let finding = Finding::new(Status::Fail, summary).at(Severity::Warning);
        return vec![Case::settled(object, vec![table.name.to_string()], EXPECTED, finding).with_fix(fix)];
    }
    let nobody = nobody(column);
    let key = quote_identifier(&column.name);
    let count = nobody.as_ref().map(|nobody| {
        format!("select count(*) from {} as t where t.{key} = {}", table.name.quoted(), quote_literal(nobody))
    });
    let probes = count.map(|count| writes(scene, table, &[(column.name.clone(), nobody)], &count));
    vec![Case {
        object,
        tables: vec![table.name.to_string()],
        expected: EXPECTED.to_owned(),
        probes: probes.unwrap_or_default(),
        judge: Judge::Own(judge),
        fix: Some(fix),
    }]
}

/// The table that lists the tenants of a root, where one does.
fn tenants<'a>(scene: &Scene<'a>, root: &TenantRoot) -> Option<&'a Table> {
    scene.catalog.table(&root.table).filter(|_| root.ownership != Ownership::IdOnly)
}

/// An id that no tenant has.
fn nobody(column: &Column) -> Option<String> {
    let id = match column.data_type.unwrapped().name.as_str() {
        "uuid" => "00000000-0000-4000-8000-0000000dead0",
        "int2" => "32749",
        "int4" | "int8" | "numeric" => "2147480009",
        _ if column.data_type.is_text() => "nobody",
        _ => return None,
    };
    Some(id.to_owned())
}

fn judge(case: &Case, outcomes: &[Outcome]) -> Finding {
    let column = case.object.sub.as_deref().unwrap_or_default();
    match taken(&case.probes, outcomes) {
        Taken::Yes(index) => Finding::new(
            Status::Fail,
            format!("{column} has no foreign key: the database takes a row of a tenant that does not exist"),
        )
        .observed(describe(outcomes.get(index)))
        .shown_by([index]),
        Taken::No(index) => {
            Finding::new(Status::Pass, "a row of a tenant that does not exist is refused, or given one")
                .observed(describe(outcomes.get(index)))
                .shown_by([index, index + 1])
        }
        Taken::Untried => {
            Finding::new(Status::Fail, format!("{column} has no foreign key; no row could be made to try it with"))
                .at(Severity::Warning)
        }
    }
}
