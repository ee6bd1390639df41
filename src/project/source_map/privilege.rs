use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::ledger::{DefaultGrant, Place, overload};
use super::reader::Reader;
use super::reading::{Text, child, names_below, path};

impl Reader<'_> {
    /// `GRANT` and `REVOKE` on objects: the last that names a role says what it may.
    pub(super) fn grant(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        let Some(objects) =
            child(node, SyntaxKind::ON_PRIVILEGE_OBJECTS_CLAUSE).and_then(|clause| clause.first_child())
        else {
            return;
        };
        let roles = roles(node);
        let place = self.place(text.line(node));
        let schemas = || names_below(&objects, SyntaxKind::SCHEMA_REF);
        match objects.kind() {
            SyntaxKind::PRIVILEGE_TABLE | SyntaxKind::PRIVILEGE_DEFAULT => {
                for table in objects.children().filter_map(|one| path(&one)).collect::<Vec<_>>() {
                    let Some(table) = self.relation_named(table) else { continue };
                    self.ledger.relation(&table).object.grant(&roles, place);
                }
            }
            SyntaxKind::PRIVILEGE_ALL_TABLES_IN_SCHEMA => {
                let schemas = schemas();
                let within = self.ledger.relations.iter_mut().filter(|(name, _)| schemas.contains(&name.schema));
                within.for_each(|(_, relation)| relation.object.grant(&roles, place));
            }
            SyntaxKind::PRIVILEGE_FUNCTION | SyntaxKind::PRIVILEGE_PROCEDURE | SyntaxKind::PRIVILEGE_ROUTINE => {
                self.grant_on_routines(&objects, &roles, place);
            }
            SyntaxKind::PRIVILEGE_ALL_FUNCTIONS_IN_SCHEMA
            | SyntaxKind::PRIVILEGE_ALL_PROCEDURES_IN_SCHEMA
            | SyntaxKind::PRIVILEGE_ALL_ROUTINES_IN_SCHEMA => {
                let schemas = schemas();
                let within = self.ledger.routines.iter_mut().filter(|(name, _)| schemas.contains(&name.schema));
                within.flat_map(|(_, overloads)| overloads).for_each(|routine| routine.object.grant(&roles, place));
            }
            SyntaxKind::PRIVILEGE_SCHEMA => {
                for schema in schemas() {
                    self.ledger.schemas.entry(schema).or_default().grant(&roles, place);
                }
            }
            _ => {}
        }
    }

    fn grant_on_routines(&mut self, objects: &SyntaxNode, roles: &[String], place: Place) {
        use SyntaxKind::{FUNCTION_SIG, PROCEDURE_SIG, ROUTINE_SIG};
        let signatures =
            objects.descendants().filter(|one| [FUNCTION_SIG, PROCEDURE_SIG, ROUTINE_SIG].contains(&one.kind()));
        for signature in signatures {
            let Some((name, types)) = self.routine_named(&signature) else { continue };
            let overloads = self.ledger.routines.get_mut(&name).map(Vec::as_mut_slice).unwrap_or_default();
            if let Some(routine) = overload(overloads, types.as_deref()) {
                routine.object.grant(roles, place);
            }
        }
    }

    /// What holds for objects that are made after it.
    pub(super) fn default_privileges(&mut self, node: &SyntaxNode, text: &Text<'_>) {
        use SyntaxKind::{PRIVILEGE_TARGET_FUNCTIONS, PRIVILEGE_TARGET_ROUTINES, PRIVILEGE_TARGET_TABLES};
        let Some(action) = node.last_child() else { return };
        let target = action.descendants().find_map(|one| match one.kind() {
            PRIVILEGE_TARGET_TABLES => Some(false),
            PRIVILEGE_TARGET_FUNCTIONS | PRIVILEGE_TARGET_ROUTINES => Some(true),
            _ => None,
        });
        let Some(routines) = target else { return };
        let schemas = child(node, SyntaxKind::IN_SCHEMAS).map(|list| names_below(&list, SyntaxKind::SCHEMA_REF));
        let place = self.place(text.line(node));
        let roles = roles(&action);
        self.ledger.defaults.push(DefaultGrant { schemas: schemas.unwrap_or_default(), routines, roles, place });
    }
}

/// The roles behind TO or FROM.
fn roles(node: &SyntaxNode) -> Vec<String> {
    let list = child(node, SyntaxKind::ROLE_REF_LIST);
    list.map(|list| names_below(&list, SyntaxKind::ROLE_NAME_REF)).unwrap_or_default()
}
