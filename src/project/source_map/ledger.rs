use std::collections::HashMap;

use crate::catalog::QualifiedName;

/// A line of one of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The file, by its index.
    pub(super) file: usize,
    /// The line, from 1.
    pub(super) line: usize,
}

/// What has been defined so far, and where.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ledger {
    /// The paths of the files.
    pub(super) files: Vec<String>,
    pub(super) relations: HashMap<QualifiedName, Relation>,
    pub(super) routines: HashMap<QualifiedName, Vec<Routine>>,
    pub(super) types: HashMap<QualifiedName, Place>,
    pub(super) publications: HashMap<String, Place>,
    pub(super) schemas: HashMap<String, Grantable>,
    /// What new objects are granted, in order.
    pub(super) defaults: Vec<DefaultGrant>,
}

/// Where an object was made, and where each role was last granted or refused something on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Grantable {
    /// `None` where no migration made it: the platform did, and migrations add to it.
    pub(super) defined: Option<Place>,
    grants: Vec<(String, Place)>,
}

/// A table, view or their kin.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Relation {
    pub(super) object: Grantable,
    /// Where row security was last switched.
    pub(super) row_security: Option<Place>,
    pub(super) parts: Vec<Part>,
}

/// A part of a relation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) sort: Sort,
    pub(super) name: String,
    /// What a constraint or an index is over.
    pub(super) columns: Vec<String>,
    pub(super) place: Place,
}

/// What sort of part, in the order in which a name is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Column,
    Policy,
    ForeignKey,
    Constraint,
    Index,
    Trigger,
    Publication,
}

/// A function or procedure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Routine {
    /// The types of the arguments that take a value, as [`super::signature`] spells them.
    pub(super) arguments: Vec<String>,
    pub(super) object: Grantable,
}

/// What `ALTER DEFAULT PRIVILEGES` grants or refuses on objects made later.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DefaultGrant {
    /// Empty for every schema.
    pub(super) schemas: Vec<String>,
    pub(super) routines: bool,
    pub(super) roles: Vec<String>,
    pub(super) place: Place,
}

impl Grantable {
    pub(super) fn made(place: Place) -> Self {
        Self { defined: Some(place), grants: Vec::new() }
    }

    pub(super) fn grant(&mut self, roles: &[String], place: Place) {
        for role in roles {
            self.grants.retain(|(other, _)| other != role);
            self.grants.push((role.clone(), place));
        }
    }

    pub(super) fn grant_to(&self, role: &str) -> Option<Place> {
        self.grants.iter().find(|(other, _)| other == role).map(|(_, place)| *place)
    }
}

impl Relation {
    pub(super) fn part(&self, sort: Sort, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.sort == sort && part.name == name)
    }

    pub(super) fn define(&mut self, part: Part) {
        self.forget(part.sort, &part.name);
        self.parts.push(part);
    }

    pub(super) fn forget(&mut self, sort: Sort, name: &str) {
        self.parts.retain(|part| part.sort != sort || part.name != name);
    }

    pub(super) fn rename(&mut self, sort: Sort, from: &str, to: &str) {
        for part in &mut self.parts {
            if part.sort == sort && part.name == from {
                to.clone_into(&mut part.name);
            }
            if sort == Sort::Column {
                part.columns.iter_mut().filter(|column| *column == from).for_each(|column| to.clone_into(column));
            }
        }
    }

    /// What is over a column goes with it.
    pub(super) fn forget_column(&mut self, name: &str) {
        self.forget(Sort::Column, name);
        self.parts.retain(|part| !part.columns.iter().any(|column| column == name));
    }

    /// Whether a constraint or an index has this name.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        [Sort::ForeignKey, Sort::Constraint, Sort::Index].into_iter().any(|sort| self.part(sort, name).is_some())
    }
}

impl Ledger {
    /// The entry of a relation, made where migrations add to one that the platform made.
    pub(super) fn relation(&mut self, name: &QualifiedName) -> &mut Relation {
        self.relations.entry(name.clone()).or_default()
    }

    pub(super) fn is_relation_made(&self, name: &QualifiedName) -> bool {
        self.relations.get(name).is_some_and(|relation| relation.object.defined.is_some())
    }

    /// A relation that begins anew.
    pub(super) fn make_relation(&mut self, name: &QualifiedName, place: Place) -> &mut Relation {
        let mut object = Grantable::made(place);
        self.grant_defaults(&name.schema, false, &mut object);
        let relation = self.relation(name);
        *relation = Relation { object, ..Relation::default() };
        relation
    }

    /// A routine that begins anew, or keeps what it was granted where it is replaced.
    pub(super) fn make_routine(&mut self, name: &QualifiedName, arguments: Vec<String>, place: Place) {
        let mut object = Grantable::default();
        self.grant_defaults(&name.schema, true, &mut object);
        let overloads = self.routines.entry(name.clone()).or_default();
        match overloads.iter_mut().find(|routine| routine.arguments == arguments) {
            Some(routine) => routine.object.defined = Some(place),
            None => {
                object.defined = Some(place);
                overloads.push(Routine { arguments, object });
            }
        }
    }

    fn grant_defaults(&self, schema: &str, routines: bool, object: &mut Grantable) {
        let fits = |grant: &&DefaultGrant| {
            grant.routines == routines
                && (grant.schemas.is_empty() || grant.schemas.iter().any(|other| other == schema))
        };
        for grant in self.defaults.iter().filter(fits) {
            object.grant(&grant.roles, grant.place);
        }
    }

    pub(super) fn move_relation(&mut self, from: &QualifiedName, to: QualifiedName) {
        if let Some(relation) = self.relations.remove(from) {
            self.relations.insert(to, relation);
        }
    }

    /// The relation that an index or a constraint of this name lies on: those names belong to the schema.
    pub(super) fn owner_of_index(&mut self, name: &QualifiedName) -> Option<&mut Relation> {
        let owns = |(relation, entry): &(&QualifiedName, &mut Relation)| {
            relation.schema == name.schema && entry.is_taken(&name.name)
        };
        self.relations.iter_mut().find(owns).map(|(_, relation)| relation)
    }

    pub(super) fn drop_schema(&mut self, schema: &str) {
        self.schemas.remove(schema);
        self.relations.retain(|name, _| name.schema != schema);
        self.routines.retain(|name, _| name.schema != schema);
        self.types.retain(|name, _| name.schema != schema);
    }

    pub(super) fn rename_schema(&mut self, from: &str, to: &str) {
        if let Some(entry) = self.schemas.remove(from) {
            self.schemas.insert(to.to_owned(), entry);
        }
        move_all(&mut self.relations, from, to);
        move_all(&mut self.routines, from, to);
        move_all(&mut self.types, from, to);
    }
}

fn move_all<Entry>(entries: &mut HashMap<QualifiedName, Entry>, from: &str, to: &str) {
    let moved: Vec<(QualifiedName, Entry)> = entries.extract_if(|name, _| name.schema == from).collect();
    entries.extend(moved.into_iter().map(|(name, entry)| (QualifiedName::new(to, name.name), entry)));
}

/// The overload that a signature names; without arguments, or where they are spelt in another way, the only one.
pub(super) fn overload<'a>(routines: &'a mut [Routine], arguments: Option<&[String]>) -> Option<&'a mut Routine> {
    let exact = routines.iter().position(|routine| Some(routine.arguments.as_slice()) == arguments);
    match (exact, routines.len()) {
        (Some(index), _) => routines.get_mut(index),
        (None, 1) => routines.first_mut(),
        (None, _) => None,
    }
}
