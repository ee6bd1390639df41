use super::SourceMap;
use super::ledger::{Grantable, Part, Place, Relation, Routine, Sort};
use super::signature::parted;
use crate::catalog::QualifiedName;
use crate::verdict::{ObjectKind, ObjectRef, Source};

/// What a part of a table is called that stands for its being under row security.
const ROW_SECURITY: &str = "row security";

impl SourceMap {
    /// Where an object was last defined; of a part of one, where that is told apart, else of the whole. What the platform made has none.
    #[must_use]
    pub fn of(&self, object: &ObjectRef) -> Option<Source> {
        let sub = object.sub.as_deref();
        let place = match object.kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                let relation = self.relation(&object.schema, &object.name)?;
                sub.and_then(|sub| relation.place_of(sub)).or(relation.object.defined)
            }
            ObjectKind::Function => {
                let routine = self.routine(&object.schema, &object.name)?;
                sub.and_then(|sub| routine.object.granted_in(sub)).or(routine.object.defined)
            }
            ObjectKind::Publication => {
                let published = sub.and_then(|sub| self.published(&object.name, sub));
                published.or_else(|| self.ledger.publications.get(&object.name).copied())
            }
            // A check of a schema has no kind of its own.
            ObjectKind::Database => {
                let schema =
                    [&object.schema, &object.name].into_iter().find_map(|name| self.ledger.schemas.get(name))?;
                sub.and_then(|sub| schema.granted_in(sub)).or(schema.defined)
            }
            ObjectKind::Migration | ObjectKind::Seed | ObjectKind::Bucket | ObjectKind::Operation => None,
        };
        place.and_then(|place| self.source(place))
    }

    /// Where row security of a table was last switched, else where the table was made.
    #[must_use]
    pub fn of_row_security(&self, table: &ObjectRef) -> Option<Source> {
        self.of(&ObjectRef { sub: Some(ROW_SECURITY.to_owned()), ..table.clone() })
    }

    /// Where a type or domain was last defined.
    #[must_use]
    pub fn of_type(&self, name: &QualifiedName) -> Option<Source> {
        self.ledger.types.get(name).and_then(|place| self.source(*place))
    }

    fn source(&self, place: Place) -> Option<Source> {
        let file = self.ledger.files.get(place.file)?;
        Some(Source { file: file.clone(), line: place.line })
    }

    fn relation(&self, schema: &str, name: &str) -> Option<&Relation> {
        self.ledger.relations.get(&QualifiedName::new(schema, name))
    }

    fn routine(&self, schema: &str, signature: &str) -> Option<&Routine> {
        let (name, arguments) = parted(signature);
        let overloads = self.ledger.routines.get(&QualifiedName::new(schema, name))?;
        let exact = overloads.iter().find(|routine| Some(&routine.arguments) == arguments.as_ref());
        // A type may be spelt as neither side knows it (`t.c%type`): the only one it can be.
        exact.or(if let [only] = overloads.as_slice() { Some(only) } else { None })
    }

    /// Where a table came into a publication, of `schema.table`.
    fn published(&self, publication: &str, table: &str) -> Option<Place> {
        let (schema, name) = table.split_once('.')?;
        self.relation(schema, name)?.part(Sort::Publication, publication).map(|part| part.place)
    }
}

impl Relation {
    /// Where a part is defined, as checks name it: by its name, by its columns (`a, b`), with what it leads to (`a, b -> public.x`), or
    /// in words that hold a role (`select to anon`).
    fn place_of(&self, sub: &str) -> Option<Place> {
        let plain = sub.split(" -> ").next().unwrap_or(sub).split(" (").next().unwrap_or(sub).trim();
        let leads = plain != sub;
        let columns: Vec<&str> = plain.split(',').map(str::trim).collect();
        let by_name = |name: &str| self.parts.iter().filter(|part| part.name == name).min_by_key(|part| part.sort);
        let is_over = |part: &&Part| !part.columns.is_empty() && part.columns == columns;
        let over = || self.parts.iter().filter(is_over).min_by_key(|part| part.sort);
        let found = by_name(sub).or_else(|| if leads { over().or_else(|| by_name(plain)) } else { over() });
        let switched = || self.row_security.filter(|_| sub == ROW_SECURITY);
        let first = || columns.first().and_then(|column| self.part(Sort::Column, column));
        found
            .map(|part| part.place)
            .or_else(switched)
            .or_else(|| self.object.granted_in(sub))
            .or_else(|| first().filter(|_| columns.len() > 1).map(|part| part.place))
    }
}

impl Grantable {
    /// Where the first role that a text names was last granted or refused something.
    fn granted_in(&self, text: &str) -> Option<Place> {
        let words = text.split(|sign: char| !(sign.is_alphanumeric() || sign == '_'));
        self.grant_to(text).or_else(|| words.filter(|word| !word.is_empty()).find_map(|word| self.grant_to(word)))
    }
}
