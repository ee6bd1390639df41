use std::collections::BTreeSet;

use squawk_syntax::ast::{self, AlterTableAction, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::ledger::{Part, Place, Sort};
use super::naming::default_name;
use super::reader::Reader;
use super::reading::{Text, child, identifier, if_not_exists, names_below, path};
use crate::catalog::QualifiedName;

impl Reader<'_> {
    pub(super) fn create_table(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let name = child(node, SyntaxKind::TABLE_NAME).and_then(|name| path(&name)).and_then(|path| self.created(path));
        let Some(name) = name else { return };
        if self.is_kept(self.ledger.is_relation_made(&name), if_not_exists(node))
            || child(node, SyntaxKind::TEMP).is_some()
        {
            return;
        }
        let place = self.place(text.line(node));
        self.ledger.make_relation(&name, place);
        let Some(list) = child(node, SyntaxKind::TABLE_ARG_LIST) else { return };
        for column in list.children().filter_map(ast::Column::cast) {
            let Some(column_name) = column.name().and_then(|name| identifier(name.syntax())) else { continue };
            self.column(&name, column_name, self.place(text.line(column.syntax())));
        }
        for argument in list.children() {
            let column = ast::Column::cast(argument.clone()).and_then(|column| identifier(column.name()?.syntax()));
            match column {
                Some(column) => self.constraints(&name, &argument, Some(&column), text),
                None => self.constraint(&name, argument, None, text),
            }
        }
    }

    fn column(&mut self, table: &QualifiedName, name: String, place: Place) {
        self.ledger.relation(table).define(Part { sort: Sort::Column, name, columns: Vec::new(), place });
    }

    fn constraints(&mut self, table: &QualifiedName, parent: &SyntaxNode, column: Option<&str>, text: &Text<'_>) {
        for child in parent.children() {
            self.constraint(table, child, column, text);
        }
    }

    /// A constraint of a table, or of one column of it.
    fn constraint(&mut self, table: &QualifiedName, node: SyntaxNode, column: Option<&str>, text: &Text<'_>) {
        let place = self.place(text.line(&node));
        let Some(constraint) = ast::Constraint::cast(node) else { return };
        let named = constraint.constraint_name();
        let name = named.as_ref().map(|name| identifier(name.syntax()));
        if name == Some(None) {
            return;
        }
        let node = constraint.syntax();
        let own = || column.map_or_else(|| listed_columns(node), |column| vec![column.to_owned()]);
        let (sort, label, columns) = match &constraint {
            ast::Constraint::ForeignKeyConstraint(key) => {
                let columns = key.from_columns().map(|list| names_below(list.syntax(), SyntaxKind::COLUMN_NAME_REF));
                (Sort::ForeignKey, "fkey", columns.unwrap_or_default())
            }
            ast::Constraint::ReferencesConstraint(_) => (Sort::ForeignKey, "fkey", own()),
            ast::Constraint::PrimaryKeyConstraint(_) => (Sort::Constraint, "pkey", own()),
            ast::Constraint::UniqueConstraint(_) => (Sort::Constraint, "key", own()),
            ast::Constraint::ExcludeConstraint(_) => (Sort::Constraint, "excl", excluded_columns(node)),
            ast::Constraint::CheckConstraint(_) => (Sort::Constraint, "check", self.columns_read(table, node)),
            ast::Constraint::DefaultConstraint(_)
            | ast::Constraint::GeneratedConstraint(_)
            | ast::Constraint::NotNullConstraint(_)
            | ast::Constraint::NullConstraint(_) => return,
        };
        let index =
            child(node, SyntaxKind::USING_INDEX_NAME).and_then(|using| path(&using)).and_then(|mut path| path.pop());
        let relation = self.ledger.relation(table);
        // A constraint that takes an index over gives it its own name, if it has one.
        let name = name.flatten().or_else(|| index.clone()).unwrap_or_else(|| {
            // A primary key's name holds no column, and that of a check one, if it reads one alone.
            let shown = match label {
                "pkey" => &[],
                "check" if columns.len() > 1 => &[],
                _ => columns.as_slice(),
            };
            default_name(relation, &table.name, shown, label)
        });
        if let Some(index) = index {
            relation.forget(Sort::Index, &index);
        }
        relation.define(Part { sort, name, columns, place });
    }

    /// The columns of the table that an expression reads.
    fn columns_read(&self, table: &QualifiedName, node: &SyntaxNode) -> Vec<String> {
        let Some(relation) = self.ledger.relations.get(table) else { return Vec::new() };
        let is_function = |one: &SyntaxNode| one.parent().is_some_and(|parent| parent.kind() == SyntaxKind::CALL_EXPR);
        let names = node.descendants().filter(|one| one.kind() == SyntaxKind::NAME_REF && !is_function(one));
        let names: BTreeSet<String> = names.filter_map(|one| identifier(&one)).collect();
        names.into_iter().filter(|name| relation.part(Sort::Column, name).is_some()).collect()
    }

    pub(super) fn create_index(&mut self, create: &ast::CreateIndex, text: &Text<'_>) {
        let node = create.syntax();
        let table = create.table_relation_name().and_then(|name| path(name.syntax()));
        let Some(table) = table.and_then(|path| self.relation_named(path)) else { return };
        let named = create.index().map(|index| path(index.syntax()).and_then(|mut path| path.pop()));
        if named == Some(None) {
            return;
        }
        let place = self.place(text.line(node));
        let items = create.partition_item_list().map(|list| index_items(list.syntax())).unwrap_or_default();
        let kept = named.as_ref().and_then(|name| name.as_ref()).is_some_and(|name| {
            let known = self.ledger.relations.get(&table).is_some_and(|relation| relation.is_taken(name));
            self.is_kept(known, if_not_exists(node))
        });
        if kept {
            return;
        }
        let relation = self.ledger.relation(&table);
        let shown: Vec<String> = items.iter().map(|(name, _)| name.clone()).collect();
        let name = named.flatten().unwrap_or_else(|| default_name(relation, &table.name, &shown, "idx"));
        let columns = items.into_iter().filter(|(_, plain)| *plain).map(|(name, _)| name).collect();
        relation.define(Part { sort: Sort::Index, name, columns, place });
    }

    pub(super) fn alter_table(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let table = node.children().find_map(|child| path(&child)).and_then(|path| self.relation_named(path));
        let Some(mut table) = table else { return };
        for action in node.children().filter_map(AlterTableAction::cast) {
            let place = self.place(text.line(action.syntax()));
            self.alter(&mut table, &action, place, text);
        }
    }

    fn alter(&mut self, table: &mut QualifiedName, action: &AlterTableAction, place: Place, text: &Text<'_>) {
        let node = action.syntax();
        let names = |kind: SyntaxKind| child(node, kind).and_then(|name| identifier(&name));
        let last = |kind: SyntaxKind| child(node, kind).and_then(|name| path(&name)).and_then(|mut path| path.pop());
        match action {
            AlterTableAction::AddColumn(_) => self.add_column(table, node, place, text),
            AlterTableAction::AddConstraint(_) => self.add_constraint(table, node, text),
            AlterTableAction::AlterColumn(alter) if redefines(alter.option()) => {
                if let Some(column) = names(SyntaxKind::COLUMN_NAME_REF) {
                    self.column(table, column, place);
                }
            }
            AlterTableAction::EnableRls(_)
            | AlterTableAction::DisableRls(_)
            | AlterTableAction::ForceRls(_)
            | AlterTableAction::NoForceRls(_) => self.ledger.relation(table).row_security = Some(place),
            AlterTableAction::DropColumn(_) => {
                if let Some(column) = names(SyntaxKind::COLUMN_NAME_REF) {
                    self.ledger.relation(table).forget_column(&column);
                }
            }
            AlterTableAction::DropConstraint(_) => {
                if let Some(name) = last(SyntaxKind::CONSTRAINT_NAME_REF) {
                    let relation = self.ledger.relation(table);
                    relation.forget(Sort::Constraint, &name);
                    relation.forget(Sort::ForeignKey, &name);
                }
            }
            AlterTableAction::RenameColumn(_) => {
                if let (Some(from), Some(to)) = (names(SyntaxKind::COLUMN_NAME_REF), names(SyntaxKind::COLUMN_NAME)) {
                    self.ledger.relation(table).rename(Sort::Column, &from, &to);
                }
            }
            AlterTableAction::RenameConstraint(_) => {
                if let (Some(from), Some(to)) =
                    (last(SyntaxKind::CONSTRAINT_NAME_REF), names(SyntaxKind::CONSTRAINT_NAME))
                {
                    let relation = self.ledger.relation(table);
                    relation.rename(Sort::Constraint, &from, &to);
                    relation.rename(Sort::ForeignKey, &from, &to);
                }
            }
            AlterTableAction::TableRenameTo(_) => self.rename_relation(table, last(SyntaxKind::TABLE_NAME), None),
            AlterTableAction::SetSchema(_) => self.rename_relation(table, None, names(SyntaxKind::SCHEMA_REF)),
            AlterTableAction::EnableTrigger(_)
            | AlterTableAction::DisableTrigger(_)
            | AlterTableAction::EnableAlwaysTrigger(_)
            | AlterTableAction::EnableReplicaTrigger(_) => {
                if let Some(name) = names(SyntaxKind::TRIGGER_REF) {
                    let part = Part { sort: Sort::Trigger, name, columns: Vec::new(), place };
                    self.ledger.relation(table).define(part);
                }
            }
            _ => {}
        }
    }

    fn add_column(&mut self, table: &QualifiedName, node: &SyntaxNode, place: Place, text: &Text<'_>) {
        let Some(column) = child(node, SyntaxKind::COLUMN_NAME).and_then(|name| identifier(&name)) else { return };
        let known = self.ledger.relation(table).part(Sort::Column, &column).is_some();
        if !self.is_kept(known, if_not_exists(node)) {
            self.column(table, column.clone(), place);
            self.constraints(table, node, Some(&column), text);
        }
    }

    fn add_constraint(&mut self, table: &QualifiedName, node: &SyntaxNode, text: &Text<'_>) {
        let known = |name: &String| self.ledger.relations.get(table).is_some_and(|relation| relation.is_taken(name));
        let kept = names_below(node, SyntaxKind::CONSTRAINT_NAME).iter().any(|name| self.is_kept(known(name), false));
        if !kept {
            self.constraints(table, node, None, text);
        }
    }

    /// Moves a relation to another name, another schema, or both.
    pub(super) fn rename_relation(&mut self, table: &mut QualifiedName, name: Option<String>, schema: Option<String>) {
        let to = QualifiedName {
            schema: schema.unwrap_or_else(|| table.schema.clone()),
            name: name.unwrap_or_else(|| table.name.clone()),
        };
        self.ledger.move_relation(table, to.clone());
        *table = to;
    }
}

/// Whether an ALTER COLUMN says anything about what the column holds.
fn redefines(option: Option<ast::AlterColumnOption>) -> bool {
    use ast::AlterColumnOption as Change;
    !matches!(
        option,
        None | Some(
            Change::SetStatistics(_)
                | Change::SetStorage(_)
                | Change::SetCompression(_)
                | Change::SetOptions(_)
                | Change::SetOptionsList(_)
                | Change::ResetOptions(_)
                | Change::Restart(_)
        )
    )
}

/// The columns that a key lists, without those that it only includes.
fn listed_columns(node: &SyntaxNode) -> Vec<String> {
    let list = node.descendants().find(|one| one.kind() == SyntaxKind::CONSTRAINT_COLUMN_REF_LIST);
    list.map(|list| names_below(&list, SyntaxKind::COLUMN_NAME_REF)).unwrap_or_default()
}

fn excluded_columns(node: &SyntaxNode) -> Vec<String> {
    let elements = node.descendants().filter(|one| one.kind() == SyntaxKind::CONSTRAINT_EXCLUSION);
    elements.filter_map(|element| child(&element, SyntaxKind::NAME_REF).and_then(|name| identifier(&name))).collect()
}

/// What an index is over, as Postgres puts it into the index's name, and whether it is a plain column.
fn index_items(list: &SyntaxNode) -> Vec<(String, bool)> {
    let item = |item: SyntaxNode| {
        let column = child(&item, SyntaxKind::NAME_REF).and_then(|name| identifier(&name));
        let function = || {
            child(&item, SyntaxKind::CALL_EXPR)
                .and_then(|call| names_below(&call, SyntaxKind::NAME_REF).into_iter().next())
        };
        column.map_or_else(|| (function().unwrap_or_else(|| "expr".to_owned()), false), |column| (column, true))
    };
    list.children().filter(|one| one.kind() == SyntaxKind::PARTITION_ITEM).map(item).collect()
}
