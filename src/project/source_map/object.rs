use squawk_syntax::ast::{self, AstNode, Stmt};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::ledger::{Grantable, Part, Sort, overload};
use super::reader::Reader;
use super::reading::{Text, child, identifier, if_not_exists, path};
use super::signature::arguments;
use crate::catalog::QualifiedName;

impl Reader<'_> {
    /// Everything but tables, indexes, privileges and blocks.
    pub(super) fn other_object(&mut self, statement: &Stmt, text: &Text<'_>) {
        let node = statement.syntax();
        match statement {
            Stmt::CreateView(_) | Stmt::CreateMaterializedView(_) | Stmt::CreateTableAs(_) => {
                self.create_view(node, text)
            }
            Stmt::CreatePolicy(_) => self.create_part(node, Sort::Policy, SyntaxKind::POLICY, text),
            Stmt::CreateTrigger(_) => self.create_part(node, Sort::Trigger, SyntaxKind::TRIGGER, text),
            Stmt::CreateFunction(_) | Stmt::CreateProcedure(_) | Stmt::CreateAggregate(_) => {
                self.create_routine(node, text)
            }
            Stmt::CreateType(_) | Stmt::CreateDomain(_) => self.create_type(node, text),
            Stmt::CreateSchema(create) => self.create_schema(create, text),
            Stmt::CreatePublication(_) | Stmt::AlterPublication(_) => self.publication(node, text),
            Stmt::AlterPolicy(_) => {
                self.alter_part(node, Sort::Policy, [SyntaxKind::POLICY_REF, SyntaxKind::POLICY], text)
            }
            Stmt::AlterTrigger(_) => {
                self.alter_part(node, Sort::Trigger, [SyntaxKind::TRIGGER_REF, SyntaxKind::TRIGGER], text)
            }
            Stmt::AlterView(_) | Stmt::AlterMaterializedView(_) => self.alter_view(node, text),
            Stmt::AlterIndex(_) => self.alter_index(node),
            Stmt::AlterFunction(_) | Stmt::AlterProcedure(_) | Stmt::AlterRoutine(_) => self.alter_routine(node, text),
            Stmt::AlterType(_) | Stmt::AlterDomain(_) => self.alter_type(node, text),
            Stmt::AlterSchema(alter) => self.alter_schema(alter),
            _ => self.drop(statement),
        }
    }

    fn create_view(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let name = node.children().find(|one| matches!(one.kind(), SyntaxKind::VIEW | SyntaxKind::TABLE_NAME));
        let name = name.and_then(|name| path(&name)).and_then(|path| self.created(path));
        let Some(name) = name.filter(|_| child(node, SyntaxKind::TEMP).is_none()) else { return };
        let place = self.place(text.line(node));
        let known = self.ledger.is_relation_made(&name);
        if child(node, SyntaxKind::OR_REPLACE).is_some() && known {
            self.ledger.relation(&name).object.defined = Some(place);
        } else if !self.is_kept(known, if_not_exists(node)) {
            self.ledger.make_relation(&name, place);
        }
    }

    /// The relation that a statement is `ON`.
    fn relation_on(&self, node: &SyntaxNode) -> Option<QualifiedName> {
        let on = node.children().find(|one| matches!(one.kind(), SyntaxKind::ON_TABLE | SyntaxKind::ON_RELATION))?;
        self.relation_named(path(&on)?)
    }

    fn create_part(&mut self, node: &SyntaxNode, sort: Sort, kind: SyntaxKind, text: &Text<'_>) {
        let name = child(node, kind).and_then(|name| identifier(&name));
        let (Some(name), Some(table)) = (name, self.relation_on(node)) else { return };
        let place = self.place(text.line(node));
        let known = self.ledger.relation(&table).part(sort, &name).is_some();
        if child(node, SyntaxKind::OR_REPLACE).is_some() || !self.is_kept(known, false) {
            self.ledger.relation(&table).define(Part { sort, name, columns: Vec::new(), place });
        }
    }

    fn alter_part(&mut self, node: &SyntaxNode, sort: Sort, [from, to]: [SyntaxKind; 2], text: &Text<'_>) {
        let named = |node: &SyntaxNode, kind| child(node, kind).and_then(|name| identifier(&name));
        let (Some(name), Some(table)) = (named(node, from), self.relation_on(node)) else { return };
        let place = self.place(text.line(node));
        let relation = self.ledger.relation(&table);
        match node.children().find_map(|action| named(&action, to)) {
            Some(renamed) => relation.rename(sort, &name, &renamed),
            // `DEPENDS ON EXTENSION` says nothing about a trigger.
            None if sort == Sort::Policy => relation.define(Part { sort, name, columns: Vec::new(), place }),
            None => {}
        }
    }

    fn create_routine(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let path = node.children().take_while(|one| one.kind() != SyntaxKind::PARAM_LIST).find_map(|one| path(&one));
        let Some(name) = path.and_then(|path| self.created(path)) else { return };
        let types = node.children().find_map(ast::ParamList::cast).map(|list| arguments(&list)).unwrap_or_default();
        self.ledger.make_routine(&name, types, self.place(text.line(node)));
    }

    /// The routine that a signature names, and its overload's types.
    pub(super) fn routine_named(&self, signature: &SyntaxNode) -> Option<(QualifiedName, Option<Vec<String>>)> {
        let path =
            signature.children().take_while(|one| one.kind() != SyntaxKind::PARAM_LIST).find_map(|one| path(&one))?;
        let name = self.referred(path, |name| self.ledger.routines.contains_key(name))?;
        let list = signature.children().find_map(ast::ParamList::cast);
        Some((name, list.map(|list| arguments(&list))))
    }

    fn alter_routine(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let Some((name, types)) = node.children().find(is_signature).and_then(|one| self.routine_named(&one)) else {
            return;
        };
        let place = self.place(text.line(node));
        let rights = [SyntaxKind::SECURITY_DEFINER_FUNC_OPTION, SyntaxKind::SECURITY_INVOKER_FUNC_OPTION];
        let Some(overloads) = self.ledger.routines.get_mut(&name) else { return };
        // Whose rights it runs with is as good as a definition; a search path or an owner is not.
        if node.descendants().any(|one| rights.contains(&one.kind())) {
            overload(overloads, types.as_deref()).into_iter().for_each(|routine| routine.object.defined = Some(place));
        }
        let Some(to) = renamed(node, &name) else { return };
        let moved = overload(overloads, types.as_deref()).map(|routine| routine.clone());
        let Some(moved) = moved else { return };
        overloads.retain(|routine| *routine != moved);
        self.ledger.routines.entry(to).or_default().push(moved);
    }

    fn create_type(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let name = node.children().find(|one| matches!(one.kind(), SyntaxKind::TYPE_NAME | SyntaxKind::DOMAIN));
        let Some(name) = name.and_then(|name| path(&name)).and_then(|path| self.created(path)) else { return };
        if !self.is_kept(self.ledger.types.contains_key(&name), false) {
            let place = self.place(text.line(node));
            self.ledger.types.insert(name, place);
        }
    }

    fn type_named(&self, node: &SyntaxNode) -> Option<QualifiedName> {
        self.referred(path(node)?, |name| self.ledger.types.contains_key(name))
    }

    fn alter_type(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let Some(name) = node.children().next().and_then(|name| self.type_named(&name)) else { return };
        match renamed(node, &name) {
            Some(to) => {
                if let Some(place) = self.ledger.types.remove(&name) {
                    self.ledger.types.insert(to, place);
                }
            }
            None if child(node, SyntaxKind::OWNER_TO).is_none() => {
                let place = self.place(text.line(node));
                self.ledger.types.insert(name, place);
            }
            None => {}
        }
    }

    fn create_schema(&mut self, create: &ast::CreateSchema, text: &Text<'_>) {
        let Some(name) = create.schema_name().and_then(|name| identifier(&name)) else { return };
        let place = self.place(text.line(create.syntax()));
        let known = self.ledger.schemas.get(&name).is_some_and(|schema| schema.defined.is_some());
        if !self.is_kept(known, if_not_exists(create.syntax())) {
            self.ledger.schemas.insert(name.clone(), Grantable::made(place));
        }
        self.within_schema(&name, |reader| {
            for element in create.schema_elements().filter_map(|element| Stmt::cast(element.syntax().clone())) {
                reader.statement(&element, text);
            }
        });
    }

    fn alter_schema(&mut self, alter: &ast::AlterSchema) {
        let from = alter.schema_ref().and_then(|name| identifier(name.syntax()));
        let to = alter.syntax().children().find_map(|action| child(&action, SyntaxKind::SCHEMA));
        if let (Some(from), Some(to)) = (from, to.and_then(|name| identifier(&name))) {
            self.ledger.rename_schema(&from, &to);
        }
    }

    fn publication(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let name =
            node.children().find(|one| matches!(one.kind(), SyntaxKind::PUBLICATION | SyntaxKind::PUBLICATION_REF));
        let Some(name) = name.and_then(|name| identifier(&name)) else { return };
        if node.children().any(|one| matches!(one.kind(), SyntaxKind::OWNER_TO | SyntaxKind::PUBLICATION_RENAME_TO)) {
            return;
        }
        let place = self.place(text.line(node));
        self.ledger.publications.insert(name.clone(), place);
        let drops = child(node, SyntaxKind::DROP_PUBLICATION_OBJECTS).is_some();
        for table in node.descendants().filter(|one| one.kind() == SyntaxKind::PUBLICATION_OBJECT_TABLE) {
            let Some(table) = path(&table).and_then(|path| self.relation_named(path)) else { continue };
            let relation = self.ledger.relation(&table);
            relation.forget(Sort::Publication, &name);
            if !drops {
                relation.define(Part { sort: Sort::Publication, name: name.clone(), columns: Vec::new(), place });
            }
        }
    }

    fn alter_view(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let view = node.children().find_map(|one| path(&one)).and_then(|path| self.relation_named(path));
        let Some(mut view) = view else { return };
        let place = self.place(text.line(node));
        if let Some(to) = renamed(node, &view) {
            self.rename_relation(&mut view, Some(to.name), Some(to.schema));
        } else if node.children().any(|one| matches!(one.kind(), SyntaxKind::SET_OPTIONS | SyntaxKind::RESET_OPTIONS)) {
            // `security_invoker` is among the options.
            self.ledger.relation(&view).object.defined = Some(place);
        }
    }

    /// The index of a reference, in the schema where there is one of that name.
    fn index_named(&mut self, node: &SyntaxNode) -> Option<QualifiedName> {
        let path = path(node)?;
        self.referred(path, |name| {
            self.ledger
                .relations
                .iter()
                .any(|(table, relation)| table.schema == name.schema && relation.is_taken(&name.name))
        })
    }

    fn alter_index(&mut self, node: &SyntaxNode) {
        let Some(from) = child(node, SyntaxKind::INDEX_REF).and_then(|index| self.index_named(&index)) else { return };
        let (Some(to), Some(relation)) = (renamed(node, &from), self.ledger.owner_of_index(&from)) else { return };
        for sort in [Sort::Index, Sort::Constraint] {
            relation.rename(sort, &from.name, &to.name);
        }
    }

    fn drop(&mut self, statement: &Stmt) {
        let node = statement.syntax();
        match statement {
            Stmt::DropTable(_) | Stmt::DropView(_) | Stmt::DropMaterializedView(_) | Stmt::DropForeignTable(_) => {
                for name in node.children().filter_map(|one| path(&one)).collect::<Vec<_>>() {
                    self.relation_named(name).into_iter().for_each(|name| drop(self.ledger.relations.remove(&name)));
                }
            }
            Stmt::DropFunction(_) | Stmt::DropProcedure(_) | Stmt::DropRoutine(_) | Stmt::DropAggregate(_) => {
                for (name, types) in node
                    .descendants()
                    .filter(is_signature)
                    .filter_map(|one| self.routine_named(&one))
                    .collect::<Vec<_>>()
                {
                    let Some(overloads) = self.ledger.routines.get_mut(&name) else { continue };
                    let dropped = overload(overloads, types.as_deref()).map(|routine| routine.arguments.clone());
                    overloads.retain(|routine| Some(&routine.arguments) != dropped.as_ref());
                }
            }
            Stmt::DropIndex(_) => {
                for name in node.children().filter_map(|one| self.index_named(&one)).collect::<Vec<_>>() {
                    self.ledger
                        .owner_of_index(&name)
                        .into_iter()
                        .for_each(|owner| owner.forget(Sort::Index, &name.name));
                }
            }
            Stmt::DropPolicy(_) => self.drop_part(node, Sort::Policy, SyntaxKind::POLICY_REF),
            Stmt::DropTrigger(_) => self.drop_part(node, Sort::Trigger, SyntaxKind::TRIGGER_REF),
            Stmt::DropType(_) | Stmt::DropDomain(_) => {
                for name in node.children().filter_map(|one| self.type_named(&one)).collect::<Vec<_>>() {
                    self.ledger.types.remove(&name);
                }
            }
            Stmt::DropPublication(_) => {
                for name in node.children().filter_map(|one| identifier(&one)) {
                    self.ledger.publications.remove(&name);
                }
            }
            Stmt::DropSchema(_) => {
                for name in node.children().filter(|one| one.kind() == SyntaxKind::SCHEMA_REF) {
                    identifier(&name).into_iter().for_each(|name| self.ledger.drop_schema(&name));
                }
            }
            _ => {}
        }
    }

    fn drop_part(&mut self, node: &SyntaxNode, sort: Sort, kind: SyntaxKind) {
        let name = child(node, kind).and_then(|name| identifier(&name));
        if let (Some(name), Some(table)) = (name, self.relation_on(node)) {
            self.ledger.relation(&table).forget(sort, &name);
        }
    }
}

fn is_signature(node: &SyntaxNode) -> bool {
    use SyntaxKind::{AGGREGATE, FUNCTION_SIG, PROCEDURE_SIG, ROUTINE_SIG};
    matches!(node.kind(), FUNCTION_SIG | PROCEDURE_SIG | ROUTINE_SIG | AGGREGATE)
}

/// The name that `RENAME TO` or `SET SCHEMA` of a statement gives.
fn renamed(node: &SyntaxNode, from: &QualifiedName) -> Option<QualifiedName> {
    use SyntaxKind::{
        DOMAIN_RENAME_TO, FUNCTION_RENAME_TO, INDEX_RENAME_TO, PROCEDURE_RENAME_TO, ROUTINE_RENAME_TO, TYPE_RENAME_TO,
        VIEW_RENAME_TO,
    };
    let renames = [
        DOMAIN_RENAME_TO,
        FUNCTION_RENAME_TO,
        INDEX_RENAME_TO,
        PROCEDURE_RENAME_TO,
        ROUTINE_RENAME_TO,
        TYPE_RENAME_TO,
        VIEW_RENAME_TO,
    ];
    let action = node.children().find(|one| one.kind() == SyntaxKind::SET_SCHEMA || renames.contains(&one.kind()))?;
    if action.kind() == SyntaxKind::SET_SCHEMA {
        let schema = child(&action, SyntaxKind::SCHEMA_REF).and_then(|name| identifier(&name))?;
        return Some(QualifiedName::new(schema, &from.name));
    }
    Some(QualifiedName::new(&from.schema, path(&action)?.pop()?))
}
