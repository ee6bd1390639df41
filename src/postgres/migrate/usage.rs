use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{QualifiedName, quote_literal};
use crate::postgres::stand_ins::{self, StandIn};
use crate::postgres::{Session, SqlError};
use crate::project::{Token, tokens};

/// Finds the relations that rest on each stand-in: through the types of their columns, their defaults, constraints,
/// policies, triggers and views.
pub(super) async fn find_users(session: &mut Session, all: &mut [StandIn]) -> Result<(), SqlError> {
    let mut values = Vec::new();
    for (index, stand_in) in all.iter().enumerate() {
        for name in made_by(&stand_in.extension, &stand_in.schema) {
            values.push(format!("({index}, {}, {})", quote_literal(&stand_in.schema), quote_literal(&name)));
        }
    }
    if values.is_empty() {
        return Ok(());
    }
    let rows = session.rows(&query(&values.join(", "))).await?;
    let mut found: BTreeMap<usize, BTreeSet<QualifiedName>> = BTreeMap::new();
    for row in rows {
        let [Some(index), Some(schema), Some(name)] = row.as_slice() else { continue };
        let Ok(index) = index.parse::<usize>() else { continue };
        found.entry(index).or_default().insert(QualifiedName::new(schema, name));
    }
    for (index, names) in found {
        if let Some(stand_in) = all.get_mut(index) {
            stand_in.used_by = names.into_iter().collect();
        }
    }
    Ok(())
}

fn query(values: &str) -> String {
    format!(
        "with made (number, schema, name) as (values {values}), \
         objects (number, class, id) as ( \
             select number, 'pg_catalog.pg_proc'::regclass, pg_proc.oid from made \
             join pg_catalog.pg_namespace on nspname = schema \
             join pg_catalog.pg_proc on pronamespace = pg_namespace.oid and proname = name \
             union all \
             select number, 'pg_catalog.pg_type'::regclass, pg_type.oid from made \
             join pg_catalog.pg_namespace on nspname = schema \
             join pg_catalog.pg_type on typnamespace = pg_namespace.oid and typname in (name, '_' || name) \
         ), users (number, relation) as ( \
             select number, case classid \
                 when 'pg_catalog.pg_class'::regclass then objid \
                 when 'pg_catalog.pg_attrdef'::regclass then (select adrelid from pg_catalog.pg_attrdef where oid = objid) \
                 when 'pg_catalog.pg_constraint'::regclass then (select conrelid from pg_catalog.pg_constraint where oid = objid) \
                 when 'pg_catalog.pg_policy'::regclass then (select polrelid from pg_catalog.pg_policy where oid = objid) \
                 when 'pg_catalog.pg_trigger'::regclass then (select tgrelid from pg_catalog.pg_trigger where oid = objid) \
                 when 'pg_catalog.pg_rewrite'::regclass then (select ev_class from pg_catalog.pg_rewrite where oid = objid) \
             end \
             from objects join pg_catalog.pg_depend on refclassid = class and refobjid = id \
         ) \
         select distinct number, nspname, relname from users \
         join pg_catalog.pg_class on pg_class.oid = relation and relkind in ('r', 'p', 'v', 'm', 'f') \
         join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace \
         where not exists (select from made where schema = nspname and schema not in ('public', 'extensions'))"
    )
}

/// The functions and types that a stand-in's script makes, by name.
pub(in crate::postgres) fn made_by(extension: &str, schema: &str) -> BTreeSet<String> {
    let script = stand_ins::script(extension, schema).unwrap_or_default();
    let all = tokens(&script);
    let mut names = BTreeSet::new();
    for (index, token) in all.iter().enumerate() {
        let dotted = index > 1
            && all.get(index - 1).is_some_and(|sign| sign.is_sign("."))
            && all.get(index - 2).and_then(Token::identifier).is_some_and(|one| one == schema);
        if dotted {
            names.extend(token.identifier());
        }
        if let Some(body) = token.content() {
            collect_types(body, schema, &mut names);
        }
    }
    names
}

/// Types are made in blocks: `create type "public".x`, or by names in an array that are formatted in.
fn collect_types(body: &str, schema: &str, names: &mut BTreeSet<String>) {
    let inner = tokens(body);
    for (index, token) in inner.iter().enumerate() {
        let after_dot = index > 1
            && inner.get(index - 1).is_some_and(|sign| sign.is_sign("."))
            && inner.get(index - 2).and_then(Token::identifier).is_some_and(|one| one == schema);
        if after_dot {
            names.extend(token.identifier());
        }
        let listed = inner.get(index + 1).is_some_and(|sign| sign.is_sign(",") || sign.is_sign("]"));
        let plain = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if let Some(content) = token.content().filter(|_| listed).filter(plain) {
            names.insert(content.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_a_script_makes_are_read_off_it() {
        assert!(made_by("uuid-ossp", "extensions").contains("uuid_generate_v4"));
        assert!(made_by("vector", "public").contains("vector"));
        assert!(made_by("postgis", "extensions").contains("geography"));
        assert!(made_by("citext", "public").contains("citext"));
        assert!(made_by("unknown", "public").is_empty());
    }
}
