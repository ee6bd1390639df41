//! What a policy's condition comes to: evaluated with something supposed of whoever asks, and every fact that is not known tried both ways.

mod evaluation;

use std::collections::BTreeSet;

pub(super) use evaluation::Supposed;
use evaluation::{Evaluation, Facts, MAXIMUM_FACTS};

use crate::catalog::{Catalog, Expression, Function, QualifiedName, Table, Token, Tree, trees};

/// What is supposed of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// Nothing.
    Anybody,
    /// There is no identity: it is null.
    Nobody,
    /// Identity is a setting that was never set, and reads as the empty text.
    Blank,
    /// There is an identity, and no row knows it.
    Stranger,
}

/// A policy's condition is read for this table.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    table: &'a Table,
    catalog: &'a Catalog,
    /// Functions that say who asks: `auth.uid`, `current_tenant`.
    identity: BTreeSet<&'a QualifiedName>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(catalog: &'a Catalog, table: &'a Table) -> Self {
        Self { table, catalog, identity: identity_functions(catalog) }
    }

    /// Whether it holds whatever is so.
    pub(super) fn always_holds(&self, condition: &Expression) -> bool {
        !self.is_possible(condition, &[(Caller::Anybody, &|_| None)], |truths| truths.first() == Some(&false))
    }

    /// Whether it can hold at all.
    pub(super) fn can_hold(&self, condition: &Expression) -> bool {
        self.is_possible(condition, &[(Caller::Anybody, &|_| None)], |truths| truths.first() == Some(&true))
    }

    /// Whether it can let somebody in for having no identity: there is a case in which it holds then, and not for a stranger.
    pub(super) fn admits_nobody(&self, condition: &Expression) -> bool {
        [Caller::Nobody, Caller::Blank].into_iter().any(|nobody| {
            let suppositions: [(Caller, Supposed<'_>); 2] = [(nobody, &|_| None), (Caller::Stranger, &|_| None)];
            self.is_possible(condition, &suppositions, |truths| truths == [true, false])
        })
    }

    /// Whether, in some case, the condition comes out as `wanted` under the suppositions, in their order.
    pub(super) fn is_possible(
        &self,
        condition: &Expression,
        suppositions: &[(Caller, Supposed<'_>)],
        wanted: impl Fn(&[bool]) -> bool,
    ) -> bool {
        let mut facts = Facts::default();
        loop {
            let truths: Vec<bool> = suppositions
                .iter()
                .map(|(caller, supposed)| {
                    let mut evaluation =
                        Evaluation { reading: self, caller: *caller, supposed: *supposed, facts: &mut facts };
                    evaluation.truth(condition) == Some(true)
                })
                .collect();
            if wanted(&truths) {
                return true;
            }
            facts.truths += 1;
            if facts.truths >= 1 << facts.keys.len().min(MAXIMUM_FACTS) {
                return false;
            }
        }
    }

    /// Whether `trees` look at the row that is asked about.
    pub(super) fn mentions_row(&self, trees: &[Tree]) -> bool {
        self.mentions(trees, false)
    }

    /// In a query the server qualifies every column, and gives each table a name of its own; outside of one, a column's name stands alone.
    fn mentions(&self, trees: &[Tree], in_query: bool) -> bool {
        trees.iter().enumerate().any(|(index, tree)| {
            if let Some(inside) = tree.inside() {
                return self.mentions(inside, in_query || tree.is_query());
            }
            let Some(name) = tree.name() else { return false };
            let after = |offset: usize| trees.get(index + offset);
            let before = index.checked_sub(1).and_then(|before| trees.get(before));
            if after(1).is_some_and(|tree| tree.is_mark(".")) {
                let column = |tree: &Tree| {
                    tree.is_mark("*") || tree.name().is_some_and(|column| self.table.column(column).is_some())
                };
                return name == self.table.name.name && after(2).is_some_and(column);
            }
            let typed = before.is_some_and(|tree| tree.is_mark("::") || tree.is_mark(".") || tree.is_word("as"));
            let called = matches!(after(1), Some(Tree::Group(_)));
            !in_query && !typed && !called && self.table.column(name).is_some()
        })
    }

    /// Whether `trees` ask who is asking.
    pub(super) fn mentions_identity(&self, trees: &[Tree]) -> bool {
        (0..trees.len()).any(|start| trees.get(start..).is_some_and(|rest| self.identity_call(rest).is_some()))
            || trees.iter().filter_map(Tree::inside).any(|inside| self.mentions_identity(inside))
    }

    /// What the call at the beginning is, if it says who asks: `true` where it is a bare setting.
    fn identity_call(&self, trees: &[Tree]) -> Option<bool> {
        match trees {
            [setting, Tree::Group(arguments), ..] if setting.is_word("current_setting") => {
                is_identity_setting(arguments).then_some(true)
            }
            [schema, dot, name, Tree::Group(arguments), ..] if dot.is_mark(".") && arguments.is_empty() => {
                let name = QualifiedName::new(schema.name()?, name.name()?);
                self.identity.contains(&name).then_some(false)
            }
            [name, Tree::Group(arguments), ..] if arguments.is_empty() => {
                let name = name.name()?;
                self.identity.iter().any(|function| function.name == name).then_some(false)
            }
            _ => None,
        }
    }

    /// The functions that `trees` call, and those that they call.
    pub(super) fn functions_called(&self, by: &[Tree]) -> Vec<&'a Function> {
        let mut called: Vec<&Function> = Vec::new();
        let mut pending: Vec<Vec<Tree>> = vec![by.to_vec()];
        while let Some(caller) = pending.pop() {
            for function in &self.catalog.functions {
                let known = called.iter().any(|known| known.oid == function.oid);
                if !known && calls(&caller, &function.name) {
                    called.push(function);
                    pending.push(trees(&function.source));
                }
            }
        }
        called
    }
}

/// Whether `trees` call this function, with its schema or without.
fn calls(trees: &[Tree], function: &QualifiedName) -> bool {
    let here = trees.windows(2).enumerate().any(|(index, pair)| {
        let [name, Tree::Group(_)] = pair else { return false };
        if name.name() != Some(function.name.as_str()) {
            return false;
        }
        let before = |offset: usize| index.checked_sub(offset).and_then(|place| trees.get(place));
        match (before(2), before(1)) {
            (Some(of), Some(dot)) if dot.is_mark(".") => of.name() == Some(function.schema.as_str()),
            _ => true,
        }
    });
    here || trees.iter().filter_map(Tree::inside).any(|inside| calls(inside, function))
}

/// Functions without arguments that read a claim or a setting and hand it on. The role is left out: it says what one is, not who.
fn identity_functions(catalog: &Catalog) -> BTreeSet<&QualifiedName> {
    let mut names: BTreeSet<&QualifiedName> = BTreeSet::new();
    let candidates: Vec<(&QualifiedName, Vec<Tree>)> = catalog
        .functions
        .iter()
        .filter(|function| {
            function.arguments.is_empty()
                && !function.returns_set
                && !function.is_trigger
                && function.returns != "boolean"
                && function.name.name != "role"
        })
        .map(|function| (&function.name, trees(&function.source)))
        .collect();
    // A helper may call another.
    for _ in 0..3 {
        let found: Vec<&QualifiedName> = candidates
            .iter()
            .filter(|(_, source)| reads_setting(source) || names.iter().any(|other| calls(source, other)))
            .map(|(name, _)| *name)
            .collect();
        names.extend(found);
    }
    names
}

fn reads_setting(trees: &[Tree]) -> bool {
    let here = trees.windows(2).any(|pair| {
        matches!(pair, [name, Tree::Group(arguments)] if name.is_word("current_setting") && is_identity_setting(arguments))
    });
    here || trees.iter().filter_map(Tree::inside).any(reads_setting)
}

/// Settings of Postgres itself have no dot; what a request brings along beside its token is no identity.
fn is_identity_setting(arguments: &[Tree]) -> bool {
    let Some(Tree::Token(Token::Text(name))) = arguments.first() else { return false };
    name.contains('.')
        && !["request.header", "request.cookie", "request.method", "request.path", "pgrst."]
            .iter()
            .any(|other| name.starts_with(other))
}

/// The single conditions that an expression joins.
pub(super) fn conditions(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::All(parts) | Expression::Any(parts) => parts.iter().flat_map(conditions).collect(),
        Expression::Not(part) | Expression::Is(part, _) => conditions(part),
        Expression::Case(branches, otherwise) => branches
            .iter()
            .flat_map(|(condition, value)| [condition, value])
            .chain([otherwise.as_ref()])
            .flat_map(conditions)
            .collect(),
        other => vec![other],
    }
}

/// What of an expression is not understood further: columns, calls, subqueries.
pub(super) fn parts(expression: &Expression) -> Vec<&[Tree]> {
    match expression {
        Expression::Truth(_) | Expression::Null | Expression::Constant(_) => Vec::new(),
        Expression::All(inner) | Expression::Any(inner) | Expression::Coalesce(inner) => {
            inner.iter().flat_map(parts).collect()
        }
        Expression::Not(inner) | Expression::IsNull(inner) | Expression::Is(inner, _) => parts(inner),
        Expression::Operation(left, _, right) | Expression::NullIf(left, right) => {
            parts(left).into_iter().chain(parts(right)).collect()
        }
        Expression::Case(branches, otherwise) => branches
            .iter()
            .flat_map(|(condition, value)| [condition, value])
            .chain([otherwise.as_ref()])
            .flat_map(parts)
            .collect(),
        Expression::Other(trees) => vec![trees],
    }
}

/// An expression as trees again, constants and all; casts are gone.
pub(super) fn flattened(expression: &Expression) -> Vec<Tree> {
    let group = |inner: &Expression| match flattened(inner) {
        trees if trees.len() == 1 => trees,
        trees => vec![Tree::Group(trees)],
    };
    match expression {
        Expression::Truth(truth) => vec![Tree::Token(Token::Word(truth.to_string()))],
        Expression::Null => vec![Tree::Token(Token::Word("null".to_owned()))],
        Expression::Constant(text) => vec![Tree::Token(Token::Text(text.clone()))],
        Expression::All(inner) | Expression::Any(inner) | Expression::Coalesce(inner) => {
            inner.iter().flat_map(group).collect()
        }
        Expression::Not(inner) | Expression::IsNull(inner) | Expression::Is(inner, _) => group(inner),
        Expression::Operation(left, operator, right) => {
            let mark = Tree::Token(Token::Mark(operator.clone()));
            group(left).into_iter().chain([mark]).chain(group(right)).collect()
        }
        Expression::NullIf(left, right) => group(left).into_iter().chain(group(right)).collect(),
        Expression::Case(branches, otherwise) => branches
            .iter()
            .flat_map(|(condition, value)| [condition, value])
            .chain([otherwise.as_ref()])
            .flat_map(group)
            .collect(),
        Expression::Other(trees) => trees.clone(),
    }
}

/// Whether there is a query of a table in `trees`.
pub(super) fn queries_table(trees: &[Tree]) -> bool {
    trees.iter().any(|tree| {
        let Some(inside) = tree.inside() else { return false };
        (tree.is_query() && inside.iter().any(|tree| tree.is_word("from"))) || queries_table(inside)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{
        Column, DataType, Function, Generated, Identity, RelationKind, TypeKind, ViewWrites, Volatility,
    };

    fn table() -> Table {
        let column = |name: &str, not_null: bool| Column {
            name: name.to_owned(),
            position: 1,
            data_type: DataType {
                formatted: "uuid".into(),
                name: "uuid".into(),
                schema: "pg_catalog".into(),
                kind: TypeKind::Base,
            },
            not_null,
            default: None,
            generated: Generated::No,
            identity: Identity::No,
            comment: None,
        };
        Table {
            oid: 1,
            name: QualifiedName::new("public", "todos"),
            kind: RelationKind::Table,
            owner: "postgres".into(),
            comment: None,
            row_security: true,
            force_row_security: false,
            columns: vec![column("id", true), column("owner", false), column("Team", false), column("is_public", true)],
            primary_key: None,
            uniques: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            exclusions: Vec::new(),
            indexes: Vec::new(),
            policies: Vec::new(),
            triggers: Vec::new(),
            grants: Vec::new(),
            column_grants: Vec::new(),
            parent: None,
            definition: None,
            security_invoker: false,
            view_writes: ViewWrites::default(),
            depends_on: Vec::new(),
        }
    }

    fn catalog() -> Catalog {
        let function = |oid: u32, schema: &str, name: &str, source: &str| Function {
            oid,
            name: QualifiedName::new(schema, name),
            signature: format!("{name}()"),
            owner: "postgres".into(),
            arguments: Vec::new(),
            returns: "uuid".into(),
            returns_set: false,
            is_trigger: false,
            is_procedure: false,
            is_aggregate: false,
            security_definer: false,
            definition: None,
            volatility: Volatility::Stable,
            leakproof: false,
            language: "sql".into(),
            configuration: Vec::new(),
            source: source.to_owned(),
            grants: Vec::new(),
            comment: None,
        };
        let functions = vec![
            function(1, "auth", "uid", "select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid"),
            function(2, "public", "current_team", "select (select auth.uid())"),
            function(3, "auth", "jwt", "select current_setting('request.jwt.claims', true)::jsonb"),
        ];
        Catalog { functions, ..Catalog::default() }
    }

    fn with(asked: impl for<'r, 'c> Fn(&'r Reading<'c>, &'r Expression) -> bool, sql: &str) -> bool {
        let (catalog, table) = (catalog(), table());
        asked(&Reading::new(&catalog, &table), &Expression::read(sql))
    }

    #[test]
    fn a_tautology_is_told_from_a_condition() {
        let always = |sql: &str| with(|reading, condition| reading.always_holds(condition), sql);
        for sql in [
            "true",
            "(1 = 1)",
            "(id = id)",
            "((owner = auth.uid()) OR true)",
            "(NOT false)",
            "COALESCE(true, (owner = auth.uid()))",
            "(id IS NOT NULL)",
            "((auth.uid() IS NULL) OR (auth.uid() IS NOT NULL))",
            "\nCASE\n WHEN is_public THEN true\n ELSE true\nEND",
            "('t'::text <> 'f'::text)",
            "( SELECT true AS bool)",
            "(true IS TRUE)",
        ] {
            assert!(always(sql), "{sql}");
        }
        for sql in [
            "false",
            "(owner = auth.uid())",
            "(owner IS NOT NULL)",
            "((owner = auth.uid()) AND true)",
            "(1 = 2)",
            "(id = owner)",
            "is_public",
            "(random() = random())",
            "((auth.jwt() ->> 'role'::text) = 'service_role'::text)",
            "(EXISTS ( SELECT 1\n   FROM members\n  WHERE (members.user_id = auth.uid())))",
            "NULL::boolean",
        ] {
            assert!(!always(sql), "{sql}");
        }
    }

    #[test]
    fn a_missing_identity_that_opens_is_told_from_one_that_denies() {
        let admits = |sql: &str| with(|reading, condition| reading.admits_nobody(condition), sql);
        for sql in [
            "((auth.uid() IS NULL) OR (owner = auth.uid()))",
            "((( SELECT auth.uid() AS uid) IS NULL) OR (owner = ( SELECT auth.uid() AS uid)))",
            "COALESCE((owner = auth.uid()), true)",
            "(NOT (owner IS DISTINCT FROM auth.uid()))",
            "(NOT ((auth.uid() IS NOT NULL) AND (owner <> auth.uid())))",
            "((owner = auth.uid()) IS NOT FALSE)",
            "\nCASE\n WHEN (auth.uid() IS NULL) THEN true\n ELSE (owner = auth.uid())\nEND",
            "(((auth.jwt() ->> 'org'::text) IS NULL) OR is_public)",
            "((current_setting('app.tenant'::text, true) = ''::text) OR (owner = auth.uid()))",
            "((NULLIF(current_setting('app.tenant'::text, true), ''::text) IS NULL) OR (owner = auth.uid()))",
            "((is_public AND (current_team() IS NULL)) OR (owner = auth.uid()))",
        ] {
            assert!(admits(sql), "{sql}");
        }
        for sql in [
            "(owner = auth.uid())",
            "((auth.uid() IS NOT NULL) AND (owner = auth.uid()))",
            "(is_public OR (owner = auth.uid()))",
            "true",
            "COALESCE((owner = auth.uid()), false)",
            "((owner IS NULL) OR (owner = auth.uid()))",
            "(EXISTS ( SELECT 1\n   FROM members\n  WHERE (members.user_id = auth.uid())))",
            "((deleted_at IS NULL) AND (owner = auth.uid()))",
        ] {
            assert!(!admits(sql), "{sql}");
        }
    }

    #[test]
    fn a_condition_that_looks_at_the_row_is_told_from_one_that_does_not() {
        let mentions = |sql: &str| with(|reading, _| reading.mentions_row(&trees(sql)), "true");
        for sql in [
            "(owner = auth.uid())",
            "(\"Team\" = current_team())",
            "visible(todos.*)",
            "(EXISTS ( SELECT 1\n   FROM members m\n  WHERE (m.team = todos.\"Team\")))",
            "(owner IN ( SELECT m.user_id\n   FROM members m))",
        ] {
            assert!(mentions(sql), "{sql}");
        }
        for sql in [
            "(EXISTS ( SELECT 1\n   FROM members m\n  WHERE (m.owner = m.owner)))",
            "(auth.uid() IN ( SELECT owner.id\n   FROM owner))",
            "is_admin()",
            "((auth.jwt() ->> 'owner'::text) = 'x'::owner)",
            "(EXISTS ( SELECT 1\n   FROM todos todos_1\n  WHERE (todos_1.owner = auth.uid())))",
        ] {
            assert!(!mentions(sql), "{sql}");
        }
    }
}
