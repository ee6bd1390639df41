use std::collections::HashMap;

use serde::Deserialize;

use super::IntrospectError;
use crate::catalog::{DataType, TypeKind};

/// A type where it is used, with modifiers.
#[derive(Deserialize)]
pub(super) struct TypeUse {
    oid: u32,
    formatted: String,
}

/// A row of `types.sql`.
#[derive(Deserialize)]
pub(super) struct RawType {
    oid: u32,
    schema: String,
    name: String,
    kind: String,
    element: Option<TypeUse>,
    base: Option<TypeUse>,
    not_null: bool,
    default: Option<String>,
    checks: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    subtype: Option<TypeUse>,
    fields: Option<Vec<RawField>>,
}

#[derive(Deserialize)]
struct RawField {
    name: String,
    r#type: TypeUse,
}

/// Every type that columns and arguments use, by object id.
pub(super) struct Types {
    by_oid: HashMap<u32, RawType>,
}

impl Types {
    pub(super) fn new(raw: Vec<RawType>) -> Self {
        Self { by_oid: raw.into_iter().map(|raw| (raw.oid, raw)).collect() }
    }

    /// The type in full. Postgres lets no type contain itself, so this ends.
    pub(super) fn resolve(&self, used: &TypeUse) -> Result<DataType, IntrospectError> {
        let Some(raw) = self.by_oid.get(&used.oid) else {
            return Err(IntrospectError::unknown("a type", &used.formatted));
        };
        Ok(DataType {
            formatted: used.formatted.clone(),
            name: raw.name.clone(),
            schema: raw.schema.clone(),
            kind: self.kind(raw, used)?,
        })
    }

    fn kind(&self, raw: &RawType, used: &TypeUse) -> Result<TypeKind, IntrospectError> {
        let missing = || IntrospectError::unknown("an incomplete type", &raw.name);
        if let Some(element) = &raw.element {
            // An array's modifiers are its elements'.
            let formatted = used.formatted.strip_suffix("[]").unwrap_or(&element.formatted).to_owned();
            return Ok(TypeKind::Array(Box::new(self.resolve(&TypeUse { oid: element.oid, formatted })?)));
        }
        Ok(match raw.kind.as_str() {
            "b" => TypeKind::Base,
            "e" => TypeKind::Enumeration(raw.labels.clone().unwrap_or_default()),
            "d" => TypeKind::Domain {
                base: Box::new(self.resolve(raw.base.as_ref().ok_or_else(missing)?)?),
                not_null: raw.not_null,
                checks: raw.checks.clone().unwrap_or_default(),
                default: raw.default.clone(),
            },
            "r" => TypeKind::Range(Box::new(self.resolve(raw.subtype.as_ref().ok_or_else(missing)?)?)),
            "m" => TypeKind::Multirange(Box::new(self.resolve(raw.subtype.as_ref().ok_or_else(missing)?)?)),
            "c" => {
                let field = |field: &RawField| Ok((field.name.clone(), self.resolve(&field.r#type)?));
                TypeKind::Composite(raw.fields.iter().flatten().map(field).collect::<Result<_, IntrospectError>>()?)
            }
            "p" => TypeKind::Pseudo,
            other => return Err(IntrospectError::unknown("a type of kind", other)),
        })
    }
}
