//! `rls/user-metadata-trusted`: no policy decides by what its user writes: `user_metadata` in the token, `raw_user_meta_data` in auth.users, a header or
//! cookie of the request; itself, or in a function that it calls. That users can write these needs no probe; how grave it is follows
//! from what they open. isolation/client-setting-trusted tries it.

use super::super::scene::{Scene, Subject, part_of};
use super::super::{Case, Check, Finding};
use super::reading::{Caller, Reading, conditions, flattened, parts, queries_table};
use super::{is_for_clients, settled, table_of, without, without_policies};
use crate::catalog::{Expression, Policy, Table, Token, Tree, trees};
use crate::tenancy::{TableIntent, Tie};
use crate::verdict::{CheckInfo, Family, Severity, Status};

/// The check.
pub const CHECK: Check = Check {
    info: CheckInfo {
        id: "rls/user-metadata-trusted",
        family: Family::Rls,
        severity: Severity::Critical,
        title: "No policy believes what its user writes",
        help: "Every user edits their own `user_metadata` (`raw_user_meta_data` in auth.users), and sends what headers they like. A policy that looks there for the tenant or the role lets everybody choose. Keep such things in `app_metadata`, which only servers write, or in a table of memberships.",
        example: example!("rls/user-metadata-trusted"),
    },
    plan,
};

const EXPECTED: &str = "no policy, and no function that one calls, reads user metadata, headers or cookies";

fn plan(scene: &Scene<'_>, subject: &Subject<'_>) -> Vec<Case> {
    let Some((table, intent)) = table_of(subject) else { return Vec::new() };
    if let Some(finding) = without_policies(table) {
        return vec![settled(table, EXPECTED, finding)];
    }
    let reading = Reading::new(scene.catalog, table);
    let cases: Vec<Case> = table
        .policies
        .iter()
        .filter(|policy| is_for_clients(scene, policy))
        .filter_map(|policy| {
            let finding = finding(&reading, table, intent, policy)?;
            let object = part_of(table, policy.name.clone());
            Some(
                Case::settled(object, vec![table.name.to_string()], EXPECTED, finding)
                    .with_fix(without(scene, table, policy)),
            )
        })
        .collect();
    if cases.is_empty() {
        return vec![settled(table, EXPECTED, Finding::new(Status::Pass, "no policy reads what its user writes"))];
    }
    cases
}

/// What a condition reads that its user writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Written {
    /// User metadata, not a header or cookie.
    metadata: bool,
    /// The keys that are read of it.
    keys: Vec<String>,
    /// The functions through which.
    through: Vec<String>,
    /// It is asked within a query or function that also asks who the caller is, so that it chooses among what is the caller's.
    bound: bool,
}

fn finding(reading: &Reading<'_>, table: &Table, intent: &TableIntent, policy: &Policy) -> Option<Finding> {
    let expressions: Vec<Expression> =
        policy.using.iter().chain(&policy.check).map(|condition| Expression::read(condition)).collect();
    let found: Vec<(Severity, Written)> = expressions
        .iter()
        .flat_map(|whole| conditions(whole).into_iter().map(move |condition| (whole, condition)))
        .filter_map(|(whole, condition)| {
            let written = written(reading, condition)?;
            Some((severity(reading, (table, intent, policy), whole, condition, &written), written))
        })
        .collect();
    let (severity, written) = found.into_iter().min_by_key(|(severity, _)| *severity)?;
    let what = if written.metadata {
        "user metadata, which every user edits"
    } else {
        "the request's headers or cookies, which every client writes"
    };
    let mut summary = format!("the policy reads {what}");
    if !written.through.is_empty() {
        summary = format!("{summary}, through {}", written.through.join(", "));
    }
    if !written.keys.is_empty() {
        summary = format!("{summary}: {}", written.keys.join(", "));
    }
    let finding = Finding::new(Status::Fail, summary);
    Some(match severity {
        Severity::Critical => finding,
        Severity::Error => {
            let told = format!("{}; that raises what a user may do with what is open to it anyway", finding.summary);
            Finding { summary: told, ..finding }.at(severity)
        }
        Severity::Warning | Severity::Info => {
            let told = format!(
                "{}; nobody gets at more than what is open to them anyway, or they must know a value of the row",
                finding.summary
            );
            Finding { summary: told, ..finding }.at(severity)
        }
    })
}

/// Critical where a stranger gets in by it; error where its keys speak of privileges; else a warning.
fn severity(
    reading: &Reading<'_>,
    (table, intent, policy): (&Table, &TableIntent, &Policy),
    whole: &Expression,
    condition: &Expression,
    written: &Written,
) -> Severity {
    let privileged = written.keys.iter().any(|key| names_privilege(key));
    let less = if privileged { Severity::Error } else { Severity::Warning };
    if !policy.permissive || written.bound {
        return less;
    }
    let compared = parts(condition).into_iter().any(|part| reading.mentions_row(part));
    // A header that must equal what only the row holds is a secret that is shown, not a claim.
    if !written.metadata && compared && !compares_owner(table, intent, condition) {
        return Severity::Warning;
    }
    let supposed = |truth: bool| {
        move |asked: &Expression| {
            if asked == condition {
                return Some(truth);
            }
            // A stranger is a member of nothing.
            let single = conditions(asked).len() == 1 && !matches!(asked, Expression::Not(_));
            let member =
                single && parts(asked).into_iter().any(|part| reading.mentions_identity(part) && queries_table(part));
            member.then_some(false)
        }
    };
    let (told, untold) = (supposed(true), supposed(false));
    let suppositions: [(Caller, super::reading::Supposed<'_>); 2] =
        [(Caller::Stranger, &told), (Caller::Stranger, &untold)];
    let opens = reading.is_possible(whole, &suppositions, |truths| truths == [true, false] || truths == [false, true]);
    if opens { Severity::Critical } else { less }
}

/// Whether a condition looks at the columns that say whose a row is.
fn compares_owner(table: &Table, intent: &TableIntent, condition: &Expression) -> bool {
    let mut columns: Vec<&str> = table
        .foreign_keys
        .iter()
        .flat_map(|key| &key.columns)
        .chain(table.primary_key.iter().flat_map(|key| &key.columns))
        .map(String::as_str)
        .collect();
    match &intent.tie.value {
        Tie::Key { column, .. } => columns.push(column),
        Tie::Through { columns: through, .. } => columns.extend(through.iter().map(String::as_str)),
        Tie::Root(_) | Tie::Global | Tie::Untied => {}
    }
    parts(condition).into_iter().any(|part| names_any(part, &columns))
}

fn names_any(trees: &[Tree], columns: &[&str]) -> bool {
    trees.iter().any(|tree| {
        tree.name().is_some_and(|name| columns.contains(&name))
            || tree.inside().is_some_and(|inside| names_any(inside, columns))
    })
}

/// Words by which a key of metadata says that it raises what one may do.
fn names_privilege(key: &str) -> bool {
    const WORDS: [&str; 18] = [
        "role",
        "roles",
        "admin",
        "owner",
        "staff",
        "superuser",
        "permission",
        "permissions",
        "scope",
        "scopes",
        "plan",
        "tier",
        "subscription",
        "access",
        "level",
        "premium",
        "moderator",
        "verified",
    ];
    key.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// What a condition reads that its user writes, itself or through functions.
fn written(reading: &Reading<'_>, condition: &Expression) -> Option<Written> {
    let mut found: Option<Written> = None;
    let mut add = |trees: &[Tree], through: Option<String>| {
        let mut keys = Vec::new();
        let Some(metadata) = reads_written(trees, &mut keys) else { return };
        let known = found.get_or_insert_with(Written::default);
        known.metadata |= metadata;
        known.keys.extend(keys);
        known.through.extend(through);
        known.bound |= is_bound(reading, trees);
    };
    let whole = flattened(condition);
    add(&whole, None);
    for function in reading.functions_called(&whole) {
        add(&trees(&function.source), Some(format!("{}()", function.name)));
    }
    found.map(|mut found| {
        found.keys.sort();
        found.keys.dedup();
        found
    })
}

/// Whether `trees` read user metadata (`true`), or headers or cookies (`false`), and under which keys.
fn reads_written(trees: &[Tree], keys: &mut Vec<String>) -> Option<bool> {
    let mut found: Option<bool> = None;
    for (index, tree) in trees.iter().enumerate() {
        let read = match tree {
            Tree::Token(Token::Text(text)) => written_place(text),
            tree if tree.name() == Some("raw_user_meta_data") => Some(true),
            tree => tree.inside().and_then(|inside| {
                let read = reads_written(inside, keys)?;
                key_after(trees, index, keys);
                Some(read)
            }),
        };
        if let Some(metadata) = read {
            found = Some(found.unwrap_or_default() || metadata);
            key_after(trees, index, keys);
        }
    }
    found
}

/// What a text names: `user_metadata`, `{user_metadata,role}`, `request.headers`.
fn written_place(text: &str) -> Option<bool> {
    let names = |name: &str| text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name);
    if names("user_metadata") || names("raw_user_meta_data") {
        return Some(true);
    }
    (text.starts_with("request.header") || text.starts_with("request.cookie")).then_some(false)
}

/// The key in `… ->> 'key'` after the tree at `index`, casts between them left out.
fn key_after(trees: &[Tree], index: usize, keys: &mut Vec<String>) {
    let rest = trees.iter().skip(index + 1).take(5);
    let arrow = |tree: &Tree| ["->", "->>", "#>", "#>>"].iter().any(|mark| tree.is_mark(mark));
    let mut after = rest.skip_while(|tree| tree.is_mark("::") || (tree.name().is_some() && !arrow(tree)));
    if after.next().is_some_and(arrow)
        && let Some(Tree::Token(Token::Text(key))) = after.next()
        && !keys.contains(key)
    {
        keys.push(key.clone());
    }
}

/// Whether a query that reads what the user writes also asks who the caller is of some table: then it chooses among what is the caller's. A
/// query of nothing but auth.users is how the metadata itself is fetched.
fn is_bound(reading: &Reading<'_>, trees: &[Tree]) -> bool {
    reading.mentions_identity(trees) && reads_other_tables(reading, trees)
}

/// Whether a query reads a table besides auth.users, or a function of the schema that may do so: `jsonb_array_elements_text(…)` after FROM
/// is no table.
fn reads_other_tables(reading: &Reading<'_>, trees: &[Tree]) -> bool {
    let here = trees.iter().enumerate().any(|(index, tree)| {
        if !(tree.is_word("from") || tree.is_word("join")) {
            return false;
        }
        let name = |offset: usize| trees.get(index + offset).and_then(Tree::name);
        let qualified = trees.get(index + 2).is_some_and(|tree| tree.is_mark("."));
        let end = if qualified { index + 4 } else { index + 2 };
        if matches!(trees.get(end), Some(Tree::Group(_))) {
            // The name and parentheses alone: what the arguments call is not read from.
            let mut called: Vec<Tree> = trees.get(index + 1..end).unwrap_or_default().to_vec();
            called.push(Tree::Group(Vec::new()));
            return !reading.functions_called(&called).is_empty();
        }
        match (name(1), name(3)) {
            (Some(schema), Some(table)) if qualified => (schema, table) != ("auth", "users"),
            (Some(table), _) => table != "users",
            (None, _) => false,
        }
    });
    here || trees.iter().filter_map(Tree::inside).any(|inside| reads_other_tables(reading, inside))
}
